"""Tasks that failed: a need of their own, and the root of what waits on them until they are tried
again.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.attention import DisplayState, Need, NeedKind, Thresholds, display_state, need
from store.model.cheapest import PRICES, PUT_OFF, StepKind
from store.model.counting import RunningRollups, roll_up
from store.model.derivation import Derivation, Deriving
from store.model.execution import Attempts, Execution
from store.model.lint import Smell, lint
from store.model.needs import queue_of
from store.model.readiness import ReasonKind
from store.model.snapshot import TaskList
from store.model.task import Capabilities, TaskId, TaskStatus, Verb
from tests.model.colony import NOW, changed, snapshot, task, task_list

FAILED = TaskStatus.FAILED
TRIED = Execution(attempts=Attempts(3, 3, "no oven:\n  is  broken"))
WORDS = "failed, attempt 3 of 3: no oven: is broken"


def plan() -> TaskList:
    """1 failed, and 2 and then 3 wait on it; 4 failed since nobody did 1; 5 has nothing to do."""
    return task_list(
        [
            task(1, status=FAILED, execution=TRIED, owner="ann"),
            task(2, 1, owner="bo"),
            task(3, 2, owner="bo"),
            task(4, 1, status=FAILED),
            task(5, status=TaskStatus.COMPLETED),
        ]
    )


def under(whole: TaskList, allowed: Capabilities) -> TaskList:
    return replace(whole, info=replace(whole.info, capabilities=allowed))


def derived(whole: TaskList, task_id: str) -> Derivation:
    one = whole.tasks[TaskId(task_id)]
    return Deriving().derive(whole, one, roll_up(whole).owners, NOW)


def need_of(whole: TaskList, task_id: str) -> Need:
    found = need(whole, whole.tasks[TaskId(task_id)], NOW)
    assert found is not None
    return found


def test_need_of_a_failed_task_says_error_attempts_since_holds_and_key() -> None:
    found = need_of(plan(), "1")
    assert (found.kind, found.text, found.since) == (NeedKind.FAILED, WORDS, NOW - 120)
    assert (found.holds, found.verb, found.key) == (3, Verb.STATUS, "s")


@pytest.mark.parametrize(
    ("execution", "words"),
    [
        (None, "failed"),
        (Execution(), "failed"),
        (Execution(attempts=Attempts(2)), "failed, attempt 2"),
        (Execution(attempts=Attempts(0, 3, "by hand")), "failed: by hand"),
        (Execution(attempts=Attempts(1, None, "x" * 300)), f"failed, attempt 1: {'x' * 199}…"),
    ],
)
def test_need_of_a_failed_task_says_what_its_record_knows(
    execution: Execution | None, words: str
) -> None:
    assert need_of(task_list([task(1, status=FAILED, execution=execution)]), "1").text == words


@pytest.mark.parametrize(
    ("allowed", "why"),
    [
        (Capabilities({Verb.STATUS: "its agent alone writes it"}), "its agent alone writes it"),
        (Capabilities(statuses=(TaskStatus.COMPLETED,)), "its status cannot be set to pending"),
    ],
)
def test_need_of_a_failed_task_that_cannot_be_retried_says_why_and_leads_to_the_task(
    allowed: Capabilities, why: str
) -> None:
    whole = under(plan(), allowed)
    found = need_of(whole, "1")
    assert found.text == f"{WORDS}; it cannot be retried here: {why}"
    assert (found.verb, found.key) == (None, "enter")
    way = derived(whole, "2").way
    assert way is not None
    assert [(step.kind, step.task) for step in way.steps] == [(StepKind.WAIT, "1")]
    assert way.steps[0].price == PUT_OFF
    assert why in way.steps[0].text
    for told in (derived(whole, "2").causes[0], derived(whole, "3").roots[0]):
        assert (told.verb, told.refusal) == (None, f"cannot be retried here: {why}")


def test_task_that_failed_with_its_blocker_is_blocked_until_that_is_tried_again() -> None:
    """Only the first of a chain of failures needs somebody."""
    whole = plan()
    shown = [display_state(whole, one, NOW) for one in whole.tasks.values()]
    blocked = DisplayState.BLOCKED
    assert shown == [DisplayState.FAILED, blocked, blocked, blocked, DisplayState.DONE]
    counted = queue_of(snapshot(whole), RunningRollups().of(snapshot(whole)), NOW, Thresholds())
    assert [(one.task, one.kind) for one in counted.needs()] == [
        (None, NeedKind.NOTHING_STARTS),
        ("1", NeedKind.FAILED),
    ]
    assert counted.needs()[0].text == "nothing can start: 3 blocked, 1 failed, none ready"
    total = roll_up(whole).total
    assert (total.failed, total.waiting, total.blocked, total.open) == (1, 1, 3, 4)
    freed = changed(whole, 1, status=TaskStatus.COMPLETED, native_status="completed")
    assert display_state(freed, freed.tasks[TaskId("4")], NOW) is DisplayState.FAILED


def test_failed_blocker_is_an_open_one_with_the_key_that_retries_it() -> None:
    whole = plan()
    found = derived(whole, "2")
    (cause,) = found.causes
    assert (cause.reason.kind, cause.reason.task) == (ReasonKind.FAILED, "1")
    assert cause.reason.text == f"#1 Task 1: {WORDS}"
    assert not cause.reason.kind.is_phantom
    assert (cause.state, cause.verb, cause.key) == (DisplayState.FAILED, Verb.STATUS, "s")
    assert found.way is not None
    (step,) = found.way.steps
    assert (step.kind, step.task, step.verb) == (StepKind.RETRY, "1", Verb.STATUS)
    assert (step.text, found.way.price) == (
        f"retry #1, set it to pending: it {WORDS}",
        PRICES[StepKind.RETRY],
    )


def test_failed_root_is_named_with_the_key_that_retries_it() -> None:
    (root,) = derived(plan(), "3").roots
    assert (root.id, root.state, root.owner) == ("1", DisplayState.FAILED, "ann")
    assert (root.verb, root.key) == (Verb.STATUS, "s")


def test_failed_task_itself_says_so_and_what_would_make_it_ready() -> None:
    (cause,) = derived(plan(), "1").causes
    assert (cause.reason.kind, cause.reason.text) == (ReasonKind.FAILED, f"it {WORDS}")
    assert cause.key == "s"


def test_lint_names_what_waits_on_a_failed_task() -> None:
    found = {
        one.task: (one.others, one.text)
        for one in lint(plan())
        if one.smell is Smell.FAILED_BLOCKER
    }
    assert found == {
        TaskId("2"): ((TaskId("1"),), f"#2 waits on #1 Task 1: {WORDS}"),
        TaskId("4"): ((TaskId("1"),), f"#4 waits on #1 Task 1: {WORDS}"),
    }


def test_failed_task_that_is_given_back_needs_nobody_any_more() -> None:
    whole = changed(plan(), 1, status=TaskStatus.PENDING)
    assert need(whole, whole.tasks[TaskId("1")], NOW) is None
    assert roll_up(whole).total.failed == 0

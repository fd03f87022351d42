"""Why a task is not ready, with what the tool that owns the list makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.attention import need
from store.model.derivation import Deriving
from store.model.readiness import ReasonKind
from store.model.task import Capabilities, ListKey, TaskId, TaskListId, TaskStatus, Verb
from tests.model.colony import NOW, task, task_list


@pytest.mark.parametrize(
    ("system", "belief"),
    [
        ("hive", "may take the task all the same"),
        ("hive_session", "may take the task all the same"),
        ("clawteam", "keeps it blocked"),
        ("claude_code", "may start the task all the same"),
        ("progress", None),
    ],
)
def test_derive_says_what_each_system_makes_of_a_blocker_that_is_missing(
    system: str, belief: str | None
) -> None:
    key = ListKey(system, "/root", TaskListId("x:y"))
    waiting = task(1, 9, at=key)
    plan = task_list([waiting], key)
    (cause,) = Deriving().derive(plan, waiting, {}, NOW).causes
    assert cause.reason.kind is ReasonKind.MISSING
    assert (cause.verb, cause.key) == (Verb.UNBLOCK, "u")
    assert cause.belief is None if belief is None else belief in (cause.belief or "")


def test_derive_answers_a_stored_blocked_that_nothing_holds_with_its_status() -> None:
    key = ListKey("clawteam", "/root", TaskListId("team:a"))
    marked = task(2, 1, at=key, status=TaskStatus.BLOCKED)
    plan = task_list([task(1, at=key, status=TaskStatus.COMPLETED), marked], key)
    derivation = Deriving().derive(plan, marked, {}, NOW)
    (cause,) = derivation.causes
    assert (cause.reason.kind, cause.verb, cause.key) == (ReasonKind.MARKED, Verb.STATUS, "s")
    assert "pass it by" in (cause.belief or "")
    assert derivation.way is None
    freed = plan.with_tasks(
        {**plan.tasks, TaskId("2"): replace(marked, status=TaskStatus.PENDING)},
        frozenset({TaskId("2")}),
    )
    assert Deriving().derive(freed, freed.tasks[TaskId("2")], {}, NOW).ready


def test_derive_names_the_task_on_which_the_answer_is_made() -> None:
    plan = task_list(
        [
            task(1, status=TaskStatus.FAILED),
            task(2, status=TaskStatus.IN_PROGRESS, updated_at=NOW - 5400),
            task(3, 1, 2, 9),
        ]
    )
    causes = Deriving().derive(plan, plan.tasks[TaskId("3")], {}, NOW).causes
    answers = {cause.reason.task: (cause.verb, cause.target) for cause in causes}
    assert answers == {
        "1": (Verb.STATUS, "1"),
        "2": (Verb.RELEASE, "2"),
        "9": (Verb.UNBLOCK, "3"),
    }


def test_derive_and_need_in_a_read_only_list_say_why_instead_of_the_key() -> None:
    tasks = [
        task(1, status=TaskStatus.IN_PROGRESS, updated_at=NOW - 5400),
        task(2, 1, 9),
        task(3, 9),
        task(4),
        task(5, 4),
    ]
    plan = task_list(tasks)
    allowed = Capabilities.read_only("nobody locks it")
    plan = replace(plan, info=replace(plan.info, capabilities=allowed))
    causes = Deriving().derive(plan, plan.tasks[TaskId("2")], {}, NOW).causes
    assert {cause.reason.task: (cause.key, cause.refusal) for cause in causes} == {
        "1": (None, "cannot be released here: nobody locks it"),
        "9": (None, "cannot be unblocked here: nobody locks it"),
    }
    found = {i: need(plan, plan.tasks[TaskId(i)], NOW) for i in ("1", "3", "4")}
    said = {i: one and (one.verb, one.text.partition("; it ")[2]) for i, one in found.items()}
    assert said == {
        "1": (None, "cannot be released here: nobody locks it"),
        "3": (None, "cannot be unblocked here: nobody locks it"),
        "4": (None, "cannot be assigned here: nobody locks it"),
    }

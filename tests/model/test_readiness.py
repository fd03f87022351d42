"""The one predicate, against its words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from store.model.attention import DisplayState, NeedKind, display_state, need
from store.model.readiness import ReasonKind, is_phantom
from store.model.task import Task, TaskId, TaskStatus, Verb
from tests.model.colony import MISNAMED, NOW, UNREADABLE, any_tasks, changed, task, task_list


@pytest.mark.parametrize(
    ("blocker", "kind"),
    [
        (task(1), ReasonKind.OPEN),
        (task(1, status=TaskStatus.IN_PROGRESS), ReasonKind.OPEN),
        (task(1, status=TaskStatus.FAILED), ReasonKind.FAILED),
        (task(1, status=TaskStatus.ARCHIVED), ReasonKind.ARCHIVED),
        (task(1, status=TaskStatus.CANCELLED), ReasonKind.CLOSED),
        (task(1, problems=UNREADABLE), ReasonKind.UNREADABLE),
        (task(1, status=TaskStatus.COMPLETED, problems=MISNAMED), ReasonKind.UNREADABLE),
        (task(9), ReasonKind.MISSING),
        (task(1, 2), ReasonKind.CYCLE),
    ],
)
def test_readiness_one_blocker_gives_its_kind(blocker: Task, kind: ReasonKind) -> None:
    waiting = task(2, 1)
    verdict = task_list([blocker, waiting]).readiness(waiting)
    assert [(reason.kind, reason.task) for reason in verdict.reasons] == [(kind, "1")]
    assert not verdict.ready
    assert verdict.is_phantom is (kind not in (ReasonKind.OPEN, ReasonKind.FAILED))


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (task(1, status=TaskStatus.COMPLETED), ReasonKind.DONE),
        (task(1, status=TaskStatus.ABANDONED), ReasonKind.DONE),
        (task(1, status=TaskStatus.IN_PROGRESS), ReasonKind.IN_PROGRESS),
        (task(1, status=TaskStatus.DEFERRED), ReasonKind.STATUS),
        (task(1, problems=UNREADABLE), ReasonKind.UNREADABLE),
        (task(1, status=TaskStatus.COMPLETED, problems=MISNAMED), ReasonKind.UNREADABLE),
        (task(1, 1), ReasonKind.SELF),
    ],
)
def test_readiness_own_state_gives_its_kind(one: Task, kind: ReasonKind) -> None:
    verdict = task_list([one]).readiness(one)
    assert [reason.kind for reason in verdict.reasons] == [kind]


@pytest.mark.parametrize(
    ("blocker", "highest", "kind"),
    [
        ("7", 7, ReasonKind.DELETED),
        ("8", 7, ReasonKind.MISSING),
        ("x", 7, ReasonKind.MISSING),
        ("7", None, ReasonKind.MISSING),
    ],
)
def test_readiness_blocker_without_a_record_is_deleted_only_where_its_id_was_given_away(
    blocker: str, highest: int | None, kind: ReasonKind
) -> None:
    waiting = task(1, blocker)
    whole = replace(task_list([waiting]), highest_id=highest)
    assert [reason.kind for reason in whole.readiness(waiting).reasons] == [kind]
    assert kind.is_phantom


def test_readiness_completed_blockers_is_ready() -> None:
    waiting = task(2, 1, 1)
    verdict = task_list([task(1, status=TaskStatus.COMPLETED), waiting]).readiness(waiting)
    assert verdict.ready
    assert verdict.reasons == ()


def test_readiness_in_a_cycle_names_the_closed_ring() -> None:
    waiting = task(8, 9)
    (reason,) = task_list([waiting, task(9, 8)]).readiness(waiting).reasons
    assert reason.text == "#9 waits on this task in turn: cycle #8 → #9 → #8"


def test_readiness_stored_as_blocked_with_nothing_unmet_is_a_phantom_of_its_own() -> None:
    marked = task(2, 1, status=TaskStatus.BLOCKED)
    plan = task_list([task(1, status=TaskStatus.COMPLETED), marked])
    verdict = plan.readiness(marked)
    assert [(reason.kind, reason.task) for reason in verdict.reasons] == [(ReasonKind.MARKED, "2")]
    assert verdict.is_phantom
    assert "set it to pending" in verdict.reasons[0].text
    assert display_state(plan, marked, NOW) is DisplayState.PHANTOM
    found = need(plan, marked, NOW)
    assert found is not None
    assert (found.kind, found.verb, found.key) == (NeedKind.MARKED, Verb.STATUS, "s")
    pending = changed(plan, 2, status=TaskStatus.PENDING, native_status="pending")
    assert pending.readiness(pending.tasks[marked.id]).ready


@given(any_tasks())
def test_readiness_any_list_short_answers_agree_with_the_long_one(
    tasks: dict[TaskId, Task],
) -> None:
    whole = task_list(tasks.values())
    for one in tasks.values():
        verdict = whole.readiness(one)
        assert whole.is_ready(one) is verdict.ready
        blocking = {ReasonKind.OPEN, *(kind for kind in ReasonKind if kind.is_phantom)}
        kinds = {reason.kind for reason in verdict.reasons}
        if one.is_readable:
            assert whole.is_blocked(one) is bool(kinds & blocking)
        if whole.is_blocked(one):
            assert is_phantom(one, whole.tasks, whole.graph.cycle_of) is verdict.is_phantom

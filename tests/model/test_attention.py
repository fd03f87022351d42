"""What a row says, and who is asked to act."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.attention import (
    DisplayState,
    NeedKind,
    display_state,
    is_stale,
    need,
    needs_operator,
    silent_s,
)
from store.model.counting import roll_up
from store.model.execution import TaskLock
from store.model.task import Task, TaskId, TaskStatus, Verb
from tests.model.colony import NOW, UNREADABLE, any_tasks, task, task_list


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (task(1), DisplayState.READY),
        (task(1, 2), DisplayState.BLOCKED),
        (task(1, 8), DisplayState.PHANTOM),
        (task(1, 8, 2), DisplayState.BLOCKED),
        (task(1, status=TaskStatus.DEFERRED), DisplayState.WAITING),
        (task(1, status=TaskStatus.FAILED), DisplayState.FAILED),
        (task(1, 2, status=TaskStatus.FAILED), DisplayState.BLOCKED),
        (task(1, 2, status=TaskStatus.IN_PROGRESS), DisplayState.ACTIVE),
        (task(1, status=TaskStatus.IN_PROGRESS, updated_at=NOW - 1800), DisplayState.STALE),
        (task(1, status=TaskStatus.IN_PROGRESS, updated_at=None), DisplayState.ACTIVE),
        (task(1, status=TaskStatus.COMPLETED), DisplayState.DONE),
        (task(1, status=TaskStatus.CANCELLED), DisplayState.CLOSED),
        (task(1, status=TaskStatus.COMPLETED, problems=UNREADABLE), DisplayState.UNREADABLE),
    ],
)
def test_display_state_each_circumstance_has_its_own(one: Task, state: DisplayState) -> None:
    whole = task_list([one, task(2)])
    assert display_state(whole, one, NOW) is state


@given(any_tasks(), st.sampled_from([NOW - 5000, NOW, NOW + 10, NOW + 1e6]))
def test_needs_operator_any_list_agrees_with_need(tasks: dict[TaskId, Task], now: float) -> None:
    whole = task_list(tasks.values())
    for one in tasks.values():
        state = display_state(whole, one, now)
        asked = needs_operator(state, one, whole.graph.holds(one.id))
        assert asked is (need(whole, one, now) is not None)


@pytest.mark.parametrize(
    ("tasks", "kind", "key"),
    [
        ([task(1), task(2, 1)], NeedKind.UNOWNED_ROOT, "a"),
        ([task(1, 1)], NeedKind.CYCLE, "u"),
        ([task(1, 9)], NeedKind.PHANTOM, "u"),
        ([task(1, status=TaskStatus.CLAIMED, updated_at=0.0)], NeedKind.SILENT_OWNER, "R"),
        ([task(1, problems=UNREADABLE)], NeedKind.UNREADABLE, "enter"),
        ([task(1, status=TaskStatus.FAILED)], NeedKind.FAILED, "s"),
    ],
)
def test_need_each_circumstance_names_its_key(tasks: list[Task], kind: NeedKind, key: str) -> None:
    found = need(task_list(tasks), tasks[0], NOW)
    assert found is not None
    assert (found.kind, found.key) == (kind, key)


def test_need_owned_root_is_left_alone() -> None:
    tasks = [task(1, owner="ann"), task(2, 1)]
    assert need(task_list(tasks), tasks[0], NOW) is None


def test_silent_s_clock_behind_the_writer_is_never_negative() -> None:
    assert silent_s(task(1, updated_at=NOW + 60), NOW) == 0.0
    assert silent_s(task(1, updated_at=None), NOW) is None
    assert not is_stale(task(1, updated_at=NOW - 9999), NOW)


def test_need_of_work_whose_holder_is_dead_is_there_at_once_and_says_so() -> None:
    dead = task(1, status=TaskStatus.IN_PROGRESS, updated_at=NOW, lock=TaskLock("ann", NOW))
    for is_live, state in ((False, DisplayState.STALE), (None, DisplayState.ACTIVE)):
        held = replace(dead, lock=TaskLock("ann", NOW, is_live=is_live))
        assert display_state(task_list([held]), held, NOW) is state
    held = replace(dead, lock=TaskLock("ann", NOW, is_live=False))
    plan = task_list([held])
    found = need(plan, held, NOW)
    assert found is not None
    assert (found.kind, found.verb) == (NeedKind.SILENT_OWNER, Verb.RELEASE)
    assert "its holder is dead" in found.text
    assert roll_up(plan).total.stale(NOW) == 1

"""Plan smells, each with a list that has it and one that has not."""

from __future__ import annotations

import pytest

from store.model.history import Entry, Move, Origin
from store.model.lint import MOST_BLOCKERS, Smell, lint
from store.model.task import Task, TaskId, TaskStatus
from tests.model.colony import DEMO, NOW, task, task_list

DONE = TaskStatus.COMPLETED


def smells(tasks: list[Task], *history: Entry) -> list[tuple[str, Smell]]:
    return [(one.task, one.smell) for one in lint(task_list(tasks), history)]


def turn(old: str, new: str, at: float, **fields: object) -> Entry:
    made = bool(fields.get("made", True))
    moves = (Move("status", old, new),)
    return Entry(at, Origin.AGENT, "ann", DEMO, TaskId("1"), "changed", moves, made=made)


@pytest.mark.parametrize("over", [0, 1])
def test_lint_too_many_blockers_only_beyond_the_limit(over: int) -> None:
    roots = [task(n) for n in range(1, MOST_BLOCKERS + over + 1)]
    found = smells([*roots, task(99, *[one.id for one in roots], owner="ann")])
    assert found == [("99", Smell.TOO_MANY_BLOCKERS)] * over


def test_lint_blocked_and_unowned_is_told_with_the_number() -> None:
    (found,) = lint(task_list([task(1), task(2, 1), task(3, 1, owner="ann")]))
    assert (found.task, found.smell) == ("2", Smell.BLOCKED_UNOWNED)
    assert found.text == "#2 has no owner and 1 open blocker"
    assert found.way_out


def test_lint_phantom_and_cycle_are_each_told_once() -> None:
    tasks = [task(1, 2, owner="a"), task(2, 1, owner="a"), task(3, 99, owner="a")]
    assert smells(tasks) == [("1", Smell.CYCLE), ("3", Smell.PHANTOM_BLOCKER)]


def test_lint_duplicate_subjects_of_open_tasks_whatever_case_and_space() -> None:
    tasks = [
        task(2, subject="Write  the report"),
        task(1, subject="write the Report"),
        task(3, subject="Write the report", status=DONE),
        task(4, subject="Write the summary"),
    ]
    (found,) = lint(task_list(tasks))
    assert (found.task, found.others, found.smell) == ("1", ("2",), Smell.DUPLICATE_SUBJECT)


def test_lint_done_in_no_time_by_the_record_and_by_the_history() -> None:
    quick = task(1, status=DONE, created_at=NOW - 3, updated_at=NOW)
    slow = task(1, status=DONE, created_at=NOW - 900, updated_at=NOW)
    assert smells([quick]) == [("1", Smell.NO_TIME)]
    assert smells([slow]) == []
    begun = turn("pending", "in_progress", NOW - 2)
    ended = turn("in_progress", "completed", NOW)
    assert smells([slow], ended, begun) == [("1", Smell.NO_TIME)]


def test_lint_status_to_and_fro_only_with_a_history_and_only_what_was_made() -> None:
    there = [turn("pending", "in_progress", NOW + n * 20) for n in range(3)]
    back = [turn("in_progress", "pending", NOW + n * 20 + 10) for n in range(3)]
    assert smells([task(1, owner="ann")], *back, *there) == [("1", Smell.FLIP_FLOP)]
    refused = [turn("in_progress", "pending", NOW + n, made=False) for n in range(9)]
    assert smells([task(1, owner="ann")], *refused) == []


def test_lint_internal_and_unreadable_tasks_are_left_out() -> None:
    assert smells([task(1, 9, metadata={"_internal": True})]) == []

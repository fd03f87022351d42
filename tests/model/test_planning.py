"""Planning by the rules of other systems: what is written, what is refused, and what overrules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from store.model.edits import (
    BatchRefused,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    Tick,
    UpdateTask,
)
from store.model.errors import ClaimRefused, EditRefused, InvalidField, SelfEdge, TaskNotFound
from store.model.execution import Attempts, TaskCheck, TaskLock, TaskStep, TickKind
from store.model.foresight import foresee, foresee_all
from store.model.objections import objection
from store.model.planning import plan_edit, plan_edits
from store.model.task import Capabilities, Task, TaskId, TaskStatus
from store.model.ticking import ChecksOpen
from tests.model.colony import DEMO, NOW, task
from tests.model.ruled import (
    QUEUE,
    TEAM,
    WORK,
    a_list,
    after,
    blocked,
    ids,
    key,
    next_id,
    planned,
)

DONE, RUNNING, PENDING = TaskStatus.COMPLETED, TaskStatus.IN_PROGRESS, TaskStatus.PENDING


def told(found: Task | None) -> tuple[Any, ...]:
    """Status, owner, who holds the lock, blockers."""
    assert found is not None
    lock = found.lock.by if found.lock else None
    return found.native_status, found.owner, lock, " ".join(found.blocked_by)


# What each edit writes, in the order of writing: id → (status, owner, lock, blocked by).
TEAM_CASES: list[tuple[str, list[Task], list[Edit], dict[str, tuple[Any, ...]]]] = [
    (
        "an edge is written where it gates, and blocks a pending task",
        [task(1), task(2)],
        [UpdateTask(key(2), add_blocked_by=ids("1"))],
        {"2": ("blocked", None, None, "1")},
    ),
    (
        "an edge named from its blocker is written on the other side alone",
        [task(1), task(2)],
        [UpdateTask(key(1), add_blocks=ids("2"))],
        {"2": ("blocked", None, None, "1")},
    ),
    (
        "who has begun is not stored as blocked by a new edge",
        [task(1), task(2, status=RUNNING)],
        [UpdateTask(key(2), add_blocked_by=ids("1"))],
        {"2": ("in_progress", None, None, "1")},
    ),
    (
        "an edge to what is completed is none",
        [task(1, status=DONE), task(2), task(3)],
        [UpdateTask(key(2), add_blocked_by=ids("1")), UpdateTask(key(1), add_blocks=ids("3"))],
        {},
    ),
    (
        "the last edge taken away makes it pending",
        [task(1), blocked(2, 1), blocked(3, 1, 2)],
        [
            UpdateTask(key(2), remove_blocked_by=ids("1")),
            UpdateTask(key(1), remove_blocks=ids("3")),
        ],
        {"2": ("pending", None, None, ""), "3": ("blocked", None, None, "2")},
    ),
    (
        "completion strips its id and frees, itself first",
        [task(1, status=RUNNING, lock=TaskLock("ann")), blocked(2, 1), blocked(3, 1, 2), task(4)],
        [UpdateTask(key(1), status=DONE)],
        {
            "1": ("completed", None, None, ""),
            "2": ("pending", None, None, ""),
            "3": ("blocked", None, None, "2"),
        },
    ),
    (
        "completing what is completed frees who still lists it",
        [task(1, status=DONE), blocked(2, 1)],
        [UpdateTask(key(1), status=DONE)],
        {"2": ("pending", None, None, "")},
    ),
    (
        "a dependent that has begun loses the edge and keeps its status",
        [task(1), task(2, 1, status=RUNNING)],
        [UpdateTask(key(1), status=DONE)],
        {"1": ("completed", None, None, ""), "2": ("in_progress", None, None, "")},
    ),
    (
        "a new task that waits is stored as blocked",
        [task(1), task(2, status=DONE)],
        [
            CreateTask(DEMO, "Waits", blocked_by=ids("1 2")),
            CreateTask(DEMO, "May start", blocked_by=ids("2")),
        ],
        {"3": ("blocked", None, None, "1"), "4": ("pending", None, None, "")},
    ),
    (
        "what waits cannot be pending",
        [task(1), task(2, 1, status=RUNNING, owner="ann", lock=TaskLock("ann"))],
        [ReleaseTask(key(2), "ann")],
        {"2": ("blocked", None, None, "1")},
    ),
    (
        "pending clears a stored 'blocked' that nothing unmet holds",
        [task(1, status=DONE), blocked(2, 1), blocked(3)],
        [UpdateTask(key(2), status=PENDING), UpdateTask(key(3), status=PENDING)],
        {"2": ("pending", None, None, "1"), "3": ("pending", None, None, "")},
    ),
    (
        "start locks for the owner",
        [task(1, owner="ann")],
        [UpdateTask(key(1), status=RUNNING)],
        {"1": ("in_progress", "ann", "ann", "")},
    ),
    (
        "start locks for the owner that the same edit gives",
        [task(1)],
        [UpdateTask(key(1), status=RUNNING, owner="bo")],
        {"1": ("in_progress", "bo", "bo", "")},
    ),
    (
        "who is named to hold the lock becomes the owner where there is none",
        [task(1)],
        [UpdateTask(key(1), status=RUNNING, locked_by="cy")],
        {"1": ("in_progress", "cy", "cy", "")},
    ),
    (
        "a start by nobody locks for nobody",
        [task(1)],
        [UpdateTask(key(1), status=RUNNING)],
        {"1": ("in_progress", None, None, "")},
    ),
    (
        "a blocked task may be started all the same",
        [task(1), blocked(2, 1, owner="ann")],
        [UpdateTask(key(2), status=RUNNING)],
        {"2": ("in_progress", "ann", "ann", "1")},
    ),
    (
        "a claim starts and locks",
        [task(1)],
        [ClaimTask(key(1), "ann")],
        {"1": ("in_progress", "ann", "ann", "")},
    ),
    (
        "a claim takes up what a dead owner left",
        [task(1, status=RUNNING, owner="ann", lock=TaskLock("ann", is_live=False))],
        [ClaimTask(key(1), "bo")],
        {"1": ("in_progress", "bo", "bo", "")},
    ),
    (
        "a forced claim takes over",
        [task(1, status=RUNNING, owner="ann", lock=TaskLock("ann", is_live=True))],
        [ClaimTask(key(1), "bo", is_forced=True)],
        {"1": ("in_progress", "bo", "bo", "")},
    ),
    (
        "pending gives the lock up",
        [task(1, status=RUNNING, owner="ann", lock=TaskLock("ann", is_live=True))],
        [UpdateTask(key(1), status=PENDING)],
        {"1": ("pending", "ann", None, "")},
    ),
    (
        "a lock is given up by itself",
        [task(1, status=RUNNING, owner="ann", lock=TaskLock("ann", is_live=False))],
        [UpdateTask(key(1), locked_by=None, expected={"lock": "ann"})],
        {"1": ("in_progress", "ann", None, "")},
    ),
]


@pytest.mark.parametrize(
    ("tasks", "edits", "expected"),
    [case[1:] for case in TEAM_CASES],
    ids=[c[0] for c in TEAM_CASES],
)
def test_plan_edits_of_a_team_writes_by_its_rules(
    tasks: list[Task], edits: list[Edit], expected: dict[str, tuple[Any, ...]]
) -> None:
    found = planned(a_list(TEAM, *tasks), *edits)
    assert {i: told(t) for i, t in found.written.items()} == expected
    assert list(found.written) == list(expected)
    assert {i: found.before[TaskId(i)] for i in expected} == {
        i: next((t for t in tasks if t.id == i), None) for i in expected
    }


@pytest.mark.parametrize(
    ("tasks", "edits", "expected"),
    [case[1:] for case in TEAM_CASES],
    ids=[c[0] for c in TEAM_CASES],
)
def test_foresee_all_shows_what_plan_edits_would_write(
    tasks: list[Task], edits: list[Edit], expected: dict[str, tuple[Any, ...]]
) -> None:
    seen = a_list(TEAM, *tasks)
    effects = foresee_all(seen, edits)
    assert effects.refused == ()
    new = {"new": "3", "new2": "4"}
    shown = {new.get(t.id, t.id): t.after for t in effects.targets}
    assert {i: told(t) for i, t in shown.items() if i in expected} == {
        i: value for i, value in expected.items() if i in shown
    }
    if len(edits) == 1 and not isinstance(edits[0], CreateTask):
        assert foresee(seen, edits[0]).task == shown[edits[0].key.id]


def test_foresee_of_a_completion_names_whom_it_frees_and_whom_it_eases() -> None:
    seen = a_list(TEAM, task(1, status=RUNNING), blocked(2, 1), task(3), blocked(4, 1, 3))
    effects = foresee(seen, UpdateTask(key(1), status=DONE))
    assert [t.id for t in effects.becomes_ready] == ["2"]
    assert [(w.task.id, [r.task for r in w.waits_on]) for w in effects.eased] == [("4", ["3"])]


def test_foresee_all_names_locks_steps_and_checks_that_move() -> None:
    seen = a_list(QUEUE, task(1, execution=WORK))
    ticks = (Tick(TickKind.STEP, "s2"), Tick(TickKind.CHECK, "lint"))
    edits: list[Edit] = [ClaimTask(key(1), "w"), UpdateTask(key(1), ticks=ticks, most_attempts=5)]
    shifts = foresee_all(seen, edits).targets[0].shifts
    assert [(s.field, s.old, s.new) for s in shifts] == [
        ("owner", None, "w"),
        ("status", "pending", "claimed"),
        ("lock", None, "w"),
        ("steps", "1/2 done", "2/2 done"),
        ("checks", "0/2 done", "1/2 done"),
        ("most_attempts", 3, 5),
    ]


def test_plan_edits_stamps_what_edits_are_about_and_what_they_free_but_no_far_ends() -> None:
    mirrored = a_list(Capabilities(), task(1), task(2))
    made = planned(mirrored, UpdateTask(key(2), add_blocked_by=ids("1")))
    assert {i: t.updated_at for i, t in made.written.items() if t} == {"2": NOW, "1": NOW - 120}
    team = a_list(TEAM, task(1, updated_at=NOW + 5), blocked(2, 1))
    made = planned(team, UpdateTask(key(1), status=DONE), CreateTask(DEMO, "New"))
    times = {i: (t.created_at, t.updated_at) for i, t in made.written.items() if t}
    assert times == {"1": (None, NOW + 5), "2": (None, NOW), "3": (NOW, NOW)}
    untimed = planned(team, UpdateTask(key(1), status=DONE, owner="x"), now=None)
    assert {t.updated_at for t in untimed.written.values() if t} == {NOW + 5, NOW - 120}


def test_plan_edits_starts_a_lock_now_and_leaves_one_that_is_held_already() -> None:
    fresh = planned(a_list(TEAM, task(1)), ClaimTask(key(1), "ann")).written[TaskId("1")]
    assert fresh is not None
    assert fresh.lock == TaskLock("ann", NOW)
    held = task(1, status=RUNNING, owner="ann", lock=TaskLock("ann", NOW - 900, "t", True))
    again = planned(a_list(TEAM, held), ClaimTask(key(1), "ann"))
    assert again.written == {}
    assert again.result_with({}).results[0].task == held


LOCKED = TaskLock("ann", NOW, is_live=True)
REFUSED: list[tuple[str, Task, Edit, type[Exception], str]] = [
    ("start", task(1, lock=LOCKED), UpdateTask(key(1), status=RUNNING), ClaimRefused, "locked"),
    (
        "start by another",
        task(1, lock=LOCKED, owner="bo"),
        UpdateTask(key(1), status=RUNNING),
        ClaimRefused,
        "who is alive",
    ),
    (
        "start beside one of whom nothing is known",
        task(1, lock=TaskLock("ann")),
        UpdateTask(key(1), status=RUNNING, owner="bo"),
        ClaimRefused,
        "nothing tells",
    ),
    ("claim", task(1, lock=LOCKED), ClaimTask(key(1), "bo"), ClaimRefused, "locked by ann"),
    (
        "claim of another's",
        task(1, owner="ann"),
        ClaimTask(key(1), "bo"),
        ClaimRefused,
        "already owned by ann",
    ),
    (
        "giving up a live lock",
        task(1, status=RUNNING, lock=LOCKED),
        UpdateTask(key(1), locked_by=None),
        ClaimRefused,
        "locked by ann",
    ),
]


@pytest.mark.parametrize(
    ("found", "edit", "error", "text"), [case[1:] for case in REFUSED], ids=[c[0] for c in REFUSED]
)
def test_plan_edit_refuses_what_a_lock_forbids_unless_it_is_forced(
    found: Task, edit: Any, error: type[Exception], text: str
) -> None:
    seen = a_list(TEAM, found)
    with pytest.raises(error, match=text) as refused:
        plan_edit(seen, edit, new_id=next_id, now=NOW)
    said = objection(seen, edit)
    assert said is not None
    assert str(said) == str(refused.value)
    assert said.can_be_forced
    forced = plan_edit(seen, replace(edit, is_forced=True), new_id=next_id, now=NOW)
    left = forced.written[found.id]
    assert left is not None
    assert left.lock is None or left.lock.by != "ann" or left.lock == found.lock


def test_plan_edit_starts_what_its_own_holder_or_a_dead_one_has_locked() -> None:
    for lock, owner in ((LOCKED, "ann"), (TaskLock("ann", is_live=False), "bo")):
        seen = a_list(TEAM, task(1, lock=lock, owner=owner))
        made = plan_edit(seen, UpdateTask(key(1), status=RUNNING), new_id=next_id, now=NOW)
        assert told(made.written[TaskId("1")]) == ("in_progress", owner, owner, "")


def test_plan_edit_completes_and_releases_whatever_anybody_holds() -> None:
    seen = a_list(TEAM, task(1, status=RUNNING, owner="ann", lock=LOCKED))
    assert told(planned(seen, ReleaseTask(key(1))).written[TaskId("1")])[2] is None
    assert told(planned(seen, UpdateTask(key(1), status=DONE)).written[TaskId("1")])[2] is None


QUEUE_REFUSED: list[tuple[str, Edit, type[Exception], str]] = [
    ("edge", UpdateTask(key(1), add_blocked_by=ids("2")), EditRefused, "no edges here"),
    ("created edge", CreateTask(DEMO, "x", blocked_by=ids("2")), EditRefused, "no edges here"),
    ("priority", UpdateTask(key(1), priority="high"), InvalidField, "not a whole number"),
    ("created priority", CreateTask(DEMO, "x", priority="²"), InvalidField, "whole number"),
    ("status", UpdateTask(key(1), status=TaskStatus.BLOCKED), InvalidField, "not one of"),
    ("step", UpdateTask(key(1), ticks=(Tick(TickKind.STEP, "s9"),)), InvalidField, "s1, s2"),
    ("check", UpdateTask(key(2), ticks=(Tick(TickKind.CHECK, "x"),)), InvalidField, "has none"),
    ("attempts", UpdateTask(key(2), most_attempts=3), InvalidField, "not counted"),
    ("fewer than none", UpdateTask(key(1), most_attempts=-1), InvalidField, "0 or more"),
    ("open checks", UpdateTask(key(1), status=DONE), ChecksOpen, "It is linted"),
    ("nobody", ClaimTask(key(1), ""), InvalidField, "must be a name"),
    ("failed", ClaimTask(key(3), "ann"), ClaimRefused, "failed"),
    ("missing", UpdateTask(key(9), status=DONE), TaskNotFound, "no task #9"),
]


@pytest.mark.parametrize(
    ("edit", "error", "text"), [c[1:] for c in QUEUE_REFUSED], ids=[c[0] for c in QUEUE_REFUSED]
)
def test_plan_edit_of_a_queue_refuses(edit: Edit, error: type[Exception], text: str) -> None:
    seen = a_list(QUEUE, task(1, execution=WORK), task(2), task(3, status=TaskStatus.FAILED))
    with pytest.raises(error, match=text):
        plan_edit(seen, edit, new_id=next_id, now=NOW)
    effects = foresee_all(seen, [edit])
    assert [type(failure.error) for failure in effects.refused] == [error]


TEAM_REFUSED: list[tuple[str, Edit, type[Exception], str]] = [
    ("active form", UpdateTask(key(1), active_form="x"), InvalidField, "no room"),
    ("priority", UpdateTask(key(1), priority="top"), InvalidField, "low, medium, high, urgent"),
    ("no priority", UpdateTask(key(1), clears=("priority",)), InvalidField, "lowest"),
    ("tick", UpdateTask(key(1), ticks=(Tick(TickKind.STEP, "s1"),)), InvalidField, "has none"),
    ("self", UpdateTask(key(1), add_blocks=ids("1")), SelfEdge, "itself"),
]


@pytest.mark.parametrize(
    ("edit", "error", "text"), [c[1:] for c in TEAM_REFUSED], ids=[c[0] for c in TEAM_REFUSED]
)
def test_plan_edit_of_a_team_refuses(edit: Edit, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        plan_edit(a_list(TEAM, task(1)), edit, new_id=next_id, now=NOW)


def test_plan_edit_refuses_a_lock_where_tasks_have_none() -> None:
    edit = UpdateTask(key(1), locked_by="ann")
    with pytest.raises(InvalidField, match="no lock"):
        plan_edit(a_list(Capabilities(), task(1)), edit, new_id=next_id, now=NOW)


def test_plan_edit_ticks_off_opens_again_and_sets_the_limit() -> None:
    seen = a_list(QUEUE, task(1, execution=WORK))
    edit = UpdateTask(
        key(1),
        ticks=(
            Tick(TickKind.STEP, "s1", is_done=False),
            Tick(TickKind.STEP, "s2", by="op", note="seen"),
            Tick(TickKind.CHECK, "lint", by="op", note="clean"),
        ),
        most_attempts=7,
    )
    left = planned(seen, edit).written[TaskId("1")]
    assert left is not None
    assert left.execution is not None
    assert left.execution.steps == (
        TaskStep("s1", "Dig", "pending", False),
        TaskStep("s2", "Fill", "done", True, worker="op", evidence="seen", completed_at=NOW),
    )
    assert left.execution.checks[0] == TaskCheck("lint", "It is linted", True, NOW, "op", "clean")
    assert left.execution.attempts == Attempts(1, 7, "boom")
    assert planned(seen, edit).result_with({}).results[0].changed == ("execution",)


def test_plan_edit_completes_with_open_checks_when_forced_or_when_it_ticks_them() -> None:
    seen = a_list(QUEUE, task(1, status=RUNNING, execution=WORK))
    lint = Tick(TickKind.CHECK, "lint")
    for edit in (
        UpdateTask(key(1), status=DONE, is_forced=True),
        UpdateTask(key(1), status=DONE, ticks=(lint,)),
    ):
        left = planned(seen, edit).written[TaskId("1")]
        assert left is not None
        assert left.native_status == "done"
        assert left.execution is not None
        assert left.execution.completed_at == NOW
    assert objection(seen, UpdateTask(key(1), status=DONE, ticks=(lint,))) is None


def test_plan_edit_keeps_the_times_of_claim_start_and_end() -> None:
    seen = a_list(QUEUE, task(1, execution=WORK))
    claimed = after(seen, [ClaimTask(key(1), "w")], NOW)
    begun = after(claimed, [UpdateTask(key(1), status=RUNNING)], NOW + 1)
    ended = after(begun, [UpdateTask(key(1), status=DONE, is_forced=True)], NOW + 2)
    again = after(ended, [UpdateTask(key(1), status=PENDING)], NOW + 3)
    times = []
    for state in (claimed, begun, ended, again):
        execution = state.tasks[TaskId("1")].execution
        assert execution is not None
        times.append((execution.claimed_at, execution.started_at, execution.completed_at))
    assert times == [
        (NOW, None, None),
        (NOW, NOW + 1, None),
        (NOW, NOW + 1, NOW + 2),
        (None, NOW + 1, None),
    ]
    assert claimed.tasks[TaskId("1")].status is TaskStatus.CLAIMED
    assert again.tasks[TaskId("1")].lock is None


def test_plan_edits_all_or_none_names_each_that_is_refused() -> None:
    seen = a_list(TEAM, task(1))
    edits: list[Edit] = [
        UpdateTask(key(1), subject="x"),
        DeleteTask(key(7)),
        UpdateTask(key(1), priority="top"),
    ]
    with pytest.raises(BatchRefused) as refused:
        plan_edits(seen, edits, all_or_none=True, new_id=next_id, now=NOW)
    assert [failure.edit for failure in refused.value.failures] == edits[1:]
    some = plan_edits(seen, edits, all_or_none=False, new_id=next_id, now=NOW)
    assert list(some.written) == ["1"]
    assert [failure.edit for failure in some.failures] == edits[1:]


def test_plan_edits_writes_once_what_several_edits_touch_and_not_what_stays_as_it_was() -> None:
    seen = a_list(TEAM, task(1), task(2))
    made = planned(
        seen,
        UpdateTask(key(1), subject="a"),
        UpdateTask(key(1), owner="ann"),
        UpdateTask(key(2), owner="bo"),
        UpdateTask(key(2), owner=None),
    )
    assert list(made.written) == ["1"]
    results = made.result_with({TaskId("1"): task(1, subject="read again")}).results
    assert [r.task.subject for r in results if r.task] == ["a", "read again", "Task 2", "Task 2"]
    assert [r.changed for r in results] == [("subject",), ("owner",), ("owner",), ("owner",)]


def test_planned_gives_the_texts_of_deleted_records_to_those_who_deleted_them() -> None:
    seen = a_list(Capabilities(), task(1, blocks=ids("2")), task(2, 1))
    made = planned(seen, DeleteTask(key(1)))
    (result,) = made.result_with({}, {TaskId("1"): "{}"}).results
    assert (result.task, result.stripped, result.originals) == (None, ids("2"), {"1": "{}"})
    assert list(made.written) == ["1", "2"]

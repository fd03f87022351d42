"""What has arrived: frozen views, marks, and whose change it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.edits import CreateTask, EditResult, UpdateTask
from store.model.history import Entry, Move, Origin
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Revision, Task, TaskId, TaskKey, TaskListId, TaskListInfo
from tui import intake as intake_module
from tui.intake import MARK_S, Intake
from tui.view_state import ChangeSign

LIST = ListKey("memory", "/root", TaskListId("colony:demo"))
ONE, TWO = TaskKey(LIST, TaskId("1")), TaskKey(LIST, TaskId("2"))


def snapshot(number: int, *tasks: Task) -> Snapshot:
    found = TaskList(TaskListInfo(LIST, "/root")).with_tasks(
        {task.id: task for task in tasks}, frozenset(task.id for task in tasks)
    )
    return Snapshot({LIST: found}, scanned_at=float(number), number=number)


def revised(task: Task, number: int, owner: str | None) -> Task:
    return replace(task, owner=owner, revision=Revision(1, 1, number, number))


def started(*tasks: Task) -> Intake:
    intake = Intake()
    intake.arrive(snapshot(1, *tasks), 1.0, 1.0)
    return intake


def test_arrive_of_the_first_snapshot_is_no_news() -> None:
    intake = Intake()
    assert intake.arrive(snapshot(1, Task(ONE, "a")), 1.0, 1.0) == []
    assert intake.marks == {}
    assert intake.shown.task(ONE) is not None


def test_arrive_of_the_rest_of_a_first_load_is_no_news() -> None:
    intake = Intake()
    part = replace(snapshot(1, Task(ONE, "a")), is_complete=False)
    intake.arrive(part, 1.0, 1.0)
    assert intake.arrive(snapshot(2, Task(ONE, "a"), Task(TWO, "b")), 2.0, 2.0) == []


def test_arrive_of_a_change_marks_the_row_for_two_seconds() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    changes = intake.arrive(snapshot(2, revised(task, 2, "ann"), Task(TWO, "b")), 2.0, 10.0)
    assert [(c.task, c.field) for c in changes] == [("1", "owner"), ("2", None)]
    assert intake.marks[ONE].sign is ChangeSign.CHANGED
    assert intake.marks[TWO].sign is ChangeSign.ADDED
    assert not intake.prune(10.0 + MARK_S - 0.1)
    assert intake.prune(10.0 + MARK_S)
    assert intake.marks == {}


def test_arrive_while_paused_keeps_the_view_and_counts() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    intake.set_paused(True)
    intake.arrive(snapshot(2, revised(task, 2, "ann")), 2.0, 2.0)
    assert intake.shown.task(ONE) is task
    assert intake.unseen == 1
    intake.set_paused(False)
    shown = intake.shown.task(ONE)
    assert shown is not None
    assert shown.owner == "ann"
    assert intake.unseen == 0


def test_arrive_of_an_own_edit_is_not_reported_as_somebody_elses() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    edit = UpdateTask(ONE, owner="bo")
    written = revised(task, 2, "bo")
    intake.begin(edit)
    assert intake.settle(edit, EditResult(edit, written, ("owner",)), 2.0) == []
    assert intake.marks[ONE].sign is ChangeSign.SAVED
    assert not intake.prune(1e9), "saved, and not seen in a snapshot yet"
    assert intake.arrive(snapshot(2, written), 3.0, 3.0) == []
    assert intake.marks[ONE].sign is ChangeSign.CHANGED


def test_settle_after_its_own_snapshot_reports_nothing_and_lets_the_mark_end() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    edit = UpdateTask(ONE, owner="bo")
    written = revised(task, 2, "bo")
    intake.begin(edit)
    assert intake.arrive(snapshot(2, written), 2.0, 2.0) == [], "held until the edit is settled"
    assert intake.settle(edit, EditResult(edit, written, ("owner",)), 2.5) == []
    assert intake.prune(2.5 + MARK_S)


def test_fail_gives_back_what_somebody_else_changed_meanwhile() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    edit = UpdateTask(ONE, owner="bo")
    intake.begin(edit)
    assert intake.arrive(snapshot(2, revised(task, 2, "cy")), 2.0, 2.0) == []
    assert [change.new for change in intake.fail(edit)] == ["cy"]


def test_arrive_of_an_agents_write_after_an_own_edit_is_the_agents() -> None:
    task = Task(ONE, "a")
    intake = started(task)
    edit = UpdateTask(ONE, owner="bo")
    written = revised(task, 2, "bo")
    intake.settle(edit, EditResult(edit, written, ("owner",)), 2.0)
    intake.arrive(snapshot(2, written), 2.0, 2.0)
    changes = intake.arrive(snapshot(3, revised(task, 3, "cy")), 3.0, 3.0)
    assert [change.new for change in changes] == ["cy"]


def test_settle_of_a_created_task_marks_it_before_it_is_seen() -> None:
    intake = started(Task(ONE, "a"))
    edit = CreateTask(LIST, "b")
    made = Task(TWO, "b", revision=Revision(2, 2, 2, 2))
    intake.begin(edit)
    intake.settle(edit, EditResult(edit, made), 2.0)
    assert intake.marks[TWO].sign is ChangeSign.SAVED
    assert intake.arrive(snapshot(2, Task(ONE, "a"), made), 3.0, 3.0) == []
    assert intake.marks[TWO].sign is ChangeSign.ADDED


def test_arrive_of_what_another_operator_is_known_to_have_edited_is_not_told_again() -> None:
    one, two = Task(ONE, "a"), Task(TWO, "b")
    intake = started(one, two)
    moved = (Move("owner", None, "ann"),)
    intake.note_others(
        [Entry(2.0, Origin.OPERATOR, "noor", LIST, ONE.id, "assign", moved, step="s")]
    )
    now = snapshot(2, revised(one, 2, "ann"), revised(two, 2, "ann"))
    assert [change.task for change in intake.arrive(now, 2.0, 2.0)] == ["2"]
    later = replace(revised(one, 3, "bo"), updated_at=3.0)
    changes = intake.arrive(snapshot(3, later, revised(two, 2, "ann")), 3.0, 3.0)
    assert [(change.task, change.new) for change in changes] == [("1", "bo")]


def test_note_others_without_end_keeps_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "_MOST_TASKS", 3)
    intake = Intake()
    for number in range(10):
        moved = (Move("owner", None, "ann"),)
        task = TaskId(str(number))
        intake.note_others([Entry(2.0, Origin.COMMAND, "x", LIST, task, "assign", moved)])
    assert [key.id for key in intake._of_operators if key] == ["7", "8", "9"]

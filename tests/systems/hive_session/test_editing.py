"""Edits of session documents: markers, marks, copies, and what is refused."""

from __future__ import annotations

import json
import os
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from store.files import exchange
from store.files.fs import Directory
from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import (
    ColonytopError,
    EditRefused,
    InvalidField,
    ListGone,
    LockTimeout,
    UnreadableTask,
)
from store.model.inverse import inverse
from store.model.repairs import RepairKind
from store.model.task import ListKey, Task, TaskId, TaskStatus
from store.systems.hive_session.adapter import HiveSessionSystem
from store.systems.hive_session.editing import DocumentBusy
from tests.contract import native
from tests.systems.hive_session import owner as owning
from tests.systems.hive_session import sessions
from tests.systems.hive_session.sessions import document, record, stored, task_key, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "hive"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def system(state: Path) -> HiveSessionSystem:
    return HiveSessionSystem(edit_unlocked=True, state=state)


def session(
    root: Path, system: HiveSessionSystem, tasks: list[Any], **meta: Any
) -> tuple[ListKey, Path]:
    path = write(root, sessions.WORKER, document(tasks, **meta))
    (key,) = system.discover(root)
    return key, path


def status(key: ListKey, number: int, wanted: TaskStatus) -> UpdateTask:
    return UpdateTask(task_key(key, number), status=wanted)


# archive


def test_archive_stamps_the_three_markers_and_unarchive_takes_them_away(
    root: Path, system: HiveSessionSystem
) -> None:
    tasks = [record(1, status="completed", metadata={"tier": 2})]
    key, path = session(root, system, tasks, goal="Iron")
    before = time.time()
    system.apply(status(key, 1, TaskStatus.ARCHIVED))
    archived = stored(path)[1]
    marks = archived["metadata"]
    assert archived["status"] == "archived"
    assert before <= marks.pop("archived_at") <= time.time()
    assert marks == {"tier": 2, "archived_from": "completed", "archived_goal": "Iron"}
    system.apply(status(key, 1, TaskStatus.COMPLETED))
    assert stored(path)[1]["status"] == "completed"
    assert stored(path)[1]["metadata"] == {"tier": 2}


def test_owner_brings_back_what_was_archived_here(root: Path, system: HiveSessionSystem) -> None:
    key, path = session(root, system, [record(1, status="abandoned"), record(2)])
    system.apply(status(key, 1, TaskStatus.ARCHIVED))
    owner = owning.Owner(path)
    owner.unarchive([1])
    found = owner.read()
    assert found is not None
    assert (found.tasks[0].status, found.tasks[0].metadata) == ("abandoned", {})


def test_clear_completed_archives_them_in_one_change(root: Path, system: HiveSessionSystem) -> None:
    tasks = [record(n, status="completed" if n % 2 else "pending") for n in range(1, 8)]
    key, path = session(root, system, tasks, goal=None)
    edits = [status(key, n, TaskStatus.ARCHIVED) for n in (1, 3, 5, 7)]
    made = system.apply_all(edits, all_or_none=True)
    assert len(made.results) == 4
    assert system.attempts(key) == 1
    found = stored(path)
    assert [found[n]["status"] for n in sorted(found)] == ["archived", "pending"] * 3 + ["archived"]
    assert {found[n]["metadata"]["archived_goal"] for n in (1, 3, 5, 7)} == {None}


@pytest.mark.parametrize("first", [TaskStatus.ARCHIVED, TaskStatus.PENDING])
def test_undo_of_archive_and_of_unarchive_gives_the_record_back(
    root: Path, system: HiveSessionSystem, first: TaskStatus
) -> None:
    marks = {"archived_from": "abandoned", "archived_at": 5.50, "archived_goal": None}
    is_archived = first is TaskStatus.PENDING
    task = record(1, status="archived" if is_archived else "completed")
    key, path = session(root, system, [{**task, "metadata": marks if is_archived else {"a": 1}}])
    before = stored(path)[1]
    made = system.apply(status(key, 1, first))
    assert stored(path)[1] != before
    for edit in inverse(made):
        system.apply(edit)
    after = stored(path)[1]
    assert {**after, "updated_at": 0} == {**before, "updated_at": 0}
    assert list(after["metadata"]) == list(before["metadata"])


def test_metadata_that_an_edit_sets_itself_while_it_archives_wins(
    root: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1)])
    patch = {"archived_from": "in_progress"}
    edit = UpdateTask(task_key(key, 1), status=TaskStatus.ARCHIVED, metadata_patch=patch)
    system.apply(edit)
    assert stored(path)[1]["metadata"]["archived_from"] == "in_progress"


# ids and the mark


def test_create_takes_the_next_id_and_moves_the_mark(root: Path, system: HiveSessionSystem) -> None:
    tasks = [record(1), record(7), {"id": 9, "blocks": "unreadable"}]
    key, path = session(root, system, tasks, mark=3)
    made = system.apply(CreateTask(key, "New", blocked_by=(TaskId("7"),))).task
    assert made is not None
    assert made.id == "10"
    found = json.loads(path.read_text())
    assert found["highwatermark"] == 10
    assert stored(path)[7]["blocks"] == [10]
    assert stored(path)[10]["blocked_by"] == [7]
    assert found["tasks"][2] == tasks[2]  # what cannot be read is left as it is


def test_delete_of_the_last_task_never_gives_its_id_again(
    root: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1), record(2)], mark=0)
    system.apply(DeleteTask(task_key(key, 2)))
    assert json.loads(path.read_text())["highwatermark"] == 2
    made = system.apply(CreateTask(key, "New")).task
    assert made is not None
    assert made.id == "3"


def test_edited_document_is_one_that_its_owner_reads(root: Path, system: HiveSessionSystem) -> None:
    key, path = session(root, system, [record(1), record(2)], goal="Iron")
    edits: list[Edit] = [
        CreateTask(key, "Ship", metadata={"tier": 1}, blocked_by=(TaskId("1"),)),
        UpdateTask(task_key(key, 1), owner="ann", status=TaskStatus.IN_PROGRESS),
        ClaimTask(task_key(key, 2), "bo"),
        ReleaseTask(task_key(key, 2)),
        status(key, 2, TaskStatus.ABANDONED),
        status(key, 2, TaskStatus.ARCHIVED),
    ]
    system.apply_all(edits, all_or_none=True)
    found = owning.Owner(path).read()
    assert found is not None
    assert found.model_dump() == json.loads(path.read_text()) | {
        "meta": {**json.loads(path.read_text())["meta"], "task_list_id": None}
    }
    assert found.highwatermark == 3


# what is refused


def test_session_is_not_edited_unless_it_is_unlocked(root: Path) -> None:
    system = HiveSessionSystem()
    key, _ = session(root, system, [record(1)])
    before = native.tree(root)
    for edit in (status(key, 1, TaskStatus.COMPLETED), CreateTask(key, "New")):
        with pytest.raises(EditRefused, match="edit-unlocked"):
            system.apply(edit)
    with pytest.raises(EditRefused, match="edit-unlocked"):
        system.repair(key, dry_run=False)
    assert native.tree(root) == before


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"meta": 7, "tasks": []}', b'{"highwatermark": "9", "tasks": []}'],
)
@pytest.mark.parametrize("parts", [sessions.WORKER, sessions.COLONY])
def test_document_that_is_none_is_never_written_over(
    root: Path, state: Path, system: HiveSessionSystem, content: bytes, parts: tuple[str, ...]
) -> None:
    write(root, parts, content)
    (key,) = system.discover(root)
    before = native.tree(root)
    for edit in (status(key, 1, TaskStatus.COMPLETED), CreateTask(key, "New")):
        with pytest.raises(UnreadableTask):
            system.apply(edit)
    assert native.tree(root) == before
    assert not state.exists()


def test_status_that_the_owner_does_not_know_is_never_written(
    root: Path, system: HiveSessionSystem
) -> None:
    """One unknown word, and the owner takes the whole document for none."""
    key, path = session(root, system, [record(1)])
    before = path.read_bytes()
    odd = Task(task_key(key, 5), "Back", TaskStatus.UNKNOWN, "polishing")
    for edit in (
        status(key, 1, TaskStatus.FAILED),
        UpdateTask(task_key(key, 1), native_status="polishing"),
        RestoreTask(odd),
    ):
        with pytest.raises(InvalidField):
            system.apply(edit)
    assert path.read_bytes() == before


def test_unknown_status_of_one_task_does_not_hinder_edits_of_others(
    root: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1, status="polishing"), record(2)])
    system.apply(UpdateTask(task_key(key, 2), owner="ann"))
    assert stored(path)[1]["status"] == "polishing"
    system.apply(status(key, 1, TaskStatus.PENDING))
    assert owning.Owner(path).read() is not None


def test_value_that_cannot_be_stored_is_refused_and_nothing_is_written(
    root: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1)])
    before = path.read_bytes()
    for edit in (
        UpdateTask(task_key(key, 1), description="x" * (2 << 20)),
        UpdateTask(task_key(key, 1), metadata_patch={"a": float("nan")}),
        UpdateTask(task_key(key, 1), subject="half \ud800"),
    ):
        with pytest.raises(InvalidField):
            system.apply(edit)
    assert path.read_bytes() == before


def test_edit_of_a_document_that_went_away_makes_none(
    root: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1)])
    path.unlink()
    with pytest.raises(ListGone):
        system.apply(CreateTask(key, "New"))
    assert not path.exists()


def test_edit_of_a_document_that_is_a_link_is_refused(
    root: Path, system: HiveSessionSystem, tmp_path: Path
) -> None:
    key, path = session(root, system, [record(1)])
    target = tmp_path / "elsewhere.json"
    path.rename(target)
    path.symlink_to(target)
    before = target.read_bytes()
    with pytest.raises(ColonytopError):
        system.apply(UpdateTask(task_key(key, 1), owner="ann"))
    assert target.read_bytes() == before
    assert path.is_symlink()


def test_edit_that_never_stands_says_that_the_owner_is_busy(
    root: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner that is always faster by a moment."""
    system = HiveSessionSystem(lock_timeout_s=0.1, edit_unlocked=True, state=state)
    key, path = session(root, system, [record(1)])
    before, content = stored(path), path.read_bytes()
    real, calls = exchange._exchange, count(1)

    def late(opened: Directory, one: str, other: str) -> None:
        if next(calls) % 2:  # the others put back what was displaced
            write(root, sessions.WORKER, content)
        real(opened, one, other)

    monkeypatch.setattr(exchange, "_exchange", late)
    with pytest.raises(DocumentBusy, match="each time before the edit could stand") as caught:
        system.apply(UpdateTask(task_key(key, 1), owner="ann"))
    assert isinstance(caught.value, LockTimeout)
    assert stored(path) == before
    assert [beside.name for beside in path.parent.iterdir()] == ["tasks.json"]


# copies


def test_each_edit_keeps_the_document_before_it_in_our_own_directory(
    root: Path, state: Path, system: HiveSessionSystem
) -> None:
    key, path = session(root, system, [record(1)])
    befores = []
    for name in ("ann", "bo", "cy"):
        befores.append(path.read_bytes())
        system.apply(UpdateTask(task_key(key, 1), owner=name))
    kept = sorted(state.rglob("*.tasks.json"))
    assert [copy.read_bytes() for copy in kept] == befores
    for place in (kept[0], kept[0].parent, kept[0].parent.parent):
        assert place.stat().st_mode & 0o077 == 0
    assert [beside.name for beside in path.parent.iterdir()] == ["tasks.json"]


def test_edit_under_the_owners_lock_keeps_no_copy(
    root: Path, state: Path, system: HiveSessionSystem
) -> None:
    path = write(root, sessions.COLONY, document([record(1)], task_list_id="colony:forge"))
    (key,) = system.discover(root)
    system.apply(UpdateTask(task_key(key, 1), owner="ann"))
    assert stored(path)[1]["owner"] == "ann"
    assert not state.exists()


# mending


def test_repair_mends_edges_and_removes_what_holds_nothing_of_its_own(
    root: Path, system: HiveSessionSystem
) -> None:
    tasks = [record(1, blocks=[2, 9]), record(2), record(3, blocked_by=[3, 2])]
    key, path = session(root, system, tasks, mark=9)
    same = path.with_name(".tasks.json.4711.0badf00d.ctmp")
    other = path.with_name(".tasks.json.4712.0badf00d.ctmp")
    other.write_bytes(b'{"tasks": []}')
    kept = path.with_name(".tasks.json.4713.0badf00d.ctmp")
    kept.write_bytes(path.read_bytes())
    system.apply(UpdateTask(task_key(key, 1), owner="ann"))
    same.write_bytes(path.read_bytes())
    for left in (same, other, kept):
        os.utime(left, (1.0, 1.0))
    before = native.tree(root)
    foreseen = system.repair(key, dry_run=True).repairs
    assert native.tree(root) == before
    made = system.repair(key, dry_run=False).repairs
    assert made == foreseen
    assert [repair.kind for repair in made] == [
        RepairKind.REMOVE_LEFTOVER,
        RepairKind.LEAVE,
        RepairKind.REMOVE_LEFTOVER,
        RepairKind.MIRROR_EDGE,
        RepairKind.DROP_DANGLING,
        RepairKind.DROP_SELF_EDGE,
        RepairKind.MIRROR_EDGE,
    ]
    assert not same.exists()
    assert not kept.exists()
    assert other.exists()
    found = stored(path)
    assert [(found[n]["blocks"], found[n]["blocked_by"]) for n in (1, 2, 3)] == [
        ([2], []),
        ([3], [1]),
        ([], [2]),
    ]

"""Batches in the native layout: one reading, one change, and what lies on the disk then."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from store.files.fs import Directory
from store.model.edits import (
    BatchRefused,
    BatchResult,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    UpdateTask,
)
from store.model.errors import EditRefused, StorageFailure, TaskNotFound
from store.model.inverse import inverse_of_all
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from store.systems.hive.adapter import HiveSystem
from store.workspace import RootSpec, Workspace
from tests.contract import native
from tests.systems.pending_change import LIST, break_off, make_list

FORGE = "colony:forge"


def forge(root: Path) -> ListKey:
    return ListKey("hive", str(root), TaskListId(FORGE))


def key(root: Path, number: int) -> TaskKey:
    return TaskKey(forge(root), TaskId(str(number)))


def mark(root: Path) -> Path:
    return native.list_directory(root, FORGE) / ".highwatermark"


# one change, one reading


def test_a_large_batch_reads_no_file_twice_for_each_edit(
    hive_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, deleted = 300, 100
    for number in range(1, count + 1):
        blocks = [number + 1] if number < count else []
        blocked_by = [number - 1] if number > 1 else []
        whole = native.record(number, blocks=blocks, blocked_by=blocked_by)
        native.write_record(hive_root, FORGE, whole)
    native.write_bytes(mark(hive_root), str(count).encode())
    system = HiveSystem()
    system.apply(UpdateTask(key(hive_root, 1), subject="the lock is there now"))
    reads: Counter[str] = Counter()
    read_bytes = Directory.read_bytes

    def counted(self: Directory, name: str, *args: Any, **kwargs: Any) -> bytes:
        reads[name] += 1
        return read_bytes(self, name, *args, **kwargs)

    monkeypatch.setattr(Directory, "read_bytes", counted)
    edits: list[Edit] = [DeleteTask(key(hive_root, n)) for n in range(1, deleted + 1)]
    edits += [UpdateTask(key(hive_root, n), owner="cy") for n in range(deleted + 1, count + 1)]
    result = system.apply_all(edits, all_or_none=True)
    assert len(result.results) == count
    records = {name: n for name, n in reads.items() if name.endswith(".json")}
    # to see who names whom, to edit it, and to see that it is still the same when it is replaced
    assert max(records.values()) <= 3
    assert not native.record_path(hive_root, FORGE, deleted).exists()
    assert native.read_record(hive_root, FORGE, deleted + 1)["blocked_by"] == []


def test_a_record_edited_twice_and_one_made_and_removed_are_written_once(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    system = HiveSystem()
    new = key(hive_root, 3)
    result = system.apply_all(
        [
            CreateTask(forge(hive_root), "Short-lived", blocked_by=(TaskId("1"),)),
            UpdateTask(key(hive_root, 2), add_blocked_by=(TaskId("3"),), owner="cy"),
            DeleteTask(new),
            CreateTask(forge(hive_root), "Stays"),
            UpdateTask(key(hive_root, 2), subject="Twice"),
        ],
        all_or_none=True,
    )
    assert [one.task and one.task.id for one in result.results] == ["3", "2", None, "4", "2"]
    two = native.read_record(hive_root, FORGE, 2)
    assert (two["subject"], two["owner"], two["blocked_by"]) == ("Twice", "cy", [])
    assert native.read_record(hive_root, FORGE, 1)["blocks"] == []
    names = {path.name for path in (native.list_directory(hive_root, FORGE) / "tasks").iterdir()}
    assert names == {"0001.json", "0002.json", "0004.json"}
    assert mark(hive_root).read_text() == "4"


def test_a_refused_batch_in_a_list_that_nobody_locked_leaves_no_lock(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    before = native.tree(hive_root)
    edits: list[Edit] = [
        DeleteTask(key(hive_root, 7)),
        UpdateTask(key(hive_root, 1), priority="high"),
    ]
    with pytest.raises(BatchRefused) as caught:
        HiveSystem().apply_all(edits, all_or_none=True)
    kinds = [type(failure.error) for failure in caught.value.failures]
    assert kinds == [TaskNotFound, EditRefused]
    assert len(HiveSystem().apply_all(edits, all_or_none=False).failures) == 2
    assert native.tree(hive_root) == before


def test_a_batch_that_starts_its_list_makes_it_once(hive_root: Path) -> None:
    edits = [
        CreateTask(forge(hive_root), "First", starts_list=True),
        CreateTask(forge(hive_root), "Second", starts_list=True, blocked_by=(TaskId("1"),)),
    ]
    HiveSystem().apply_all(edits, all_or_none=True)
    assert native.read_record(hive_root, FORGE, 2)["blocked_by"] == [1]
    assert native.read_record(hive_root, FORGE, 1)["blocks"] == [2]
    meta = json.loads((native.list_directory(hive_root, FORGE) / "meta.json").read_bytes())
    assert meta["task_list_id"] == FORGE


def test_edits_of_two_lists_are_no_batch(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, "colony:ash", native.record(1))
    ash = TaskKey(ListKey("hive", str(hive_root), TaskListId("colony:ash")), TaskId("1"))
    edits: list[Edit] = [ReleaseTask(key(hive_root, 1)), ReleaseTask(ash)]
    with pytest.raises(ValueError, match="one list"):
        HiveSystem().apply_all(edits, all_or_none=False)
    with pytest.raises(ValueError, match="one list"):
        Workspace([RootSpec(hive_root, "test")]).apply_all(edits, all_or_none=False)


# the workspace before the system


def test_workspace_names_what_the_system_does_not_allow_among_the_failures(
    hive_root: Path,
) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    workspace = Workspace([RootSpec(hive_root, "test")])
    workspace.scan()
    edits: list[Edit] = [
        DeleteTask(key(hive_root, 9)),
        UpdateTask(key(hive_root, 1), priority="high"),
        UpdateTask(key(hive_root, 2), owner="cy"),
    ]
    result = workspace.apply_all(edits, all_or_none=False)
    assert [failure.edit for failure in result.failures] == edits[:2]
    assert [one.edit for one in result.results] == edits[2:]
    with pytest.raises(BatchRefused):
        workspace.apply_all(edits[1:], all_or_none=True)


def test_read_only_workspace_refuses_every_edit_of_a_batch(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = Workspace([RootSpec(hive_root, "test")], read_only=True)
    before = native.tree(hive_root)
    result = workspace.apply_all([ReleaseTask(key(hive_root, 1))], all_or_none=False)
    (failure,) = result.failures
    assert "read-only" in str(failure.error)
    assert native.tree(hive_root) == before


def test_a_disk_that_fails_under_one_edit_is_told_for_that_edit(
    hive_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from store.files.failures import UnreadableFile

    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    read_bytes = Directory.read_bytes

    def failing(self: Directory, name: str, *args: Any, **kwargs: Any) -> bytes:
        if name == "0001.json":
            raise UnreadableFile(self.path_of(name), "Input/output error", is_passing=True)
        return read_bytes(self, name, *args, **kwargs)

    monkeypatch.setattr(Directory, "read_bytes", failing)
    edits = [UpdateTask(key(hive_root, n), owner="cy") for n in (1, 2)]
    result = HiveSystem().apply_all(edits, all_or_none=False)
    assert [type(failure.error) for failure in result.failures] == [StorageFailure]
    assert [one.edit for one in result.results] == edits[1:]


def test_a_batch_that_is_saved_and_not_finished_says_what_it_did(hive_root: Path) -> None:
    make_list(hive_root, 3)
    key = ListKey("hive", str(hive_root), TaskListId(LIST))
    edits: list[Edit] = [
        UpdateTask(TaskKey(key, TaskId("1")), owner="cy"),
        UpdateTask(TaskKey(key, TaskId("9")), owner="cy"),
        DeleteTask(TaskKey(key, TaskId("2"))),
    ]
    system = HiveSystem()
    error = break_off(lambda: system.apply_all(edits, all_or_none=False), after=1)
    assert isinstance(error.result, BatchResult)
    assert [one.edit for one in error.result.results] == [edits[0], edits[2]]
    assert [failure.edit for failure in error.result.failures] == [edits[1]]
    back = inverse_of_all(error.result.results)
    system.apply_all(back, all_or_none=True)  # the next writer finishes it first
    found = system.load(system.discover(hive_root)[0])
    assert [(t.id, t.owner) for t in found.tasks.values()] == [
        ("1", None),
        ("2", None),
        ("3", None),
    ]


def test_one_edit_that_is_saved_and_not_finished_says_what_it_did(hive_root: Path) -> None:
    make_list(hive_root, 3)
    key = ListKey("hive", str(hive_root), TaskListId(LIST))
    edit = UpdateTask(TaskKey(key, TaskId("1")), add_blocked_by=(TaskId("2"),))
    error = break_off(lambda: HiveSystem().apply(edit), after=1)
    assert isinstance(error.result, EditResult)
    assert (error.result.edit, error.result.changed) == (edit, ("blocked_by",))
    assert {i: t and t.blocks for i, t in error.result.before.items()} == {"1": (), "2": ()}

"""Batches and restored tasks in the native layout: what lies on the disk before and after."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from store.files.fs import Directory
from store.model.edits import (
    BatchRefused,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import EditRefused, InvalidField, StorageFailure, TaskNotFound
from store.model.inverse import inverse
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.hive.adapter import HiveSystem
from store.workspace import RootSpec, Workspace
from tests.contract import native

FORGE = "colony:forge"


def forge(root: Path) -> ListKey:
    return ListKey("hive", str(root), TaskListId(FORGE))


def key(root: Path, number: int) -> TaskKey:
    return TaskKey(forge(root), TaskId(str(number)))


def raw(root: Path, number: int) -> bytes:
    return native.record_path(root, FORGE, number).read_bytes()


def mark(root: Path) -> Path:
    return native.list_directory(root, FORGE) / ".highwatermark"


def back_from(result: EditResult) -> Edit:
    (edit,) = inverse(result)
    return edit


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


# restored tasks


def test_restore_keeps_key_order_spelling_and_unknown_fields(hive_root: Path) -> None:
    text = (
        '{\n  "x_first": 1.50,\n  "subject": "Odd",\n  "id": 7,\n  "status": "waiting",\n'
        '  "metadata": {\n    "b": 1e3,\n    "a": null\n  },\n  "blocked_by": [],\n'
        '  "blocks": [],\n  "updated_at": 5.0\n}'
    )
    native.write_bytes(native.record_path(hive_root, FORGE, 7), text.encode())
    system = HiveSystem()
    system.apply(back_from(system.apply(DeleteTask(key(hive_root, 7)))))
    head, _, tail = raw(hive_root, 7).decode().partition('"updated_at": ')
    assert head == text.partition('"updated_at": ')[0]
    assert float(tail.rstrip("\n}")) > 5.0


def test_restore_without_the_original_spells_every_field_anew(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, "Mine", owner="ann", x_note=[1]))
    system = HiveSystem()
    deleted = back_from(system.apply(DeleteTask(key(hive_root, 1))))
    assert isinstance(deleted, RestoreTask)
    system.apply(RestoreTask(deleted.task))
    stored = native.read_record(hive_root, FORGE, 1)
    assert (stored["subject"], stored["owner"], stored["x_note"]) == ("Mine", "ann", [1])
    assert tuple(stored)[: len(native.RECORD_FIELDS)] == native.RECORD_FIELDS


def test_restore_raises_a_mark_that_was_lost(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(9))
    system = HiveSystem()
    back = back_from(system.apply(DeleteTask(key(hive_root, 9))))
    assert mark(hive_root).read_text() == "9"
    mark(hive_root).unlink()
    HiveSystem().apply(back)
    assert mark(hive_root).read_text() == "9"
    made = system.apply(CreateTask(forge(hive_root), "Next")).task
    assert made is not None
    assert made.id == "10"


def test_restore_puts_half_edges_and_dangling_ones_back_as_they_were(hive_root: Path) -> None:
    native.write_list(
        hive_root,
        FORGE,
        native.record(1, blocks=[2]),
        native.record(2, blocked_by=[77]),
        native.record(3, blocked_by=[4, 2, 1]),
        native.record(4),
    )
    before = {n: native.read_record(hive_root, FORGE, n) for n in (1, 3)}
    system = HiveSystem()
    deleted = system.apply(DeleteTask(key(hive_root, 2)))
    assert deleted.stripped == ("1", "3")
    system.apply(back_from(deleted))
    assert {n: native.read_record(hive_root, FORGE, n) for n in (1, 3)} == before
    two = native.read_record(hive_root, FORGE, 2)
    assert (two["blocked_by"], two["blocks"]) == ([77], [])


def test_restore_refuses_an_original_that_cannot_be_read(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    system = HiveSystem()
    back = back_from(system.apply(DeleteTask(key(hive_root, 1))))
    assert isinstance(back, RestoreTask)
    for original in ("{", "[]", '{"id": 1}', '{"id": 2, "subject": "Write the report"}'):
        with pytest.raises(InvalidField):
            system.apply(RestoreTask(back.task, original, ()))


# values that only an inverse writes


def test_update_clears_an_optional_text_and_puts_a_foreign_status_back(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, active_form="Forging", status="waiting"))
    system = HiveSystem()
    cleared = system.apply(UpdateTask(key(hive_root, 1), clears=("active_form",)))
    assert native.read_record(hive_root, FORGE, 1)["active_form"] is None
    set_done = system.apply(UpdateTask(key(hive_root, 1), status=TaskStatus.COMPLETED))
    system.apply(back_from(set_done))
    system.apply(back_from(cleared))
    stored = native.read_record(hive_root, FORGE, 1)
    assert (stored["active_form"], stored["status"]) == ("Forging", "waiting")
    with pytest.raises(InvalidField):
        system.apply(UpdateTask(key(hive_root, 1), clears=("subject",)))


def test_inverse_of_a_cut_phantom_puts_it_back(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, blocked_by=[77, 2]), native.record(2))
    system = HiveSystem()
    cut = system.apply(UpdateTask(key(hive_root, 1), remove_blocked_by=(TaskId("77"),)))
    assert native.read_record(hive_root, FORGE, 1)["blocked_by"] == [2]
    system.apply(back_from(cut))
    assert native.read_record(hive_root, FORGE, 1)["blocked_by"] == [77, 2]


def test_inverse_of_a_cut_edge_whose_far_end_was_deleted_since_is_refused(
    hive_root: Path,
) -> None:
    native.write_list(
        hive_root, FORGE, native.record(1, blocked_by=[2]), native.record(2, blocks=[1])
    )
    system = HiveSystem()
    cut = system.apply(UpdateTask(key(hive_root, 1), remove_blocked_by=(TaskId("2"),)))
    system.apply(DeleteTask(key(hive_root, 2)))
    with pytest.raises(TaskNotFound):
        system.apply(back_from(cut))


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

"""Restored tasks and other things put back in the native layout: spelling, mark, half edges."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.model.edits import CreateTask, DeleteTask, Edit, EditResult, RestoreTask, UpdateTask
from store.model.errors import InvalidField, TaskNotFound
from store.model.inverse import inverse
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.hive.adapter import HiveSystem
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


def test_inverse_of_a_cut_half_edge_leaves_the_other_side_alone(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, blocked_by=[2]), native.record(2))
    before = raw(hive_root, 2)
    system = HiveSystem()
    cut = system.apply(UpdateTask(key(hive_root, 1), remove_blocked_by=(TaskId("2"),)))
    system.apply(back_from(cut))
    assert native.read_record(hive_root, FORGE, 1)["blocked_by"] == [2]
    assert raw(hive_root, 2) == before

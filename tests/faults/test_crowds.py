"""C12: more tasks wait on one than a single change can hold."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files.txn_record import MAX_OPS
from store.model.edits import DeleteTask
from store.model.errors import CommittedPending, InvalidField
from store.model.task import TaskId, TaskKey
from store.systems.hive import deleting
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.deleting import plan_strip
from store.systems.hive.native import NativeStore
from tests.contract import native
from tests.faults.figure import scratch

LIST = "colony:crowd"
CROWD = MAX_OPS + 100
WAITING = range(2, CROWD + 2)

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def store() -> Iterator[NativeStore]:
    """A list in memory where everybody waits on #1."""
    with scratch("crowd") as place:
        blocker = native.record(1, "All wait for it", blocks=list(WAITING))
        waiting = [native.record(number, blocked_by=[1]) for number in WAITING]
        native.write_list(place, LIST, blocker, *waiting)
        native.list_directory(place, LIST).joinpath(".highwatermark").write_text(str(CROWD + 1))
        yield NativeStore(place)


def blocked(store: NativeStore) -> int:
    return sum(bool(record.blocked_by) for record in store.list_tasks(LIST))


def test_delete_of_what_a_crowd_waits_on_frees_all_of_them(store: NativeStore) -> None:
    deleted = store.delete_task(LIST, 1)
    assert deleted.deleted
    assert deleted.stripped == list(WAITING)
    assert not deleted.has_more
    assert blocked(store) == 0
    assert store.create_task(LIST, "Next").id == CROWD + 2


def test_delete_that_fails_after_its_first_part_says_so_and_is_mended(
    store: NativeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "the disk is gone")

    monkeypatch.setattr(deleting, "plan_strip", fail)
    with pytest.raises(CommittedPending, match="doctor --repair") as caught:
        store.delete_task(LIST, 1)
    assert caught.value.result.deleted
    assert store.get_task(LIST, 1) is None
    left = blocked(store)
    assert left == CROWD - (MAX_OPS - 1)  # each part is whole; who is left is still blocked
    monkeypatch.setattr(deleting, "plan_strip", plan_strip)
    system = HiveSystem()
    (key,) = system.discover(store.root)
    shown = system.load(key)
    assert not any(shown.is_ready(task) for task in shown.tasks.values() if task.blocked_by)
    assert len(system.repair(key, dry_run=False).repairs) == left
    assert blocked(store) == 0


@pytest.mark.parametrize("is_batch", [False, True])
def test_edit_that_deletes_what_a_crowd_waits_on_frees_all_of_them(
    store: NativeStore, is_batch: bool
) -> None:
    """As the program deletes: by an edit, alone or in a batch."""
    system = HiveSystem()
    (key,) = system.discover(store.root)
    edit = DeleteTask(TaskKey(key, TaskId("1")))
    if is_batch:
        (made,) = system.apply_all([edit], all_or_none=True).results
    else:
        made = system.apply(edit)
    assert made.stripped == tuple(TaskId(str(number)) for number in WAITING)
    assert blocked(store) == 0


def test_reset_of_more_than_one_change_holds_removes_all(store: NativeStore) -> None:
    store.reset(LIST)
    assert store.list_tasks(LIST) == []
    assert store.create_task(LIST, "Next").id == CROWD + 2


def test_repair_of_a_crowd_with_edges_to_nothing_frees_all(store: NativeStore) -> None:
    native.record_path(store.root, LIST, 1).unlink()
    system = HiveSystem()
    (key,) = system.discover(store.root)
    assert len(system.repair(key, dry_run=False).repairs) == CROWD
    assert blocked(store) == 0


def test_batch_of_more_than_one_change_holds_is_refused_before_anything(tmp_path: Path) -> None:
    store = NativeStore(tmp_path)
    with pytest.raises(InvalidField, match="at most"):
        store.create_tasks_batch(LIST, [{"subject": "one of many"}] * (MAX_OPS + 1))
    assert not store.exists(LIST)


def test_link_to_more_than_one_change_holds_is_refused_and_changes_nothing(
    store: NativeStore,
) -> None:
    store.delete_task(LIST, 1)
    before = native.contents(store.root)
    with pytest.raises(InvalidField, match="at once"):
        store.update_task(LIST, 2, add_blocks=range(3, MAX_OPS + 10))
    assert native.contents(store.root) == before

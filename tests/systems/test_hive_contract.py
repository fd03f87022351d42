"""The native layout holds what every system must promise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.model.task import ListKey, TaskListId
from store.systems.hive.adapter import HiveSystem
from store.systems.protocol import System
from tests.contract import native
from tests.contract.contract import Contract, Foreign


class TestHiveSystem(Contract):
    def make_system(self, lock_timeout_s: float = 10.0) -> System:
        return HiveSystem(lock_timeout_s=lock_timeout_s)

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        key = ListKey("hive", str(root), TaskListId(f"colony:{name}"))
        for task in tasks:
            self.write_task(key, task)
        return key

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        whole = native.record(
            int(task.id),
            task.subject,
            status=task.status,
            owner=task.owner,
            blocks=[int(i) for i in task.blocks],
            blocked_by=[int(i) for i in task.blocked_by],
            metadata=dict(task.metadata),
        )
        return native.write_record(Path(key.root), key.id, whole)

    def record_path(self, key: ListKey, task_id: str) -> Path:
        return native.record_path(Path(key.root), key.id, int(task_id))

    def own_path(self, key: ListKey) -> Path:
        return native.list_directory(Path(key.root), key.id)

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        with native.held_elsewhere(Path(key.root), key.id, "filelock") as holder:
            yield holder.pid

    def remove_list(self, key: ListKey) -> None:
        shutil.rmtree(native.list_directory(Path(key.root), key.id))


def test_discover_finds_lists_of_every_kind_by_their_own_ids(hive_root: Path) -> None:
    ids = ["colony:forge", "release-42", "session:queen:2026-04-29T10:15", "unscoped:drone"]
    for list_id in ids:
        native.write_list(hive_root, list_id, native.record(1))
    assert [key.id for key in HiveSystem().discover(hive_root)] == ids


def test_load_of_a_list_before_its_first_task_is_empty(hive_root: Path) -> None:
    directory = native.list_directory(hive_root, "colony:forge")
    native.write_bytes(
        directory / "meta.json",
        b'{"task_list_id": "colony:forge", "role": "template", "creator_agent_id": "queen"}',
    )
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    loaded = system.load(key)
    assert dict(loaded.tasks) == {}
    assert loaded.info.role == "template"


def test_load_reads_one_file_after_one_change(hive_root: Path) -> None:
    """The others cannot be read any more, and that is not noticed: nobody opened them."""
    for number in range(1, 6):
        native.write_record(hive_root, "colony:forge", native.record(number))
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    first = system.load(key)
    native.write_record(hive_root, "colony:forge", native.record(3, "Changed"))
    second = system.load(key, first)
    shared = [n for n in first.tasks if second.tasks[n] is first.tasks[n]]
    assert shared == ["1", "2", "4", "5"]

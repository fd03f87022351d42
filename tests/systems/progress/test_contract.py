"""Progress queues keep what every system promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.model.task import ListKey, TaskListId
from store.systems.progress.adapter import ProgressSystem
from tests.contract import native
from tests.contract.contract import Contract, Foreign
from tests.systems.progress import layout

STATUSES = {"completed": "done"}


class TestProgressContract(Contract):
    def make_system(self, lock_timeout_s: float = 10.0) -> ProgressSystem:
        return ProgressSystem(lock_timeout_s=lock_timeout_s)

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        layout.make(layout.database(root, name))
        key = ListKey("progress", str(root), TaskListId(f"queue:{name}"))
        for task in tasks:
            self.write_task(key, task)
        return key

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        layout.put_task(
            self.own_path(key),
            self.native_id(task.id),
            goal=task.subject,
            status=STATUSES.get(task.status, task.status),
            worker_id=task.owner,
            payload=json.dumps(dict(task.metadata)) if task.metadata else None,
        )
        return self.own_path(key)

    def remove_list(self, key: ListKey) -> None:
        self.own_path(key).unlink()

    def own_path(self, key: ListKey) -> Path:
        return layout.database(Path(key.root), key.id.removeprefix("queue:"))

    def native_id(self, task_id: str) -> str:
        return f"6f0c1e2a-0000-4000-8000-{task_id:>012}" if task_id.isdecimal() else task_id

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        with layout.elsewhere(self.own_path(key)) as other:
            other.run("BEGIN IMMEDIATE")
            self.holder = other
            yield other.pid
            other.run("COMMIT")

    def write_under_lock(self, key: ListKey, task: Foreign) -> None:
        status = STATUSES.get(task.status, task.status)
        self.holder.run(
            f"UPDATE tasks SET status = '{status}' WHERE id = '{self.native_id(task.id)}'"
        )

    def untouched(self, root: Path) -> object:
        """The files, as they are: SQLite's own come and go in `data` when a lock is taken."""
        seen = native.tree(root)
        return {
            path: found[:3] if path.endswith("/data") else found for path, found in seen.items()
        }

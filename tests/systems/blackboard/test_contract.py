"""Blackboards keep what every system promises."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from store.model.task import ListKey, TaskListId
from store.systems.blackboard.adapter import BlackboardSystem
from store.systems.blackboard.blackboard import Blackboard
from store.systems.blackboard.places import DATABASE, RUNS
from tests.contract import native
from tests.contract.contract import Contract
from tests.contract.hooks import Foreign
from tests.patience import PATIENCE_S
from tests.systems.blackboard.spawning import changed

STATES = {"completed": "done", "in_progress": "active"}
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
for statement in sys.stdin:
    connection.execute(statement)
    print("done", flush=True)
connection.execute("COMMIT")
connection.close()
"""


class TestBlackboardContract(Contract):
    holder: subprocess.Popen[str] | None = None
    """Who holds the lock, and writes under it."""

    def make_system(self, lock_timeout_s: float = 10.0) -> BlackboardSystem:
        return BlackboardSystem(lock_timeout_s=lock_timeout_s)

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        with Blackboard(name, root / RUNS) as blackboard:
            blackboard.create_run("Forge")
        key = ListKey("blackboard", str(root), TaskListId(f"run:{name}"))
        for task in tasks:
            self.write_task(key, task)
        return key

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        changed(self.database(key), statement(key, task))
        return self.database(key)

    def write_under_lock(self, key: ListKey, task: Foreign) -> None:
        assert self.holder is not None
        assert self.holder.stdin is not None
        assert self.holder.stdout is not None
        self.holder.stdin.write(" ".join(statement(key, task).splitlines()) + "\n")
        self.holder.stdin.flush()
        assert self.holder.stdout.readline() == "done\n"

    def remove_list(self, key: ListKey) -> None:
        for path in self.own_path(key).iterdir():
            path.unlink()
        self.own_path(key).rmdir()

    def own_path(self, key: ListKey) -> Path:
        return Path(key.root) / RUNS / key.id.removeprefix("run:")

    def database(self, key: ListKey) -> Path:
        return self.own_path(key) / DATABASE

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        command = [sys.executable, "-c", HOLDER, str(self.database(key))]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        with process:
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                assert process.stdout.readline() == "held\n"
                self.holder = process
                yield process.pid
            finally:
                self.holder = None
                process.stdin.close()
                process.wait(PATIENCE_S)

    def untouched(self, root: Path) -> object:
        """The files as they are: SQLite's own come and go beside one when a lock is taken."""
        seen = native.tree(root)
        directories = {path.rpartition("/")[0] for path in seen if path.endswith(DATABASE)}
        return {
            path: found[:3] if path in directories else found
            for path, found in seen.items()
            if not path.endswith(("-wal", "-shm"))
        }


def statement(key: ListKey, task: Foreign) -> str:
    """What puts a brief in, or another in its place."""
    payload = json.dumps({"title": task.subject, **dict(task.metadata)})
    state = STATES.get(task.status, task.status)
    values = [task.id, key.id.removeprefix("run:"), task.owner or "", state, payload]
    told = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
    return (
        "INSERT OR REPLACE INTO briefs"
        " (brief_id, run_id, role, status, payload, tier, created_at, updated_at)"
        f" VALUES ({told}, 1, '2026-05-01T10:00:00.000000+00:00',"
        " '2026-05-01T10:00:00.000000+00:00')"
    )

"""Session documents hold what every system must promise."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store.model.task import ListKey
from store.systems.hive_session.adapter import HiveSessionSystem
from store.systems.protocol import System
from tests.contract.contract import Contract, Foreign
from tests.systems.hive_session import sessions

_HOLDER = """
import fcntl, os, sys
held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o644)
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


class DocumentContract(Contract):
    """What both kinds of documents have in common."""

    def meta(self, name: str) -> dict[str, Any]:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _own_state(self, tmp_path: Path) -> None:
        self.state = tmp_path / "state"

    def make_system(self, lock_timeout_s: float = 10.0) -> System:
        return HiveSessionSystem(
            lock_timeout_s=lock_timeout_s, edit_unlocked=True, state=self.state
        )

    def parts(self, name: str) -> tuple[str, ...]:
        raise NotImplementedError

    def list_id(self, name: str) -> str:
        raise NotImplementedError

    def name_of(self, key: ListKey) -> str:
        raise NotImplementedError

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        records = [self.record(task) for task in tasks]
        sessions.write(root, self.parts(name), sessions.document(records, **self.meta(name)))
        return sessions.key_of(root, self.list_id(name))

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        path = self.record_path(key, task.id)
        whole = json.loads(path.read_text())
        kept = [each for each in whole["tasks"] if each["id"] != int(task.id)]
        whole["tasks"] = sorted([*kept, self.record(task)], key=lambda each: int(each["id"]))
        return sessions.write(Path(key.root), self.parts(self.name_of(key)), whole)

    def record(self, task: Foreign) -> dict[str, Any]:
        return sessions.record(
            int(task.id),
            task.subject,
            status=task.status,
            owner=task.owner,
            blocks=[int(i) for i in task.blocks],
            blocked_by=[int(i) for i in task.blocked_by],
            metadata=dict(task.metadata),
        )

    def spoil_task(self, key: ListKey, task_id: str) -> Path:
        path = self.record_path(key, task_id)
        whole = json.loads(path.read_text())
        for each in whole["tasks"]:
            if each["id"] == int(task_id):
                each["blocks"] = "all of them"
        return sessions.write(Path(key.root), self.parts(self.name_of(key)), whole)

    def remove_list(self, key: ListKey) -> None:
        self.record_path(key, "1").unlink()

    def own_path(self, key: ListKey) -> Path:
        return Path(key.root).joinpath(*self.parts(self.name_of(key)))

    def record_path(self, key: ListKey, task_id: str) -> Path:
        return self.own_path(key) / "tasks.json"

    def holds_whole_list(self) -> bool:
        return True


class TestSessionDocuments(DocumentContract):
    """No lock is known: edits are by exchange and verify."""

    def meta(self, name: str) -> dict[str, Any]:
        return {"goal": "Iron"}

    def parts(self, name: str) -> tuple[str, ...]:
        return ("colonies", "smithy", "workers", name)

    def list_id(self, name: str) -> str:
        return f"session:smithy/workers:{name}"

    def name_of(self, key: ListKey) -> str:
        return key.id.rpartition(":")[2]


class TestColonyDocuments(DocumentContract):
    """The earlier layout's shared plans, under the lock beside them."""

    def meta(self, name: str) -> dict[str, Any]:
        return {"role": "template", "task_list_id": f"colony:{name}"}

    def parts(self, name: str) -> tuple[str, ...]:
        return ("colonies", name)

    def list_id(self, name: str) -> str:
        return f"colony:{name}"

    def name_of(self, key: ListKey) -> str:
        return key.id.removeprefix("colony:")

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        lock = self.own_path(key) / "tasks.json.lock"
        with subprocess.Popen(
            [sys.executable, "-c", _HOLDER, str(lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as holder:
            assert holder.stdin is not None
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            yield holder.pid
            holder.stdin.close()
            holder.wait(60)

"""Claude Code's lists hold what every system must promise."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store.model.task import ListKey, TaskListId
from store.systems.claude_code.adapter import ClaudeCodeSystem
from store.systems.protocol import System
from tests.contract.contract import Contract, Foreign
from tests.systems.claude_code.a_list import put

_HOLDER = """
import os, sys, time
os.mkdir(sys.argv[1])
later = time.time() + 600  # however slow the machine is, it is not thought dead
os.utime(sys.argv[1], (later, later))
print("held", flush=True)
sys.stdin.read()
os.rmdir(sys.argv[1])
"""


class TestClaudeCodeSystem(Contract):
    NAMES_HOLDER = False

    def make_system(self, lock_timeout_s: float = 10.0) -> System:
        return ClaudeCodeSystem(lock_timeout_s=lock_timeout_s)

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        key = ListKey("claude_code", str(root), TaskListId(f"claude:{name}"))
        self.own_path(key).mkdir(parents=True)
        (self.own_path(key) / ".lock").touch()
        for task in tasks:
            self.write_task(key, task)
        return key

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        fields: dict[str, Any] = {"subject": task.subject, "status": task.status}
        if task.owner is not None:
            fields["owner"] = task.owner
        fields |= {"blocks": list(task.blocks), "blockedBy": list(task.blocked_by)}
        if task.metadata:
            fields["metadata"] = dict(task.metadata)
        return put(self.own_path(key), task.id, **fields)

    def record_path(self, key: ListKey, task_id: str) -> Path:
        return self.own_path(key) / f"{task_id}.json"

    def untouched(self, root: Path) -> object:
        """The times of directories move with each lock, also where nothing is written."""
        return [
            (str(path), path.is_dir() or (path.lstat().st_ino, path.lstat().st_mtime_ns))
            for path in sorted(root.rglob("*"))
        ]

    def own_path(self, key: ListKey) -> Path:
        return Path(key.root) / "tasks" / key.id.removeprefix("claude:")

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        lock = f"{self.record_path(key, task_id)}.lock"
        with subprocess.Popen(
            [sys.executable, "-c", _HOLDER, lock],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            yield holder.pid

    def remove_list(self, key: ListKey) -> None:
        shutil.rmtree(self.own_path(key))


def test_room_is_one_of_the_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from store.systems.registry import default_roots, open_systems

    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))
    assert ("claude_code", tmp_path, "$CLAUDE_CONFIG_DIR") in default_roots()
    (system,) = [one for one in open_systems() if one.name == "claude_code"]
    assert list(system.discover(tmp_path)) == []
    assert not system.is_open
    place = tmp_path / "tasks" / "plan"
    place.mkdir(parents=True)
    put(place, 1)
    assert [key.id for key in system.discover(tmp_path)] == ["claude:plan"]
    assert system.is_open

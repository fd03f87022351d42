"""Lists of Claude Code as tests make them: by writing files, as their owner does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey
from store.systems.claude_code.adapter import ClaudeCodeSystem

NAME = "plan"


def record(task_id: str | int, **fields: Any) -> dict[str, Any]:
    """A record with all that its owner asks for."""
    return {
        "id": str(task_id),
        "subject": f"task {task_id}",
        "description": "",
        "status": "pending",
        "blocks": [],
        "blockedBy": [],
        **fields,
    }


def put(place: Path, task_id: str | int, **fields: Any) -> Path:
    """Write one task file in place."""
    path = place / f"{task_id}.json"
    path.write_text(json.dumps(record(task_id, **fields), indent=2, ensure_ascii=False))
    return path


def raw(place: Path, task_id: str | int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / f"{task_id}.json").read_text())
    return found


class Scene:
    """One list under a root, and the system that shows it."""

    def __init__(self, root: Path, *, lock_timeout_s: float = 10.0) -> None:
        self.root = root
        self.place = root / "tasks" / NAME
        self.place.mkdir(parents=True)
        (self.place / ".lock").touch()
        self.system = ClaudeCodeSystem(lock_timeout_s=lock_timeout_s)
        self.key = ListKey("claude_code", str(root), self._list_id())
        self.shown: TaskList | None = None

    def _list_id(self) -> Any:
        (key,) = self.system.discover(self.root)
        return key.id

    def load(self, *, quick: bool = False) -> TaskList:
        """One more look."""
        self.shown = self.system.load(self.key, self.shown, quick=quick)
        return self.shown

    def settle(self) -> TaskList:
        """Look until nothing is half written."""
        found = self.load()
        while not self.system.is_settled(self.key):
            found = self.load()
        return found

    def task(self, task_id: str | int) -> Task:
        return self.settle().tasks[TaskId(str(task_id))]

    def of(self, task_id: str | int) -> TaskKey:
        return TaskKey(self.key, TaskId(str(task_id)))

    def names(self) -> list[str]:
        return sorted(path.name for path in self.place.iterdir())

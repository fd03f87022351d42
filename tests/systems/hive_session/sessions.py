"""Documents as their owner writes them, for tests."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from store.model.task import ListKey, TaskId, TaskKey, TaskListId

WORKER = ("colonies", "forge", "workers", "s1")
COLONY = ("colonies", "forge")


def record(number: int, subject: str = "Write the report", **fields: Any) -> dict[str, Any]:
    """A task record, all fields in their usual order."""
    return {
        "id": number,
        "subject": subject,
        "description": "",
        "active_form": None,
        "owner": None,
        "status": "pending",
        "blocks": [],
        "blocked_by": [],
        "metadata": {},
        "created_at": 1_790_000_000.25,
        "updated_at": 1_790_000_000.25,
        **fields,
    }


def document(tasks: Iterable[Any], *, mark: int | None = None, **meta: Any) -> dict[str, Any]:
    """A whole document; `meta`: fields to set there."""
    records = list(tasks)
    ids = [task["id"] for task in records if isinstance(task, dict) and "id" in task]
    return {
        "meta": {
            "role": "session",
            "creator_agent_id": None,
            "goal": None,
            "created_at": 1_790_000_000.0,
            "schema_version": 1,
            **meta,
        },
        "highwatermark": max(ids, default=0) if mark is None else mark,
        "tasks": records,
    }


def write(root: Path, parts: Iterable[str], content: Any) -> Path:
    """Put a document in place as its owner does; bytes as they are."""
    path = root.joinpath(*parts, "tasks.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = content if isinstance(content, bytes) else json.dumps(content, indent=2).encode()
    temporary = path.with_name(".tasks.json.abcd.tmp")
    temporary.write_bytes(whole)
    before = time.time() - 60.0
    os.utime(temporary, (before, before))  # the owner is not at it just now
    temporary.replace(path)
    return path


def stored(path: Path) -> dict[int, dict[str, Any]]:
    """The records of a document by id."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {task["id"]: task for task in found["tasks"]}


def key_of(root: Path, list_id: str) -> ListKey:
    return ListKey("hive_session", str(root), TaskListId(list_id))


def task_key(key: ListKey, number: int) -> TaskKey:
    return TaskKey(key, TaskId(str(number)))

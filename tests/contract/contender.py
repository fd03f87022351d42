"""One of several processes at one list: `python -m tests.contract.contender ROLE ROOT LIST NAME N`.

Says "ready", waits for a line on stdin, does its work and prints one JSON object. The role
`foreign` shares no code with the store: it is the naive writer of the layout, under `filelock`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

LONG_WAIT_S = 60.0


def wait_for_start() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()


async def create(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """Create `count` tasks, every third in a batch of two."""
    from store import TaskStore

    store = TaskStore(hive_root=root, lock_timeout_s=LONG_WAIT_S)
    ids: list[int] = []
    while len(ids) < count:
        if len(ids) % 3 == 2:
            specs = [{"subject": f"{name} batch", "owner": name}] * 2
            ids += [record.id for record in await store.create_tasks_batch(list_id, specs)]
        else:
            ids.append((await store.create_task(list_id, f"{name} single", owner=name)).id)
    return {"ids": ids}


async def update(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """Write a metadata key of its own on task 1, `count` times: none may be lost."""
    from store import TaskStore

    store = TaskStore(hive_root=root, lock_timeout_s=LONG_WAIT_S)
    for number in range(count):
        await store.update_task(list_id, 1, metadata_patch={f"{name}-{number}": number})
    return {"wrote": count}


async def claim(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """Try to claim the tasks 1 to `count` in order."""
    from store import TaskStore

    store = TaskStore(hive_root=root, lock_timeout_s=LONG_WAIT_S)
    won: list[int] = []
    lost: dict[str, str] = {}
    for number in range(1, count + 1):
        result = await store.claim_task_with_busy_check(list_id, number, name)
        if result.kind == "ok":
            won.append(number)
        else:
            lost[str(number)] = f"{result.kind} {getattr(result, 'by', '')}"
    return {"won": won, "lost": lost}


async def edges(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """Add and remove edges from task 1 to the others, both ways of saying it."""
    from store import CycleRefused, TaskStore

    store = TaskStore(hive_root=root, lock_timeout_s=LONG_WAIT_S)
    refused = 0
    for number in range(count):
        other = 2 + (number + len(name)) % 6
        try:
            await store.update_task(list_id, other, add_blocked_by=[1 + number % 5])
            await store.update_task(list_id, 1 + number % 3, remove_blocks=[other])
        except (CycleRefused, ValueError):
            refused += 1
    return {"refused": refused}


def replace(path: Path, content: str) -> None:
    temp = Path(f"{path}.tmp")
    with temp.open("w") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    temp.replace(path)


def foreign(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """The naive tool: parse all files for the next id, fixed temp names, 50 ms polling."""
    from filelock import FileLock

    directory = root / "colonies" / list_id.partition(":")[2] / "tasks"
    ids: list[int] = []
    for number in range(count):
        with FileLock(str(directory / ".lock"), timeout=LONG_WAIT_S):
            files = (directory / "tasks").glob("*.json")
            mark = directory / ".highwatermark"
            known = [json.loads(path.read_text())["id"] for path in files]
            fresh = max([0, *known, int(mark.read_text()) if mark.exists() else 0]) + 1
            now = time.time()
            whole = {
                "id": fresh,
                "subject": f"{name} {number}",
                "description": "",
                "active_form": None,
                "owner": name,
                "status": "pending",
                "blocks": [],
                "blocked_by": [],
                "metadata": {},
                "created_at": now,
                "updated_at": now,
            }
            replace(directory / "tasks" / f"{fresh:04d}.json", json.dumps(whole, indent=2))
            replace(mark, str(fresh))
            first = directory / "tasks" / "0001.json"
            shared = json.loads(first.read_text())
            shared["metadata"][f"{name}-{number}"] = number
            replace(first, json.dumps(shared, indent=2))
        ids.append(fresh)
    return {"ids": ids}


async def batch(root: Path, list_id: str, name: str, count: int) -> dict[str, Any]:
    """Count up on tasks 1 and 2 together, `count` times, and make a task each time."""
    from store.model.edits import BatchRefused, CreateTask, Edit, UpdateTask
    from store.model.task import ListKey, TaskId, TaskKey, TaskListId
    from store.systems.hive.adapter import HiveSystem

    system = HiveSystem(lock_timeout_s=LONG_WAIT_S)
    key = ListKey("hive", str(root), TaskListId(list_id))
    made: list[str] = []
    refused = seen = 0
    while len(made) < count:
        edits: list[Edit] = [
            UpdateTask(
                TaskKey(key, TaskId(task_id)),
                metadata_patch={"count": seen + 1},
                expected={"metadata.count": seen},
            )
            for task_id in ("1", "2")
        ]
        edits.append(CreateTask(key, name, blocked_by=(TaskId("1"),)))
        try:
            done = system.apply_all(edits, all_or_none=True)
        except BatchRefused as error:
            refused += 1
            (conflict,) = error.failures[0].error.details()["conflicts"]
            seen = conflict["theirs"]
            continue
        seen += 1
        made += [result.task.id for result in done.results[2:] if result.task]
    return {"made": made, "refused": refused}


def main() -> None:
    role, root, list_id, name, count = sys.argv[1:]
    jobs = {"create": create, "update": update, "claim": claim, "edges": edges, "batch": batch}
    wait_for_start()
    if role == "foreign":
        result = foreign(Path(root), list_id, name, int(count))
    else:
        result = asyncio.run(jobs[role](Path(root), list_id, name, int(count)))
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()

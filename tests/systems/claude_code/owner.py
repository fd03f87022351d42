"""The tool that owns these lists, made again from what is known of it; no code of the store.

It does what `node/owner.js` does, and speaks the same lines of JSON, for machines without Node: its
locks are directories, taken over by removing and making anew when stale, with the same patience; it
writes in place. `python -m tests.systems.claude_code.owner LIST_DIRECTORY` runs it.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

Fields = dict[str, Any]

_STATUSES = ("pending", "in_progress", "completed")
_KNOWN = ("id", "subject", "description", "activeForm", "owner", "status", "blocks", "blockedBy")
_STALE_S = 10.0
_RETRIES = 30


class Locked(Exception):
    """Somebody else held the lock for as long as the tool waits."""


@contextmanager
def locked(target: Path) -> Iterator[None]:
    """Hold the lock of a file, which has to be there."""
    lock = Path(f"{target.resolve(strict=True)}.lock")
    pause_s = 0.005
    for left in range(_RETRIES, -1, -1):
        if _made(lock):
            break
        if not left:
            raise Locked(target.name)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, 0.1)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.rmdir()


def _made(lock: Path) -> bool:
    for _ in range(2):
        try:
            lock.mkdir()
        except FileExistsError:
            with suppress(FileNotFoundError):
                if lock.stat().st_mtime >= time.time() - _STALE_S:
                    return False
                lock.rmdir()
            continue
        return True
    return False


class Owner:
    """One process' view of a list."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.is_stopped = threading.Event()

    def file(self, task_id: str) -> Path:
        return self.place / f"{task_id}.json"

    @contextmanager
    def list_locked(self) -> Iterator[None]:
        lock = self.place / ".lock"
        with suppress(FileExistsError):
            lock.touch(exist_ok=False)
        with locked(lock):
            yield

    def ids(self) -> list[int]:
        names = (path.name for path in self.place.iterdir())
        return sorted(int(name[:-5]) for name in names if re.fullmatch(r"[0-9]+\.json", name))

    def mark(self) -> int:
        try:
            return int((self.place / ".highwatermark").read_text().strip())
        except (OSError, ValueError):
            return 0

    def set_mark(self, mark: int) -> None:
        (self.place / ".highwatermark").write_text(str(mark))

    def read(self, task_id: str) -> Fields | None:
        try:
            found = json.loads(self.file(task_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return _understood(found)

    def write(self, task: Fields) -> None:
        """In place, as its owner does: for a moment the file is empty."""
        whole = json.dumps(task, indent=2, ensure_ascii=False)
        self.file(task["id"]).write_text(whole, encoding="utf-8")

    def create(self, subject: str, **fields: Any) -> Fields:
        with self.list_locked():
            task_id = str(max([0, self.mark(), *self.ids()]) + 1)
            usual = {"description": "", "status": "pending", "blocks": [], "blockedBy": []}
            self.write({"id": task_id, "subject": subject, **usual, **fields})
        return {"id": task_id}

    def change(self, task_id: str, change: Callable[[Fields], Fields | None]) -> Fields:
        """One task under its lock: what `change` returns is written, None leaves it as it is."""
        with locked(self.file(task_id)):
            task = self.read(task_id)
            changed = change(task) if task else None
            if changed:
                self.write(changed)
        return {"id": task_id, "done": bool(changed)}

    def update(self, task_id: str, fields: Fields) -> Fields:
        return self.change(task_id, lambda task: {**task, **fields})

    def merge(self, task_id: str, metadata: Fields) -> Fields:
        return self.change(
            task_id, lambda task: {**task, "metadata": {**task.get("metadata", {}), **metadata}}
        )

    def edge(self, task_id: str, by: str) -> Fields:
        self.change(by, lambda task: _with(task, "blocks", task_id))
        return self.change(task_id, lambda task: _with(task, "blockedBy", by))

    def claim(self, task_id: str, owner: str) -> Fields:
        def taken(task: Fields) -> Fields | None:
            blockers = map(self.read, task["blockedBy"])
            is_blocked = any(b is not None and b["status"] != "completed" for b in blockers)
            if task["status"] != "pending" or task.get("owner") or is_blocked:
                return None
            return {**task, "owner": owner}

        return self.change(task_id, taken)

    def delete(self, task_id: str) -> Fields:
        if self.mark() < int(task_id):
            self.set_mark(int(task_id))
        self.file(task_id).unlink()
        for other in map(str, self.ids()):
            task = self.read(other)
            if task and task_id in (*task["blocks"], *task["blockedBy"]):
                self.change(other, lambda task: _without(task, task_id))
        return {"id": task_id}

    def reset(self) -> Fields:
        with self.list_locked():
            found = self.ids()
            self.set_mark(max([0, self.mark(), *found]))
            for number in found:
                self.file(str(number)).unlink()
        return {"deleted": len(found)}

    def spin(self, task_id: str, size: int, is_locked: bool) -> Fields:
        """Write one task again and again as fast as it can."""
        task, writes = self.read(task_id), 0
        while not self.is_stopped.is_set():
            now = {**(task or {}), "description": str(writes % 10) * size}
            if is_locked:
                self.change(task_id, lambda _, now=now: now)  # type: ignore[misc]
            else:
                self.write(now)
            writes += 1
        return {"writes": writes}

    def work(self, name: str, few: int, say: Callable[[Fields], None]) -> Fields:
        """Changes one after the other until it is told to stop; see `node/owner.js`."""
        number = refused = 0
        while not self.is_stopped.is_set():
            try:
                if (made := self._nth_change(number, name, few)) is not None:
                    say(made)
            except Locked:
                refused += 1
            number += 1
            time.sleep(0.002)
        return {"worked": True, "refused": refused}

    def _nth_change(self, number: int, name: str, few: int) -> Fields | None:
        some, other = str(1 + number % few), str(1 + (number * 3 + 1) % few)
        if number % 50 == 3:
            subject = f"{name} {number}"
            return {"made": "task", "subject": subject, **self.create(subject)}
        if number % 10 == 7 and int(some) > int(other):
            is_done = self.edge(some, other)["done"]
            return {"made": "task", "id": some, "by": other} if is_done else None

        def counted(task: Fields) -> Fields:
            metadata = task.get("metadata", {})
            return {**task, "metadata": {**metadata, name: metadata.get(name, 0) + 1}}

        self.change(some, counted)
        return {"made": "count", "id": some, "key": name}

    def obey(self, command: Fields, say: Callable[[Fields], None]) -> Fields:
        """One command of the protocol; what came of it."""
        rest = {name: value for name, value in command.items() if name not in ("do", "id")}
        do, task_id = command["do"], command.get("id", "")
        if do == "work":
            return self.work(**rest, say=say)
        if do == "spin":
            return self.spin(task_id, rest["size"], rest["locked"])
        if do == "read":
            return {"task": self.read(task_id)}
        found: Fields = getattr(self, do)(*([task_id] if "id" in command else []), **rest)
        return found


def _understood(found: Any) -> Fields | None:
    """Only the fields that it knows; None where one of them is not as it has to be."""
    if not isinstance(found, dict):
        return None
    texts = [found.get(name) for name in ("id", "subject", "description")]
    lists = [found.get(name) for name in ("blocks", "blockedBy")]
    is_whole = (
        all(isinstance(text, str) for text in texts)
        and found.get("status") in _STATUSES
        and all(isinstance(ids, list) and all(isinstance(i, str) for i in ids) for ids in lists)
        and isinstance(found.get("metadata", {}), dict)
        and all(isinstance(found.get(name, ""), str) for name in ("owner", "activeForm"))
    )
    return {k: v for k, v in found.items() if k in (*_KNOWN, "metadata")} if is_whole else None


def _with(task: Fields, side: str, task_id: str) -> Fields | None:
    return None if task_id in task[side] else {**task, side: [*task[side], task_id]}


def _without(task: Fields, task_id: str) -> Fields:
    sides = {side: [i for i in task[side] if i != task_id] for side in ("blocks", "blockedBy")}
    return {**task, **sides}


def main(place: Path) -> None:
    owner, commands = Owner(place), SimpleQueue[Fields | None]()

    def say(answer: Fields) -> None:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()

    def listen() -> None:
        for line in sys.stdin:
            command = json.loads(line)
            if command["do"] == "stop":
                owner.is_stopped.set()
            else:
                commands.put(command)
        owner.is_stopped.set()
        commands.put(None)

    threading.Thread(target=listen, daemon=True).start()
    say({"ready": True, "pid": os.getpid()})
    while (command := commands.get()) is not None:
        owner.is_stopped.clear()
        try:
            say(owner.obey(command, say))
        except Locked:
            say({"error": "ELOCKED"})
        except FileNotFoundError:
            say({"error": "ENOENT"})


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""A list of Claude Code as Claude Code itself keeps it; nothing of colonytop's own store.

Locks are directories beside the files, taken over when they are stale; files are written in place,
so that they are empty for a moment.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tui.demo.agent import Dropped

Fields = dict[str, Any]
_STALE_S = 10.0
_RETRIES = 30
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.1
_SIDES = ("blocks", "blockedBy")


class ListBusy(OSError):
    """Somebody else held a lock for as long as the tool waits."""


class ListFiles:
    """One process' view of a list's directory."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def tasks(self) -> list[Fields]:
        """All that can be read just now, by number."""
        return [task for number in self._numbers() if (task := self.read(str(number))) is not None]

    def read(self, task_id: str) -> Fields | None:
        """One task; None: it is not there, or just being written."""
        try:
            found = json.loads(self._file(task_id).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def write(self, task: Fields) -> None:
        """In place: for a moment the file is empty."""
        text = json.dumps(task, indent=2, ensure_ascii=False)
        self._file(task["id"]).write_text(text, encoding="utf-8")

    def create(self, subject: str, **fields: Any) -> str:
        """Add a task; its id."""
        with self._list_locked():
            task_id = str(max([0, self._mark(), *self._numbers()]) + 1)
            usual = {"description": "", "status": "pending", "blocks": [], "blockedBy": []}
            self.write({"id": task_id, "subject": subject, **usual, **fields})
        return task_id

    def change(self, task_id: str, change: Callable[[Fields], Fields | None]) -> bool:
        """Change one task under its lock; False: `change` gave None, and nothing was written.

        Raises:
            Dropped: the task is not there any more.
        """
        try:
            with _locked(self._file(task_id)):
                task = self.read(task_id)
                if task is None:
                    raise Dropped("the task is no longer there")
                changed = change(task)
                if changed is not None:
                    self.write(changed)
        except FileNotFoundError as error:
            raise Dropped("the task is no longer there") from error
        return changed is not None

    def block(self, task_id: str, by: str) -> None:
        """Have one task wait for another: two changes, as the tool makes them."""
        self.change(by, lambda task: _with(task, "blocks", task_id))
        self.change(task_id, lambda task: _with(task, "blockedBy", by))

    def delete(self, task_id: str) -> None:
        """Remove a task, then what refers to it."""
        if self._mark() < int(task_id):
            (self.place / ".highwatermark").write_text(task_id)
        with suppress(FileNotFoundError):
            self._file(task_id).unlink()
        for task in self.tasks():
            if any(task_id in task[side] for side in _SIDES):
                with suppress(Dropped):
                    self.change(task["id"], lambda found: _without(found, task_id))

    def _file(self, task_id: str) -> Path:
        return self.place / f"{task_id}.json"

    def _numbers(self) -> list[int]:
        names = (path.name for path in self.place.iterdir())
        stems = (name.removesuffix(".json") for name in names if name.endswith(".json"))
        return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdecimal())

    def _mark(self) -> int:
        try:
            return int((self.place / ".highwatermark").read_text().strip())
        except (OSError, ValueError):
            return 0

    @contextmanager
    def _list_locked(self) -> Iterator[None]:
        lock = self.place / ".lock"
        lock.touch()
        with _locked(lock):
            yield


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the lock of a file, which has to be there."""
    lock = Path(f"{target.resolve(strict=True)}.lock")
    pause_s = _FIRST_PAUSE_S
    for left in range(_RETRIES, -1, -1):
        if _made(lock):
            break
        if not left:
            raise ListBusy(f"{target.name} stays locked")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.rmdir()


def _made(lock: Path) -> bool:
    """Whether the lock is ours now; a stale one is removed and made anew."""
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


def _with(task: Fields, side: str, task_id: str) -> Fields | None:
    return None if task_id in task[side] else {**task, side: [*task[side], task_id]}


def _without(task: Fields, task_id: str) -> Fields:
    return {**task, **{side: [i for i in task[side] if i != task_id] for side in _SIDES}}

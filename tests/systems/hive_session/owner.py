"""The tool that owns session documents, as its protocol is known: a process of its own.

One lock for each session, inside this process only; nothing on disk keeps others out. Every change
reads the whole document, drops what its models do not know, and writes it all again by a temporary
name, fsync and rename. What cannot be read as such a document counts as no document at all, and the
next task starts a fresh one. It knows nothing of colonytop and imports nothing of it.

    python owner.py DOCUMENT --count 300 --pause 0.01 --log LOG

makes tasks and changes others, and writes one line to LOG for each change that it acknowledged.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import random
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field, ValidationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDLE_S = 30 * 60
Status = Literal["pending", "in_progress", "completed", "abandoned", "archived"]
ARCHIVE_KEYS = ("archived_from", "archived_at", "archived_goal")


class Record(BaseModel):
    """One task; unknown keys are dropped."""

    id: int
    subject: str
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    status: Status = "pending"
    blocks: list[int] = Field(default_factory=list)
    blocked_by: list[int] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: float = Field(default_factory=time.time)
    updated_at: float = Field(default_factory=time.time)


class Meta(BaseModel):
    """What stands above the tasks; the older layout names the list here."""

    task_list_id: str | None = None
    role: Literal["template", "session"] = "session"
    creator_agent_id: str | None = None
    goal: str | None = None
    created_at: float = Field(default_factory=time.time)
    schema_version: int = 1


class Document(BaseModel):
    """A whole list."""

    meta: Meta = Field(default_factory=Meta)
    highwatermark: int = 0
    tasks: list[Record] = Field(default_factory=list)

    def find(self, number: int) -> Record | None:
        return next((task for task in self.tasks if task.id == number), None)


class Owner:
    """All changes that the tool makes to one document. Safe between its own threads only.

    Args:
        path: the document.
        lock_path: the file whose lock it takes too, as the older layout does for colonies.
    """

    def __init__(self, path: Path, lock_path: Path | None = None) -> None:
        self.path = path
        self._lock_path = lock_path
        self._lock = threading.Lock()

    def read(self) -> Document | None:
        """The document, None if there is none that can be understood."""
        try:
            return Document.model_validate_json(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, ValidationError):
            return None

    def create(self, subject: str, **fields: Any) -> Record:
        made: list[Record] = []

        def change(document: Document) -> None:
            number = max([document.highwatermark, *(task.id for task in document.tasks)]) + 1
            made.append(Record(id=number, subject=subject, **fields))
            document.tasks.append(made[0])
            document.highwatermark = number

        self._change(change)
        return made[0]

    def update(self, number: int, patch: dict[str, Any] | None = None, **fields: Any) -> bool:
        """Set fields and metadata keys of one task; whether it was there."""
        found: list[bool] = []

        def change(document: Document) -> None:
            task = document.find(number)
            found.append(task is not None)
            if task is None:
                return
            for name, value in fields.items():
                setattr(task, name, value)
            task.metadata.update(patch or {})
            task.updated_at = time.time()

        self._change(change)
        return found[0]

    def sweep(self, now: float) -> list[int]:
        """What reading the list over its interface does: idle tasks become abandoned."""
        idle: list[int] = []

        def change(document: Document) -> None:
            for task in document.tasks:
                if task.status == "in_progress" and now - task.updated_at > IDLE_S:
                    task.status, task.updated_at = "abandoned", now
                    idle.append(task.id)

        self._change(change)
        return idle

    def unarchive(self, numbers: list[int]) -> None:
        """Bring archived tasks back to the status that they had."""

        def change(document: Document) -> None:
            for task in document.tasks:
                if task.id in numbers and task.status == "archived":
                    task.status = task.metadata.get("archived_from", "pending")
                    for key in ARCHIVE_KEYS:
                        task.metadata.pop(key, None)

        self._change(change)

    def _change(self, change: Callable[[Document], None]) -> None:
        with self._lock, self._locked_on_disk():
            document = self.read() or Document()
            change(document)
            self._write(document)

    def _locked_on_disk(self) -> AbstractContextManager[None]:
        return nullcontext() if self._lock_path is None else _flocked(self._lock_path)

    def _write(self, document: Document) -> None:
        text = document.model_dump_json(indent=2)
        descriptor, temporary = tempfile.mkstemp(
            dir=self.path.parent, prefix=f".{self.path.name}.", suffix=".tmp"
        )
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self.path)


@contextmanager
def _flocked(path: Path) -> Iterator[None]:
    """The lock of the older layout: polled every 50 ms for at most 3 s."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        deadline = time.monotonic() + 3.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                break
        yield
    finally:
        os.close(descriptor)


def work(owner: Owner, log: Path, count: int, pause_s: float, seed: int) -> None:
    """Make tasks and change those that were there, in turn, and log what was acknowledged.

    It ends after `count` changes; with 0 when its standard input ends.
    """
    picked = random.Random(seed)
    first = owner.read()
    known = [task.id for task in first.tasks] if first else []
    made = 0
    with log.open("a", encoding="utf-8") as lines:
        while made < count or (not count and not _is_told_to_stop()):
            made += 1
            if made % 2 or not known:
                task = owner.create(f"owner {made}", description=f"made by the owner, {made}")
                line: dict[str, Any] = {"op": "create", "id": task.id, "subject": task.subject}
            else:
                number = picked.choice(known)
                is_there = owner.update(number, {"beat": made}, description=f"beat {made}")
                line = {"op": "update", "id": number, "beat": made, "found": is_there}
            lines.write(json.dumps(line) + "\n")
            lines.flush()
            if made == 1:
                print("working", flush=True)  # noqa: T201
            time.sleep(pause_s)


_stop = threading.Event()


def _is_told_to_stop() -> bool:
    return _stop.is_set()


def _wait_for_the_end() -> None:
    sys.stdin.read()
    _stop.set()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("document", type=Path)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.01)
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--lock", action="store_true", help="take the lock beside the document")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    lock = chosen.document.with_name(chosen.document.name + ".lock") if chosen.lock else None
    work(Owner(chosen.document, lock), chosen.log, chosen.count, chosen.pause, chosen.seed)


if __name__ == "__main__":
    main()

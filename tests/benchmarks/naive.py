"""The naive store of the native layout, which the benchmarks measure against.

Straight from the layout's description: one file per task, a fixed temp name, a rename, a fresh
`FileLock` with its default polling for each write. The next id and the cascade of a delete come
from parsing every file; a list reads every record. `PatientStore` is the same under a blocking
`flock`, as other tools with such lists do it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import BaseModel, Field, ValidationError

LOCK_TIMEOUT_S = 3.0


class NaiveRecord(BaseModel):
    id: int
    subject: str
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    status: str = "pending"
    blocks: list[int] = Field(default_factory=list)
    blocked_by: list[int] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: float = Field(default_factory=time.time)
    updated_at: float = Field(default_factory=time.time)


class NaiveStore:
    """One list under `directory` (which holds `.lock`, `.highwatermark` and `tasks/`).

    With `durable`, files and the directory are synced as ours are, so that what is compared are
    the two ways of working and not two durabilities; without, nothing is synced.
    """

    def __init__(self, directory: Path, *, durable: bool = True) -> None:
        self._directory = directory
        self._tasks = directory / "tasks"
        self._durable = durable

    @contextmanager
    def locked(self) -> Iterator[None]:
        with FileLock(str(self._directory / ".lock"), timeout=LOCK_TIMEOUT_S):
            yield

    def _path(self, task_id: int) -> Path:
        return self._tasks / f"{task_id:04d}.json"

    def _read(self, path: Path) -> NaiveRecord | None:
        try:
            return NaiveRecord.model_validate_json(path.read_text(encoding="utf-8"))
        except (OSError, ValidationError):
            return None

    def _replace(self, path: Path, content: str) -> None:
        temp = path.with_suffix(path.suffix + ".tmp")
        with temp.open("w", encoding="utf-8") as out:
            out.write(content)
            if self._durable:
                out.flush()
                os.fsync(out.fileno())
        temp.replace(path)

    def _write(self, record: NaiveRecord) -> None:
        record.updated_at = time.time()
        self._replace(self._path(record.id), record.model_dump_json(indent=2))

    def _sync(self) -> None:
        """Once for each call that wrote: its renames survive a power cut."""
        if self._durable:
            fd = os.open(self._tasks, os.O_RDONLY)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def list(self) -> list[NaiveRecord]:
        read = (self._read(path) for path in self._tasks.glob("*.json"))
        return sorted((record for record in read if record), key=lambda record: record.id)

    def _mark(self) -> int:
        try:
            return int((self._directory / ".highwatermark").read_text())
        except (OSError, ValueError):
            return 0

    def create(self, subject: str) -> NaiveRecord:
        with self.locked():
            highest = max([record.id for record in self.list()], default=0)
            record = NaiveRecord(id=max(highest, self._mark()) + 1, subject=subject)
            self._write(record)
            self._replace(self._directory / ".highwatermark", str(record.id))
            self._sync()
            return record

    def update(self, task_id: int, subject: str) -> NaiveRecord | None:
        with self.locked():
            record = self._read(self._path(task_id))
            if record is not None:
                record.subject = subject
                self._write(record)
                self._sync()
            return record

    def delete(self, task_id: int) -> bool:
        with self.locked():
            if not self._path(task_id).exists():
                return False
            self._replace(self._directory / ".highwatermark", str(max(self._mark(), task_id)))
            self._path(task_id).unlink()
            for record in self.list():
                if task_id in record.blocks or task_id in record.blocked_by:
                    record.blocks = [i for i in record.blocks if i != task_id]
                    record.blocked_by = [i for i in record.blocked_by if i != task_id]
                    self._write(record)
            self._sync()
            return True

    def claim(self, task_id: int, claimant: str) -> bool:
        with self.locked():
            record = self._read(self._path(task_id))
            if record is None or record.status == "completed":
                return False
            if record.owner not in (None, claimant):
                return False
            blockers = [self._read(self._path(blocker)) for blocker in record.blocked_by]
            if any(blocker and blocker.status != "completed" for blocker in blockers):
                return False
            record.owner = claimant
            self._write(record)
            self._sync()
            return True


class PatientStore(NaiveStore):
    """The naive store under a blocking `flock`: no polling, no time-out."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        fd = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

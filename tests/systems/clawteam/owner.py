"""ClawTeam's own way with a team's tasks, made again from its description; no code of the store.

A file per task, `task-{id}.json`; every change under a blocking `flock` on `.tasks.lock`, opened
to append and never timed out; written by a temporary `task-{id}-*.tmp` and a rename, without
fsync. Keys that it does not know are dropped, files that it cannot validate do not exist for it.
Completing a task strips its id from all others first and writes the task itself last.

As a process: `python -m tests.systems.clawteam.owner ROLE ROOT TEAM NAME COUNT`. It says "ready",
waits for a line, does its work and prints one JSON object.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class Status(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BLOCKED = "blocked"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


def moment() -> str:
    return datetime.now(UTC).isoformat()


class OwnedTask(BaseModel):
    """The record, with the aliases that stand in the file."""

    model_config = ConfigDict(populate_by_name=True)

    id: str = Field(default_factory=lambda: uuid.uuid4().hex[:8])
    subject: str
    description: str = ""
    status: Status = Status.PENDING
    priority: Priority = Priority.MEDIUM
    owner: str = ""
    locked_by: str = Field(default="", alias="lockedBy")
    locked_at: str = Field(default="", alias="lockedAt")
    blocks: list[str] = Field(default_factory=list)
    blocked_by: list[str] = Field(default_factory=list, alias="blockedBy")
    started_at: str = Field(default="", alias="startedAt")
    created_at: str = Field(default_factory=moment, alias="createdAt")
    updated_at: str = Field(default_factory=moment, alias="updatedAt")
    metadata: dict[str, Any] = Field(default_factory=dict)


class HeldByAnother(Exception):
    """Another agent holds the task, and is not known to be dead."""


class Owner:
    """One process' view of a team."""

    def __init__(self, root: Path, team: str) -> None:
        self.place = root / "tasks" / team
        self.registry = root / "teams" / team / "spawn_registry.json"
        self.place.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        with (self.place / ".tasks.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(lock, fcntl.LOCK_UN)

    def path(self, task_id: str) -> Path:
        return self.place / f"task-{task_id}.json"

    def get(self, task_id: str) -> OwnedTask | None:
        return self._read(self.path(task_id))

    def all(self) -> list[OwnedTask]:
        found = map(self._read, sorted(self.place.glob("task-*.json")))
        return [task for task in found if task is not None]

    def create(self, subject: str, blocked_by: list[str] | None = None, **fields: Any) -> OwnedTask:
        task = OwnedTask(subject=subject, blockedBy=blocked_by or [], **fields)
        if task.blocked_by:
            task.status = Status.BLOCKED
        with self.locked():
            self._save(task)
        return task

    def update(
        self,
        task_id: str,
        status: Status | None = None,
        *,
        add_blocked_by: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        caller: str = "",
        force: bool = False,
        **fields: Any,
    ) -> OwnedTask | None:
        with self.locked():
            task = self.get(task_id)
            if task is None:
                return None
            if status is not None:
                self._set_status(task, status, caller, force)
            for name, value in fields.items():
                setattr(task, name, value)
            for blocker in add_blocked_by or []:
                if blocker not in task.blocked_by:
                    task.blocked_by.append(blocker)
            if add_blocked_by and task.status is Status.PENDING:
                task.status = Status.BLOCKED
            task.metadata.update(metadata or {})
            task.updated_at = moment()
            if task.status is Status.COMPLETED:
                self._free(task_id)
            self._save(task)
            return task

    def release_stale(self) -> list[str]:
        released = []
        with self.locked():
            for task in self.all():
                if task.locked_by and self.is_alive(task.locked_by) is False:
                    task.locked_by = task.locked_at = ""
                    task.updated_at = moment()
                    self._save(task)
                    released.append(task.id)
        return released

    def is_alive(self, agent: str) -> bool | None:
        try:
            entry = json.loads(self.registry.read_text()).get(agent)
        except (OSError, ValueError):
            return None
        if not entry or entry.get("backend") != "subprocess":
            return None
        try:
            os.kill(entry.get("pid", 0), 0)
        except ProcessLookupError:
            return False
        return True

    def _set_status(self, task: OwnedTask, status: Status, caller: str, force: bool) -> None:
        now = moment()
        if status is Status.IN_PROGRESS:
            is_other = task.locked_by and task.locked_by != caller
            if is_other and not force and self.is_alive(task.locked_by) is not False:
                raise HeldByAnother(task.locked_by)
            task.locked_by, task.locked_at = caller, now if caller else ""
            task.started_at = task.started_at or now
            task.owner = task.owner or caller
        elif status in (Status.COMPLETED, Status.PENDING):
            task.locked_by = task.locked_at = ""
        if status is Status.COMPLETED and task.started_at:
            took = datetime.fromisoformat(now) - datetime.fromisoformat(task.started_at)
            task.metadata["duration_seconds"] = round(took.total_seconds(), 2)
        task.status = status

    def _free(self, done: str) -> None:
        for task in self.all():
            if done in task.blocked_by:
                task.blocked_by.remove(done)
                if not task.blocked_by and task.status is Status.BLOCKED:
                    task.status = Status.PENDING
                task.updated_at = moment()
                self._save(task)

    def _read(self, path: Path) -> OwnedTask | None:
        try:
            return OwnedTask.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            return None

    def _save(self, task: OwnedTask) -> None:
        descriptor, temporary = tempfile.mkstemp(
            dir=self.place, prefix=f"task-{task.id}-", suffix=".tmp"
        )
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(task.model_dump_json(indent=2, by_alias=True))
        os.replace(temporary, self.path(task.id))  # noqa: PTH105  (as its owner does)


def work(owner: Owner, name: str, count: int) -> dict[str, Any]:
    """`count` edits: marks on the task `shared`, and chains of three that are worked off."""
    chains: list[list[str]] = []
    for number in range(count):
        step = number % 8
        if step == 0:
            chains.append([owner.create(f"{name} first {number}").id])
        elif step in (1, 2):
            before = chains[-1][-1]
            chains[-1].append(owner.create(f"{name} next {number}", [before]).id)
        elif step == 3:
            owner.update(chains[-1][0], Status.IN_PROGRESS, caller=name)
        elif step == 4:
            owner.update(chains[-1][0], Status.COMPLETED, caller=name)
        elif step == 5:
            owner.update(chains[-1][1], metadata={"seen": number}, priority=Priority.HIGH)
        else:
            owner.update("shared", metadata={f"{name}-{number}": number})
    return {"chains": chains}


def claim(owner: Owner, name: str, count: int) -> dict[str, Any]:
    """Try to start the tasks 0 to `count`, in order."""
    won: list[str] = []
    lost: dict[str, str] = {}
    for number in range(count):
        try:
            owner.update(f"t{number}", Status.IN_PROGRESS, caller=name)
            won.append(f"t{number}")
        except HeldByAnother as error:
            lost[f"t{number}"] = str(error)
    return {"won": won, "lost": lost}


def hold(owner: Owner, _name: str, _count: int) -> dict[str, Any]:
    """Hold the lock until another line comes."""
    with owner.locked():
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.readline()
    return {}


ROLES = {"work": work, "claim": claim, "hold": hold}


def main() -> None:
    role, root, team, name, count = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    done = ROLES[role](Owner(Path(root), team), name, int(count))
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()

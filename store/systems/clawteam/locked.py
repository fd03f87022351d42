"""A team's tasks under its lock: read where one looks, planned on, and written."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.files.codec import parse_object
from store.files.content import FileContent, revision_of
from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.files.lock import Patience, list_lock
from store.files.reading import is_racy
from store.files.replacing import Replacement, replace_all
from store.model.edits import CreateTask
from store.model.errors import ListGone
from store.model.graph import Tasks, id_order
from store.model.task import ListKey, Task, TaskId, TaskKey
from store.systems.clawteam.patching import encoded, new_record, patched
from store.systems.clawteam.places import LOCK, TASKS, team_of
from store.systems.clawteam.record import (
    Verdicts,
    file_name,
    id_of_file,
    is_id,
    read_task,
    unreadable_task,
    with_verdict,
)

Known = dict[str, Task]
"""File name → task as it was read under an earlier lock, if its revision still tells."""


class TeamRecords(Mapping[TaskId, Task]):
    """The tasks of a locked team, each read when it is asked for."""

    def __init__(
        self,
        key: ListKey,
        directory: Directory,
        known: Known,
        alive: Verdicts,
        verify: Callable[[], None],
    ) -> None:
        """`verify`: raises if the lock was lost."""
        self.key = key
        self.directory = directory
        self._verify = verify
        self._known = known
        self._alive = alive
        self._seen: dict[str, Task | None] = {}
        self._names: list[str] | None = None
        self.in_doubt: set[str] = set()
        """Holders of locks that were met here and that nobody had asked about before."""

    def __getitem__(self, task_id: TaskId) -> Task:
        name = file_name(task_id)
        if name not in self._seen:
            self._seen[name] = self._read(name) if is_id(task_id) else None
        task = self._seen[name]
        if task is None:
            raise KeyError(task_id)
        return task

    def __iter__(self) -> Iterator[TaskId]:
        if self._names is None:
            ids = filter(None, map(id_of_file, self.directory.names()))
            self._names = [file_name(i) for i in sorted(ids, key=id_order)]
        return (i for i in map(id_of_file, self._names) if i is not None and i in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def new_id(self, _edit: CreateTask, tasks: Tasks) -> TaskId:
        """An id as ClawTeam makes them, that nothing here has."""
        while True:
            found = TaskId(secrets.token_hex(4))
            if found not in tasks and self.directory.status(file_name(found)) is None:
                return found

    def write(
        self, written: Mapping[TaskId, Task | None], before: Mapping[TaskId, Task | None]
    ) -> dict[TaskId, Task]:
        """Write tasks in this order, each with only the fields that differ; as stored.

        Raises:
            InvalidField: a value that JSON cannot hold; nothing was written.
            OSError: the file system refused; see `replace_all`.
        """
        now = time.time()
        files = []
        for task_id, after in written.items():
            if after is None:
                raise ValueError(f"#{task_id}: ClawTeam deletes no task")
            files.append(self._replacement(after, before[task_id], now))
        replace_all(self.directory, files, self._verify)
        return {i: self._stored(file) for i, file in zip(written, files, strict=True)}

    def _replacement(self, after: Task, before: Task | None, now: float) -> Replacement:
        name = file_name(after.id)
        if before is None:
            return Replacement(name, encoded(new_record(after, now)), None)
        old = self.directory.read(name).content
        record: Mapping[str, Any] = patched(parse_object(old), before, after, now)
        return Replacement(name, encoded(record), old)

    def _stored(self, file: Replacement) -> Task:
        status = self.directory.status(file.name)
        task_id = id_of_file(file.name)
        if status is None or task_id is None:
            raise FileNotFoundError(f"{self.directory.path_of(file.name)} is gone")
        content = FileContent(file.content, revision_of(status), status.st_mode & 0o7777)
        return read_task(TaskKey(self.key, task_id), self.directory.path_of(file.name), content)

    def _read(self, name: str) -> Task | None:
        status = self.directory.status(name)
        task_id = id_of_file(name)
        if status is None or task_id is None:
            return None
        known = self._known.get(name)
        if known is None or known.revision != revision_of(status):
            known = self._read_file(name, task_id)
        return known and self._judged(known)

    def _read_file(self, name: str, task_id: TaskId) -> Task | None:
        start_ns = time.time_ns()
        key, path = TaskKey(self.key, task_id), self.directory.path_of(name)
        self._known.pop(name, None)
        try:
            task = read_task(key, path, self.directory.read(name))
        except FileNotFoundError:
            return None
        except UnreadableFile as error:
            return unreadable_task(key, path, error.reason)
        if not is_racy(task.revision, start_ns):
            self._known[name] = task
        return task

    def _judged(self, task: Task) -> Task:
        """The task with what is known of whoever holds its lock."""
        if task.lock is None:
            return task
        if task.lock.by not in self._alive:
            self.in_doubt.add(task.lock.by)
        return with_verdict(task, self._alive)


@dataclass(slots=True)
class TeamPlace:
    """Where one team's tasks are, and what is remembered of them between two locks."""

    key: ListKey
    root: Path
    known: Known = field(default_factory=dict)

    @property
    def parts(self) -> tuple[str, str]:
        return TASKS, team_of(self.key.id)

    @contextmanager
    def opened(self, *, starts: bool = False) -> Iterator[Directory]:
        """The directory of its tasks. `starts`: make it if it is not there.

        Raises:
            ListGone: it is not there, or is no directory.
        """
        try:
            directory = open_directory(self.root, self.parts, create=starts)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ListGone(self.key.id, str(self.root)) from error
        with directory:
            yield directory

    @contextmanager
    def unlocked(self, alive: Verdicts) -> Iterator[TeamRecords]:
        """Its tasks as they are seen without the lock: to be read only."""

        def refuse() -> None:
            raise AssertionError("nothing is written without the lock")

        with self.opened() as directory:
            yield TeamRecords(self.key, directory, {}, alive, refuse)

    def holders(self, ids: Collection[TaskId]) -> set[str]:
        """Who holds these tasks now, seen without the lock."""
        if not ids:
            return set()
        with self.unlocked({}) as records:
            found = map(records.get, ids)
            return {task.lock.by for task in found if task is not None and task.lock}

    @contextmanager
    def locked(
        self, patience: Patience, alive: Verdicts, *, starts: bool = False
    ) -> Iterator[TeamRecords]:
        """Its tasks while ClawTeam's lock is held.

        Raises:
            ListGone, LockTimeout: see `list_lock`.
        """
        with (
            self.opened(starts=starts) as directory,
            list_lock(directory, self.key.id, patience, LOCK) as held,
        ):
            yield TeamRecords(self.key, directory, self.known, alive, held.verify)

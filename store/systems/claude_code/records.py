"""The task files of a list while its lock is held: read when they are asked for, each once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.content import FileContent
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.model.graph import id_order
from store.model.task import ListKey, Task, TaskId, TaskKey
from store.systems.claude_code.beside import parse_mark
from store.systems.claude_code.places import MARK
from store.systems.claude_code.record import (
    file_name,
    id_of_file,
    is_id,
    read_task,
    unreadable_task,
)

_LOOKS = 4
_PAUSE_S = 0.015  # a writer who takes no lock empties a file before it fills it
_JUST_WRITTEN_NS = 1_000_000_000


class Records(Mapping[TaskId, Task]):
    """Tasks by id, in id order. Names are listed only for who walks over them. Not thread-safe."""

    def __init__(self, directory: Directory, key: ListKey) -> None:
        self._directory = directory
        self._key = key
        self._files: dict[TaskId, FileContent] = {}
        self._tasks: dict[TaskId, Task] = {}

    def __getitem__(self, task_id: TaskId) -> Task:
        task = self._tasks.get(task_id)
        if task is None:
            if not is_id(task_id):
                raise KeyError(task_id)
            task = self._tasks[task_id] = self._read(task_id)
        return task

    def __iter__(self) -> Iterator[TaskId]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    @cached_property
    def _ids(self) -> list[TaskId]:
        found = (id_of_file(name) for name in self._directory.names())
        return sorted((task_id for task_id in found if task_id is not None), key=id_order)

    def content(self, task_id: TaskId) -> bytes:
        """The record of a task that was read."""
        return self._files[task_id].content

    def raw(self, task_id: TaskId) -> dict[str, Any]:
        """The same, parsed with every spelling kept."""
        return parse_object(self.content(task_id))

    def highest(self) -> int:
        """The highest id that names or the mark tell of."""
        return max([self.mark() or 0, *map(int, self._ids)])

    def mark(self) -> int | None:
        """What the high-water mark says; None: there is none, or none to be understood."""
        try:
            return parse_mark(self._directory.read_bytes(MARK))
        except (FileNotFoundError, UnreadableFile, Unparsable):
            return None

    def _read(self, task_id: TaskId) -> Task:
        name = file_name(task_id)
        key, path = TaskKey(self._key, task_id), self._directory.path_of(name)
        for _ in range(_LOOKS):
            try:
                file = self._directory.read(name)
            except FileNotFoundError:
                raise KeyError(task_id) from None
            except UnreadableFile as error:
                return unreadable_task(key, path, error.reason)
            self._files[task_id] = file
            task = read_task(key, path, file)
            if task.is_readable or time.time_ns() - file.revision.mtime_ns > _JUST_WRITTEN_NS:
                break
            time.sleep(_PAUSE_S)
        return task

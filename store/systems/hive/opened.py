"""A list while one call works on it: its directories, and the records read so far."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from store.files.codec import Unparsable, check_structure, format_object, parse_object
from store.files.failures import UnreadableFile
from store.files.fs import READ_LIMIT, Directory, open_directory
from store.files.overlay import Overlay, read_file
from store.files.spare import keep_spare
from store.files.transaction import Write
from store.model.errors import InvalidField, StorageFailure, UnreadableTask
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskKey, TaskListId
from store.systems.hive.record import file_name, id_of_file
from store.systems.records.models import TaskRecord
from store.systems.records.record import task_of_record, unreadable_task, validate_record

TASKS = "tasks"

Result = TypeVar("Result")


@dataclass(slots=True)
class Stored:
    """One record as it stands in its file. `record.id` is always that of the file's name."""

    id: int
    content: bytes
    raw: dict[str, Any]
    record: TaskRecord


@dataclass(slots=True)
class Plan(Generic[Result]):
    """What a call wants written, in order, and what it answers when that is done."""

    result: Result
    writes: list[Write] = field(default_factory=list)
    edges: dict[int, set[int]] = field(default_factory=dict)
    """For each record written: the ids that it refers to then."""
    highest: int = 0
    """The highest id that exists then, where the call found it out."""

    @property
    def removes(self) -> bool:
        """Whether a file goes and none comes in its place."""
        return any(write.content is None for write in self.writes)


class OpenList:
    """Reads below one list's directory. Each record is read once per call."""

    def __init__(self, root: Path, list_id: str, directory: Directory, tasks: Directory) -> None:
        self.list_id = list_id
        self.directory = directory
        self.tasks = tasks
        tasks.staging = directory  # where leftovers of a crash are found without a long listing
        self.overlay: Overlay | None = None
        """A committed change to look through, where records are read without the lock."""
        self._key = ListKey("hive", str(root), TaskListId(list_id))
        self._read: dict[int, Stored | UnreadableTask | None] = {}

    def forget(self) -> None:
        """What was read before the lock was taken does not count."""
        self._read.clear()

    def still_holds(self) -> bool:
        """Whether every record read so far is now as it was read."""
        for task_id, before in self._read.items():
            try:
                found: bytes | None = self.tasks.read_bytes(file_name(task_id))
            except FileNotFoundError:
                found = None
            except UnreadableFile:
                return False
            if isinstance(before, UnreadableTask) or found != (before.content if before else None):
                return False
        return True

    def ids(self) -> list[int]:
        """The ids that file names stand for, ascending."""
        found = map(id_of_file, self.tasks.names())
        return sorted(number for number in found if number is not None)

    def all_ids(self) -> list[int]:
        """The same, and those of a committed change that is looked through."""
        coming = map(id_of_file, self.overlay.ops if self.overlay is not None else ())
        return sorted({*self.ids(), *(number for number in coming if number is not None)})

    def highest_name(self) -> int:
        """The highest of `ids`, without looking closely at each of 10,000 names."""
        names = [name for name in self.tasks.names() if name.endswith(".json")]
        for length in sorted(set(map(len, names)), reverse=True):
            alike = [name for name in names if len(name) == length]
            found = id_of_file(max(alike)) or max(map(_id_or_zero, alike))
            if found:
                return found
        return 0

    def find(self, task_id: int) -> Stored | None:
        """A record to read or edit, None if there is no such file.

        Raises:
            UnreadableTask: there is one that cannot be understood, or that is named for another.
        """
        if task_id not in self._read:
            try:
                self._read[task_id] = self._load(task_id)
            except UnreadableTask as error:
                self._read[task_id] = error
        found = self._read[task_id]
        if isinstance(found, UnreadableTask):
            raise found
        return found

    def find_or_none(self, task_id: int) -> Stored | UnreadableTask | None:
        """The same, but what cannot be understood is given as the error."""
        try:
            return self.find(task_id)
        except UnreadableTask as error:
            return error

    def supersede(
        self, task_id: int, coming: Stored | UnreadableTask | None
    ) -> Stored | UnreadableTask | None:
        """Let a record be found as it will be, for edits planned after it; what it was till now.

        Give that back when all is planned: `still_holds` compares with what was read.
        """
        before = self.find_or_none(task_id)
        self._read[task_id] = coming
        return before

    def task(self, task_id: int) -> Task | None:
        """The same as the readiness predicate wants it: unreadable is not absent."""
        key = TaskKey(self._key, TaskId(str(task_id)))
        path = self.tasks.path_of(file_name(task_id))
        try:
            found = self.find(task_id)
        except UnreadableTask as error:
            return unreadable_task(key, path, error.reason)
        if found is None:
            return None
        return task_of_record(key, path, found.record, NO_REVISION)

    def replacement(self, stored: Stored, raw: dict[str, Any]) -> tuple[Write, TaskRecord]:
        """The write that puts an edited object in place of a stored one."""
        content, record = checked(raw)
        return Write(self.tasks, file_name(stored.id), stored.content, content), record

    def creation(self, task_id: int, raw: dict[str, Any]) -> tuple[Write, TaskRecord]:
        content, record = checked(raw)
        return Write(self.tasks, file_name(task_id), None, content), record

    def _content(self, name: str) -> bytes:
        if self.overlay is not None and name in self.overlay.ops:
            return self.overlay.read(self.tasks, name, read_file).content
        return self.tasks.read_bytes(name)

    def _load(self, task_id: int) -> Stored | None:
        name = file_name(task_id)
        path = self.tasks.path_of(name)
        try:
            content = self._content(name)
            raw = parse_object(content)
            record = validate_record(raw)
        except FileNotFoundError:
            return None
        except UnreadableFile as error:
            if error.is_passing:  # what the record says is not known: nothing may rest on it
                raise StorageFailure(path, error.reason) from error
            raise UnreadableTask(path, error.reason) from error
        except Unparsable as error:
            raise UnreadableTask(path, str(error)) from error
        if record.id != task_id:
            reason = f"the file is named #{task_id} but says id {record.id} inside"
            raise UnreadableTask(path, reason)
        return Stored(task_id, content, raw, record)


def _id_or_zero(name: str) -> int:
    return id_of_file(name) or 0


def checked(raw: dict[str, Any]) -> tuple[bytes, TaskRecord]:
    """The bytes of an object, and the record that every reader will make of them.

    Raises:
        InvalidField: it could not be read back.
    """
    content = format_object(raw)
    if len(content) > READ_LIMIT:
        longest = max(raw, key=lambda name: len(str(raw[name])))
        reason = f"the record would be {len(content)} bytes, over the limit of {READ_LIMIT}"
        raise InvalidField(longest, reason)
    try:
        check_structure(content)
        return content, validate_record(raw)
    except Unparsable as error:
        _, _, said = str(error).partition("field ")
        name, _, reason = said.partition(": ")
        raise InvalidField(name.partition(".")[0] or "record", reason or str(error)) from error


@contextmanager
def open_list(
    root: Path, list_id: str, parts: tuple[str, ...], *, create: bool = False
) -> Iterator[OpenList | None]:
    """A list's directories, None if the list or its tasks are not there and not to be made."""
    try:
        directory = open_directory(root, parts)
    except FileNotFoundError:
        if not create:
            yield None
            return
        directory = _make_list(root, parts)
    with directory:
        try:
            tasks = directory.subdirectory(TASKS)
        except FileNotFoundError:
            if not create:
                yield None
                return
            directory.subdirectory(TASKS, create=True).close()
            directory.sync()
            tasks = directory.subdirectory(TASKS)
        with tasks:
            yield OpenList(root, list_id, directory, tasks)


def _make_list(root: Path, parts: tuple[str, ...]) -> Directory:
    """Make the directories of a new list, each synced into its parent."""
    if root.is_symlink() and not root.exists():
        raise StorageFailure(str(root), "a link to a directory that is not there")
    open_directory(root, parts, create=True).close()
    for depth in range(len(parts)):
        with open_directory(root, parts[:depth]) as parent:
            parent.sync()
    keep_spare(root)
    return open_directory(root, parts)

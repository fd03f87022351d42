"""Putting the planned tasks of one change into their files, in order, or taking all of it back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any

from store.files.codec import Unparsable, format_object, parse_object
from store.files.exchange import SeenFile, replace_seen, see
from store.files.failures import UnreadableFile
from store.files.fs import READ_LIMIT, Directory
from store.files.held_locks import uninterrupted
from store.model.edits import DeleteTask, RestoreTask
from store.model.errors import ColonytopError, InvalidField, StorageFailure
from store.model.graph import id_order
from store.model.planning import Planned
from store.model.task import NO_REVISION, Task, TaskId
from store.systems.claude_code.patching import new_record, patched
from store.systems.claude_code.places import MARK
from store.systems.claude_code.record import file_name, id_of_file, task_of
from store.systems.claude_code.records import Records

Contents = Mapping[TaskId, bytes | None]
"""Task → its new record, None for one that goes; in the order of writing."""


class Overtaken(Exception):
    """Somebody who takes no lock wrote in between; nothing of ours stands. Plan again."""


def encoded(planned: Planned, records: Records) -> dict[TaskId, bytes | None]:
    """The records to write.

    Raises:
        InvalidField: a value that JSON cannot hold.
    """
    restored = {
        step.edit.key.id: step.edit for step in planned.steps if isinstance(step.edit, RestoreTask)
    }
    found: dict[TaskId, bytes | None] = {}
    for task_id, after in planned.written.items():
        before = planned.before[task_id]
        if after is None:
            found[task_id] = None
        elif before is None:
            found[task_id] = format_object(_made(after, restored.get(task_id)))
        else:
            found[task_id] = format_object(patched(records.raw(task_id), before, after))
    return found


def originals(planned: Planned, records: Records) -> dict[TaskId, str]:
    """The records of the tasks that are deleted, as the edits before left them."""
    found = {}
    for step in planned.steps:
        task = step.before[step.target]
        if not isinstance(step.edit, DeleteTask) or task is None:
            continue
        stored = records.get(step.target)
        if stored is None:
            content = format_object(new_record(task))
        elif stored == task:
            content = records.content(step.target)
        else:
            content = format_object(patched(records.raw(step.target), stored, task))
        found[step.target] = content.decode("utf-8-sig")
    return found


def _made(task: Task, edit: RestoreTask | None) -> dict[str, Any]:
    """The record of a task that is new, or comes back in the spelling that it had."""
    if edit is None or edit.original is None:
        return new_record(task)
    try:
        raw = parse_object(edit.original.encode())
        before = task_of(task.key, "", raw, NO_REVISION)
    except (Unparsable, UnicodeEncodeError) as error:
        raise InvalidField("original", f"is no record of a task: {error}") from error
    if any(getattr(before, name) != getattr(edit.task, name) for name in _TOLD):
        raise InvalidField("original", "is the record of another task than the one restored")
    return patched(raw, before, task)


_TOLD = (
    "subject", "description", "active_form", "owner", "native_status", "metadata",
    "blocks", "blocked_by",
)  # fmt: skip


class Commit:
    """One change on its way into the files of a list whose locks are held."""

    def __init__(self, directory: Directory, records: Records, verify: Callable[[], None]) -> None:
        """`verify`: raises if a lock was lost, or the directory is another."""
        self._directory = directory
        self._records = records
        self._verify = verify
        self._undo: list[tuple[str, Callable[[], None]]] = []

    def write(self, contents: Contents, known: Collection[TaskId]) -> None:
        """Write all of it.

        Args:
            contents: what to write.
            known: the tasks of them that were there when it was planned.

        Raises:
            Overtaken: nothing of it stands.
            StorageFailure: not all of it could be taken back; the message names what.
            OSError, ColonytopError: nothing of it stands.
        """
        with ExitStack() as stack, uninterrupted():
            seen = {i: stack.enter_context(self._see(i)) for i in known}
            try:
                if None in contents.values():
                    self._raise_mark()
                for task_id, content in contents.items():
                    self._verify()
                    self._write(task_id, content, seen.get(task_id), stack)
                self._directory.sync()
            except BaseException as error:
                self._take_back(error)
                raise

    def _see(self, task_id: TaskId) -> SeenFile:
        """The file of a task, if it is still what was planned upon."""
        try:
            seen = see(self._directory, file_name(task_id), READ_LIMIT)
        except (FileNotFoundError, UnreadableFile) as error:
            raise Overtaken from error
        if seen.content != self._records.content(task_id):
            seen.close()
            raise Overtaken
        return seen

    def _write(
        self, task_id: TaskId, content: bytes | None, seen: SeenFile | None, stack: ExitStack
    ) -> None:
        directory, name = self._directory, file_name(task_id)
        if seen is None:
            if content is not None:
                self._create(name, content)
            return
        if content is None:
            if not seen.is_current():
                raise Overtaken
            directory.unlink(name)
            old, mode = seen.content, seen.mode
            self._undo.append((name, lambda: directory.create(name, old, mode=mode)))
            return
        try:
            put = replace_seen(seen, content)
        except FileNotFoundError as error:  # deleted in this very moment
            raise Overtaken from error
        if put is None:
            raise Overtaken
        ours = stack.enter_context(put)
        self._undo.append((name, lambda: _replace_back(ours, seen.content)))

    def _create(self, name: str, content: bytes) -> None:
        try:
            self._directory.create(name, content, mode=self._mode_of_others())
        except FileExistsError as error:
            raise Overtaken from error
        self._undo.append((name, lambda: self._discard(name)))

    def _mode_of_others(self) -> int | None:
        """The permission bits of the newest record; None without any: as the umask has it."""
        ids = filter(None, map(id_of_file, self._directory.names()))
        for task_id in sorted(ids, key=id_order, reverse=True):
            if (mode := self._directory.file_mode(file_name(task_id))) is not None:
                return mode
        return None

    def _discard(self, name: str) -> None:
        self._directory.unlink(name)

    def _raise_mark(self) -> None:
        """Before a task goes: its id must not come back. The mark may stay if the rest fails."""
        highest = self._records.highest()
        if (self._records.mark() or 0) < highest:
            self._directory.replace(MARK, str(highest).encode())

    def _take_back(self, error: BaseException) -> None:
        left = []
        for name, undo in reversed(self._undo):
            try:
                self._verify()
                undo()
            except (OSError, ColonytopError):
                left.append(name)
        if left:
            reason = f"{error}; written already and not taken back: {', '.join(left)}"
            raise StorageFailure(self._directory.location, reason) from error


def _replace_back(ours: SeenFile, content: bytes) -> None:
    put = replace_seen(ours, content)
    if put is None:
        raise StorageFailure(ours.directory.path_of(ours.name), "somebody wrote it since")
    put.close()

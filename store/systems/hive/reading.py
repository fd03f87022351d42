"""Reading the native lists under a root: without the lock, and without writing anything."""

from __future__ import annotations

from pathlib import Path

from store.collector import collector_paused
from store.files.codec import Unparsable
from store.files.consistent import RecordsReader
from store.files.failures import storage_failures
from store.files.fs import open_directory
from store.files.overlay import pending
from store.files.paths import locate
from store.files.shared_lock import shared_lock
from store.model.errors import StorageFailure
from store.systems.hive.edges import checked_ids
from store.systems.hive.meta import META_NAME, read_meta
from store.systems.hive.models import TaskListMeta
from store.systems.hive.opened import open_list
from store.systems.hive.record import file_name, id_of_file
from store.systems.records.models import TaskRecord, quick_record
from store.systems.records.record import parse_record

_SHARING_S = 1.0


class ListReader:
    """What can be asked of the lists under one root."""

    def __init__(self, root: Path, lock_timeout_s: float) -> None:
        self.root = root
        self.lock_timeout_s = lock_timeout_s
        self._sharing_s = min(lock_timeout_s, _SHARING_S)

    def exists(self, list_id: str) -> bool:
        """Whether there is meta or any task file."""
        parts = locate(self.root, list_id)
        try:
            with storage_failures(self.root), open_directory(self.root, parts) as directory:
                if directory.status(META_NAME) is not None:
                    return True
                with directory.subdirectory("tasks") as tasks:
                    return any(id_of_file(name) for name in tasks.names())
        except StorageFailure as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return False
            raise

    def meta(self, list_id: str) -> TaskListMeta | None:
        """The list's meta, None without one.

        Raises:
            UnreadableTask: it is there and cannot be understood.
        """
        parts = locate(self.root, list_id)
        try:
            with storage_failures(self.root), open_directory(self.root, parts) as directory:
                found = read_meta(directory)
        except StorageFailure as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return found[0] if found is not None else None

    def get_task(self, list_id: str, task_id: int) -> TaskRecord | None:
        """One record, None if it is not there.

        Raises:
            UnreadableTask: its file is there and cannot be understood.
        """
        (task_id,) = checked_ids("task_id", (task_id,))
        parts = locate(self.root, list_id)
        with storage_failures(self.root), open_list(self.root, list_id, parts) as opened:
            if opened is None:
                return None
            opened.overlay = pending(opened.directory)
            found = opened.find(task_id)
        return found.record if found is not None else None

    def list_tasks(self, list_id: str, *, include_internal: bool = False) -> list[TaskRecord]:
        """The readable records by id, as they were at one moment.

        Reads without the lock. Only of a list that never stands still it shares the lock, for one
        look at what moved; where it stays busy too long the records are those of different moments.
        """
        parts = locate(self.root, list_id)
        found: list[TaskRecord] = []
        with storage_failures(self.root), open_list(self.root, list_id, parts) as opened:
            if opened is None:
                return []
            with collector_paused():
                reader = RecordsReader(opened.directory, opened.tasks, _is_record)
                files = reader.read(shared_lock, self._sharing_s)
                for name, content in files.items():
                    try:
                        record = quick_record(content) or parse_record(content)
                    except Unparsable:
                        continue
                    hidden = not include_internal and record.metadata.get("_internal")
                    if not hidden and file_name(record.id) == name:
                        found.append(record)
                found.sort(key=_id_of)
        return found


def _is_record(name: str) -> bool:
    return id_of_file(name) is not None


def _id_of(record: TaskRecord) -> int:
    return record.id

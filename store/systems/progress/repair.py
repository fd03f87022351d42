"""What is mended in a queue: claims left behind, steps and checks of tasks that are gone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from store.files.sqlite_file import DatabaseGone, writing
from store.files.sqlite_reader import SqliteReader
from store.model.errors import EditRefused, ListGone
from store.model.repairs import Repair, RepairKind
from store.model.task import ListKey, TaskId
from store.systems.progress.places import database_of
from store.systems.progress.reclaiming import STALE_AFTER_MINUTES, left_tasks, take_back
from store.systems.progress.rows import layout_of

_ORPHANS = {"steps": "step", "sop_checklist": "check"}


def repair_queue(
    key: ListKey, colony: Path, *, dry_run: bool, timeout_s: float
) -> tuple[Repair, ...]:
    """Mend one queue, or say what that would do.

    Raises:
        EditRefused: the database is no queue, or one of a later version.
        ListGone: it is not there any more.
        LockTimeout, StorageFailure, UnreadableFile: it cannot be written, or read.
    """
    path = database_of(colony)
    try:
        if dry_run:
            reader = SqliteReader(path)
            try:
                return reader.read(lambda connection: tuple(_found(connection)))
            finally:
                reader.close()
        with writing(path, key.id, timeout_s=timeout_s) as connection:
            found = tuple(_found(connection))
            take_back(connection, left_tasks(connection))
            for table in _ORPHANS:
                connection.execute(
                    f"DELETE FROM {table} WHERE task_id NOT IN (SELECT id FROM tasks)"
                )
        return found
    except DatabaseGone as error:
        raise ListGone(key.id, key.root) from error


def _found(connection: sqlite3.Connection) -> Iterator[Repair]:
    refusal = layout_of(connection).refusal
    if refusal is not None:
        raise EditRefused(refusal)
    for task in left_tasks(connection):
        what = "failed, it was tried as often as it may be" if task.is_last else "back to pending"
        by = f" by {task.worker}" if task.worker else ""
        text = f"claimed{by} more than {STALE_AFTER_MINUTES} minutes ago: {what}"
        yield Repair(RepairKind.RELEASE_LOCK, text, TaskId(task.id))
    for table, name in _ORPHANS.items():
        (count,) = connection.execute(
            f"SELECT count(*) FROM {table} WHERE task_id NOT IN (SELECT id FROM tasks)"
        ).fetchone()
        if count:
            plural = "s" if count != 1 else ""
            text = f"{count} {name}{plural} of tasks that are gone: removed"
            yield Repair(RepairKind.REMOVE_LEFTOVER, text)

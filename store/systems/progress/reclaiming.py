"""Claims that were left behind: given back to the queue, or failed when tried too often."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from store.files.sqlite_file import writing
from store.systems.progress.instants import instant_of
from store.systems.progress.schema import BUSY_S
from store.systems.progress.working import CLEARED, STEPS_BACK

STALE_AFTER_MINUTES = 15
"""A claim that nobody renewed for so long counts as left behind."""

_TRIED_TOO_OFTEN = "claimed and left behind too often"


@dataclass(frozen=True, slots=True)
class LeftTask:
    """A task whose claim was left behind."""

    id: str
    worker: str | None
    claimed_at: float
    """Epoch seconds."""
    is_last: bool
    """It has been tried as often as it may be."""


def reclaim_stale(db_path: Path | str, stale_after_minutes: float = STALE_AFTER_MINUTES) -> int:
    """Take back the claims that are older than that.

    A task goes back to pending, one attempt more counted, its claim cleared and its begun steps
    open again; one that has no attempt left becomes failed, with `last_error` kept or filled.

    Returns:
        How many went back to pending.

    Raises:
        LockTimeout, StorageFailure, UnreadableFile: the database cannot be written.
    """
    path = Path(db_path)
    with writing(path, str(path), timeout_s=BUSY_S) as connection:
        left = left_tasks(connection, stale_after_minutes)
        take_back(connection, left)
    return sum(1 for task in left if not task.is_last)


def left_tasks(
    connection: sqlite3.Connection, stale_after_minutes: float = STALE_AFTER_MINUTES
) -> list[LeftTask]:
    """The tasks whose claims are older than that, by the instants that their times name.

    A claim whose time cannot be understood is left alone: nobody knows how old it is.
    """
    latest = time.time() - stale_after_minutes * 60
    rows = connection.execute(
        "SELECT id, worker_id, claimed_at, retry_count >= max_retries FROM tasks "
        "WHERE status IN ('claimed', 'in_progress') AND claimed_at IS NOT NULL ORDER BY rowid"
    ).fetchall()
    found = []
    for task_id, worker, claimed_at, is_last in rows:
        at = instant_of(claimed_at)
        if at is not None and at < latest:
            found.append(LeftTask(task_id, worker, at, bool(is_last)))
    return found


def take_back(connection: sqlite3.Connection, left: Iterable[LeftTask]) -> None:
    """Take these claims back, in the transaction in which they were found."""
    for task in left:
        if task.is_last:
            connection.execute(
                "UPDATE tasks SET status = 'failed', last_error = coalesce(last_error, ?), "
                "completed_at = datetime('now'), updated_at = datetime('now') WHERE id = ?",
                (_TRIED_TOO_OFTEN, task.id),
            )
        else:
            connection.execute(
                "UPDATE tasks SET status = 'pending', retry_count = retry_count + 1, "
                f"worker_id = NULL, {CLEARED}, updated_at = datetime('now') WHERE id = ?",
                (task.id,),
            )
        connection.execute(STEPS_BACK, (task.id,))

"""What workers do with the tasks of a queue: claim one, tell how it goes, finish it.

Every call is one short transaction. Whoever finds that his claim is no longer his is told so by
`ClaimLost`, and has written nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files.sqlite_file import writing
from store.model.errors import ColonytopError, InvalidField
from store.model.execution import TaskCheck
from store.model.ticking import ChecksOpen
from store.systems.progress.schema import BUSY_S

NEXT_PENDING = (
    "SELECT id FROM tasks WHERE status = 'pending' ORDER BY priority DESC, seq, created_at LIMIT 1"
)
"""Higher priorities first, then the order of `seq` (none comes first), then age."""

CLEARED = "claim_token = NULL, claimed_at = NULL, started_at = NULL, completed_at = NULL"
"""What a task that is pending again has lost, beside its worker."""

STEPS_BACK = (
    "UPDATE steps SET status = 'pending', worker_id = NULL, started_at = NULL "
    "WHERE task_id = ? AND status = 'in_progress'"
)

_MINE = "id = ? AND worker_id = ? AND status IN ('claimed', 'in_progress')"
_STEP_STATUSES = ("pending", "in_progress", "done")


class ClaimLost(ColonytopError):
    """The task is not, or no longer, claimed by this worker; nothing was written."""

    kind = "claim_lost"

    def __init__(self, task_id: str, worker_id: str) -> None:
        super().__init__(f"#{task_id[:80]} is not claimed by {worker_id[:80]!r} (any more)")
        self.task_id = task_id
        self.worker_id = worker_id

    def details(self) -> dict[str, Any]:
        return {"task": self.task_id, "worker": self.worker_id}


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """A task as its worker gets it."""

    id: str
    goal: str
    payload: str | None
    """As stored: JSON, or plain text."""
    priority: int
    retry_count: int
    """How often it was claimed before and taken back."""
    claim_token: str


def claim_next_task(db_path: Path | str, worker_id: str) -> ClaimedTask | None:
    """Claim the pending task whose turn it is; None: there is none. One worker gets it.

    Raises:
        InvalidField: the worker has no name.
        LockTimeout, StorageFailure, UnreadableFile: the database cannot be written.
    """
    if not worker_id:
        raise InvalidField("worker_id", "must be a name")
    with _writing(db_path) as connection:
        found = connection.execute(NEXT_PENDING).fetchone()
        if found is None:
            return None
        connection.execute(
            "UPDATE tasks SET status = 'claimed', worker_id = ?, "
            "claim_token = lower(hex(randomblob(8))), claimed_at = datetime('now'), "
            "updated_at = datetime('now') WHERE id = ? AND status = 'pending'",
            (worker_id, found[0]),
        )
        row = connection.execute(
            "SELECT id, goal, payload, priority, retry_count, claim_token FROM tasks WHERE id = ?",
            (found[0],),
        ).fetchone()
    return ClaimedTask(*row)


def start_task(db_path: Path | str, task_id: str, worker_id: str) -> None:
    """Say that work on a claimed task has begun.

    Raises:
        ClaimLost: the claim was taken back.
    """
    _write_mine(
        db_path,
        task_id,
        worker_id,
        "status = 'in_progress', started_at = coalesce(started_at, datetime('now'))",
    )


def renew_claim(db_path: Path | str, task_id: str, worker_id: str) -> None:
    """Say that the worker is alive: the claim is as good as new. Without this, or an end, within
    15 minutes the task may be given to another.

    Raises:
        ClaimLost: the claim was taken back.
    """
    _write_mine(db_path, task_id, worker_id, "claimed_at = datetime('now')")


def update_step(
    db_path: Path | str,
    task_id: str,
    seq: int,
    status: str,
    *,
    worker_id: str,
    evidence: str | None = None,
) -> None:
    """Say how a step stands: 'pending', 'in_progress' or 'done'.

    Raises:
        ClaimLost: the task is not claimed by this worker.
        InvalidField: no such status, or no such step.
    """
    if status not in _STEP_STATUSES:
        raise InvalidField("status", f"{status[:40]!r} is not one of {', '.join(_STEP_STATUSES)}")
    with _writing(db_path) as connection:
        _check_mine(connection, task_id, worker_id)
        done = connection.execute(
            "UPDATE steps SET status = ?1, worker_id = ?2, evidence = coalesce(?3, evidence), "
            "started_at = CASE ?1 WHEN 'pending' THEN NULL "
            "ELSE coalesce(started_at, datetime('now')) END, "
            "completed_at = CASE ?1 WHEN 'done' THEN datetime('now') END "
            "WHERE task_id = ?4 AND seq = ?5",
            (status, worker_id, evidence, task_id, seq),
        )
        if done.rowcount != 1:
            raise InvalidField("seq", f"#{task_id[:80]} has no step {seq}")


def check_off(
    db_path: Path | str, task_id: str, key: str, *, worker_id: str, note: str | None = None
) -> None:
    """Say that something that is asked of a task holds now.

    Raises:
        ClaimLost: the task is not claimed by this worker.
        InvalidField: the task has no such check.
    """
    with _writing(db_path) as connection:
        _check_mine(connection, task_id, worker_id)
        done = connection.execute(
            "UPDATE sop_checklist SET done_at = datetime('now'), done_by = ?, "
            "note = coalesce(?, note) WHERE task_id = ? AND key = ?",
            (worker_id, note, task_id, key),
        )
        if done.rowcount != 1:
            raise InvalidField("key", f"#{task_id[:80]} has no check {key[:80]!r}")


def finish_task(
    db_path: Path | str, task_id: str, worker_id: str, *, is_forced: bool = False
) -> None:
    """Say that the task is done.

    Args:
        db_path: the database.
        task_id: the task.
        worker_id: who claimed it.
        is_forced: although required checks are open.

    Raises:
        ClaimLost: the claim was taken back.
        ChecksOpen: what is required does not hold yet.
    """
    with _writing(db_path) as connection:
        _check_mine(connection, task_id, worker_id)
        open_checks = connection.execute(
            "SELECT key, description FROM sop_checklist WHERE task_id = ? AND required <> 0 "
            "AND done_at IS NULL AND done_by IS NULL ORDER BY rowid",
            (task_id,),
        ).fetchall()
        if open_checks and not is_forced:
            raise ChecksOpen(task_id, [TaskCheck(key, text) for key, text in open_checks])
        _write(
            connection, task_id, worker_id, "status = 'done', completed_at = datetime('now')", ()
        )


def fail_task(db_path: Path | str, task_id: str, worker_id: str, error: str) -> None:
    """Say that the task cannot be done, and why in one sentence.

    Raises:
        ClaimLost: the claim was taken back.
    """
    _write_mine(
        db_path,
        task_id,
        worker_id,
        "status = 'failed', last_error = ?, completed_at = datetime('now')",
        (error,),
    )


def release_task(db_path: Path | str, task_id: str, worker_id: str) -> None:
    """Give a claimed task back, for another to take.

    Raises:
        ClaimLost: the claim was taken back.
    """
    with _writing(db_path) as connection:
        _write(
            connection, task_id, worker_id, f"status = 'pending', worker_id = NULL, {CLEARED}", ()
        )
        connection.execute(STEPS_BACK, (task_id,))


def _write_mine(
    db_path: Path | str,
    task_id: str,
    worker_id: str,
    assignments: str,
    values: tuple[Any, ...] = (),
) -> None:
    with _writing(db_path) as connection:
        _write(connection, task_id, worker_id, assignments, values)


def _write(
    connection: sqlite3.Connection,
    task_id: str,
    worker_id: str,
    assignments: str,
    values: tuple[Any, ...],
) -> None:
    """Assign columns of a task that this worker holds. `assignments` is text of this module."""
    done = connection.execute(
        f"UPDATE tasks SET {assignments}, updated_at = datetime('now') WHERE {_MINE}",
        (*values, task_id, worker_id),
    )
    if done.rowcount != 1:
        raise ClaimLost(task_id, worker_id)


def _check_mine(connection: sqlite3.Connection, task_id: str, worker_id: str) -> None:
    found = connection.execute(f"SELECT 1 FROM tasks WHERE {_MINE}", (task_id, worker_id))
    if found.fetchone() is None:
        raise ClaimLost(task_id, worker_id)


@contextmanager
def _writing(db_path: Path | str) -> Iterator[sqlite3.Connection]:
    path = Path(db_path)
    with writing(path, str(path), timeout_s=BUSY_S) as connection:
        yield connection

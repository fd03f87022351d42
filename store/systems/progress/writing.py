"""What an edit leaves of a task → the statements that store it. Only what differs is set."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from store.model.errors import InvalidField, StaleEdit
from store.model.execution import Execution, TaskCheck, TaskStep
from store.model.task import Task, TaskStatus
from store.systems.progress.record import PAYLOAD, is_whole, joined_goal, payload_of, text_of
from store.systems.progress.rows import TASK_COLUMNS, Row
from store.systems.progress.seeding import DEFAULT_RETRIES, INSERT_TASK
from store.systems.progress.working import CLEARED, STEPS_BACK

SOURCE = "colonytop"
FAILED_BY_HAND = "set to failed by an operator"

_NOW = "datetime('now')"
_NEW_CLAIM = f"claimed_at = {_NOW}, claim_token = lower(hex(randomblob(8)))"


def unfit(row: Row | None, before: Task | None, after: Task) -> InvalidField | None:
    """Why a queue has no place for what an edit would leave of a task; None: it has.

    Args:
        row: the task's own row, as far as it was read; None for a new task.
        before: what was made of it.
        after: what the edit would leave.
    """
    if row is None or before is None:
        return None
    return _unfit_claim(before, after) or _unfit_texts(row, before, after)


def _unfit_claim(before: Task, after: Task) -> InvalidField | None:
    if after.lock is not None and after.lock.by != after.owner:
        return InvalidField("locked_by", "a claim is held by the task's owner, by nobody else")
    if before.lock is not None and after.lock is None and after.status.is_active and after.owner:
        return InvalidField("locked_by", "a claim is given up by releasing the task")
    return None


def _unfit_texts(row: Row, before: Task, after: Task) -> InvalidField | None:
    stored = dict(zip(TASK_COLUMNS, row, strict=False))
    not_whole = "is too long, or no text, and was not read as a whole"
    texts = (before.subject, before.description)
    if texts != (after.subject, after.description) and not is_whole(stored["goal"]):
        return InvalidField("description", not_whole)
    if before.metadata == after.metadata:
        return None
    if not is_whole(stored["payload"]):
        return InvalidField("metadata", not_whole)
    if (
        list(before.metadata) == [PAYLOAD]
        and text_of(stored["payload"]) == before.metadata[PAYLOAD]
    ):
        return InvalidField("metadata", "the payload is plain text, which has no keys")
    return None


def create(connection: sqlite3.Connection, after: Task) -> None:
    """Store a new task."""
    goal, payload = (
        joined_goal("", after.subject, after.description),
        payload_of("", after.metadata),
    )
    priority = int(after.priority or 0)
    values = (after.id, None, priority, goal, payload, DEFAULT_RETRIES, None, SOURCE)
    connection.execute(INSERT_TASK, values)
    if after.owner:
        connection.execute("UPDATE tasks SET worker_id = ? WHERE id = ?", (after.owner, after.id))


def update(connection: sqlite3.Connection, row: Row, before: Task, after: Task) -> None:
    """Store what differs between two states of a task.

    Args:
        connection: with the transaction in which `row` was read.
        row: the task's own row.
        before: what was made of it.
        after: what is wanted.

    Raises:
        StaleEdit: the row is not there as it was read.
    """
    stored = dict(zip(TASK_COLUMNS, row, strict=False))
    values = _values(stored, before, after)
    terms = [f"{name} = ?" for name in values]
    terms += _claim_terms(before, after)
    _write_steps(connection, before, after)
    _write_checks(connection, before, after)
    if _is_back(before, after):
        connection.execute(STEPS_BACK, (before.id,))
    terms.append(f"updated_at = {_NOW}")
    done = connection.execute(
        f"UPDATE tasks SET {', '.join(terms)} WHERE id = ? AND status IS ? AND worker_id IS ?",
        (*values.values(), before.id, stored["status"], stored["worker_id"]),
    )
    if done.rowcount != 1:
        raise StaleEdit(before.key.list.id, before.id, [])


def _values(stored: Mapping[str, Any], before: Task, after: Task) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if (before.subject, before.description) != (after.subject, after.description):
        values["goal"] = joined_goal(stored["goal"], after.subject, after.description)
    if before.metadata != after.metadata:
        values["payload"] = payload_of(stored["payload"], after.metadata)
    if before.priority != after.priority:
        values["priority"] = int(after.priority or 0)
    if before.native_status != after.native_status:
        values["status"] = after.native_status
        if after.status is TaskStatus.FAILED and not stored["last_error"]:
            values["last_error"] = FAILED_BY_HAND
        elif stored["last_error"] == FAILED_BY_HAND:
            values["last_error"] = None
    if before.owner != after.owner:
        values["worker_id"] = after.owner
    elif _is_back(before, after):
        values["worker_id"] = None
    attempts = after.execution.attempts if after.execution else None
    known = before.execution.attempts if before.execution else None
    if attempts is not None and attempts.most != (known.most if known else None):
        values["max_retries"] = attempts.most
    return values


def _is_back(before: Task, after: Task) -> bool:
    """Whether the task is in the queue again."""
    return after.status is TaskStatus.PENDING and before.status is not TaskStatus.PENDING


def _claim_terms(before: Task, after: Task) -> list[str]:
    """What goes with a change of status or of worker. The texts are of this module."""
    if _is_back(before, after):
        return [CLEARED]
    terms = []
    is_moved = after.native_status != before.native_status
    if after.status.is_active:
        if after.owner != before.owner or not before.status.is_active:
            terms.append(_NEW_CLAIM)
        if is_moved:
            terms.append("completed_at = NULL")
        if is_moved and after.status is TaskStatus.IN_PROGRESS:
            terms.append(f"started_at = coalesce(started_at, {_NOW})")
    elif is_moved and after.status in (TaskStatus.COMPLETED, TaskStatus.FAILED):
        terms.append(f"completed_at = {_NOW}")
    return terms


def _write_steps(connection: sqlite3.Connection, before: Task, after: Task) -> None:
    known = {step.id: step for step in (before.execution or Execution()).steps}
    for step in (after.execution or Execution()).steps:
        was = known.get(step.id)
        if was is not None and was != step:
            _write_step(connection, after.id, was, step)


def _write_step(
    connection: sqlite3.Connection, task_id: str, was: TaskStep, step: TaskStep
) -> None:
    values: dict[str, Any] = {"status": step.native_status}
    if step.native_status == "pending":
        values.update(worker_id=None, started_at=None)
    elif step.worker != was.worker:
        values["worker_id"] = step.worker
    if step.evidence != was.evidence:
        values["evidence"] = step.evidence
    terms = [f"{name} = ?" for name in values]
    if step.is_done:
        terms.append(f"completed_at = {_NOW}, started_at = coalesce(started_at, {_NOW})")
    else:
        terms.append("completed_at = NULL")
    connection.execute(
        f"UPDATE steps SET {', '.join(terms)} WHERE task_id = ? AND id = ?",
        (*values.values(), task_id, step.id),
    )


def _write_checks(connection: sqlite3.Connection, before: Task, after: Task) -> None:
    known = {check.key: check for check in (before.execution or Execution()).checks}
    for check in (after.execution or Execution()).checks:
        was = known.get(check.key)
        if was is not None and was != check:
            _write_check(connection, after.id, was, check)


def _write_check(
    connection: sqlite3.Connection, task_id: str, was: TaskCheck, check: TaskCheck
) -> None:
    values: dict[str, Any] = {"done_by": check.done_by}
    if check.note != was.note:
        values["note"] = check.note
    terms = [f"{name} = ?" for name in values]
    terms.append("done_at = NULL" if check.is_open else f"done_at = {_NOW}")
    connection.execute(
        f"UPDATE sop_checklist SET {', '.join(terms)} WHERE task_id = ? AND key = ?",
        (*values.values(), task_id, check.key),
    )

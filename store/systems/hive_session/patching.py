"""Tasks as they are to be → the records that say so: only what differs is changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from store.model.errors import InvalidField
from store.model.task import Task, TaskId, TaskStatus
from store.systems.records.record import MAX_ID, Statuses

ARCHIVED_FROM, ARCHIVED_AT, ARCHIVED_GOAL = "archived_from", "archived_at", "archived_goal"
"""Metadata keys that an archived task bears, and no other."""

_TEXTS = ("subject", "description", "active_form", "owner")
_EDGES = ("blocks", "blocked_by")


def patched(
    raw: Mapping[str, Any],
    before: Task,
    after: Task,
    statuses: Statuses,
    goal: str | None,
    now: float,
) -> dict[str, Any]:
    """A record with what differs between two states of its task.

    Args:
        raw: as it stands in the document.
        before: what was made of it.
        after: what is to be made of it.
        statuses: the words that the layout knows.
        goal: that of the list, for a task that is archived.
        now: epoch seconds.

    Raises:
        InvalidField: a value that the owner could not read.
    """
    record = dict(raw)
    for name in _TEXTS:
        if getattr(before, name) != getattr(after, name):
            record[name] = getattr(after, name)
    for name in _EDGES:
        if getattr(before, name) != getattr(after, name):
            record[name] = numbers(name, getattr(after, name))
    if before.native_status != after.native_status:
        record["status"] = _word(after, statuses)
    metadata = _with_markers(before, after, goal, now)
    if metadata != before.metadata or list(metadata) != list(before.metadata):
        stood = raw.get("metadata")
        stood = stood if isinstance(stood, dict) else {}
        record["metadata"] = {
            key: stood[key] if key in stood and before.metadata.get(key) == value else value
            for key, value in metadata.items()
        }
    if before.updated_at != after.updated_at:
        record["updated_at"] = after.updated_at
    return record


def created(task: Task, statuses: Statuses, original: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record of a task that is not there.

    Args:
        task: as it is to be.
        statuses: the words that the layout knows.
        original: the record that it had, if it comes back.

    Raises:
        InvalidField: a value that the owner could not read.
    """
    record: dict[str, Any] = {
        "id": number("id", task.id),
        "subject": task.subject,
        "description": task.description,
        "active_form": task.active_form,
        "owner": task.owner,
        "status": _word(task, statuses),
        "blocks": numbers("blocks", task.blocks),
        "blocked_by": numbers("blocked_by", task.blocked_by),
        "metadata": dict(task.metadata),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
    if original is not None:
        # What it had that is not known here stays, and so does the spelling of what is the same.
        same = {k: v for k, v in original.items() if k not in record or v == record[k]}
        record = {k: same[k] if k in same else record[k] for k in (*original, *record)}
    else:
        record |= task.extra
    return {k: v for k, v in record.items() if v is not None or not k.endswith("_at")}


def number(field: str, task_id: TaskId) -> int:
    """The number that an id stands for.

    Raises:
        InvalidField: it is no id of this layout.
    """
    if task_id.isascii() and task_id.isdecimal() and len(task_id) <= len(str(MAX_ID)):
        found = int(task_id)
        if 1 <= found <= MAX_ID:
            return found
    raise InvalidField(field, f"{task_id[:40]!r} is not a task id of this layout")


def numbers(field: str, ids: Sequence[TaskId]) -> list[int]:
    """The numbers that ids stand for; `InvalidField` as `number`."""
    return [number(field, task_id) for task_id in ids]


def _word(task: Task, statuses: Statuses) -> str:
    """The status, which must be one that the owner knows: one that it does not know makes the
    whole document unreadable to it.
    """
    if task.native_status not in statuses:
        known = ", ".join(statuses)
        raise InvalidField("status", f"{task.native_status[:40]!r} is not one of {known}")
    return task.native_status


def _with_markers(before: Task, after: Task, goal: str | None, now: float) -> dict[str, Any]:
    """The metadata with the marks of an archived task, or without them. Marks that the edit
    itself sets or removes are left to it.
    """
    metadata = dict(after.metadata)
    was, is_now = (task.status is TaskStatus.ARCHIVED for task in (before, after))
    if is_now and not was:
        marks = {ARCHIVED_FROM: before.native_status, ARCHIVED_AT: now, ARCHIVED_GOAL: goal}
        metadata |= {key: value for key, value in marks.items() if key not in metadata}
    elif was and not is_now:
        for key in (ARCHIVED_FROM, ARCHIVED_AT, ARCHIVED_GOAL):
            if metadata.get(key) == before.metadata.get(key):
                metadata.pop(key, None)
    return metadata

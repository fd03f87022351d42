"""What an edit changes of a ClawTeam record: only the fields that differ, in the record as it was
read. Unknown keys, the order of keys and the spelling of names and numbers stay. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.files.codec import format_object
from store.model.task import Task, TaskStatus
from store.systems.clawteam.record import DURATION, USUAL_PRIORITY, name_in
from store.systems.clawteam.times import epoch_of, text_of


def patched(raw: Mapping[str, Any], before: Task, after: Task, now: float) -> dict[str, Any]:
    """A record after a change of its task.

    Args:
        raw: the record as it was read, under the lock under which it is written.
        before: the task in it.
        after: the task as it shall be.
        now: epoch seconds.
    """
    record = dict(raw)
    for name, was, is_now in _values(before, after):
        if was != is_now:
            record[name_in(record, name)] = is_now
    if _lock_of(before) != _lock_of(after):
        record[name_in(record, "lockedBy")] = _lock_of(after)[0]
        record[name_in(record, "lockedAt")] = _lock_time(after)
    if before.metadata != after.metadata:
        record["metadata"] = _metadata(record.get("metadata", {}), before, after)
    _stamp(record, before, after, now)
    if record != raw:
        record[name_in(record, "updatedAt")] = text_of(now)
    return record


def new_record(task: Task, now: float) -> dict[str, Any]:
    """The record of a task that is created, its fields in ClawTeam's order."""
    stamped = text_of(now)
    is_started = task.status is TaskStatus.IN_PROGRESS
    return {
        "id": str(task.id),
        "subject": task.subject,
        "description": task.description,
        "status": task.native_status,
        "priority": task.priority or USUAL_PRIORITY,
        "owner": task.owner or "",
        "lockedBy": _lock_of(task)[0],
        "lockedAt": _lock_time(task),
        "blocks": list(task.blocks),
        "blockedBy": list(task.blocked_by),
        "startedAt": stamped if is_started else "",
        "createdAt": stamped,
        "updatedAt": stamped,
        "metadata": dict(task.metadata),
    }


def encoded(record: Mapping[str, Any]) -> bytes:
    """A record as ClawTeam spells it: UTF-8, indented by two.

    Raises:
        InvalidField: a value that JSON cannot hold.
    """
    return format_object(record)


def _values(before: Task, after: Task) -> tuple[tuple[str, Any, Any], ...]:
    """Name in the file, value before, value after."""
    return (
        ("subject", before.subject, after.subject),
        ("description", before.description, after.description),
        ("status", before.native_status, after.native_status),
        ("priority", before.priority, after.priority or USUAL_PRIORITY),
        ("owner", before.owner or "", after.owner or ""),
        ("blocks", list(before.blocks), list(after.blocks)),
        ("blockedBy", list(before.blocked_by), list(after.blocked_by)),
    )


def _lock_of(task: Task) -> tuple[str, float | None]:
    return (task.lock.by, task.lock.at) if task.lock else ("", None)


def _lock_time(task: Task) -> str:
    return text_of(task.lock.at) if task.lock and task.lock.at is not None else ""


def _metadata(raw: Mapping[str, Any], before: Task, after: Task) -> dict[str, Any]:
    """The metadata as read, with the keys changed that differ: each value keeps its spelling."""
    return {
        name: raw[name] if name in raw and _is_same(before.metadata.get(name), value) else value
        for name, value in after.metadata.items()
    }


def _is_same(was: Any, is_now: Any) -> bool:
    return type(was) is type(is_now) and bool(was == is_now)


def _stamp(record: dict[str, Any], before: Task, after: Task, now: float) -> None:
    """What ClawTeam itself adds: when work began for the first time, and how long it took."""
    started = name_in(record, "startedAt")
    if after.status is before.status:
        return
    if after.status is TaskStatus.IN_PROGRESS and not record.get(started):
        record[started] = text_of(now)
    elif after.status is TaskStatus.COMPLETED:
        began = epoch_of(record.get(started) or "")
        if began is not None:
            metadata = dict(record.get("metadata", {}))
            metadata[DURATION] = round(now - began, 2)
            record["metadata"] = metadata

"""What an edit changes of a record: only the fields that differ, in the record as it was read.
Unknown keys, the order of keys and the spelling of numbers stay. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.model.task import Task


def patched(raw: Mapping[str, Any], before: Task, after: Task) -> dict[str, Any]:
    """A record after a change of its task. Texts that are taken away leave no key behind.

    Args:
        raw: the record as it was read, under the lock under which it is written.
        before: the task in it.
        after: the task as it shall be.
    """
    record = dict(raw)
    for name, was, now in _values(before, after):
        if was == now:
            continue
        if now is None:
            record.pop(name, None)
        else:
            record[name] = now
    if before.metadata != after.metadata or list(before.metadata) != list(after.metadata):
        record["metadata"] = _metadata(raw.get("metadata") or {}, before, after)
    return record


def new_record(task: Task) -> dict[str, Any]:
    """The record of a task that is created, its fields in Claude Code's order."""
    record: dict[str, Any] = {
        "id": str(task.id),
        "subject": task.subject,
        "description": task.description,
        "activeForm": task.active_form if task.active_form is not None else task.subject,
    }
    if task.owner:
        record["owner"] = task.owner
    record["status"] = task.native_status
    record["blocks"] = list(task.blocks)
    record["blockedBy"] = list(task.blocked_by)
    if task.metadata:
        record["metadata"] = dict(task.metadata)
    return record


def _values(before: Task, after: Task) -> tuple[tuple[str, Any, Any], ...]:
    """Name in the file, value before, value after."""
    return (
        ("subject", before.subject, after.subject),
        ("description", before.description, after.description),
        ("activeForm", before.active_form, after.active_form),
        ("owner", before.owner, after.owner or None),
        ("status", before.native_status, after.native_status),
        ("blocks", list(before.blocks), list(after.blocks)),
        ("blockedBy", list(before.blocked_by), list(after.blocked_by)),
    )


def _metadata(raw: Mapping[str, Any], before: Task, after: Task) -> dict[str, Any]:
    """The metadata as read, with the keys changed that differ: each value keeps its spelling."""
    return {
        name: raw[name] if name in raw and _is_same(before.metadata.get(name), value) else value
        for name, value in after.metadata.items()
    }


def _is_same(was: Any, now: Any) -> bool:
    return type(was) is type(now) and bool(was == now)

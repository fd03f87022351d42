"""Tasks ⇄ JSON values, whole: for drafts and for the journal. Reading is strict. Pure."""

from __future__ import annotations

from typing import Any

from store.model.execution_record import (
    execution_values,
    lock_values,
    read_execution,
    read_lock,
)
from store.model.strict import Fields, plain
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskStatus

TEXT_OR_NULL = (str, type(None))


def task_values(task: Task) -> dict[str, Any]:
    """A task as JSON values, without what is wrong with it and its revision."""
    beside: dict[str, Any] = {}
    if task.lock is not None:
        beside["lock"] = lock_values(task.lock)
    if task.parent is not None:
        beside["parent"] = task.parent
    if task.execution is not None:
        beside["execution"] = execution_values(task.execution)
    return {
        "id": task.id,
        "subject": task.subject,
        "description": task.description,
        "active_form": task.active_form,
        "owner": task.owner,
        "status": task.status.value,
        "native_status": task.native_status,
        "blocks": list(task.blocks),
        "blocked_by": list(task.blocked_by),
        "metadata": plain(task.metadata),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
        "priority": task.priority,
        **beside,
        "extra": plain(task.extra),
    }


def read_task(record: Any, key: ListKey, source: str, path: str = "") -> Task:
    """The task that `task_values` made a record of.

    Raises:
        BadDocument: naming the field and what is wrong with it.
    """
    fields = Fields(record, source, path)
    task = Task(
        TaskKey(key, TaskId(fields.take("id", str))),
        fields.take("subject", str),
        read_status(fields, "status"),
        fields.take("native_status", str),
        fields.take("description", str),
        fields.take("active_form", *TEXT_OR_NULL),
        fields.take("owner", *TEXT_OR_NULL),
        read_ids(fields, "blocks"),
        read_ids(fields, "blocked_by"),
        fields.take_object("metadata"),
        fields.take("created_at", float, type(None)),
        fields.take("updated_at", float, type(None)),
        fields.take("priority", *TEXT_OR_NULL, default=None),
        read_lock(fields, "lock"),
        _read_id(fields, "parent"),
        read_execution(fields, "execution"),
        fields.take_object("extra"),
    )
    fields.end()
    return task


def _read_id(fields: Fields, name: str) -> TaskId | None:
    found = fields.take(name, *TEXT_OR_NULL, default=None)
    return None if found is None else TaskId(found)


def read_ids(fields: Fields, name: str) -> tuple[TaskId, ...]:
    """A list of ids; without the field, none."""
    return tuple(map(TaskId, fields.take_texts(name)))


def read_status(fields: Fields, name: str) -> TaskStatus:
    """A status by its common word."""
    found = fields.take(name, str)
    try:
        return TaskStatus(found)
    except ValueError:
        known = ", ".join(status.value for status in TaskStatus)
        raise fields.fail(name, f"{found[:40]!r} is no status", f"known: {known}") from None

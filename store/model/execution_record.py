"""How tasks are carried out ⇄ JSON values: locks, steps, checks, attempts, cost. Reading is strict.
Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as dataclass_fields
from typing import Any, TypeVar

from store.model.execution import Attempts, Execution, Spent, TaskCheck, TaskLock, TaskStep
from store.model.strict import Fields

T = TypeVar("T")

_TEXT_OR_NULL = (str, type(None))
_TIME_OR_NULL = (float, type(None))
_NUMBER_OR_NULL = (int, type(None))


def lock_values(lock: TaskLock) -> dict[str, Any]:
    """A lock as JSON values."""
    return _values(lock)


def execution_values(execution: Execution) -> dict[str, Any]:
    """An execution as JSON values; what holds nothing is left out."""
    values = _values(execution)
    for name in ("steps", "checks"):
        if name in values:
            values[name] = [_values(each) for each in values[name]]
    for name in ("attempts", "spent"):
        if name in values:
            values[name] = _values(values[name])
    return values


def read_lock(fields: Fields, name: str) -> TaskLock | None:
    """The lock in a field; None without one."""
    inner = _object(fields, name)
    if inner is None:
        return None
    lock = TaskLock(
        inner.take("by", str),
        inner.take("at", *_TIME_OR_NULL, default=None),
        inner.take("token", *_TEXT_OR_NULL, default=None),
        inner.take("is_live", bool, type(None), default=None),
    )
    inner.end()
    return lock


def read_execution(fields: Fields, name: str) -> Execution | None:
    """The execution in a field; None without one."""
    inner = _object(fields, name)
    if inner is None:
        return None
    execution = Execution(
        _each(inner, "steps", _read_step),
        _each(inner, "checks", _read_check),
        _read_attempts(_object(inner, "attempts")),
        _read_spent(_object(inner, "spent")),
        inner.take("result", *_TEXT_OR_NULL, default=None),
        inner.take("tier", *_TEXT_OR_NULL, default=None),
        inner.take("group", *_TEXT_OR_NULL, default=None),
        inner.take("claimed_at", *_TIME_OR_NULL, default=None),
        inner.take("started_at", *_TIME_OR_NULL, default=None),
        inner.take("completed_at", *_TIME_OR_NULL, default=None),
    )
    inner.end()
    return execution


def _values(value: Any) -> dict[str, Any]:
    """The fields of a value that say more than their defaults."""
    return {
        field.name: found
        for field in dataclass_fields(value)
        if (found := getattr(value, field.name)) != field.default
    }


def _object(fields: Fields, name: str) -> Fields | None:
    found = fields.take(name, dict, type(None), default=None)
    return None if found is None else Fields(found, fields.source, fields.where(name))


def _each(fields: Fields, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
    found = []
    for place, record in enumerate(fields.take(name, list, default=[])):
        inner = Fields(record, fields.source, fields.where(f"{name}[{place}]"))
        found.append(read(inner))
        inner.end()
    return tuple(found)


def _read_step(fields: Fields) -> TaskStep:
    return TaskStep(
        fields.take("id", str),
        fields.take("title", str),
        fields.take("native_status", str),
        fields.take("is_done", bool),
        fields.take("detail", *_TEXT_OR_NULL, default=None),
        fields.take("evidence", *_TEXT_OR_NULL, default=None),
        fields.take("worker", *_TEXT_OR_NULL, default=None),
        fields.take("started_at", *_TIME_OR_NULL, default=None),
        fields.take("completed_at", *_TIME_OR_NULL, default=None),
    )


def _read_check(fields: Fields) -> TaskCheck:
    return TaskCheck(
        fields.take("key", str),
        fields.take("text", str),
        fields.take("is_required", bool, default=True),
        fields.take("done_at", *_TIME_OR_NULL, default=None),
        fields.take("done_by", *_TEXT_OR_NULL, default=None),
        fields.take("note", *_TEXT_OR_NULL, default=None),
    )


def _read_attempts(fields: Fields | None) -> Attempts | None:
    if fields is None:
        return None
    attempts = Attempts(
        fields.take("number", int),
        fields.take("most", *_NUMBER_OR_NULL, default=None),
        fields.take("last_error", *_TEXT_OR_NULL, default=None),
    )
    fields.end()
    return attempts


def _read_spent(fields: Fields | None) -> Spent | None:
    if fields is None:
        return None
    spent = Spent(
        fields.take("usd", *_TIME_OR_NULL, default=None),
        fields.take("input_tokens", *_NUMBER_OR_NULL, default=None),
        fields.take("output_tokens", *_NUMBER_OR_NULL, default=None),
        fields.take("is_estimated", bool, default=False),
    )
    fields.end()
    return spent

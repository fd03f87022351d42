"""The fields in which two states of a task are compared, for the activity and the journal. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from store.model.task import Task

if TYPE_CHECKING:
    from store.model.execution import Execution, TaskLock

COMPARED_FIELDS = (
    "status",
    "owner",
    "subject",
    "blocked_by",
    "blocks",
    "active_form",
    "description",
    "priority",
    "metadata",
)


def moved_fields(was: Task, task: Task) -> Iterator[tuple[str, Any, Any]]:
    """(field, old, new) for each that differs, as JSON values.

    Beside `COMPARED_FIELDS` there are `lock` (who holds it), `parent`, and of how it is carried out
    `steps` and `checks` (as "2/5 done"), `attempts`, `most_attempts`, `last_error`, `result`.
    """
    for name in COMPARED_FIELDS:
        stored = "native_status" if name == "status" else name
        old, new = getattr(was, stored), getattr(task, stored)
        if old != new:
            yield name, old, new
    yield from moves_beside(was, task)


def moves_beside(was: Task, task: Task) -> Iterator[tuple[str, Any, Any]]:
    """Those of `moved_fields` that are not among `COMPARED_FIELDS`."""
    if was.lock is not task.lock:
        held, holds = _holder(was.lock), _holder(task.lock)
        if held != holds:
            yield "lock", held, holds
    if was.parent != task.parent:
        yield "parent", was.parent, task.parent
    if was.execution is not task.execution and was.execution != task.execution:
        before, after = _told(was.execution), _told(task.execution)
        for name, old in before.items():
            if old != after[name]:
                yield name, old, after[name]


def _holder(lock: TaskLock | None) -> str | None:
    return lock.by if lock is not None else None


def _told(execution: Execution | None) -> dict[str, Any]:
    from store.model.execution import Execution  # few lists have any

    execution = execution or Execution()
    attempts = execution.attempts
    return {
        "steps": _share([step.is_done for step in execution.steps]),
        "checks": _share([not check.is_open for check in execution.checks]),
        "attempts": attempts.number if attempts else None,
        "most_attempts": attempts.most if attempts else None,
        "last_error": attempts.last_error if attempts else None,
        "result": execution.result,
    }


def _share(done: Sequence[bool]) -> str | None:
    return f"{sum(done)}/{len(done)} done" if done else None

"""How a native task is carried out, as a compound run keeps it in the task's metadata. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from store.model.task import Task, TaskStatus

if TYPE_CHECKING:
    from store.model.execution import Execution, Spent

KEY = "compound"
"""The key of the metadata; its value is an object, of which unknown fields are kept."""


FAILED = "failed"
"""The `state` of a task that was tried in vain and that nobody gave back yet."""


def carried_out(task: Task) -> Task:
    """The task with what its metadata tells of its executions. The native layout has no word for a
    task that failed: there it is in progress, and nobody's.
    """
    execution = execution_of(task.metadata)
    if execution is None:
        return task
    has_failed = task.metadata[KEY].get("state") == FAILED
    is_failed = has_failed and task.status is TaskStatus.IN_PROGRESS and not task.owner
    return replace(
        task, execution=execution, status=TaskStatus.FAILED if is_failed else task.status
    )


def execution_of(metadata: Mapping[str, Any]) -> Execution | None:
    """What the metadata says; None: no run has to do with the task."""
    found = metadata.get(KEY)
    if not isinstance(found, Mapping):
        return None
    from store.model.execution import Attempts, Execution  # few lists have any

    ended = _number(found.get("ended_at"))
    return Execution(
        attempts=Attempts(int(_number(found.get("attempts")) or 0), None, _text(found, "error")),
        spent=_spent(found),
        result=_text(found, "result"),
        tier=_word(found.get("tier")),
        started_at=_number(found.get("started_at")),
        completed_at=ended if found.get("state") == "completed" else None,
    )


def worker_of(task: Task) -> str:
    """Who did the work that the task's metadata tells of, else its owner."""
    found = task.metadata.get(KEY)
    model = _text(found, "model") if isinstance(found, Mapping) else None
    return model or task.owner or ""


def _spent(found: Mapping[str, Any]) -> Spent | None:
    usd = _number(found.get("cost_usd"))
    tokens_in = _number(found.get("input_tokens"))
    tokens_out = _number(found.get("output_tokens"))
    if usd is None and tokens_in is None and tokens_out is None:
        return None
    from store.model.execution import Spent

    return Spent(
        usd,
        None if tokens_in is None else int(tokens_in),
        None if tokens_out is None else int(tokens_out),
        found.get("is_estimated") is not False,
    )


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) and value else None


def _word(value: Any) -> str | None:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e15 else None

"""How a run goes on, in the shapes that its callers know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.model.graph import id_order
from store.model.recorded_execution import KEY
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus
from store.running.ledger import timestamp
from store.running.run_record import RunRecord, RunState
from store.running.subtasks import cost_of, has_failed, kept, model_of, tier_of_task

PREVIEW_CHARACTERS = 100


def progress(record: RunRecord, task_list: TaskList, total_cost: float) -> dict[str, Any]:
    """All of a run; times are ISO-8601, UTC.

    `total_cost`: US dollars, by the ledger; with subtasks that are in the list no more.
    """
    tasks = sorted(task_list.tasks.values(), key=lambda task: id_order(task.id))
    places = {task.id: _place(task, number) for number, task in enumerate(tasks)}
    return {
        "id": record.id,
        "prompt": record.plan.prompt,
        "status": _state(record).value,
        "reasoning": record.plan.reasoning,
        "subtasks": [_subtask(record, task_list, task, places) for task in tasks],
        "created_at": timestamp(record.created_at),
        "planned_at": _time(record.planned_at),
        "completed_at": _time(record.completed_at),
        "total_cost": total_cost,
    }


def summary(record: RunRecord, task_list: TaskList, total_cost: float) -> dict[str, Any]:
    """A run in a line; `total_cost` as in `progress`."""
    tasks = list(task_list.tasks.values())
    return {
        "id": record.id,
        "prompt": record.plan.prompt[:PREVIEW_CHARACTERS],
        "status": _state(record).value,
        "subtask_count": len(tasks),
        "completed_count": sum(task.status is TaskStatus.COMPLETED for task in tasks),
        "total_cost": total_cost,
        "created_at": timestamp(record.created_at),
        "completed_at": _time(record.completed_at),
    }


def status_of(task_list: TaskList, task: Task, *, is_executing: bool) -> str:
    """pending, queued, executing, completed, failed; or skipped, as something before it failed."""
    if task.status is TaskStatus.COMPLETED:
        return "completed"
    if has_failed(task):
        return "failed"
    if task.status is TaskStatus.IN_PROGRESS:
        return "executing"
    if any(has_failed(task_list.tasks[i]) for i in _waited_on(task_list, task)):
        return "skipped"
    return "queued" if is_executing and task_list.is_ready(task) else "pending"


def _waited_on(task_list: TaskList, task: Task) -> list[TaskId]:
    """The tasks that are there and keep this one from starting, transitively."""
    return [i for i in task_list.graph.ancestors(task.id) if i in task_list.tasks]


def _subtask(
    record: RunRecord, task_list: TaskList, task: Task, places: Mapping[TaskId, int]
) -> dict[str, Any]:
    found = kept(task)
    is_executing = record.state is RunState.EXECUTING
    return {
        "id": task.id,
        "index": places[task.id],
        "description": task.description or task.subject,
        "tier_hint": found.get("tier_hint"),
        "tier_assigned": int(tier_of_task(task)),
        "model": model_of(task),
        "depends_on": sorted(places[i] for i in task.blocked_by if i in places),
        "status": status_of(task_list, task, is_executing=is_executing),
        "result": found.get("result") if task.metadata.get(KEY) else None,
        "error": found.get("error"),
        "cost": cost_of(task),
        "started_at": _time(found.get("started_at")),
        "completed_at": _time(found.get("ended_at")),
    }


def _place(task: Task, number: int) -> int:
    index = kept(task).get("index")
    return index if type(index) is int else number


def _state(record: RunRecord) -> RunState:
    return RunState.PLANNED if record.state is RunState.PLANNING else record.state


def _time(at: Any) -> str | None:
    return timestamp(at) if isinstance(at, (int, float)) else None

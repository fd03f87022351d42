"""Tasks, lists and problems as the documents that `--json` prints. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.model.listing import all_problems
from store.model.readiness import readiness
from store.model.snapshot import Change, TaskList
from store.model.task import Problem, Task, TaskId, TaskStatus, Verb

NATIVE_STATUSES = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)


_NUMBERED = frozenset({"hive", "hive_session"})  # systems whose records have ids as numbers


def native_id(task_id: str, system: str) -> int | str:
    """An id as its system's records have it: a number or a text, the same in all of a list."""
    if system not in _NUMBERED:
        return task_id
    is_number = task_id.isascii() and task_id.isdecimal() and len(task_id) < 64
    number = int(task_id) if is_number else 0
    return number if str(number) == task_id else task_id


def task_record(task: Task, *, ready: bool) -> dict[str, Any]:
    """A task under its native field names, with the verdict `ready`."""
    system = task.key.list.system
    record: dict[str, Any] = {
        "id": native_id(task.id, system),
        "subject": task.subject,
        "description": task.description,
        "active_form": task.active_form,
        "owner": task.owner,
        "status": task.native_status,
        "blocks": [native_id(i, system) for i in task.blocks],
        "blocked_by": [native_id(i, system) for i in task.blocked_by],
        "metadata": dict(task.metadata),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
    if task.priority is not None:
        record["priority"] = task.priority
    record.update(_carried_out(task))
    for name, value in task.extra.items():
        record.setdefault(name, value)
    record["ready"] = ready
    if task.status is TaskStatus.FAILED:  # where the record itself has no word for that
        record["failed"] = True
    if task.problems:
        record["problems"] = [problem_record(problem, system) for problem in task.problems]
    return record


def _carried_out(task: Task) -> dict[str, Any]:
    """Its lock, parent and execution, where its system keeps such."""
    found: dict[str, Any] = {}
    if task.lock is not None:
        found["lock"] = {"by": task.lock.by, "at": task.lock.at, "is_live": task.lock.is_live}
    if task.parent is not None:
        found["parent"] = native_id(task.parent, task.key.list.system)
    if task.execution is not None:
        from store.model.execution_record import execution_values

        found["execution"] = execution_values(task.execution)
    return found


def listed_record(task_list: TaskList, task: Task) -> dict[str, Any]:
    """The record of a task as it stands in its list."""
    return task_record(task, ready=task_list.is_ready(task))


def ready_after(task_list: TaskList, task: Task, *others: Task) -> bool:
    """The verdict on a task that an edit has just written, its list not scanned again yet."""
    tasks: dict[TaskId, Task] = {**task_list.tasks, **{t.id: t for t in (*others, task)}}
    return readiness(task, tasks).ready


def problem_record(problem: Problem, system: str = "") -> dict[str, Any]:
    """`system`: whose task it is about."""
    return {
        "kind": str(problem.kind),
        "text": problem.text,
        "task": None if problem.task is None else native_id(problem.task, system),
        "path": problem.path,
        "repair": problem.repair,
    }


def counts(task_list: TaskList) -> dict[str, int]:
    """How many tasks, by status and by what can be done with them; internal ones left out."""
    tasks = [task for task in task_list.tasks.values() if not task.is_internal]
    found: dict[str, int] = {"total": len(tasks), **{str(s): 0 for s in NATIVE_STATUSES}}
    for task in tasks:
        if task.is_readable and task.status is not TaskStatus.BLOCKED:
            found[str(task.status)] = found.get(str(task.status), 0) + 1
    found["ready"] = sum(1 for task in tasks if task_list.is_ready(task))
    found["blocked"] = sum(1 for task in tasks if task_list.is_blocked(task))
    found["unreadable"] = sum(1 for task in tasks if not task.is_readable)
    return found


def read_only_reason(task_list: TaskList) -> str | None:
    """Why no edit at all can be made in a list; None: some can."""
    refusals = task_list.info.capabilities.refusals
    return refusals[Verb.EDIT] if set(Verb) <= refusals.keys() else None


def list_record(task_list: TaskList) -> dict[str, Any]:
    system = task_list.key.system
    return {
        "list": task_list.key.id,
        "root": task_list.key.root,
        "system": system,
        "read_only": read_only_reason(task_list),
        "counts": counts(task_list),
        "problems": [problem_record(problem, system) for problem in all_problems(task_list)],
    }


def change_record(change: Change) -> dict[str, Any]:
    system = change.list.system
    return {
        "list": change.list.id,
        "id": None if change.task is None else native_id(change.task, system),
        "field": change.field,
        "old": _value(change.field, change.old, system),
        "new": _value(change.field, change.new, system),
        "time": change.at,
        "kind": str(change.kind),
    }


def _value(field: str | None, value: Any, system: str) -> Any:
    if field in ("blocks", "blocked_by") and value is not None:
        return [native_id(i, system) for i in value]
    return dict(value) if isinstance(value, Mapping) else value

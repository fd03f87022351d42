"""Lists whose systems have rules of their own, for tests of planning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from store.model.edits import CreateTask, Edit
from store.model.execution import Attempts, Execution, TaskCheck, TaskStep
from store.model.graph import Tasks
from store.model.planning import Planned, plan_edits
from store.model.snapshot import TaskList
from store.model.task import (
    Capabilities,
    ListRules,
    Task,
    TaskId,
    TaskKey,
    TaskListInfo,
    TaskStatus,
    Verb,
)
from tests.model.colony import DEMO, NOW, task

TEAM = Capabilities(
    statuses=(
        TaskStatus.PENDING,
        TaskStatus.IN_PROGRESS,
        TaskStatus.COMPLETED,
        TaskStatus.BLOCKED,
    ),
    priorities=("low", "medium", "high", "urgent"),
    rules=ListRules(
        mirrors_edges=False,
        frees_on_completion=True,
        stores_blocked=True,
        locks_tasks=True,
        claim_starts=True,
        keeps_ended_blockers=False,
    ),
    absent=("active_form",),
)
"""Edges on one side, freed at completion; soft locks; a stored 'blocked'."""

QUEUE = Capabilities(
    {Verb.BLOCK: "no edges here", Verb.UNBLOCK: "no edges here"},
    statuses=(
        TaskStatus.PENDING,
        TaskStatus.CLAIMED,
        TaskStatus.IN_PROGRESS,
        TaskStatus.COMPLETED,
        TaskStatus.FAILED,
    ),
    rules=ListRules(
        mirrors_edges=False,
        has_edges=False,
        locks_tasks=True,
        claim_starts=True,
        words=((TaskStatus.COMPLETED, "done"),),
    ),
)
"""No edges; priorities are numbers; steps, checks and attempts."""

WORK = Execution(
    steps=(
        TaskStep("s1", "Dig", "done", True),
        TaskStep("s2", "Fill", "in_progress", False, worker="w"),
    ),
    checks=(TaskCheck("lint", "It is linted"), TaskCheck("nice", "It is nice", is_required=False)),
    attempts=Attempts(1, 3, "boom"),
)


def a_list(capabilities: Capabilities, *tasks: Task) -> TaskList:
    by_id = {one.id: one for one in tasks}
    info = TaskListInfo(DEMO, "/root/demo", capabilities=capabilities)
    return TaskList(info).with_tasks(by_id, frozenset(by_id))


def key(task_id: str | int) -> TaskKey:
    return TaskKey(DEMO, TaskId(str(task_id)))


def ids(text: str) -> tuple[TaskId, ...]:
    return tuple(map(TaskId, text.split()))


def blocked(task_id: str | int, *blocked_by: str | int, **fields: Any) -> Task:
    return task(task_id, *blocked_by, status=TaskStatus.BLOCKED, **fields)


def next_id(edit: CreateTask, tasks: Tasks) -> TaskId:
    return TaskId(str(max(map(int, tasks), default=0) + 1))


def planned(task_list: TaskList, *edits: Edit, now: float | None = NOW) -> Planned:
    """All of them or none."""
    return plan_edits(task_list, edits, all_or_none=True, new_id=next_id, now=now)


def after(task_list: TaskList, edits: Sequence[Edit], now: float | None = NOW) -> TaskList:
    """The list as the edits leave it."""
    tasks = dict(task_list.tasks)
    made = planned(task_list, *edits, now=now)
    for task_id, left in made.written.items():
        if left is None:
            del tasks[task_id]
        else:
            tasks[task_id] = left
    return task_list.with_tasks(tasks, frozenset(made.written))


def timeless(found: Task) -> Task:
    """The task without its times, which an undo does not put back."""
    lock = found.lock and replace(found.lock, at=None, is_live=None)
    execution = found.execution and replace(
        found.execution,
        claimed_at=None,
        started_at=None,
        completed_at=None,
        steps=tuple(replace(s, completed_at=None) for s in found.execution.steps),
        checks=tuple(
            replace(c, done_at=None if c.is_open else 1.0, done_by=None)
            for c in found.execution.checks
        ),
    )
    return replace(found, updated_at=None, lock=lock, execution=execution)

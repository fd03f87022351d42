"""What follows from tasks as an edit would leave them: who could start, who would wait. Pure.

Readiness depends on a task's own record and on its direct blockers, so it is enough to judge
again the tasks that are written and their direct dependents, however long the list is. Only the
critical path depends on more: its graph is patched around the tasks that moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.model.graph import Tasks, critical_path, find_path, id_order, is_met
from store.model.readiness import Readiness, Reason, readiness
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus

Written = Mapping[TaskId, Task | None]
"""Each task that would be written, as it would be stored; None for a deleted one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blocked task that would wait on something else than now, and what it is."""

    task: Task
    waits_on: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class CriticalMove:
    """The critical path now and then, first to last: the longest chain of open tasks."""

    before: tuple[TaskId, ...]
    after: tuple[TaskId, ...]


@dataclass(frozen=True, slots=True)
class Consequences:
    """Tasks whose start would depend on something else than now, in id order."""

    becomes_ready: tuple[Task, ...] = ()
    becomes_blocked: tuple[Task, ...] = ()
    eased: tuple[Waiting, ...] = ()
    hindered: tuple[Waiting, ...] = ()


def consequences(task_list: TaskList, after: Tasks, written: Written) -> Consequences:
    """Which tasks would become ready, become blocked, or wait on less or more."""
    ready: list[Task] = []
    blocked: list[Task] = []
    eased: list[Waiting] = []
    hindered: list[Waiting] = []
    for task_id in _reached(task_list, written):
        was, now = task_list.tasks.get(task_id), after.get(task_id)
        if now is None:
            continue
        before = _unmet(task_list.tasks, was) if was else []
        left = _unmet(after, now)
        if _is_ready(now, left) and not (was and _is_ready(was, before)):
            ready.append(now)
        elif _is_blocked(now, left) and not (was and _is_blocked(was, before)):
            blocked.append(now)
        elif _is_blocked(now, left) and set(before) != set(left):
            reasons = unmet_reasons(task_list, after, now)
            if new := tuple(r for r in reasons if r.task not in before):
                hindered.append(Waiting(now, new))
            else:
                eased.append(Waiting(now, reasons))
    return Consequences(tuple(ready), tuple(blocked), tuple(eased), tuple(hindered))


def warning_of_end(task_list: TaskList, after: Tasks, written: Written) -> str | None:
    """What the list's tool does when all is done, if the edits close the last open task."""
    said = task_list.info.capabilities.rules.at_end
    if not said or not any(_closes(task_list.tasks.get(i), now) for i, now in written.items()):
        return None
    return said if all(task.is_closed for task in after.values()) else None


def _closes(was: Task | None, now: Task | None) -> bool:
    return now is not None and now.is_closed and not (was is not None and was.is_closed)


def critical_move(task_list: TaskList, after: Tasks, written: Written) -> CriticalMove | None:
    """How the critical path would move; None if it would not."""
    then = task_list.with_tasks(after, frozenset(written))
    if then.graph is task_list.graph:
        return None
    before, now = tuple(critical_path(task_list.graph)), tuple(critical_path(then.graph))
    return CriticalMove(before, now) if before != now else None


def unmet_reasons(task_list: TaskList, after: Tasks, task: Task) -> tuple[Reason, ...]:
    """What a task would wait on, if it is neither started nor ended."""
    unmet = _unmet(after, task)
    if not _is_blocked(task, unmet):
        return ()
    ring = _ring_after(after, task_list.graph.cycle_of.get(task.id, ()), task.id)
    verdict: Readiness = readiness(task, after, ring, task_list.highest_id)
    return verdict.reasons


def overlaid(tasks: Tasks, written: Written) -> dict[TaskId, Task]:
    """The tasks as they would be."""
    after = dict(tasks)
    overlay(after, written)
    return after


def overlay(tasks: dict[TaskId, Task], written: Written) -> None:
    """Write into a copy of the tasks what an edit would write."""
    for task_id, task in written.items():
        if task is None:
            tasks.pop(task_id, None)
        else:
            tasks[task_id] = task


def closed_cycle(after: Tasks, added: Sequence[tuple[TaskId, TaskId]]) -> tuple[TaskId, ...]:
    """A new edge closes a cycle where its blocker already waits on its task, at any distance.

    Args:
        after: the tasks with the new edges.
        added: (waiting task, blocker) of each new edge.
    """
    if not added:
        return ()
    edges = {i: task.blocked_by for i, task in after.items() if task.blocked_by}
    for waiting, blocker in added:
        if path := find_path(edges, blocker, waiting):
            return (waiting, *path[:-1])
    return ()


def _reached(task_list: TaskList, written: Written) -> list[TaskId]:
    """The written tasks and all that list one of them as a blocker, in id order."""
    found = set(written)
    for task_id in written:
        found.update(task_list.graph.dependents.get(task_id, ()))
    return sorted(found, key=id_order)


def _unmet(tasks: Tasks, task: Task) -> list[TaskId]:
    if task.is_closed:
        return []
    return [i for i in dict.fromkeys(task.blocked_by) if not is_met(tasks.get(i))]


def _is_ready(task: Task, unmet: Sequence[TaskId]) -> bool:
    return task.status is TaskStatus.PENDING and not unmet and task.is_readable


def _is_blocked(task: Task, unmet: Sequence[TaskId]) -> bool:
    return bool(unmet) and not task.status.is_active and task.is_readable


def _ring_after(after: Tasks, members: Sequence[TaskId], task_id: TaskId) -> tuple[TaskId, ...]:
    """What is left of the task's cycle: the shortest ring through it, or nothing."""
    inside = set(members)
    edges = {i: _unmet(after, after[i]) for i in members if i in after}
    for blocker in edges.get(task_id, ()):
        if blocker in inside and (path := find_path(edges, blocker, task_id)):
            return tuple(path)
    return ()

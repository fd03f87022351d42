"""What an edit would do: shown before it is made. Pure; judges only the tasks it can touch.

Readiness depends on a task's own record and on its direct blockers, so it is enough to judge
again the tasks that an edit writes and their direct dependents, however long the list is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store.model.edits import CreateTask, DeleteTask, Edit, RestoreTask, UpdateTask
from store.model.graph import Tasks, find_path, id_order, is_met
from store.model.readiness import Readiness, Reason, readiness
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId
from store.model.written import NEW_ID, written_by

_SHIFT_FIELDS = (
    "subject",
    "description",
    "active_form",
    "owner",
    "native_status",
    "priority",
    "blocked_by",
    "blocks",
)
_NAMES = {"native_status": "status"}


@dataclass(frozen=True, slots=True)
class FieldShift:
    """One field of the target that would change. A metadata key is named `metadata.key`."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Waiting:
    """A blocked task that would wait on something else than now, and what it is."""

    task: Task
    waits_on: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would follow from an edit, by the tasks as they are seen now."""

    task: Task | None = None
    """The target as it would be stored; None after a delete, or where there is no such task."""
    shifts: tuple[FieldShift, ...] = ()
    becomes_ready: tuple[Task, ...] = ()
    """Tasks that could be started then and cannot now, the target among them."""
    becomes_blocked: tuple[Task, ...] = ()
    """Tasks that an unmet blocker would keep from starting and does not now."""
    waits_on: tuple[Reason, ...] = ()
    """The unmet blockers that the target would have, if it is neither started nor ended."""
    eased: tuple[Waiting, ...] = ()
    """Tasks rid of an unmet blocker that still wait, each with all that is left."""
    hindered: tuple[Waiting, ...] = ()
    """Tasks that wait already and would wait on more, each with what is new."""
    stripped: tuple[TaskId, ...] = ()
    """Tasks that would lose an edge to the deleted target."""
    loses: str | None = None
    """The owner whom the target would leave."""
    gains: str | None = None
    """The owner to whom the target would come."""
    cycle: tuple[TaskId, ...] = ()
    """The cycle that the new edges would close, each member once, in edge order."""
    missing: tuple[TaskId, ...] = ()
    """Ids named for a new edge that are not in the list."""


def foresee(task_list: TaskList, edit: Edit) -> Foresight:
    """What the edit would do to the list, if nobody else wrote to it meanwhile."""
    target = NEW_ID if isinstance(edit, CreateTask) else edit.key.id
    written = written_by(task_list.tasks, edit)
    if target not in written:
        return Foresight()
    after = _overlaid(task_list.tasks, written)
    was, now = task_list.tasks.get(target), written[target]
    added = _added_edges(edit)
    ends = [i for edge in added for i in edge if i not in after]
    return Foresight(
        task=now,
        shifts=tuple(_shifts(was, now)),
        waits_on=_unmet_reasons(task_list, after, now) if now else (),
        stripped=_others(written, target) if isinstance(edit, DeleteTask) else (),
        loses=was.owner if was and _left(was, now) else None,
        gains=now.owner if now and _left(now, was) else None,
        cycle=_closed_cycle(after, added),
        missing=tuple(dict.fromkeys(ends)),
        **_consequences(task_list, after, written),
    )


def _consequences(
    task_list: TaskList, after: Tasks, written: Mapping[TaskId, Task | None]
) -> dict[str, Any]:
    """Which tasks would become ready, become blocked, or wait on less."""
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
            reasons = _unmet_reasons(task_list, after, now)
            if new := tuple(r for r in reasons if r.task not in before):
                hindered.append(Waiting(now, new))
            else:
                eased.append(Waiting(now, reasons))
    return {
        "becomes_ready": tuple(ready),
        "becomes_blocked": tuple(blocked),
        "eased": tuple(eased),
        "hindered": tuple(hindered),
    }


def _reached(task_list: TaskList, written: Mapping[TaskId, Task | None]) -> list[TaskId]:
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
    return task.status.value in ("pending", "blocked") and not unmet and task.is_readable


def _is_blocked(task: Task, unmet: Sequence[TaskId]) -> bool:
    return bool(unmet) and not task.status.is_active and task.is_readable


def _unmet_reasons(task_list: TaskList, after: Tasks, task: Task) -> tuple[Reason, ...]:
    unmet = _unmet(after, task)
    if not _is_blocked(task, unmet):
        return ()
    ring = _ring_after(after, task_list.graph.cycle_of.get(task.id, ()), task.id)
    verdict: Readiness = readiness(task, after, ring)
    return verdict.reasons


def _ring_after(after: Tasks, members: Sequence[TaskId], task_id: TaskId) -> tuple[TaskId, ...]:
    """What is left of the task's cycle: the shortest ring through it, or nothing."""
    inside = set(members)
    edges = {i: _unmet(after, after[i]) for i in members if i in after}
    for blocker in edges.get(task_id, ()):
        if blocker in inside and (path := find_path(edges, blocker, task_id)):
            return tuple(path)
    return ()


def _overlaid(tasks: Tasks, written: Mapping[TaskId, Task | None]) -> dict[TaskId, Task]:
    after = dict(tasks)
    for task_id, task in written.items():
        if task is None:
            after.pop(task_id, None)
        else:
            after[task_id] = task
    return after


def _added_edges(edit: Edit) -> list[tuple[TaskId, TaskId]]:
    """(waiting task, blocker) for each edge that the edit adds."""
    if isinstance(edit, CreateTask):
        return [(NEW_ID, i) for i in edit.blocked_by]
    if isinstance(edit, UpdateTask):
        waits = [(edit.key.id, i) for i in edit.add_blocked_by]
        return waits + [(i, edit.key.id) for i in edit.add_blocks]
    if isinstance(edit, RestoreTask):
        return [(edit.key.id, i) for i in edit.task.blocked_by if i != edit.key.id]
    return []


def _closed_cycle(after: Tasks, added: Sequence[tuple[TaskId, TaskId]]) -> tuple[TaskId, ...]:
    """A new edge closes a cycle where its blocker already waits on its task, at any distance."""
    if not added:
        return ()
    edges = {i: task.blocked_by for i, task in after.items() if task.blocked_by}
    for waiting, blocker in added:
        if path := find_path(edges, blocker, waiting):
            return (waiting, *path[:-1])
    return ()


def _others(written: Mapping[TaskId, Task | None], target: TaskId) -> tuple[TaskId, ...]:
    return tuple(sorted((i for i in written if i != target), key=id_order))


def _left(one: Task, other: Task | None) -> bool:
    """Whether the owner of `one` is not the owner of `other`."""
    return one.owner is not None and (other is None or other.owner != one.owner)


def _shifts(was: Task | None, now: Task | None) -> Iterator[FieldShift]:
    if was is None or now is None:
        return
    for name in _SHIFT_FIELDS:
        old, new = getattr(was, name), getattr(now, name)
        if old != new:
            yield FieldShift(_NAMES.get(name, name), old, new)
    for key in dict.fromkeys((*was.metadata, *now.metadata)):
        old, new = was.metadata.get(key), now.metadata.get(key)
        if old != new or (key in was.metadata) != (key in now.metadata):
            yield FieldShift(f"metadata.{key}", old, new)

"""What an edit, or a batch of them, would do: shown before it is made, and by `--dry-run`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from store.model.compared import moves_beside
from store.model.consequences import (
    Consequences,
    CriticalMove,
    Waiting,
    closed_cycle,
    consequences,
    critical_move,
    overlaid,
    unmet_reasons,
    warning_of_end,
)
from store.model.edits import CreateTask, DeleteTask, Edit, EditFailure, RestoreTask, UpdateTask
from store.model.graph import Tasks, id_order
from store.model.planning import plan_edits
from store.model.readiness import Reason
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId
from store.model.written import NEW_ID, new_id, written_by

__all__ = [
    "BatchForesight",
    "CriticalMove",
    "FieldShift",
    "Foresight",
    "TaskShift",
    "Waiting",
    "foresee",
    "foresee_all",
]

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
    critical: CriticalMove | None = None
    """How the critical path would move; None if it would not, or was not asked for."""
    warning: str | None = None
    """What the system would do with the whole list then, as a sentence."""


@dataclass(frozen=True, slots=True)
class TaskShift:
    """One task that edits are about, before and after all of them."""

    id: TaskId
    before: Task | None
    """None: it would be created, or brought back."""
    after: Task | None
    """None: it would be deleted."""
    shifts: tuple[FieldShift, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchForesight:
    """What would follow from edits made one after the other, by the tasks as they are seen now.

    Edits that would be refused are named and take no part in the rest.
    """

    targets: tuple[TaskShift, ...] = ()
    """The tasks that the edits are about, each once, in the order in which they are named."""
    refused: tuple[EditFailure, ...] = ()
    """Edits that would be refused, each with the error that would be raised."""
    becomes_ready: tuple[Task, ...] = ()
    becomes_blocked: tuple[Task, ...] = ()
    eased: tuple[Waiting, ...] = ()
    hindered: tuple[Waiting, ...] = ()
    stripped: tuple[TaskId, ...] = ()
    """Tasks that would be left and lose an edge to a deleted one."""
    loses: Mapping[str, tuple[TaskId, ...]] = field(default_factory=dict)
    """For each owner, the tasks that would leave him."""
    gains: Mapping[str, tuple[TaskId, ...]] = field(default_factory=dict)
    """For each owner, the tasks that would come to him."""
    critical: CriticalMove | None = None
    """How the critical path would move; None if it would not."""
    warning: str | None = None
    """As in `Foresight`."""


def foresee(task_list: TaskList, edit: Edit, *, with_critical: bool = False) -> Foresight:
    """What the edit would do to the list, if nobody else wrote to it meanwhile.

    Args:
        task_list: the list as it is seen.
        edit: what is to be done to it.
        with_critical: say also how the critical path would move, which takes a while in a list
            of 100,000 tasks (see `BatchForesight.critical`).
    """
    target = NEW_ID if isinstance(edit, CreateTask) else edit.key.id
    written = written_by(task_list.tasks, edit, task_list.info.capabilities)
    if target not in written:
        return Foresight()
    after = overlaid(task_list.tasks, written)
    was, now = task_list.tasks.get(target), written[target]
    added = _added_edges(edit)
    follows = consequences(task_list, after, written)
    return Foresight(
        task=now,
        shifts=tuple(_shifts(was, now)),
        becomes_ready=follows.becomes_ready,
        becomes_blocked=follows.becomes_blocked,
        waits_on=unmet_reasons(task_list, after, now) if now else (),
        eased=follows.eased,
        hindered=follows.hindered,
        stripped=_others(written, target) if isinstance(edit, DeleteTask) else (),
        loses=was.owner if was and _left(was, now) else None,
        gains=now.owner if now and _left(now, was) else None,
        cycle=closed_cycle(after, added),
        missing=tuple(dict.fromkeys(i for edge in added for i in edge if i not in after)),
        critical=critical_move(task_list, after, written) if with_critical else None,
        warning=warning_of_end(task_list, after, written),
    )


def foresee_all(task_list: TaskList, edits: Sequence[Edit]) -> BatchForesight:
    """What edits of one list would do, made in order, if nobody else wrote to it meanwhile.

    Readiness is judged once, at the end: what one edit blocks and a later one frees is named in
    neither.
    """
    planned = plan_edits(task_list, edits, all_or_none=False, new_id=_place_holders())
    after = overlaid(task_list.tasks, planned.written)
    follows = consequences(task_list, after, planned.written)
    targets = dict.fromkeys(step.target for step in planned.steps)
    shifts = tuple(_task_shift(task_list.tasks, after, i) for i in targets)
    return _batch_foresight(task_list, after, planned.written, shifts, planned.failures, follows)


def _place_holders() -> Callable[[CreateTask, Tasks], TaskId]:
    places = count()
    return lambda edit, tasks: new_id(next(places))


def _batch_foresight(
    task_list: TaskList,
    after: Tasks,
    written: Mapping[TaskId, Task | None],
    targets: tuple[TaskShift, ...],
    refused: Sequence[EditFailure],
    follows: Consequences,
) -> BatchForesight:
    gone = {shift.id for shift in targets if shift.after is None}
    stripped = (
        i
        for i, task in written.items()
        if task is not None and (was := task_list.tasks.get(i)) and gone & _named_by(was)
    )
    return BatchForesight(
        targets=targets,
        refused=tuple(refused),
        becomes_ready=follows.becomes_ready,
        becomes_blocked=follows.becomes_blocked,
        eased=follows.eased,
        hindered=follows.hindered,
        stripped=tuple(sorted(stripped, key=id_order)),
        loses=_by_owner((s.id, s.before) for s in targets if s.before and _left(s.before, s.after)),
        gains=_by_owner((s.id, s.after) for s in targets if s.after and _left(s.after, s.before)),
        critical=critical_move(task_list, after, written),
        warning=warning_of_end(task_list, after, written),
    )


def _task_shift(before: Tasks, after: Tasks, task_id: TaskId) -> TaskShift:
    was, now = before.get(task_id), after.get(task_id)
    return TaskShift(task_id, was, now, tuple(_shifts(was, now)))


def _named_by(task: Task) -> set[TaskId]:
    return {*task.blocks, *task.blocked_by}


def _by_owner(tasks: Iterable[tuple[TaskId, Task]]) -> dict[str, tuple[TaskId, ...]]:
    found: dict[str, tuple[TaskId, ...]] = {}
    for task_id, task in tasks:
        if task.owner is not None:
            found[task.owner] = (*found.get(task.owner, ()), task_id)
    return found


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
    for name, old, new in moves_beside(was, now):
        yield FieldShift(name, old, new)
    for key in dict.fromkeys((*was.metadata, *now.metadata)):
        old, new = was.metadata.get(key), now.metadata.get(key)
        if old != new or (key in was.metadata) != (key in now.metadata):
            yield FieldShift(f"metadata.{key}", old, new)

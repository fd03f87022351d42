"""Edges of a list that do not agree → the edits that mend them. Pure; nothing is guessed.

An edge that one side tells of is to be written at the other; an edge to a task that was removed is
to be dropped. Tasks that cannot be read are left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from store.model.edits import EditFailure, UpdateTask
from store.model.graph import Tasks
from store.model.repairs import Repair, RepairKind
from store.model.task import ListKey, Task, TaskId, TaskKey

Mending = tuple[Repair, UpdateTask]

_AT_ONCE = 50  # edits, each of two tasks
_MOST_DIGITS = 15


def edge_mendings(key: ListKey, tasks: Tasks, highest: int) -> Iterator[Mending]:
    """What mends the edges of a list that writes each of them on both sides.

    Args:
        key: the list.
        tasks: its tasks.
        highest: the highest id that was ever given away: what is above it was not removed.
    """
    for task in tasks.values():
        if task.is_readable:
            yield from _of_blockers(key, task, tasks, highest)
            yield from _of_blocked(key, task, tasks, highest)


def mended(
    mendings: Sequence[Mending], make: Callable[[Sequence[UpdateTask]], Sequence[EditFailure]]
) -> Iterator[Repair]:
    """Make the edits, a part at a time, and tell what came of each.

    Args:
        mendings: what is to be done.
        make: makes edits and says which it could not make.
    """
    for first in range(0, len(mendings), _AT_ONCE):
        part = mendings[first : first + _AT_ONCE]
        failures = make([edit for _, edit in part])
        refused = {id(failure.edit): failure.error for failure in failures}
        for repair, edit in part:
            error = refused.get(id(edit))
            if error is None:
                yield repair
            else:
                yield Repair(RepairKind.LEAVE, f"{repair.text}: not done, {error}", repair.task)


def _of_blockers(key: ListKey, task: Task, tasks: Tasks, highest: int) -> Iterator[Mending]:
    for other in dict.fromkeys(task.blocked_by):
        edge = (other,)
        blocker = tasks.get(other)
        if other == task.id:
            text = f"#{other} is no longer its own blocker"
            yield _mending(key, task.id, RepairKind.DROP_SELF_EDGE, text, remove_blocked_by=edge)
        elif blocker is None and _was_given(other, highest):
            text = f"#{task.id} no longer waits on #{other}, which was removed"
            yield _mending(key, task.id, RepairKind.DROP_DANGLING, text, remove_blocked_by=edge)
        elif blocker is not None and blocker.is_readable and task.id not in blocker.blocks:
            text = f"#{other} is told that it blocks #{task.id}"
            yield _mending(key, task.id, RepairKind.MIRROR_EDGE, text, add_blocked_by=edge)


def _of_blocked(key: ListKey, task: Task, tasks: Tasks, highest: int) -> Iterator[Mending]:
    for other in dict.fromkeys(task.blocks):
        edge = (other,)
        waiting = tasks.get(other)
        if other == task.id:
            text = f"#{other} no longer says that it blocks itself"
            yield _mending(key, task.id, RepairKind.DROP_SELF_EDGE, text, remove_blocks=edge)
        elif waiting is None and _was_given(other, highest):
            text = f"#{task.id} no longer says that it blocks #{other}, which was removed"
            yield _mending(key, task.id, RepairKind.DROP_DANGLING, text, remove_blocks=edge)
        elif waiting is not None and waiting.is_readable and task.id not in waiting.blocked_by:
            text = f"#{other} waits on #{task.id}, which says that it blocks it"
            yield _mending(key, task.id, RepairKind.MIRROR_EDGE, text, add_blocks=edge)


def _mending(key: ListKey, task_id: TaskId, kind: RepairKind, text: str, **edges: Any) -> Mending:
    return Repair(kind, text, task_id), UpdateTask(TaskKey(key, task_id), **edges)


def _was_given(task_id: TaskId, highest: int) -> bool:
    return task_id.isdecimal() and len(task_id) <= _MOST_DIGITS and int(task_id) <= highest

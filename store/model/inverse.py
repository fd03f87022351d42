"""The edits that take an edit back, worked out from what it found and what it left. Pure.

An inverse expects what the edit wrote: where somebody else has changed the same field since, it is
a `StaleEdit` and nothing is lost; other fields merge. Edges merge one by one: the inverse names
only those that the edit touched. The inverse of an inverse makes the edit again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from store.model.edits import (
    NULL,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    RestoreTask,
    Standing,
    UpdateTask,
)
from store.model.errors import EditRefused
from store.model.locking import gives_up
from store.model.standing import standing_of
from store.model.task import Task, TaskId, TaskStatus
from store.model.ticking import is_done, ticks_back

_TEXTS = ("subject", "description")
_OPTIONAL = ("active_form", "priority")
_PLAIN = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)


def inverse(result: EditResult) -> tuple[Edit, ...]:
    """What takes an edit back; nothing, if it changed nothing.

    For several edits of one step take them back in reverse order, the last one first
    (see `inverse_of_all`).

    Raises:
        EditRefused: the system did not say what stood there before.
    """
    edit = result.edit
    if isinstance(edit, (CreateTask, RestoreTask)):
        if result.task is None:
            raise _unknown(edit)
        return (DeleteTask(result.task.key, expected=written_values(result.task)),)
    before = result.before.get(edit.key.id)
    if before is None:
        raise _unknown(edit)
    others = [task for task in result.before.values() if task is not None and task is not before]
    if isinstance(edit, DeleteTask):
        standing = tuple(standing_of(task) for task in others)
        return (RestoreTask(before, result.originals.get(before.id), standing),)
    if result.task is None:
        raise _unknown(edit)
    back = _update_back(edit, before, result.task, {t.id: t for t in others}, result.others)
    return (back,) if back is not None else ()


def inverse_of_all(results: Iterable[EditResult]) -> tuple[Edit, ...]:
    """What takes the edits of one step back, the last one first."""
    return tuple(back for result in reversed(list(results)) for back in inverse(result))


def written_values(task: Task) -> dict[str, Any]:
    """Every field that a person or agent can change, as `expected` wants it."""
    return {
        "subject": task.subject,
        "description": task.description,
        "active_form": task.active_form,
        "owner": task.owner,
        "status": task.native_status,
        "blocks": task.blocks,
        "blocked_by": task.blocked_by,
        "metadata": dict(task.metadata),
        **({} if task.priority is None else {"priority": task.priority}),
    }


def _update_back(
    edit: Edit,
    before: Task,
    after: Task,
    others: dict[TaskId, Task],
    others_after: tuple[Task, ...],
) -> UpdateTask | None:
    changes: dict[str, Any] = {}
    expected: dict[str, Any] = {}
    _fields_back(before, after, changes, expected)
    _lock_back(before, after, changes, expected)
    _execution_back(before, after, changes, expected)
    patch = _metadata_back(before, after, expected)
    if patch:
        changes["metadata_patch"] = patch
    edges = isinstance(edit, UpdateTask) and _edges_back(
        edit, before, after, others, {task.id: task for task in others_after}
    )
    if edges:
        changes.update(edges)
    if not changes:
        return None
    standing: tuple[Standing, ...] = ()
    if edges:
        standing = (standing_of(before), *map(standing_of, others.values()))
    elif patch:
        standing = (standing_of(before),)
    return UpdateTask(before.key, expected=expected, standing=standing, **changes)


def _fields_back(
    before: Task, after: Task, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    for name in (*_TEXTS, *_OPTIONAL, "owner"):
        was, now = getattr(before, name), getattr(after, name)
        if was == now:
            continue
        expected[name] = now
        if was is None and name in _OPTIONAL:
            changes["clears"] = (*changes.get("clears", ()), name)
        else:
            changes[name] = was
    if before.native_status == after.native_status:
        return
    expected["status"] = after.native_status
    is_plain = before.status in _PLAIN and before.native_status == before.status.value
    if is_plain and not (before.status is TaskStatus.PENDING and before.blocked_by):
        changes["status"] = before.status
    else:  # put back to the letter, whatever a system makes of a status that is chosen
        changes["native_status"] = before.native_status
    if before.status is TaskStatus.COMPLETED and before.execution and before.execution.open_checks:
        changes["is_forced"] = True


def _lock_back(
    before: Task, after: Task, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Who held the lock holds it again, from now on."""
    was, now = (task.lock.by if task.lock else None for task in (before, after))
    is_moved = before.native_status != after.native_status
    is_restarted = is_moved and before.status.is_active
    if was == now and (was in (None, before.owner) or not is_restarted):
        return  # who starts it again is its owner, and holds the lock
    expected["lock"] = now
    if was is None and gives_up(before.status) and is_moved:
        return  # that it is no longer in progress takes the lock away
    changes["locked_by"] = was
    if not before.owner:  # else who holds the lock would become its owner
        changes["owner"] = before.owner
    changes["is_forced"] = True  # who holds it may be alive: it is he whom `expected` names


def _execution_back(
    before: Task, after: Task, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    if before.execution == after.execution or not before.execution or not after.execution:
        return
    if ticks := ticks_back(before, after):
        changes["ticks"] = ticks
        for tick in ticks:
            expected[f"{tick.kind}.{tick.key}"] = is_done(after, tick.kind, tick.key)
    was, now = before.execution.attempts, after.execution.attempts
    if was and now and was.most is not None and was.most != now.most:
        changes["most_attempts"] = was.most
        expected["most_attempts"] = now.most


def _metadata_back(before: Task, after: Task, expected: dict[str, Any]) -> dict[str, Any]:
    patch: dict[str, Any] = {}
    was, now = before.metadata, after.metadata
    for key in dict.fromkeys((*was, *now)):
        if (key in was) == (key in now) and was.get(key) == now.get(key):
            continue
        expected[f"metadata.{key}"] = now.get(key)
        value = was.get(key)
        patch[key] = NULL if key in was and value is None else value
    return patch


def _edges_back(
    edit: UpdateTask,
    before: Task,
    after: Task,
    others: dict[TaskId, Task],
    others_after: dict[TaskId, Task],
) -> dict[str, tuple[TaskId, ...]]:
    """For each edge that the edit named, or that went when it completed the task, and that changed
    on either side: as it was.
    """
    found: dict[str, tuple[TaskId, ...]] = {}
    freed = [
        i
        for i, task in others.items()
        if before.id in task.blocked_by and not _names(others_after.get(i), "blocked_by", before.id)
    ]
    for near, far in (("blocks", "blocked_by"), ("blocked_by", "blocks")):
        named = [*getattr(edit, f"add_{near}"), *getattr(edit, f"remove_{near}")]
        for other in dict.fromkeys(named + (freed if near == "blocks" else [])):
            was_far, now_far = others.get(other), others_after.get(other)
            was, now = (_edge(before, near, was_far, far), _edge(after, near, now_far, far))
            if was == now:
                continue
            stood = other in getattr(before, near) or _names(was_far, far, before.id)
            side = f"add_{near}" if stood else f"remove_{near}"
            found[side] = (*found.get(side, ()), other)
    return found


def _edge(task: Task, near: str, other: Task | None, far: str) -> tuple[object, ...]:
    """Both lists in which an edge stands, in order: a moved edge is a change too."""
    return getattr(task, near), getattr(other, far) if other is not None else ()


def _names(task: Task | None, side: str, other: TaskId) -> bool:
    return task is not None and other in getattr(task, side)


def _unknown(edit: Edit) -> EditRefused:
    name = "a new task" if isinstance(edit, CreateTask) else f"#{edit.key.id}"
    return EditRefused(f"what {name} was before is not known, so it cannot be taken back")

"""The edit that a steering key makes of a task as the operator sees it, `expected` included. Pure.

One task or many: the same edit.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from store.model.edits import ClaimTask, DeleteTask, Edit, ReleaseTask, UpdateTask
from store.model.priorities import shifted, urgency
from store.model.task import Capabilities, Task, TaskId, TaskStatus


def assign(task: Task, owner: str | None) -> UpdateTask | None:
    """Give it to an owner, or to nobody; None if it is theirs already."""
    if (owner or None) == (task.owner or None):
        return None
    return UpdateTask(task.key, owner=owner, expected={"owner": task.owner})


def set_status(task: Task, status: TaskStatus, *, is_forced: bool = False) -> UpdateTask | None:
    """None if it has the status already, in whatever word."""
    if status is task.status:
        return None
    seen = {"status": task.native_status}
    return UpdateTask(task.key, status=status, expected=seen, is_forced=is_forced)


def shift_priority(allowed: Capabilities, task: Task, steps: int) -> UpdateTask | None:
    """So many steps more urgent; None where its list's ladder ends before."""
    wanted = shifted(allowed, task.priority, steps)
    if wanted is None or wanted == task.priority:
        return None
    return UpdateTask(task.key, priority=wanted, expected={"priority": task.priority})


def priority_objection(allowed: Capabilities, task: Task, steps: int) -> str | None:
    """Why its priority cannot be moved so far, after its name; None if it can."""
    if shifted(allowed, task.priority, steps) is not None:
        return None
    if task.priority is not None and urgency(allowed, task.priority) is None:
        return f"its priority {task.priority!r} is none that its list knows"
    return f"{task.priority or 'its priority'} is the {'most' if steps > 0 else 'least'} urgent"


def forced(edit: Edit) -> Edit | None:
    """The same, overruling what can be overruled; None where nothing of it can be."""
    if not isinstance(edit, (ClaimTask, UpdateTask)) or edit.is_forced:
        return None
    return replace(edit, is_forced=True)


def unblock(task: Task, blockers: Collection[TaskId]) -> UpdateTask | None:
    """Cut its edges to these blockers; None if it has none of them."""
    cut = tuple(i for i in dict.fromkeys(task.blocked_by) if i in blockers)
    return UpdateTask(task.key, remove_blocked_by=cut) if cut else None


def release(task: Task) -> ReleaseTask:
    """Take it back from its owner."""
    return ReleaseTask(task.key, expected_owner=task.owner)


def release_objection(task: Task) -> str | None:
    """Why there is nothing to release, after its name; None if there is something."""
    if task.is_closed:
        return f"{task.native_status}: nothing to release"
    is_given_up = task.status is TaskStatus.FAILED  # given back, it is tried again
    if task.owner is None and not task.status.is_active and not is_given_up:
        return "no owner and not in progress: nothing to release"
    return None


def delete(task: Task) -> DeleteTask:
    """Remove it as it is seen."""
    seen = {"subject": task.subject, "status": task.native_status, "owner": task.owner}
    return DeleteTask(task.key, expected=seen)

"""The edit that a steering key makes of a task as the operator sees it, `expected` included. Pure.

One task or many: the same edit.
"""

from __future__ import annotations

from collections.abc import Collection

from store.model.edits import DeleteTask, ReleaseTask, UpdateTask
from store.model.task import Task, TaskId, TaskStatus


def assign(task: Task, owner: str | None) -> UpdateTask | None:
    """Give it to an owner, or to nobody; None if it is theirs already."""
    if (owner or None) == (task.owner or None):
        return None
    return UpdateTask(task.key, owner=owner, expected={"owner": task.owner})


def set_status(task: Task, status: TaskStatus) -> UpdateTask | None:
    """None if it has the status already."""
    if status.value == task.native_status:
        return None
    return UpdateTask(task.key, status=status, expected={"status": task.native_status})


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
    if task.owner is None and not task.status.is_active:
        return "no owner and not in progress: nothing to release"
    return None


def delete(task: Task) -> DeleteTask:
    """Remove it as it is seen."""
    seen = {"subject": task.subject, "status": task.native_status, "owner": task.owner}
    return DeleteTask(task.key, expected=seen)

"""Locks that are stored in tasks: who comes to hold one, and who may not take it over. Pure."""

from __future__ import annotations

from dataclasses import replace

from store.model.edits import ClaimTask, Edit, Keep, UpdateTask
from store.model.errors import ClaimRefused
from store.model.execution import TaskLock
from store.model.task import ListRules, Task, TaskStatus


def check_lock(rules: ListRules, edit: ClaimTask | UpdateTask, task: Task) -> None:
    """Refuse to take a lock over that another holds, unless he is known dead or it is forced.

    Raises:
        ClaimRefused: `reason` is "locked"; it `can_be_forced`.
    """
    lock = task.lock
    if not rules.locks_tasks or edit.is_forced:
        return
    if lock is None or not lock.by or lock.is_live is False:
        return
    is_named = isinstance(edit, UpdateTask) and not isinstance(edit.locked_by, Keep)
    if not (is_named or _is_start(rules, edit, task)) or lock.by == next_holder(rules, edit, task):
        return
    known = "who is alive" if lock.is_live else "and nothing tells whether it is alive"
    text = f"#{task.id} is locked by {lock.by}, {known}"
    raise ClaimRefused("locked", text, (lock.by,), can_be_forced=True)


def relocked(rules: ListRules, edit: Edit, before: Task, after: Task, now: float | None) -> Task:
    """The task with the lock that the edit leaves it, and an owner where its start gives one."""
    if not rules.locks_tasks:
        return after
    lock = after.lock
    is_named = isinstance(edit, UpdateTask) and not isinstance(edit.locked_by, Keep)
    if isinstance(edit, (ClaimTask, UpdateTask)) and (is_named or _is_start(rules, edit, before)):
        by = next_holder(rules, edit, before)
        if by is None and is_named:
            lock = None
        elif by is not None and (lock is None or lock.by != by):
            lock = TaskLock(by, now)
        is_free = isinstance(edit, ClaimTask) or isinstance(edit.owner, Keep)
        if by and not after.owner and is_free:
            after = replace(after, owner=by)
    elif gives_up(after.status) and after.native_status != before.native_status:
        lock = None
    return after if lock == after.lock else replace(after, lock=lock)


def next_holder(rules: ListRules, edit: ClaimTask | UpdateTask, task: Task) -> str | None:
    """Who is to hold the lock of a task that the edit starts: who is named, else its owner."""
    if isinstance(edit, ClaimTask):
        return edit.claimant
    if not isinstance(edit.locked_by, Keep):
        return edit.locked_by
    return (task.owner if isinstance(edit.owner, Keep) else edit.owner) or None


def wanted_status(rules: ListRules, edit: Edit) -> TaskStatus | None:
    """The status that the edit sets; None: it sets none."""
    if not isinstance(edit, UpdateTask):
        return None
    if edit.status is not None:
        return edit.status
    return None if edit.native_status is None else rules.status_of(edit.native_status)


def gives_up(status: TaskStatus) -> bool:
    """Whether nobody works on such a task. One who is held up still holds it."""
    return not status.is_active and status is not TaskStatus.BLOCKED


def _is_start(rules: ListRules, edit: ClaimTask | UpdateTask, task: Task) -> bool:
    if isinstance(edit, ClaimTask):
        return True
    wanted = wanted_status(rules, edit)
    if wanted is None or not wanted.is_active:
        return False
    return not (task.status.is_active and task.lock is not None)

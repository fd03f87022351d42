"""What a system's rules add to an edit: stored 'blocked', freed dependents, locks, times. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from store.model.edits import DeleteTask, Edit, RestoreTask, UpdateTask
from store.model.graph import Tasks, is_met
from store.model.locking import relocked, wanted_status
from store.model.task import ListRules, Task, TaskId, TaskStatus

Naming = dict[TaskId, set[TaskId]]
"""task → those that may name it in an edge, on either side; more than do, never fewer."""

Written = dict[TaskId, Task | None]


def settled(
    tasks: Tasks,
    edit: Edit,
    written: Written,
    rules: ListRules,
    *,
    naming: Naming | None = None,
    now: float | None = None,
) -> Written:
    """All that the edit would write, once the system's rules are kept.

    Args:
        tasks: as they are before the edit.
        edit: what is done.
        written: what it writes for itself; changed in place.
        rules: the system's.
        naming: who may name whom, where that is known.
        now: epoch seconds; None leaves all times as they are.
    """
    if not written:
        return written
    target = next(iter(written))  # the task that the edit is about is always the first
    before, after = tasks.get(target), written[target]
    if before is not None and after is not None:
        after = relocked(rules, edit, before, after, now)
        written[target] = _with_moments(before, after, now)
    freed: list[TaskId] = []
    if after is not None and rules.frees_on_completion and _completes(rules, edit, before, after):
        freed = _free(tasks, target, written, naming)
    if rules.stores_blocked:
        _block_and_unblock(tasks, edit, target, written, rules)
    if now is not None:
        _stamp(tasks, (target, *freed), written, now)
    return written


def _completes(rules: ListRules, edit: Edit, before: Task | None, after: Task) -> bool:
    """Saying it of a task that is completed already frees again whoever still lists it."""
    if not after.status.frees_dependents or before is None:
        return False
    return wanted_status(rules, edit) is TaskStatus.COMPLETED


def _free(tasks: Tasks, done: TaskId, written: Written, naming: Naming | None) -> list[TaskId]:
    """Strip a completed task's id from whatever lists it as a blocker; those that did."""
    near: Iterable[TaskId] = tasks if naming is None else naming.get(done, ())
    freed = []
    for task_id in sorted({*near, *written} - {done}):
        task = written[task_id] if task_id in written else tasks.get(task_id)
        if task is not None and task.is_readable and done in task.blocked_by:
            left = tuple(i for i in task.blocked_by if i != done)
            written[task_id] = replace(task, blocked_by=left)
            freed.append(task_id)
    return freed


def _block_and_unblock(
    tasks: Tasks, edit: Edit, target: TaskId, written: Written, rules: ListRules
) -> None:
    """A task that is to wait is stored as blocked, one that has lost its last blocker as pending.

    What the edit itself says of the target's status stands, but that a task with an open blocker
    is never pending.
    """
    for task_id, task in list(written.items()):
        if task is None:
            continue
        was = tasks.get(task_id)
        if task_id == target and _is_put_back(edit):
            continue
        is_said = task_id == target and _names_status(edit)
        had = was.blocked_by if was is not None else ()
        if task.status is TaskStatus.PENDING:
            is_moved = is_said or set(task.blocked_by) - set(had)
            if is_moved and _waits(tasks, written, task):
                written[task_id] = _with_status(task, TaskStatus.BLOCKED, rules)
        elif task.status is TaskStatus.BLOCKED and had and not task.blocked_by and not is_said:
            written[task_id] = _with_status(task, TaskStatus.PENDING, rules)


def _names_status(edit: Edit) -> bool:
    if isinstance(edit, UpdateTask):
        return edit.status is not None or edit.native_status is not None
    return not isinstance(edit, DeleteTask)


def _is_put_back(edit: Edit) -> bool:
    """An edit that leaves its task in the very status that it had."""
    if isinstance(edit, UpdateTask):
        return edit.native_status is not None or bool(edit.standing)
    return isinstance(edit, RestoreTask)


def _waits(tasks: Tasks, written: Written, task: Task) -> bool:
    for blocker_id in task.blocked_by:
        blocker = written[blocker_id] if blocker_id in written else tasks.get(blocker_id)
        if not is_met(blocker):
            return True
    return False


def _with_moments(before: Task, after: Task, now: float | None) -> Task:
    """The task with the times of its start and its end, where its system keeps them."""
    execution = after.execution
    if execution is None or now is None:
        return after
    status, started_at = after.status, execution.started_at
    claimed_at, completed_at = execution.claimed_at, execution.completed_at
    if after.lock != before.lock:
        claimed_at = after.lock.at if after.lock else claimed_at
    if status is not before.status:
        if status in (TaskStatus.PENDING, TaskStatus.BLOCKED):
            claimed_at = None
        if status is TaskStatus.IN_PROGRESS and started_at is None:
            started_at = now
        completed_at = now if status.is_closed else None
    now_known = replace(
        execution, claimed_at=claimed_at, started_at=started_at, completed_at=completed_at
    )
    return replace(after, execution=now_known)


def _stamp(tasks: Tasks, ids: Iterable[TaskId], written: Written, now: float) -> None:
    """Say when they were written, for those that change; a far end of an edge tells only when its
    own owner last wrote.
    """
    for task_id in ids:
        task, was = written.get(task_id), tasks.get(task_id)
        if task is None or task == was:
            continue
        written[task_id] = replace(task, updated_at=max(now, task.updated_at or 0.0))


def _with_status(task: Task, status: TaskStatus, rules: ListRules) -> Task:
    return replace(task, status=status, native_status=rules.word_of(status))

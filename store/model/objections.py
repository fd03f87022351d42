"""Why an edit would be refused, told without trying it: the errors that a system would raise. Pure.

It judges by the tasks as they are seen. The system judges again, under its lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from store.model.edits import (
    ClaimTask,
    CreateTask,
    Edit,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    ColonytopError,
    CycleRefused,
    TaskExists,
    TaskNotFound,
    UnreadableTask,
)
from store.model.expecting import check_expected
from store.model.fields import check_fields
from store.model.graph import Tasks, find_path
from store.model.locking import check_lock, wanted_status
from store.model.readiness import readiness
from store.model.snapshot import TaskList
from store.model.task import ListRules, Task, TaskId, TaskStatus
from store.model.ticking import check_open, check_ticks

_SHOWN = 3


def objection(task_list: TaskList, edit: Edit) -> ColonytopError | None:
    """Why the edit would be refused by the list as it is seen; None: nothing speaks against it."""
    try:
        check(task_list, task_list.tasks, edit)
    except ColonytopError as error:
        return error
    return None


def check(task_list: TaskList, tasks: Tasks, edit: Edit) -> None:
    """Raise what the system would raise.

    Args:
        task_list: the list, for what its system allows.
        tasks: its tasks as the edits before this one would leave them.
        edit: what is to be done.
    """
    allowed = task_list.info.capabilities
    check_fields(allowed, edit)
    if isinstance(edit, CreateTask):
        for blocker in edit.blocked_by:
            _readable(tasks, edit, blocker)
    elif isinstance(edit, RestoreTask):
        _check_restore(tasks, edit)
    else:
        task = _readable(tasks, edit, edit.key.id)
        check_expected(edit, task)
        if isinstance(edit, ClaimTask):
            _check_claim(task_list, tasks, edit, task)
        elif isinstance(edit, UpdateTask):
            _check_edges(tasks, edit)
            _check_execution(allowed.rules, edit, task)


def _check_execution(rules: ListRules, edit: UpdateTask, task: Task) -> None:
    check_ticks(task, edit.ticks, edit.most_attempts)
    check_lock(rules, edit, task)
    is_done = wanted_status(rules, edit) is TaskStatus.COMPLETED
    if is_done and not task.status.frees_dependents and not edit.is_forced:
        check_open(task, edit.ticks)


def _readable(tasks: Tasks, edit: Edit, task_id: TaskId) -> Task:
    task = tasks.get(task_id)
    if task is None:
        raise TaskNotFound(edit.list.id, task_id)
    if (fault := task.fault) is not None:
        raise UnreadableTask(fault.path or f"#{task_id}", fault.text)
    return task


def _check_claim(task_list: TaskList, tasks: Tasks, edit: ClaimTask, task: Task) -> None:
    rules = task_list.info.capabilities.rules
    if task.status is TaskStatus.COMPLETED:
        raise ClaimRefused("already_completed", f"#{task.id} is already completed")
    is_other = task.owner and task.owner != edit.claimant
    if is_other and not (rules.locks_tasks and (edit.is_forced or _is_left(task))):
        text = f"#{task.id} is already owned by {task.owner}"
        by = (task.owner or "",)
        raise ClaimRefused("already_owned", text, by, can_be_forced=rules.locks_tasks)
    check_lock(rules, edit, task)
    if task.status.is_active or task.status is TaskStatus.BLOCKED:
        # begun and left, or marked: it may be taken up, unless something else blocks it
        task = replace(task, status=TaskStatus.PENDING)
    reasons = readiness(task, tasks, (), task_list.highest_id).reasons
    if reasons:
        why = "; ".join(reason.text for reason in reasons[:_SHOWN])
        raise ClaimRefused(
            "blocked", f"#{task.id} cannot start yet: {why}", [reason.task for reason in reasons]
        )


def _is_left(task: Task) -> bool:
    """The owner holds the lock and is known dead."""
    return task.lock is not None and task.lock.is_live is False and task.lock.by == task.owner


def _check_edges(tasks: Tasks, edit: UpdateTask) -> None:
    me = edit.key.id
    for far in edit.remove_blocks:
        if far in tasks:  # a far gate that cannot be read cannot be opened
            _readable(tasks, edit, far)
    for far in (*edit.add_blocked_by, *edit.add_blocks):
        if not _led_nowhere(tasks, edit, far):
            _readable(tasks, edit, far)
    added = [(me, i) for i in edit.add_blocked_by] + [(i, me) for i in edit.add_blocks]
    if added:
        gates = _Gates(tasks, added, {(me, i) for i in edit.remove_blocked_by})
        gates.cut.update((i, me) for i in edit.remove_blocks)
        for waiting, blocker in added:
            _refuse_cycle(gates, waiting, blocker)


def _led_nowhere(tasks: Tasks, edit: UpdateTask, far: TaskId) -> bool:
    """An edge put back that led to nothing readable then, and still does not."""
    stood = {standing.task: standing for standing in edit.standing}
    mine = stood.get(edit.key.id)
    if mine is None or far in stood or far not in (*mine.blocks, *mine.blocked_by):
        return False
    task = tasks.get(far)
    return task is None or not task.is_readable


def _check_restore(tasks: Tasks, edit: RestoreTask) -> None:
    task = edit.task
    if task.id in tasks:
        raise TaskExists(edit.list.id, task.id)
    added = [(task.id, i) for i in task.blocked_by if i != task.id]
    if edit.standing is None:
        far_ends = [i for i in (*task.blocks, *task.blocked_by) if i in tasks]
        added += [(i, task.id) for i in task.blocks if i in tasks and i != task.id]
    else:
        far_ends = [stood.task for stood in edit.standing if stood.task in tasks]
        added += [(s.task, task.id) for s in edit.standing if task.id in s.blocked_by]
    for far in far_ends:
        _readable(tasks, edit, far)
    gates = _Gates(tasks, added, set())
    for blocker in task.blocked_by:
        if blocker != task.id:
            _refuse_cycle(gates, task.id, blocker)


def _refuse_cycle(gates: _Gates, waiting: TaskId, blocker: TaskId) -> None:
    path = find_path(gates, blocker, waiting)
    if path is not None:
        raise CycleRefused([waiting, *path])


class _Gates(Mapping[TaskId, Sequence[TaskId]]):
    """The blockers of each task, with edges added and cut, worked out only where one looks."""

    def __init__(
        self,
        tasks: Tasks,
        added: Sequence[tuple[TaskId, TaskId]],
        cut: set[tuple[TaskId, TaskId]],
    ) -> None:
        self._tasks = tasks
        self._added: dict[TaskId, list[TaskId]] = {}
        self.cut = cut
        for waiting, blocker in added:
            self._added.setdefault(waiting, []).append(blocker)

    def __getitem__(self, task_id: TaskId) -> Sequence[TaskId]:
        task = self._tasks.get(task_id)
        listed = task.blocked_by if task is not None and task.is_readable else ()
        kept = [i for i in listed if (task_id, i) not in self.cut]
        return kept + self._added.get(task_id, [])

    def __iter__(self) -> Iterator[TaskId]:
        return iter({**self._tasks, **self._added})

    def __len__(self) -> int:
        return len({**self._tasks, **self._added})

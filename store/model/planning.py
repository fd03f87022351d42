"""Edits of a list → the tasks to write, in a safe order: the one way in which systems edit. Pure.

A system takes its owner's lock, reads tasks, plans, and writes for each task of `Planned.written`
only the fields that differ between `Planned.before` and there:

    planned = plan_edits(task_list, edits, all_or_none=…, new_id=…, now=time.time())
    for task_id, after in planned.written.items():   # None: the record goes
        write(task_id, planned.before[task_id], after)
    return planned.result_with(read_again, originals)

What the rules of the list's system (`TaskList.info.capabilities.rules`) ask for is in `written`
already: mirrored or one-sided edges, dependents that a completion frees, a stored 'blocked', locks,
times of start and end where tasks have an `execution`. `Task.native_status` is in the system's own
word as far as `ListRules.words` says it. A new lock has no token: who writes it makes one.
`updated_at` is `now` for tasks that an edit is about and for those that it frees; far ends of edges
keep theirs. `foresee` and `foresee_all` show the same plan before it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from store.model.edits import (
    BatchRefused,
    BatchResult,
    CreateTask,
    DeleteTask,
    Edit,
    EditFailure,
    EditResult,
    RestoreTask,
)
from store.model.errors import ColonytopError
from store.model.graph import Tasks, id_order
from store.model.locking import wanted_status
from store.model.objections import check
from store.model.settling import Naming
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus
from store.model.written import referrers, written_by

NewId = Callable[[CreateTask, Tasks], TaskId]
"""Gives the id of a task to be created, by the tasks as the edits before it leave them."""

Written = Mapping[TaskId, Task | None]

_CHANGED = (
    "subject",
    "description",
    "active_form",
    "owner",
    "native_status",
    "priority",
    "lock",
    "parent",
    "execution",
    "blocks",
    "blocked_by",
    "metadata",
)
_NAMES = {"native_status": "status"}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One edit that can be made, and the records that it writes."""

    edit: Edit
    target: TaskId
    before: Written
    """The target and every task written, as the edits before this one leave them."""
    after: Written
    """Every task written; without those that stay as they are."""
    unwritten: Task | None = None
    """The target, if the edit leaves it as it is."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be written for edits of one list, all in one commit."""

    written: Written
    """Each task as it is to be stored, None for one that goes, in the order of writing: gates that
    close first, gates that open last. Whoever looks in between, or finds it half done, sees a task
    blocked too long, never started too early.
    """
    before: Written
    """The same tasks as they were found; None: there was none."""
    steps: tuple[PlannedStep, ...] = ()
    failures: tuple[EditFailure, ...] = ()

    def result_with(
        self, stored: Mapping[TaskId, Task], originals: Mapping[TaskId, str] | None = None
    ) -> BatchResult:
        """What came of it.

        Args:
            stored: the tasks written, as they were read again; for those that are not there the
                planned ones are taken.
            originals: the texts of the records that were deleted.
        """
        last: dict[TaskId, int] = {}
        for place, step in enumerate(self.steps):
            last.update(dict.fromkeys(step.after, place))

        def seen(task_id: TaskId, task: Task | None, place: int) -> Task | None:
            return stored.get(task_id, task) if last[task_id] == place and task else task

        results = []
        for place, step in enumerate(self.steps):
            after = {i: seen(i, task, place) for i, task in step.after.items()}
            results.append(_result(step, after, originals or {}))
        return BatchResult(tuple(results), self.failures)

    @property
    def result(self) -> EditResult:
        """The result of a single edit with the planned tasks, for who has nothing to read again."""
        return self.result_with({}).results[0]


class _Overlay(Mapping[TaskId, Task]):
    """Tasks with what edits write on top of them; the tasks below are read only where one looks."""

    def __init__(self, below: Tasks) -> None:
        self._below = below
        self._above: dict[TaskId, Task | None] = {}

    def put(self, written: Written) -> None:
        self._above.update(written)

    def __getitem__(self, task_id: TaskId) -> Task:
        task = self._above[task_id] if task_id in self._above else self._below[task_id]
        if task is None:
            raise KeyError(task_id)
        return task

    def __iter__(self) -> Iterator[TaskId]:
        yield from (i for i in self._below if self._above.get(i, True) is not None)
        yield from (i for i, t in self._above.items() if t is not None and i not in self._below)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def plan_edit(
    task_list: TaskList, edit: Edit, *, new_id: NewId, now: float | None = None
) -> Planned:
    """Plan one edit.

    Raises:
        ColonytopError: why it cannot be made.
    """
    planned = plan_edits(task_list, [edit], all_or_none=False, new_id=new_id, now=now)
    if planned.failures:
        raise planned.failures[0].error
    return planned


def plan_edits(
    task_list: TaskList,
    edits: Sequence[Edit],
    *,
    all_or_none: bool,
    new_id: NewId,
    now: float | None = None,
) -> Planned:
    """Plan edits in order, later ones on what the earlier ones leave.

    Args:
        task_list: the list as it is under the owner's lock. Its `tasks` may be any mapping, also
            one that reads a task when it is asked for; it is walked over only to delete a task, or
            to complete one where that frees others.
        edits: all of that list.
        all_or_none: plan none of them if one cannot be made.
        new_id: gives the id of a new task.
        now: epoch seconds; None leaves all times as they are, for foresight.

    Raises:
        BatchRefused: all or none were asked for, and one or more cannot be made.
    """
    tasks = _Overlay(task_list.tasks)
    allowed = task_list.info.capabilities
    naming: Naming | None = None
    if sum(_walks(task_list, edit) for edit in edits) > 1:
        naming = referrers(task_list.tasks)
    steps: list[PlannedStep] = []
    failures: list[EditFailure] = []
    for edit in edits:
        try:
            check(task_list, tasks, edit)
            new = new_id(edit, tasks) if isinstance(edit, CreateTask) else edit.key.id
        except ColonytopError as error:
            failures.append(EditFailure(edit, error))
            continue
        after = written_by(tasks, edit, allowed, new=new, naming=naming, now=now)
        step = _step(tasks, edit, new, after)
        if naming is not None:
            referrers(step.after, naming)
        tasks.put(step.after)
        steps.append(step)
    if failures and all_or_none:
        raise BatchRefused(failures, len(edits))
    return _planned(steps, failures)


def _walks(task_list: TaskList, edit: Edit) -> bool:
    """Whether planning the edit alone would look at every task."""
    rules = task_list.info.capabilities.rules
    frees = rules.frees_on_completion and wanted_status(rules, edit) is TaskStatus.COMPLETED
    return frees or isinstance(edit, DeleteTask)


def _step(tasks: Tasks, edit: Edit, target: TaskId, written: Written) -> PlannedStep:
    after = {i: task for i, task in written.items() if _differ(tasks.get(i), task)}
    before = {i: tasks.get(i) for i in dict.fromkeys((target, *after))}
    return PlannedStep(edit, target, before, after, None if target in after else before[target])


def _differ(was: Task | None, task: Task | None) -> bool:
    return was is None or task is None or any(True for _ in _changed(was, task))


def _changed(was: Task, task: Task) -> Iterator[str]:
    for name in _CHANGED:
        old, new = getattr(was, name), getattr(task, name)
        if old != new or (name == "metadata" and list(old) != list(new)):
            yield _NAMES.get(name, name)


def _planned(steps: Sequence[PlannedStep], failures: Sequence[EditFailure]) -> Planned:
    before: dict[TaskId, Task | None] = {}
    written: dict[TaskId, Task | None] = {}
    for step in steps:
        for task_id, task in step.after.items():
            before.setdefault(task_id, step.before[task_id])
            written[task_id] = task
    moved = [i for i, task in written.items() if before[i] is not task]
    moved = [i for i in moved if _differ(before[i], written[i])]
    moved.sort(key=lambda i: _rank(before[i], written[i]))
    return Planned(
        {i: written[i] for i in moved},
        {i: before[i] for i in moved},
        tuple(steps),
        tuple(failures),
    )


def _rank(was: Task | None, task: Task | None) -> int:
    """Place in the order of writing."""
    if task is None:
        return 2
    if was is None:
        return 1
    old, new = set(was.blocked_by), set(task.blocked_by)
    was_done, is_done = was.status.frees_dependents, task.status.frees_dependents
    if new - old or (was_done and not is_done):
        return 0
    if old - new:
        return 5
    return 4 if is_done and not was_done else 3


def _result(step: PlannedStep, after: Written, originals: Mapping[TaskId, str]) -> EditResult:
    edit, target = step.edit, step.target
    far = sorted((i for i in after if i != target), key=id_order)
    others = tuple(task for i in far if (task := after[i]) is not None)
    is_deleted = isinstance(edit, DeleteTask)
    return EditResult(
        edit,
        after.get(target, step.unwritten),
        _said(step),
        others,
        tuple(task.id for task in others) if is_deleted else (),
        step.before,
        {target: originals[target]} if is_deleted and target in originals else {},
    )


def _said(step: PlannedStep) -> tuple[str, ...]:
    """The names of what changes of the target, or the one word for what comes or goes."""
    if isinstance(step.edit, CreateTask):
        return ("created",)
    if isinstance(step.edit, DeleteTask):
        return ("deleted",)
    if isinstance(step.edit, RestoreTask):
        return ("restored",)
    was, task = step.before[step.target], step.after.get(step.target)
    return tuple(_changed(was, task)) if was is not None and task is not None else ()

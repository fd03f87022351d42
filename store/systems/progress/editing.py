"""Edits of one queue: planned on what its database holds, stored in one write transaction."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from store.files.sqlite_file import DatabaseGone, writing
from store.model.edits import BatchRefused, BatchResult, CreateTask, Edit, EditFailure
from store.model.errors import ColonytopError, EditRefused, ListGone
from store.model.graph import Tasks
from store.model.planning import Planned, plan_edits
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskListInfo
from store.systems.progress.places import database_of
from store.systems.progress.record import capabilities_of, task_of
from store.systems.progress.rows import Layout, Row, ids_of, layout_of, read_task
from store.systems.progress.writing import create, unfit, update


class _StoredTasks(Mapping[TaskId, Task]):
    """The tasks of a queue, each read when it is asked for, in the transaction that is open."""

    def __init__(self, connection: sqlite3.Connection, key: ListKey, layout: Layout) -> None:
        self._connection = connection
        self._key = key
        self._layout = layout
        self._read: dict[TaskId, Task | None] = {}
        self.rows: dict[TaskId, Row] = {}

    def __getitem__(self, task_id: TaskId) -> Task:
        if task_id not in self._read:
            self._read[task_id] = self.read(task_id)
        found = self._read[task_id]
        if found is None:
            raise KeyError(task_id)
        return found

    def read(self, task_id: TaskId) -> Task | None:
        """The task as it stands in the database at this moment."""
        found = read_task(self._connection, self._layout, task_id)
        if found is None:
            return None
        self.rows[task_id] = found[0]
        return task_of(self._key, *found, self._layout)

    def __iter__(self) -> Iterator[TaskId]:
        return map(TaskId, ids_of(self._connection))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def apply_all(
    key: ListKey,
    colony: Path,
    edits: Sequence[Edit],
    *,
    all_or_none: bool,
    timeout_s: float,
) -> BatchResult:
    """Make edits of one queue in one transaction; see `System.apply_all`.

    Args:
        key: the queue.
        colony: the colony's directory.
        edits: all of this queue.
        all_or_none: make none if one is refused.
        timeout_s: how long to wait for another writer.
    """
    try:
        with writing(database_of(colony), key.id, timeout_s=timeout_s) as connection:
            return _apply(connection, key, colony, edits, all_or_none)
    except DatabaseGone as error:
        raise ListGone(key.id, key.root) from error
    except sqlite3.IntegrityError as error:
        raise EditRefused(f"the database does not take it: {error}") from error


def _apply(
    connection: sqlite3.Connection,
    key: ListKey,
    colony: Path,
    edits: Sequence[Edit],
    all_or_none: bool,
) -> BatchResult:
    layout = layout_of(connection)
    if layout.refusal is not None:
        raise EditRefused(layout.refusal)
    tasks = _StoredTasks(connection, key, layout)
    info = TaskListInfo(key, str(database_of(colony)), capabilities=capabilities_of(layout))
    planned = _fitting(TaskList(info, tasks), tasks.rows, edits, all_or_none)
    for task_id, after in planned.written.items():
        before = planned.before[task_id]
        if after is None:
            raise EditRefused("a queue keeps its tasks")
        if before is None:
            create(connection, after)
        else:
            update(connection, tasks.rows[task_id], before, after)
    stored = {i: task for i in planned.written if (task := tasks.read(i)) is not None}
    if len(stored) < len(planned.written):
        raise EditRefused("a trigger of the database took the task away; nothing was changed")
    return planned.result_with(stored)


def _fitting(
    task_list: TaskList, rows: Mapping[TaskId, Row], edits: Sequence[Edit], all_or_none: bool
) -> Planned:
    """The plan of those edits for whose outcome a queue has a place."""
    odd: list[EditFailure] = []
    left = list(edits)
    while True:
        planned = plan_edits(
            task_list, left, all_or_none=all_or_none, new_id=_new_id, now=time.time()
        )
        found = next(_unfit_steps(planned, rows), None)
        if found is None:
            break
        odd.append(found)
        left = [edit for edit in left if edit is not found.edit]
    if odd and all_or_none:
        raise BatchRefused(odd, len(edits))
    return Planned(planned.written, planned.before, planned.steps, (*planned.failures, *odd))


def _unfit_steps(planned: Planned, rows: Mapping[TaskId, Row]) -> Iterator[EditFailure]:
    for step in planned.steps:
        after = step.after.get(step.target)
        error: ColonytopError | None = None
        if after is not None:
            error = unfit(rows.get(step.target), step.before[step.target], after)
        if error is not None:
            yield EditFailure(step.edit, error)


def _new_id(edit: CreateTask, tasks: Tasks) -> TaskId:
    return TaskId(str(uuid.uuid4()))

"""A draft: edits that are collected instead of written, and the lists as they would leave them.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from store.model.edits import BatchResult, CreateTask, Edit, EditBatch
from store.model.graph import id_order
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Task, TaskId


@dataclass(frozen=True, slots=True)
class Draft:
    """Edits in the order in which they were decided on. Each step is a new value."""

    edits: tuple[Edit, ...] = ()
    label: str = ""
    """What it is called; "" where nobody named it."""

    def added(self, edits: Iterable[Edit], label: str = "") -> Draft:
        """With more edits at its end."""
        return Draft((*self.edits, *edits), self.label or label)

    def without(self, place: int) -> Draft:
        """Without the edit at that place, from 0."""
        return replace(self, edits=self.edits[:place] + self.edits[place + 1 :])

    def batch(self) -> EditBatch:
        """All of it as one step: in each list all or none."""
        count = len(self.edits)
        label = self.label or f"draft of {count:,} edit{'' if count == 1 else 's'}"
        return EditBatch(self.edits, label, all_or_none=True)

    def unmade(self, result: BatchResult) -> Draft:
        """What is left of it after it was tried."""
        return replace(self, edits=tuple(failure.edit for failure in result.failures))


def drafted(snapshot: Snapshot, edits: Sequence[Edit]) -> Snapshot:
    """The snapshot as the edits would leave it, for deciding on more of them.

    A task that is still to be created has no id, so it is not shown.
    """
    by_list: dict[ListKey, list[Edit]] = {}
    for edit in edits:
        if edit.list in snapshot.lists and not isinstance(edit, CreateTask):
            by_list.setdefault(edit.list, []).append(edit)
    if not by_list:
        return snapshot
    changed = {key: _drafted_list(snapshot.lists[key], own) for key, own in by_list.items()}
    return replace(snapshot, lists={**snapshot.lists, **changed})


def _drafted_list(task_list: TaskList, edits: Iterable[Edit]) -> TaskList:
    from store.model.written import written_by  # not before the first paint

    tasks: dict[TaskId, Task] = dict(task_list.tasks)
    touched: set[TaskId] = set()
    is_in_order = True
    for edit in edits:
        for task_id, task in written_by(tasks, edit).items():
            touched.add(task_id)
            if task is None:
                tasks.pop(task_id, None)
            else:
                is_in_order = is_in_order and task_id in tasks
                tasks[task_id] = task
    if not is_in_order:  # one came back, at the end; lists are ordered by id
        tasks = {task_id: tasks[task_id] for task_id in sorted(tasks, key=id_order)}
    return task_list.with_tasks(tasks, frozenset(touched))

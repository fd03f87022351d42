"""The parts of a task, where its system has parts instead of edges. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from store.model.snapshot import TaskList
from store.model.task import Task, TaskId


class Children:
    """Who names whom as parent, worked out once for each state of a list."""

    def __init__(self) -> None:
        self._of: object = None
        self._found: dict[TaskId, list[TaskId]] = {}

    def of(self, task_list: TaskList, task: Task) -> Sequence[TaskId]:
        """The tasks whose parent is this one, in the order of the list."""
        if task_list.info.capabilities.rules.has_edges:
            return ()  # no system has both, and a list with edges may be long
        if self._of is not task_list.tasks:
            self._of, self._found = task_list.tasks, {}
            for one in task_list.tasks.values():
                if one.parent is not None:
                    self._found.setdefault(one.parent, []).append(one.id)
        return self._found.get(task.id, ())

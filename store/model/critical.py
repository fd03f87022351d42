"""The critical path of a list as a set that is quick to ask, kept from state to state."""

from __future__ import annotations

from store.model.graph import EMPTY_GRAPH, TaskGraph, critical_path
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskId


class CriticalPaths:
    """The critical path of each list, worked out when it is asked for and the edges moved."""

    def __init__(self) -> None:
        self._known: dict[ListKey, tuple[TaskGraph, frozenset[TaskId]]] = {}

    def of(self, task_list: TaskList) -> frozenset[TaskId]:
        """The open tasks that must be done one after another, the most there are in a row."""
        graph, path = self._known.get(task_list.key, (EMPTY_GRAPH, frozenset()))
        if graph is not task_list.graph:
            graph = task_list.graph
            path = frozenset(critical_path(graph, task_list.tasks))
            self._known[task_list.key] = (graph, path)
        return path

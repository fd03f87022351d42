"""What stuck tasks cost, for panes that ask again with every frame."""

from __future__ import annotations

from collections.abc import Mapping

from store.model.cost import Cost, HeldAgents, cost_of, held_agents
from store.model.rollup import Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey
from tui.view_state import Frame

_WALKED = 500  # held tasks whose owners are asked


class Costs:
    """Costs at a moment. Who waits on a task is kept while its list stays the same."""

    def __init__(self) -> None:
        self._known: dict[ListKey, tuple[TaskList, dict[TaskId, HeldAgents]]] = {}

    def of(
        self, key: TaskKey, frame: Frame, snapshot: Snapshot, loads: Mapping[str | None, Rollup]
    ) -> Cost:
        """What the task, or the id of a blocker that is not there, costs.

        Args:
            key: the task.
            frame: says the moment, and what is silent.
            snapshot: has the list.
            loads: every owner's counts over all lists.
        """
        task_list = snapshot.lists[key.list]
        kept = self._known.get(key.list)
        if kept is None or kept[0] is not task_list:
            kept = self._known[key.list] = (task_list, {})
        held = kept[1].get(key.id)
        if held is None:
            held = kept[1][key.id] = held_agents(task_list, key.id, _WALKED)
        return cost_of(task_list, key.id, loads, frame.now, frame.stale_after_s, held)

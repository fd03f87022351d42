"""The maps behind a graph while they are worked out, and their repair after a few tasks moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from store.model.analysis import (
    Edges,
    Tasks,
    all_edges,
    set_cycles,
    set_edges,
    set_waves,
    strong_components,
    unmet_of,
    waiting_groups,
    waiting_on,
    walk,
)
from store.model.holding import set_held, set_trees
from store.model.task import TaskId

Edge = tuple[TaskId, TaskId]
"""(blocker, the open task that waits on it)"""


@dataclass(slots=True)
class GraphMaps:
    """A graph's maps, open to change; see `TaskGraph` for what each says."""

    blockers: Edges = field(default_factory=dict)
    dependents: Edges = field(default_factory=dict)
    unmet: Edges = field(default_factory=dict)
    waves: dict[TaskId, int] = field(default_factory=dict)
    held: dict[TaskId, int] = field(default_factory=dict)
    cycle_of: Edges = field(default_factory=dict)

    def analyse(self, tasks: Tasks) -> None:
        """Fill empty maps from all tasks."""
        self.blockers, self.dependents = all_edges(tasks)
        for node, listed in self.blockers.items():
            if left := unmet_of(tasks, node, listed):
                self.unmet[node] = left
        everyone = waiting_on(self.unmet)
        settled = set_trees(tasks, everyone, self.unmet, self.waves, self.held)
        for waiting in waiting_groups(everyone, self.unmet, settled):
            components = strong_components(waiting)
            set_cycles(components, waiting, self.unmet, self.cycle_of)
            set_waves(tasks, components, self.unmet, self.cycle_of, self.waves)
            set_held(components, waiting, self.held)

    def patch(self, old: Tasks, tasks: Tasks, moved: Sequence[TaskId]) -> set[TaskId]:
        """Repair the maps after `moved` changed; returns every id whose facts may differ now."""
        judged = self._around(moved)
        set_edges(tasks, moved, self.blockers, self.dependents)
        judged.update(self._around(moved))
        was = self._set_unmet(tasks, judged)
        lost, gained = self._edge_changes(was)
        came_or_went = [i for i in moved if (i in old) != (i in tasks)]
        below = {task for _, task in (*lost, *gained)}
        below.update(d for i in came_or_went for d in self._waiting(i))
        ends = {node for edge in lost for node in edge}
        is_simple = not (gained or came_or_went or ends & self.cycle_of.keys())
        if is_simple and all(self.waves.get(task, 1) for task in below):
            reached = self._lower_waves(tasks, below)
            above = walk({blocker for blocker, _ in lost}, self._above(was))
            self._count_held(above)
            return {*judged, *reached, *above}
        down = walk(below, self._below(was))
        up = walk({blocker for blocker, _ in (*lost, *gained)}, self._above(was))
        self._repair(tasks, down, up)
        return {*judged, *down, *up}

    def _around(self, moved: Iterable[TaskId]) -> set[TaskId]:
        """The moved tasks and those that list them."""
        return {n for i in moved for n in (i, *self.dependents.get(i, ()))}

    def _set_unmet(self, tasks: Tasks, judged: Iterable[TaskId]) -> Edges:
        """Judge the tasks' blockers again; returns what changed, as it was."""
        was: Edges = {}
        for node in judged:
            before = self.unmet.pop(node, ())
            after = unmet_of(tasks, node, self.blockers.get(node, ()))
            if after:
                self.unmet[node] = after
            if before != after:
                was[node] = before
        return was

    def _edge_changes(self, was: Edges) -> tuple[list[Edge], list[Edge]]:
        lost: list[Edge] = []
        gained: list[Edge] = []
        for node, before in was.items():
            after = self.unmet.get(node, ())
            lost.extend((blocker, node) for blocker in before if blocker not in after)
            gained.extend((blocker, node) for blocker in after if blocker not in before)
        return lost, gained

    def _waiting(self, node: TaskId) -> list[TaskId]:
        """Open tasks that wait on the node directly."""
        return [i for i in self.dependents.get(node, ()) if node in self.unmet.get(i, ())]

    def _above(self, was: Edges) -> Callable[[TaskId], Iterable[TaskId]]:
        """What a task waits on or waited on before."""
        return lambda node: (*self.unmet.get(node, ()), *was.get(node, ()))

    def _below(self, was: Edges) -> Callable[[TaskId], Iterable[TaskId]]:
        """What waits on a task or waited on it before."""
        waited: dict[TaskId, list[TaskId]] = {}
        for node, before in was.items():
            for blocker in before:
                waited.setdefault(blocker, []).append(node)
        return lambda node: (*self._waiting(node), *waited.get(node, ()))

    def _lower_waves(self, tasks: Tasks, below: Iterable[TaskId]) -> list[TaskId]:
        """Waves after edges went and none came: in the order of the old waves, which still holds,
        and no further than they change.
        """
        queue = [(self.waves.get(node, 1), node) for node in below]
        heapify(queue)
        queued = set(below)
        changed = []
        while queue:
            before, node = heappop(queue)
            above = [self.waves.get(i, 1) for i in self.unmet.get(node, ()) if i in tasks]
            wave = 0 if 0 in above else 1 + max(above, default=0)
            if wave == before:
                continue
            changed.append(node)
            if wave == 1:
                self.waves.pop(node, None)
            else:
                self.waves[node] = wave
            for waiting in self._waiting(node):
                if waiting not in queued:
                    queued.add(waiting)
                    heappush(queue, (self.waves.get(waiting, 1), waiting))
        return changed

    def _repair(self, tasks: Tasks, down: Sequence[TaskId], up: Sequence[TaskId]) -> None:
        """Cycles, waves of `down` and holds of `up` after any change.

        A cycle that came or went lies in both; one that did not is whole in each it touches.
        """
        nodes = dict.fromkeys((*down, *up))
        for node in nodes:
            self.cycle_of.pop(node, None)
        edges = {node: tuple(i for i in self._waiting(node) if i in nodes) for node in nodes}
        components = strong_components(edges)
        set_cycles(components, edges, self.unmet, self.cycle_of)
        lower = set(down)
        for node in down:
            self.waves.pop(node, None)
        changed = [component for component in components if component[0] in lower]
        set_waves(tasks, changed, self.unmet, self.cycle_of, self.waves)
        self._count_held(up)

    def _count_held(self, above: Iterable[TaskId]) -> None:
        """Count for each node what waits on it, in one pass downwards with a bit for each."""
        masks: dict[TaskId, int] = {}
        for node in above:
            self.held.pop(node, None)
            if any(node in self.unmet.get(i, ()) for i in self.dependents.get(node, ())):
                masks[node] = 1 << len(masks)
        if not masks:
            return
        counted = list(masks)
        edges = {node: tuple(self._waiting(node)) for node in walk(masks, self._waiting)}
        tally: Counter[int] = Counter()
        for component in reversed(strong_components(edges)):
            mask = 0
            for node in component:
                mask |= masks.get(node, 0)
            tally[mask] += len(component)
            for node in component:
                for waiting in edges[node]:
                    masks[waiting] = masks.get(waiting, 0) | mask
        for place, node in enumerate(counted):
            below = sum(number for mask, number in tally.items() if mask >> place & 1)
            if below > 1:
                self.held[node] = below - 1  # itself left out

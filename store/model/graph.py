"""The dependency graph of one list: waves, holds, roots, cycles. Iterative, never recursive.

The gating side of an edge is `blocked_by`: that is what the agents' own store checks when it
grants a claim, and the side that every safe writer sets first and removes last.

A change re-analyses only what it reaches, so an edit in a list of 100,000 tasks costs the size
of its neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from store.model.analysis import Tasks, find_path, id_order, is_met, walk
from store.model.lineage import Lineage
from store.model.regraph import GraphMaps
from store.model.task import Task, TaskId

__all__ = [
    "EMPTY_GRAPH",
    "TaskGraph",
    "Tasks",
    "build",
    "critical_path",
    "find_path",
    "id_order",
    "is_met",
    "update",
]

_MANY = 500  # moved tasks; for more the whole list is analysed again


@dataclass(frozen=True, slots=True, eq=False)
class TaskGraph:
    """What follows from the edges of one list. Tasks without edges are in none of the maps."""

    blockers: Mapping[TaskId, tuple[TaskId, ...]] = field(default_factory=dict)
    """task → what it lists as blockers, without repeats, met or not."""
    dependents: Mapping[TaskId, tuple[TaskId, ...]] = field(default_factory=dict)
    """blocker (even a missing one) → tasks that list it."""
    unmet: Mapping[TaskId, tuple[TaskId, ...]] = field(default_factory=dict)
    """open task → the blockers that still keep it from starting."""
    waves: Mapping[TaskId, int] = field(default_factory=dict)
    """open task → topological level; 0 when a cycle keeps it from ever starting."""
    held: Mapping[TaskId, int] = field(default_factory=dict)
    """blocker (even a missing one) → how many other open tasks wait on it, transitively."""
    cycle_of: Mapping[TaskId, tuple[TaskId, ...]] = field(default_factory=dict)
    """member → the members of its cycle, in edge order; one shared tuple per cycle."""
    lineage: Lineage = field(default_factory=Lineage)
    """What led here from earlier graphs of the list: ids whose facts may have changed."""

    def wave(self, task_id: TaskId) -> int:
        return self.waves.get(task_id, 1)

    def holds(self, task_id: TaskId) -> int:
        return self.held.get(task_id, 0)

    def cycles(self) -> list[tuple[TaskId, ...]]:
        """Each cycle once."""
        return list(dict.fromkeys(self.cycle_of.values()))

    def roots(self) -> list[TaskId]:
        """Ids that hold open tasks while nothing unmet holds them, most held first.

        Among them are missing ids, unreadable tasks and one member of each closed cycle.
        """
        found = [i for i in self.held if not self.unmet.get(i) and i not in self.cycle_of]
        for cycle in self.cycles():
            inside = set(cycle)
            if all(b in inside for member in cycle for b in self.unmet.get(member, ())):
                found.append(cycle[0])
        return sorted(found, key=lambda i: (-self.holds(i), id_order(i)))

    def roots_of(self, task_id: TaskId) -> list[TaskId]:
        """The root blockers that this task waits on, transitively."""
        roots = set(self.roots())
        return [i for i in self.ancestors(task_id) if i in roots]

    def ancestors(self, task_id: TaskId) -> list[TaskId]:
        """Everything unmet above the task, nearest first."""
        return walk([task_id], lambda i: self.unmet.get(i, ()))[1:]

    def freed_by(self, task_id: TaskId) -> list[TaskId]:
        """Open tasks whose only unmet blocker is this one."""
        waiting = self.dependents.get(task_id, ())
        return [i for i in waiting if self.unmet.get(i) == (task_id,)]


EMPTY_GRAPH = TaskGraph()


def critical_path(graph: TaskGraph, tasks: Tasks | None = None) -> list[TaskId]:
    """The longest chain of open tasks that must be done one after another, first to last.

    Args:
        graph: of the list.
        tasks: of the same list, so that blockers which nobody can finish are left out.
    """
    deepest = max(graph.waves.values(), default=0)
    if deepest < 2:  # nothing waits on anything that can be done
        return []
    ends = (i for i, wave in graph.waves.items() if wave == deepest)
    chain = [min(ends, key=id_order)]
    while above := graph.unmet.get(chain[-1], ()):
        if tasks is not None:
            above = tuple(i for i in above if i in tasks and not tasks[i].is_closed)
        if not above:
            break
        chain.append(max(above, key=lambda i: (graph.wave(i), graph.holds(i))))
    return chain[::-1]


def build(tasks: Tasks) -> TaskGraph:
    """The graph of a whole list."""
    edges = GraphMaps()
    edges.analyse(tasks)
    return _graph(edges, Lineage())


def update(graph: TaskGraph, old: Tasks, new: Tasks, touched: Iterable[TaskId]) -> TaskGraph:
    """The graph after the touched ids changed; the same object when no edge or end moved."""
    moved = [i for i in touched if _bearing(old.get(i)) != _bearing(new.get(i))]
    if not moved:
        return graph
    if len(moved) > _MANY:
        return build(new)
    maps = GraphMaps(
        dict(graph.blockers),
        dict(graph.dependents),
        dict(graph.unmet),
        dict(graph.waves),
        dict(graph.held),
        dict(graph.cycle_of),
    )
    reached = maps.patch(old, new, moved)
    return _graph(maps, graph.lineage.then(reached))


def _graph(maps: GraphMaps, lineage: Lineage) -> TaskGraph:
    edges = (maps.blockers, maps.dependents, maps.unmet)
    return TaskGraph(*edges, maps.waves, maps.held, maps.cycle_of, lineage)


def _bearing(task: Task | None) -> tuple[object, ...] | None:
    """The part of a task on which other tasks' state depends."""
    if task is None:
        return None
    readable = task.is_readable
    return (task.blocked_by, readable, task.status.is_closed, task.status.frees_dependents)

"""The dependency graph of one list: waves, holds, roots, cycles. Iterative, never recursive.

The gating side of an edge is `blocked_by`: that is what the agents' own store checks when it
grants a claim, and the side that every safe writer sets first and removes last.

A change re-analyses only the weakly connected region that it touches, so one edit in a list of
100,000 tasks costs the size of its neighbourhood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from store.model.task import Task, TaskId

_LONGEST_NUMBER = 640  # digits; int() refuses more than sys.int_info.str_digits_check_threshold
_REMEMBERED_STEPS = 64
_REMEMBERED_IDS = 20_000  # beyond, a reader looks at the whole list again
_CHUNK = 4096  # reachability is computed for so many targets at once, to bound its memory

Tasks = Mapping[TaskId, Task]
Edges = dict[TaskId, tuple[TaskId, ...]]


class _Step(NamedTuple):
    """One update: the token of the graph before it and the ids whose facts it may have changed."""

    before: object
    touched: tuple[TaskId, ...]


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
    steps: tuple[_Step, ...] = ()
    """How it came from earlier graphs, oldest first; see `touched_since`."""
    token: object = field(default_factory=object)
    """This graph's identity in the steps of later ones, which must not keep it alive."""

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
        return _walk([task_id], lambda i: self.unmet.get(i, ()))[1:]

    def touched_since(self, older: TaskGraph) -> set[TaskId] | None:
        """The ids whose facts may differ from an older graph of the same list.

        None when that is not known: not an ancestor, too long ago, or too much has changed.
        """
        if older is self:
            return set()
        touched: set[TaskId] = set()
        for step in reversed(self.steps):
            touched.update(step.touched)
            if step.before is older.token:
                return touched
        return None

    def freed_by(self, task_id: TaskId) -> list[TaskId]:
        """Open tasks whose only unmet blocker is this one."""
        waiting = self.dependents.get(task_id, ())
        return [i for i in waiting if self.unmet.get(i) == (task_id,)]


EMPTY_GRAPH = TaskGraph()


def id_order(task_id: str) -> tuple[int, int, str]:
    """Sort key: decimal ids by number, before all others."""
    if task_id.isdecimal() and len(task_id) <= _LONGEST_NUMBER:
        return (0, int(task_id), task_id)
    return (1, 0, task_id)


def build(tasks: Tasks) -> TaskGraph:
    """The graph of a whole list."""
    with_edges = [i for i, task in tasks.items() if task.blocked_by]
    return _analyse(EMPTY_GRAPH, tasks, with_edges)


def update(graph: TaskGraph, old: Tasks, new: Tasks, touched: Iterable[TaskId]) -> TaskGraph:
    """The graph after the touched ids changed; the same object when no edge or end moved."""
    moved = [i for i in touched if _bearing(old.get(i)) != _bearing(new.get(i))]
    return _analyse(graph, new, moved) if moved else graph


def find_path(
    edges: Mapping[TaskId, Sequence[TaskId]], start: TaskId, goal: TaskId
) -> list[TaskId] | None:
    """The shortest path along the edges from start to goal, both included."""
    came: dict[TaskId, TaskId | None] = {start: None}
    queue = [start]
    for node in queue:
        if node == goal:
            path = [node]
            while (before := came[path[-1]]) is not None:
                path.append(before)
            return path[::-1]
        for following in edges.get(node, ()):
            if following not in came:
                came[following] = node
                queue.append(following)
    return None


def critical_path(graph: TaskGraph) -> list[TaskId]:
    """The longest chain of open tasks that must be done one after another, first to last."""
    if not graph.unmet:
        return []
    last = max(graph.unmet, key=lambda i: (graph.wave(i), graph.holds(i)))
    if graph.wave(last) == 0:
        return []
    chain = [last]
    while above := graph.unmet.get(chain[-1], ()):
        chain.append(max(above, key=lambda i: (graph.wave(i), graph.holds(i))))
    return chain[::-1]


def _bearing(task: Task | None) -> tuple[object, ...] | None:
    """The part of a task on which other tasks' state depends."""
    if task is None:
        return None
    readable = task.is_readable
    return (task.blocked_by, readable, task.status.is_closed, task.status.frees_dependents)


def _walk(start: Iterable[TaskId], follow: Callable[[TaskId], Iterable[TaskId]]) -> list[TaskId]:
    """Everything reachable, each once, breadth first."""
    queue = list(dict.fromkeys(start))
    seen = set(queue)
    for node in queue:
        for following in follow(node):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return queue


def _analyse(graph: TaskGraph, tasks: Tasks, moved: Sequence[TaskId]) -> TaskGraph:
    blockers: Edges = dict(graph.blockers)
    dependents: Edges = dict(graph.dependents)
    before = _region(moved, blockers, dependents) if graph.blockers else []
    _set_edges(tasks, moved, blockers, dependents)
    region = list(dict.fromkeys([*before, *_region(moved, blockers, dependents)]))
    unmet = dict(graph.unmet)
    waves = dict(graph.waves)
    held = dict(graph.held)
    cycle_of = dict(graph.cycle_of)
    for node in region:
        for facts in (unmet, waves, held, cycle_of):
            facts.pop(node, None)
    for node in region:
        left = _unmet(tasks, node, blockers.get(node, ()))
        if left:
            unmet[node] = left
    for waiting in _waiting_groups(region, unmet):
        components = _strong_components(waiting)
        _set_cycles(components, waiting, unmet, cycle_of)
        _set_waves(tasks, components, unmet, cycle_of, waves)
        _set_held(components, waiting, held)
    steps = _recent((*graph.steps, _Step(graph.token, tuple(region))))
    return TaskGraph(blockers, dependents, unmet, waves, held, cycle_of, steps)


def _recent(steps: tuple[_Step, ...]) -> tuple[_Step, ...]:
    """The newest steps that are worth remembering."""
    room = _REMEMBERED_IDS
    for count, step in enumerate(reversed(steps)):
        room -= len(step.touched)
        if room < 0 or count == _REMEMBERED_STEPS:
            return steps[len(steps) - count :]
    return steps


def _region(start: Iterable[TaskId], blockers: Edges, dependents: Edges) -> list[TaskId]:
    return _walk(start, lambda i: (*blockers.get(i, ()), *dependents.get(i, ())))


def _set_edges(tasks: Tasks, moved: Iterable[TaskId], blockers: Edges, dependents: Edges) -> None:
    """Write the moved tasks' edges into both maps."""
    removed: dict[TaskId, set[TaskId]] = {}
    added: dict[TaskId, dict[TaskId, None]] = {}
    for node in moved:
        task = tasks.get(node)
        now = tuple(dict.fromkeys(task.blocked_by)) if task else ()
        was = blockers.pop(node, ())
        if now:
            blockers[node] = now
        for blocker in was:
            removed.setdefault(blocker, set()).add(node)
        for blocker in now:
            added.setdefault(blocker, {})[node] = None
    for blocker in removed.keys() | added.keys():
        gone = removed.get(blocker, set())
        kept = {i: None for i in dependents.get(blocker, ()) if i not in gone}
        kept.update(added.get(blocker, {}))
        if kept:
            dependents[blocker] = tuple(sorted(kept, key=id_order))
        else:
            dependents.pop(blocker, None)


def _unmet(tasks: Tasks, node: TaskId, listed: Sequence[TaskId]) -> tuple[TaskId, ...]:
    task = tasks.get(node)
    if task is None or task.is_closed or not listed:
        return ()
    return tuple(i for i in listed if not is_met(tasks.get(i)))


def is_met(blocker: Task | None) -> bool:
    """Whether a blocker lets its dependents start: it is there, readable and completed."""
    return blocker is not None and blocker.status.frees_dependents and blocker.is_readable


def _waiting_groups(region: Sequence[TaskId], unmet: Edges) -> Iterator[Edges]:
    """blocker → the open tasks that wait on it, one map per weakly connected group.

    Every end of an edge is a key. Small groups keep the bit sets of `_set_held` small.
    """
    waiting: dict[TaskId, list[TaskId]] = {}
    for node in region:
        for blocker in unmet.get(node, ()):
            waiting.setdefault(blocker, []).append(node)
            waiting.setdefault(node, [])
    seen: set[TaskId] = set()
    for start in waiting:
        if start not in seen:
            group = _walk([start], lambda i: (*waiting[i], *unmet.get(i, ())))
            seen.update(group)
            yield {i: tuple(waiting[i]) for i in group}


def _strong_components(edges: Edges) -> list[list[TaskId]]:
    """Tarjan's algorithm with an explicit stack; a component comes after all it leads to."""
    index: dict[TaskId, int] = {}
    low: dict[TaskId, int] = {}
    stack: list[TaskId] = []
    on_stack: set[TaskId] = set()
    components: list[list[TaskId]] = []
    for start in edges:
        if start in index:
            continue
        work = [(start, iter(edges[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, following = work[-1]
            for child in following:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    on_stack.add(child)
                    work.append((child, iter(edges[child])))
                    break
                if child in on_stack:
                    low[node] = min(low[node], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    components.append(_pop_component(stack, on_stack, node))
    return components


def _pop_component(stack: list[TaskId], on_stack: set[TaskId], node: TaskId) -> list[TaskId]:
    found: list[TaskId] = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        found.append(member)
        if member == node:
            return found


def _set_cycles(
    components: list[list[TaskId]], waiting: Edges, unmet: Edges, cycle_of: Edges
) -> None:
    for component in components:
        if len(component) == 1 and component[0] not in waiting[component[0]]:
            continue
        members = _cycle_order(component, unmet)
        for member in component:
            cycle_of[member] = members


def _cycle_order(component: list[TaskId], unmet: Edges) -> tuple[TaskId, ...]:
    """One cycle through the component from its lowest id, then the members it does not pass."""
    inside = set(component)
    start = min(component, key=id_order)
    edges = {i: [b for b in unmet.get(i, ()) if b in inside] for i in component}
    shortest: list[TaskId] = []
    for following in edges[start]:
        path = find_path(edges, following, start)
        if path and (not shortest or len(path) < len(shortest)):
            shortest = path
    ring = [start, *shortest[:-1]]
    return (*ring, *sorted(inside - set(ring), key=id_order))


def _set_waves(
    tasks: Tasks,
    components: list[list[TaskId]],
    unmet: Edges,
    cycle_of: Edges,
    waves: dict[TaskId, int],
) -> None:
    for component in reversed(components):
        for node in component:
            if node in cycle_of:
                waves[node] = 0
                continue
            above = [waves.get(i, 1) for i in unmet.get(node, ()) if i in tasks]
            wave = 0 if 0 in above else 1 + max(above, default=0)
            if wave != 1:
                waves[node] = wave


def _set_held(components: list[list[TaskId]], waiting: Edges, held: dict[TaskId, int]) -> None:
    """Count what waits on each node beside itself, in bit sets over a slice of targets a time."""
    for first in range(0, len(components), _CHUNK):
        reach: dict[TaskId, int] = {}
        many = _multiple(components, first)
        for place, component in enumerate(components):
            below = _reached(component, waiting, reach)
            own = 1 << (place - first) if first <= place < first + _CHUNK else 0
            for node in component:
                reach[node] = below | own
            _count(components, component, below, many, first, held)
    for component in components:
        for node in component:
            held[node] += len(component) - 1
            if not held[node]:
                del held[node]


def _reached(component: list[TaskId], waiting: Edges, reach: Mapping[TaskId, int]) -> int:
    """The bits of everything below a component, itself left out."""
    below = 0
    inside = set(component)
    for node in component:
        for following in waiting[node]:
            if following not in inside:
                below |= reach[following]
    return below


def _count(
    components: list[list[TaskId]],
    component: list[TaskId],
    below: int,
    many: int,
    first: int,
    held: dict[TaskId, int],
) -> None:
    """Add the tasks of the components whose bits are set; most components are one task."""
    total = below.bit_count()
    rest = below & many
    while rest:
        low = rest & -rest
        total += len(components[first + low.bit_length() - 1]) - 1
        rest ^= low
    for node in component:
        held[node] = held.get(node, 0) + total


def _multiple(components: list[list[TaskId]], first: int) -> int:
    mask = 0
    for place in range(first, min(first + _CHUNK, len(components))):
        if len(components[place]) > 1:
            mask |= 1 << (place - first)
    return mask

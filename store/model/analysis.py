"""The analysis of edges: waves, holds, cycles, over plain maps. Iterative, never recursive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from store.model.task import Task, TaskId

_LONGEST_NUMBER = 640  # digits; int() refuses more than sys.int_info.str_digits_check_threshold

Tasks = Mapping[TaskId, Task]
Edges = dict[TaskId, tuple[TaskId, ...]]


def is_number(task_id: str) -> bool:
    """The id is a decimal number that can be read as one."""
    return task_id.isdecimal() and len(task_id) <= _LONGEST_NUMBER


def id_order(task_id: str) -> tuple[int, int, str]:
    """Sort key: decimal ids by number, before all others."""
    if is_number(task_id):
        return (0, int(task_id), task_id)
    return (1, 0, task_id)


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


def walk(start: Iterable[TaskId], follow: Callable[[TaskId], Iterable[TaskId]]) -> list[TaskId]:
    """Everything reachable, each once, breadth first."""
    queue = list(dict.fromkeys(start))
    seen = set(queue)
    for node in queue:
        for following in follow(node):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return queue


def set_edges(tasks: Tasks, moved: Iterable[TaskId], blockers: Edges, dependents: Edges) -> None:
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


def all_edges(tasks: Tasks) -> tuple[Edges, Edges]:
    """Both maps of a whole list: blockers and dependents."""
    blockers: Edges = {}
    waiting: dict[TaskId, list[TaskId]] = {}
    for node, task in tasks.items():
        if listed := task.blocked_by:
            if len(listed) > 1:
                listed = tuple(dict.fromkeys(listed))
            blockers[node] = listed
            for blocker in listed:
                waiting.setdefault(blocker, []).append(node)
    dependents: Edges = {
        i: tuple(found) if len(found) == 1 else tuple(sorted(found, key=id_order))
        for i, found in waiting.items()
    }
    return blockers, dependents


def unmet_of(tasks: Tasks, node: TaskId, listed: Sequence[TaskId]) -> tuple[TaskId, ...]:
    task = tasks.get(node)
    if task is None or task.is_closed or not listed:
        return ()
    return tuple(i for i in listed if not is_met(tasks.get(i)))


def is_met(blocker: Task | None) -> bool:
    """Whether a blocker lets its dependents start: it is there, readable and completed."""
    return blocker is not None and blocker.status.frees_dependents and blocker.is_readable


def waiting_on(unmet: Edges) -> dict[TaskId, list[TaskId]]:
    """blocker → the open tasks that wait on it. Every end of an edge is a key."""
    waiting: dict[TaskId, list[TaskId]] = {}
    for node, blockers in unmet.items():
        for blocker in blockers:
            waiting.setdefault(blocker, []).append(node)
        waiting.setdefault(node, [])
    return waiting


def waiting_groups(
    waiting: Mapping[TaskId, Sequence[TaskId]], unmet: Edges, settled: set[TaskId]
) -> Iterator[Edges]:
    """The same map in one part per weakly connected group, without those that are settled.

    Small groups keep the bit sets of `holding.set_held` small.
    """
    seen = set(settled)
    for start in waiting:
        if start not in seen:
            group = walk([start], lambda i: (*waiting[i], *unmet.get(i, ())))
            seen.update(group)
            yield {i: tuple(waiting[i]) for i in group}


def strong_components(edges: Edges) -> list[list[TaskId]]:
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


def set_cycles(
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


def set_waves(
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

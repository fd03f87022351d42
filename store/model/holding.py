"""How many tasks wait on each, transitively: by adding up in trees, else by bit sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from store.model.analysis import Edges, Tasks
from store.model.task import TaskId

_CHUNK = 4096  # reachability is computed for so many targets at once, to bound its memory


def set_trees(
    tasks: Tasks,
    waiting: Mapping[TaskId, Sequence[TaskId]],
    unmet: Edges,
    waves: dict[TaskId, int],
    held: dict[TaskId, int],
) -> set[TaskId]:
    """Waves and holds of the groups in which no task waits on two: most are so, and easily
    counted. Returns the ends of their edges.
    """
    settled: set[TaskId] = set()
    for root in waiting:
        order = None if root in unmet else _tree(root, waiting, unmet)
        if order is None:
            continue
        below = dict.fromkeys(order, 0)
        for node in order[:0:-1]:
            below[unmet[node][0]] += below[node] + 1
        held.update((node, count) for node, count in below.items() if count)
        for node in order[1:]:
            above = unmet[node][0]
            if above in tasks:
                waves[node] = waves.get(above, 1) + 1
        settled.update(order)
    return settled


def _tree(
    root: TaskId, waiting: Mapping[TaskId, Sequence[TaskId]], unmet: Edges
) -> list[TaskId] | None:
    """All that waits on a root, blockers first; None if some of it waits on something else too."""
    order = [root]
    for node in order:
        for following in waiting[node]:
            if len(unmet[following]) > 1:
                return None
            order.append(following)
    return order


def set_held(components: list[list[TaskId]], waiting: Edges, held: dict[TaskId, int]) -> None:
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

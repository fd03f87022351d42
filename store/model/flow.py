"""Minimum cuts in small networks, by Dinic's algorithm. Iterative, never recursive."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TypeVar

N = TypeVar("N")

UNBOUNDED = 1 << 60
"""The capacity of an arc that is never cut."""


def source_side(arcs: Iterable[tuple[N, N, int]], source: N, sink: N) -> set[N]:
    """The nodes on the source's side of a minimum cut: those that the cut leaves reachable.

    Args:
        arcs: (from, to, capacity); several between the same nodes add up.
        source: where the flow comes from.
        sink: where it goes. Every way to it has to have a bounded arc.
    """
    left: dict[N, dict[N, int]] = {source: {}, sink: {}}
    for start, end, capacity in arcs:
        if start != end:
            forth = left.setdefault(start, {})
            forth[end] = forth.get(end, 0) + capacity
            left.setdefault(end, {}).setdefault(start, 0)
    while sink in (levels := _levels(left, source)):
        _push_all(left, levels, source, sink)
    return set(levels)


def _levels(left: dict[N, dict[N, int]], source: N) -> dict[N, int]:
    """Distance from the source of all that can still be reached."""
    levels = {source: 0}
    queue = [source]
    for node in queue:
        for following, capacity in left[node].items():
            if capacity > 0 and following not in levels:
                levels[following] = levels[node] + 1
                queue.append(following)
    return levels


def _push_all(left: dict[N, dict[N, int]], levels: dict[N, int], source: N, sink: N) -> None:
    """Push along shortest ways until each has a full arc."""
    ways = {node: iter(list(left[node])) for node in levels}
    path = [source]
    while path:
        node = path[-1]
        if node == sink:
            steps = list(itertools.pairwise(path))
            amount = min(left[start][end] for start, end in steps)
            for start, end in steps:
                left[start][end] -= amount
                left[end][start] += amount
            full = next(place for place, (a, b) in enumerate(steps) if left[a][b] == 0)
            for dropped in path[full + 1 :]:  # what they led to may still have room
                ways[dropped] = iter(list(left[dropped]))
            del path[full + 1 :]
            continue
        below = levels[node] + 1
        for following in ways[node]:
            if left[node][following] > 0 and levels.get(following) == below:
                path.append(following)
                break
        else:
            levels[node] = -1  # nothing more gets through here
            path.pop()

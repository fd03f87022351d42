"""Putting back what a change took out: each at its old place among what stands there now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from store.model.edits import Standing
from store.model.task import Task

T = TypeVar("T")


def standing_of(task: Task) -> Standing:
    """How a record stands: the order of its edges and of its metadata."""
    return Standing(task.id, task.blocks, task.blocked_by, tuple(map(str, task.metadata)))


def put_back(now: Iterable[T], then: Sequence[T], touched: Collection[T]) -> list[T]:
    """`now` with each touched value as it stood `then`: at its place, or not at all.

    Its place is after the nearest of those that stood before it, else before the nearest of those
    that stood after it, else the end. Values that are not touched stay as they are.
    """
    placed = [value for value in now if value not in touched]
    for place, value in enumerate(then):
        if value in touched:
            placed.insert(_place(placed, then, place), value)
    return placed


def _place(placed: Sequence[T], then: Sequence[T], place: int) -> int:
    for earlier in reversed(then[:place]):
        if earlier in placed:
            return len(placed) - placed[::-1].index(earlier)
    for later in then[place + 1 :]:
        if later in placed:
            return placed.index(later)
    return len(placed)


def in_old_order(
    now: Mapping[str, Any], then: Sequence[str], touched: Iterable[str]
) -> dict[str, Any]:
    """The same values, the touched keys at their old places."""
    known = set(then)
    moved = {key for key in touched if key in now and key in known}
    there = [key for key in then if key in now]
    return {key: now[key] for key in put_back(now, there, moved)} if moved else dict(now)

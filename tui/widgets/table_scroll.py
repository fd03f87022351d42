"""Where the table scrolls to, so that what a person looks at stays where it is. Pure."""

from __future__ import annotations

from typing import NamedTuple

from store.model.task import TaskKey
from tui.projection import Projection


class Sight(NamedTuple):
    """The rows that are seen: the first of them, and how many."""

    top: int
    page: int


def top_keeping(
    old: Projection, new: Projection, sight: Sight, old_row: int | None, cursor: TaskKey
) -> int | None:
    """The first row to show so that the cursor's task keeps its line of the screen.

    A cursor out of sight leaves the task on the first line where it is. None: stay.

    Args:
        old_row: the cursor's row in `old`; None where it had none.
        cursor: the task under the cursor in `new`.
    """
    top, page = sight
    row = new.row_of(cursor)
    if row is None:
        return None
    if old_row is not None and top <= old_row < top + page:
        wanted = top + row - old_row if top else 0
        return wanted if wanted <= row < wanted + page else row - page + 1
    if top and (anchor := old.nearest(top)) is not None:
        was, now = old.row_of(anchor), new.row_of(anchor)
        if was is not None and now is not None:
            return top + now - was
    return None


def top_showing(projection: Projection, sight: Sight, row: int) -> int | None:
    """The first row to show so that a row is seen, with the heading over it. None: it is."""
    first = row - 1 if projection.group_at(row - 1) else row
    if first < sight.top:
        return first
    return row - sight.page + 1 if row >= sight.top + sight.page else None

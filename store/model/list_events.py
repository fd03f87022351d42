"""What the systems of lists have recorded since an earlier snapshot. Pure."""

from __future__ import annotations

from typing import NamedTuple

from store.model.execution import ListEvent
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, TaskId, TaskKey


class Recorded(NamedTuple):
    """One event of one list."""

    list: ListKey
    event: ListEvent

    @property
    def task(self) -> TaskKey | None:
        """The task that it names, whether or not that is still there."""
        return TaskKey(self.list, TaskId(self.event.task)) if self.event.task else None


def recorded_since(old: Snapshot, new: Snapshot, most: int) -> list[Recorded]:
    """The events that are new, oldest first, the last `most` of them. Costs what changed."""
    if old.lists is new.lists:
        return []
    found: list[Recorded] = []
    for key, after in new.lists.items():
        before = old.lists.get(key)
        if before is after or not after.events:
            continue
        found.extend(Recorded(key, event) for event in _fresh(before, after)[-most:])
    found.sort(key=lambda one: one.event.at)
    return found[-most:]


def _fresh(before: TaskList | None, after: TaskList) -> tuple[ListEvent, ...]:
    """Those after the newest one that was known; all where that is no longer kept."""
    known = before.events if before is not None else ()
    if known is after.events:
        return ()
    if not known:
        return after.events
    for place in range(len(after.events), 0, -1):
        if after.events[place - 1] == known[-1]:
            return after.events[place:]
    return after.events

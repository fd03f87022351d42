"""The queue of what needs the operator: every task and list that only a person gets moving again.

What holds most comes first, then the more pressing kind, then what has waited longest. A need does
not depend on the clock but for the moment when silence becomes too long, so the queue is kept in
order from state to state: a change costs what it touches, and a tick what has just gone silent.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from store.model.attention import (
    Need,
    NeedKind,
    Thresholds,
    need,
)
from store.model.list_needs import FEW, ListNeeds, NeedName, Place, place_at
from store.model.receipts import Receipt, unseen
from store.model.rollup import ListRollup, Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, ProblemKind, TaskId, TaskKey

Rollups = Mapping[ListKey, tuple[TaskList, ListRollup]]


@dataclass(frozen=True, slots=True, eq=False)
class NeedQueue:
    """The needs in order, at one moment. Their texts are made when they are asked for."""

    places: Sequence[Place] = ()
    snapshot: Snapshot = field(default_factory=Snapshot)
    now: float = 0.0
    thresholds: Thresholds = field(default_factory=Thresholds)
    counts: Mapping[ListKey, int] = field(default_factory=dict)
    """Needs by list, of every list; one without any is not there."""
    _others: Mapping[NeedName, Need] = field(default_factory=dict)
    """The needs that are not a task's own state."""

    def __len__(self) -> int:
        return len(self.places)

    def need(self, place: Place) -> Need:
        """What the place says now."""
        if (other := self._others.get(place.name)) is not None:
            return other
        task_list = self.snapshot.lists[place.key.list]
        task = task_list.tasks[place.key.id]
        found = need(task_list, task, self.now, self.thresholds.stale_after_s)
        if found is None:  # the clock went back a moment
            return Need(place.kind, task_list.key, task.id, "", None, -place.held)
        return found

    def needs(self) -> list[Need]:
        """All of them, in order."""
        return [self.need(place) for place in self.places]


EMPTY_QUEUE = NeedQueue()


class RunningNeeds:
    """The needs of all lists, from snapshot to snapshot."""

    def __init__(self) -> None:
        self._lists: dict[ListKey, ListNeeds] = {}
        self._parts: tuple[object, ...] = ()
        self._queue = EMPTY_QUEUE

    def of(
        self,
        snapshot: Snapshot,
        rollups: Rollups,
        now: float,
        thresholds: Thresholds,
        receipts: Sequence[Receipt] = (),
        only: ListKey | None = None,
    ) -> NeedQueue:
        """The queue at a moment.

        Args:
            snapshot: all lists.
            rollups: their counts, of the same snapshot.
            now: epoch seconds.
            thresholds: from when on something needs a person.
            receipts: the operator's edits and what their owners have shown of having seen them.
            only: the places of just this list; None is all of them.
        """
        self._lists = {key: self._lists.get(key) or ListNeeds() for key in snapshot.lists}
        own = {
            key: self._lists[key].of(task_list, now, thresholds.stale_after_s)
            for key, task_list in snapshot.lists.items()
        }
        others = [
            *_list_needs(snapshot, rollups, now, thresholds),
            *_unseen_needs(snapshot, receipts, now, thresholds),
        ]
        parts = (only, *own.values(), tuple(others))
        if len(parts) == len(self._parts) and all(map(_is_same, parts, self._parts)):
            places, counts = self._queue.places, self._queue.counts
        else:
            chosen = own if only is None else {only: own.get(only, ())}
            places = _merged(chosen.values(), [p for p, one in others if only in (None, one.list)])
            counts = _count(own, others)
        self._parts = parts
        by_name = {place.name: one for place, one in others}
        self._queue = NeedQueue(places, snapshot, now, thresholds, counts, by_name)
        return self._queue


def queue_of(
    snapshot: Snapshot,
    rollups: Rollups,
    now: float,
    thresholds: Thresholds,
    receipts: Sequence[Receipt] = (),
) -> NeedQueue:
    """The queue of one snapshot, from scratch."""
    return RunningNeeds().of(snapshot, rollups, now, thresholds, receipts)


_Other = tuple[Place, Need]


def _list_needs(
    snapshot: Snapshot, rollups: Rollups, now: float, thresholds: Thresholds
) -> Iterable[_Other]:
    """What a list as a whole needs."""
    for key, task_list in snapshot.lists.items():
        counted = rollups.get(key)
        total = counted[1].total if counted else Rollup()
        for kind, text, since in _list_reasons(snapshot, task_list, total, now, thresholds):
            found = Need(kind, key, None, text, since, total.open)
            place = place_at(TaskKey(key, TaskId("")), kind, since, total.open, kind.value)
            yield place, found


def _list_reasons(
    snapshot: Snapshot, task_list: TaskList, total: Rollup, now: float, thresholds: Thresholds
) -> Iterable[tuple[NeedKind, str, float | None]]:
    if task_list.is_stale:
        broken = [p for p in task_list.problems if p.kind is ProblemKind.UNREADABLE]
        if broken:
            yield NeedKind.UNREADABLE, f"the list cannot be read: {broken[0].text}", None
    lock = snapshot.locks.get(task_list.key)
    if lock is not None and now - lock.since >= thresholds.lock_after_s:
        yield NeedKind.LOCK_HELD, f"its lock is never seen free, {lock.holder}", lock.since
    silent = total.stale(now, thresholds.stale_after_s)
    working = total.active - silent
    if total.blocked and not working and not total.ready:
        yield NeedKind.NOTHING_STARTS, _stall_text(total, silent), total.last_write


def _stall_text(total: Rollup, silent: int) -> str:
    """Why nothing moves: deadlock told apart from waiting for somebody who is silent."""
    parts = [f"{total.blocked} blocked"]
    if total.phantom:
        parts.append(f"{total.phantom} of them for ever")
    if silent:
        parts.append(f"{silent} in progress and silent")
    if total.unreadable:
        parts.append(f"{total.unreadable} unreadable")
    if total.failed:
        parts.append(f"{total.failed} failed")
    if put_off := total.waiting - total.failed:
        parts.append(f"{put_off} put off")
    return f"nothing can start: {', '.join(parts)}, none ready"


def _unseen_needs(
    snapshot: Snapshot, receipts: Sequence[Receipt], now: float, thresholds: Thresholds
) -> Iterable[_Other]:
    for receipt in unseen(receipts, now, thresholds.unseen_after_s):
        task_list = snapshot.lists.get(receipt.key.list)
        if task_list is None or receipt.key.id not in task_list.tasks:
            continue
        holds = task_list.graph.holds(receipt.key.id)
        text = f"{receipt.label}: no sign that {receipt.owner} has seen it"
        kind = NeedKind.UNSEEN_EDIT
        about = f"{kind.value} {receipt.owner}"
        place = place_at(receipt.key, kind, receipt.at, holds, about)
        yield place, Need(kind, receipt.key.list, receipt.key.id, text, receipt.at, holds)


def _merged(parts: Iterable[Sequence[Place]], others: Sequence[Place]) -> Sequence[Place]:
    """All in order. The parts are in order, and mostly there is but one."""
    filled = [part for part in parts if part]
    if len(filled) > 1 or len(others) > FEW:
        return sorted([*(place for part in filled for place in part), *others])
    places = list(filled[0]) if filled else []
    for place in others:
        insort(places, place)
    return places


def _is_same(one: object, other: object) -> bool:
    """Places of lists are the same object while nothing moved; the rest is compared."""
    return one is other or (isinstance(one, tuple) and one == other)


def _count(
    own: Mapping[ListKey, Sequence[Place]], others: Iterable[_Other]
) -> Mapping[ListKey, int]:
    counts = {key: len(places) for key, places in own.items() if places}
    for _, one in others:
        counts[one.list] = counts.get(one.list, 0) + 1
    return counts

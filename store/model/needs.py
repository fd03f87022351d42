"""The queue of what needs the operator: every task and list that only a person gets moving again.

What holds most comes first, then the more pressing kind, then what has waited longest. A need does
not depend on the clock but for the moment when silence becomes too long, so the queue is kept in
order from state to state: a change costs what it touches, and a tick what has just gone silent.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from store.model.analysis import id_order
from store.model.attention import (
    DisplayState,
    Need,
    NeedKind,
    Thresholds,
    display_state,
    need,
    needs_operator,
)
from store.model.receipts import Receipt, unseen
from store.model.rollup import ListRollup, Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, ProblemKind, Task, TaskId, TaskKey

_KINDS = tuple(NeedKind)
_PRESSING = {kind: place for place, kind in enumerate(_KINDS)}
_FEW = 64  # places that are moved one by one; more are sorted together

Rollups = Mapping[ListKey, tuple[TaskList, ListRollup]]


class Place(NamedTuple):
    """Where a need stands in the queue, and what it is about. Places compare by their order."""

    held: int
    """Open tasks that wait on it, negative."""
    pressing: int
    since: float
    order: tuple[int, int, str]
    key: TaskKey
    """The task; with the empty id the list as a whole."""
    about: str = ""
    """Tells several needs of one task or list apart; the need of the task itself has ""."""

    @property
    def kind(self) -> NeedKind:
        return _KINDS[self.pressing]

    @property
    def handle(self) -> NeedHandle:
        """What stays the same while the need changes its place."""
        return self.key, self.about


NeedHandle = tuple[TaskKey, str]


@dataclass(frozen=True, slots=True, eq=False)
class NeedQueue:
    """The needs in order, at one moment. Their texts are made when they are asked for."""

    places: Sequence[Place] = ()
    snapshot: Snapshot = field(default_factory=Snapshot)
    now: float = 0.0
    thresholds: Thresholds = field(default_factory=Thresholds)
    counts: Mapping[ListKey, int] = field(default_factory=dict)
    """Needs by list, of every list; one without any is not there."""
    _others: Mapping[NeedHandle, Need] = field(default_factory=dict)
    """The needs that are not a task's own state."""

    def __len__(self) -> int:
        return len(self.places)

    def need(self, place: Place) -> Need:
        """What the place says now."""
        if (other := self._others.get(place.handle)) is not None:
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
        self._lists: dict[ListKey, _ListNeeds] = {}
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
        self._lists = {key: self._lists.get(key) or _ListNeeds() for key in snapshot.lists}
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
        by_handle = {place.handle: one for place, one in others}
        self._queue = NeedQueue(places, snapshot, now, thresholds, counts, by_handle)
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


class _ListNeeds:
    """The needs of one list's tasks, kept in order."""

    def __init__(self) -> None:
        self._seen: TaskList | None = None
        self._shown: tuple[Place, ...] = ()
        self._start_over()

    def _start_over(self) -> None:
        self._settled: dict[TaskId, Place] = {}
        """Needs that no clock decides."""
        self._silent: dict[TaskId, Place] = {}
        self._written: dict[TaskId, float] = {}
        """Tasks in progress, which may go silent, with the moment of their last write."""
        self._by_write: list[tuple[float, TaskId]] = []
        """The same, oldest first."""
        self._places: list[Place] = []

    def of(self, task_list: TaskList, now: float, stale_after_s: float) -> tuple[Place, ...]:
        """The places in order; the same object while nothing moved."""
        gone: list[Place] = []
        came: list[Place] = []
        touched: set[TaskId] | None = None
        if task_list is not self._seen:
            touched = None if self._seen is None else task_list.judged_since(self._seen)
            self._seen = task_list
            if touched is None:
                self._read_all(task_list)
            else:
                self._read(task_list, touched, gone, came)
        # By age, as `is_stale` has it: now - threshold may round to another side.
        count = bisect_right(self._by_write, -stale_after_s, key=lambda one: -(now - one[0]))
        if count != len(self._silent) or gone or came or touched:
            self._set_silent(task_list, count, touched or (), gone, came)
        if gone or came:
            self._move(gone, came)
            self._shown = tuple(self._places)
        return self._shown

    def _read_all(self, task_list: TaskList) -> None:
        self._start_over()
        came: list[Place] = []
        graph = task_list.graph
        for task_id, task in task_list.tasks.items():
            is_bound = task_id in graph.unmet or task_id in graph.held
            if is_bound or task.problems or task.status.is_active:
                self._judge(task_list, task, came)
        self._by_write.sort()
        self._places = sorted(came)
        self._shown = tuple(self._places)

    def _read(
        self,
        task_list: TaskList,
        touched: Iterable[TaskId],
        gone: list[Place],
        came: list[Place],
    ) -> None:
        active = len(self._by_write)
        for task_id in touched:
            place = self._settled.pop(task_id, None) or self._silent.pop(task_id, None)
            if place is not None:
                gone.append(place)
            if (written := self._written.pop(task_id, None)) is not None:
                del self._by_write[bisect_left(self._by_write, (written, task_id))]
                active -= 1
            if (task := task_list.tasks.get(task_id)) is not None:
                self._judge(task_list, task, came)
            if place is not None and came and came[-1] == place:  # it stays where it is
                came.pop()
                gone.pop()
        if len(self._by_write) > active:
            self._by_write.sort()

    def _judge(self, task_list: TaskList, task: Task, came: list[Place]) -> None:
        """Put the task where it belongs before any clock is asked."""
        if task.metadata and task.is_internal:
            return
        state = display_state(task_list, task, -inf)
        if state is DisplayState.ACTIVE:
            if task.updated_at is not None and task.updated_at == task.updated_at:
                self._written[task.id] = task.updated_at
                self._by_write.append((task.updated_at, task.id))
            return
        holds = task_list.graph.holds(task.id)
        if needs_operator(state, task, holds):
            place = self._settled[task.id] = _place(task_list, task, _kind(task_list, task, state))
            came.append(place)

    def _set_silent(
        self,
        task_list: TaskList,
        count: int,
        fresh: Iterable[TaskId],
        gone: list[Place],
        came: list[Place],
    ) -> None:
        """Make the first `count` by age the silent ones. `fresh`: those just judged."""
        end = count
        while end and self._by_write[end - 1][1] not in self._silent:
            end -= 1
        crossed = [task_id for _, task_id in self._by_write[end:count]]
        last = self._by_write[count - 1] if count else (-inf, TaskId(""))
        early = [i for i in fresh if i in self._written and (self._written[i], i) <= last]
        for task_id in dict.fromkeys((*crossed, *early)):
            place = _place(task_list, task_list.tasks[task_id], NeedKind.SILENT_OWNER)
            self._silent[task_id] = place
            came.append(place)
        if len(self._silent) != count:  # the clock went back, or the threshold is another
            kept = {task_id for _, task_id in self._by_write[:count]}
            for task_id in [i for i in self._silent if i not in kept]:
                gone.append(self._silent.pop(task_id))

    def _move(self, gone: list[Place], came: list[Place]) -> None:
        if len(gone) + len(came) > _FEW:
            self._places = sorted([*self._settled.values(), *self._silent.values()])
            return
        for place in gone:
            del self._places[bisect_left(self._places, place)]
        for place in came:
            insort(self._places, place)


def _kind(task_list: TaskList, task: Task, state: DisplayState) -> NeedKind:
    """The kind that `need` gives a task in this state, without its text."""
    if state is DisplayState.UNREADABLE:
        return NeedKind.UNREADABLE
    if state is DisplayState.PHANTOM:
        in_ring = task.id in task_list.graph.cycle_of
        return NeedKind.CYCLE if in_ring else NeedKind.PHANTOM
    return NeedKind.UNOWNED_ROOT


def _place(task_list: TaskList, task: Task, kind: NeedKind) -> Place:
    since = None if kind is NeedKind.UNREADABLE else task.updated_at
    holds = task_list.graph.holds(task.id)
    return _place_at(task.key, kind, since, holds)


def _place_at(
    key: TaskKey, kind: NeedKind, since: float | None, holds: int, about: str = ""
) -> Place:
    known = inf if since is None or since != since else since
    return Place(-holds, _PRESSING[kind], known, id_order(key.id), key, about)


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
            place = _place_at(TaskKey(key, TaskId("")), kind, since, total.open, kind.value)
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
    if total.waiting:
        parts.append(f"{total.waiting} put off")
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
        place = _place_at(receipt.key, kind, receipt.at, holds, about)
        yield place, Need(kind, receipt.key.list, receipt.key.id, text, receipt.at, holds)


def _merged(parts: Iterable[Sequence[Place]], others: Sequence[Place]) -> Sequence[Place]:
    """All in order. The parts are in order, and mostly there is but one."""
    filled = [part for part in parts if part]
    if len(filled) > 1 or len(others) > _FEW:
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

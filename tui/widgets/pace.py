"""How often panes count a big colony anew, and the counts that they share."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from textual.app import App

from store.model.counting import RunningRollups
from store.model.needs import EMPTY_QUEUE, NeedQueue, RunningNeeds
from store.model.rollup import ListRollup, Rollup, merge, merge_owners
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot, TaskList
from store.model.task import ListKey
from tui.view_state import EMPTY_FRAME, Frame

MANY_TASKS = 5000
LEAST_INTERVAL_S = 0.25
_REST = 8  # counting may take at most one part in so many of the time


class Ahead(NamedTuple):
    """What a thread has counted of a snapshot that no pane has seen yet."""

    snapshot: Snapshot
    running: RunningRollups
    counted: Mapping[ListKey, tuple[TaskList, ListRollup]]
    needs: RunningNeeds


def count_ahead(frame: Frame) -> Ahead:
    """Count all of a frame, touching nothing that the panes use."""
    running, needs, snapshot = RunningRollups(), RunningNeeds(), frame.snapshot
    counted = running.of(snapshot)
    only = frame.view.list_key
    needs.of(snapshot, counted, frame.now, frame.thresholds, frame.receipts, only)
    return Ahead(snapshot, running, counted, needs)


class Pace:
    """Lets all panes of an app see a big colony's new state together, a few times a second."""

    def __init__(self) -> None:
        self._taken = EMPTY_SNAPSHOT
        self._running = RunningRollups()
        self._counted: Mapping[ListKey, tuple[TaskList, ListRollup]] = {}
        self._counted_for: Snapshot | None = None
        self._owners: dict[ListKey | None, Mapping[str | None, Rollup]] = {}
        self._totals: dict[ListKey | None, Rollup] = {}
        self._next = 0.0
        self._needs = RunningNeeds()
        self._queue = EMPTY_QUEUE
        self._queued_for: tuple[Frame, Snapshot] = (EMPTY_FRAME, EMPTY_SNAPSHOT)

    def take(self, snapshot: Snapshot) -> tuple[Snapshot, bool]:
        """The state to draw from now, and whether it is the one that was given.

        Where it is not, ask again after `LEAST_INTERVAL_S`.
        """
        if snapshot is self._taken:
            return snapshot, True
        if snapshot.count() <= MANY_TASKS or monotonic() >= self._next:
            self._taken = snapshot
            self._next = monotonic() + LEAST_INTERVAL_S
            return snapshot, True
        return self._taken, False

    def adopt(self, ahead: Ahead) -> None:
        """Go on from what a thread has counted."""
        self._taken = self._counted_for = ahead.snapshot
        self._running, self._counted, self._needs = ahead.running, ahead.counted, ahead.needs
        self._owners, self._totals = {}, {}

    def rollups(self, snapshot: Snapshot) -> Mapping[ListKey, tuple[TaskList, ListRollup]]:
        """The counts of every list, worked out once for all panes."""
        if snapshot is not self._counted_for:
            start = monotonic()
            self._counted = self._running.of(snapshot)
            self._counted_for = snapshot
            self._owners, self._totals = {}, {}
            self._next = max(self._next, monotonic() + _REST * (monotonic() - start))
        return self._counted

    def total(self, snapshot: Snapshot, only: ListKey | None) -> Rollup:
        """The counts of one list, or of all of them as one."""
        counted = self.rollups(snapshot)
        if only not in self._totals:
            self._totals[only] = merge(one.total for one in _chosen(counted, only))
        return self._totals[only]

    def needs(self, frame: Frame, snapshot: Snapshot) -> NeedQueue:
        """What needs the operator, in the lists in view, worked out once for all panes.

        `snapshot` is the frame's, or the earlier one that `take` gave for it.
        """
        before, of = self._queued_for
        if frame is not before or snapshot is not of:
            self._queued_for = (frame, snapshot)
            rollups = self.rollups(snapshot)
            start = monotonic()
            self._queue = self._needs.of(
                snapshot,
                rollups,
                frame.now,
                frame.thresholds,
                frame.receipts,
                frame.view.list_key,
            )
            self._next = max(self._next, monotonic() + _REST * (monotonic() - start))
        return self._queue

    def owners(self, snapshot: Snapshot, only: ListKey | None) -> Mapping[str | None, Rollup]:
        """The counts of every owner in one list, or over all of them."""
        counted = self.rollups(snapshot)
        if only not in self._owners:
            self._owners[only] = merge_owners(_chosen(counted, only))
        return self._owners[only]


def _chosen(
    counted: Mapping[ListKey, tuple[TaskList, ListRollup]], only: ListKey | None
) -> list[ListRollup]:
    return [rollup for key, (_, rollup) in counted.items() if only is None or key == only]


_PACES: WeakKeyDictionary[App[Any], Pace] = WeakKeyDictionary()


def pace_of(app: App[Any]) -> Pace:
    """The one pace of an app."""
    return _PACES.setdefault(app, Pace())

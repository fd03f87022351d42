"""Keeps a workspace's snapshot fresh and tells what changed.

Events are hints: they say where to look, never what is there. A slow tick looks for what they
missed, a directory that was replaced is watched anew, and where no events come lists are polled.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from store.arming import Arming
from store.events import Inbox, Letter
from store.files.scanner import RETRY_S
from store.model.snapshot import Change, Snapshot, diff
from store.workspace import Workspace

DEBOUNCE_MS = 50
"""The longest that events are collected while more keep coming."""
STEP_MS = 4
"""How often the notifier looks: the delay of a lone event, and what an idle watch costs."""

_GONE_AFTER_S = 0.5
_POLL_S = 1.0
_POLL_SHARE = 25  # a poll may take this part of the time
_STOP_S = 0.1
_ROUNDS = 5  # directories that keep coming are looked for again in the next round


@dataclass(frozen=True, slots=True)
class Scan:
    """One look at the disk."""

    snapshot: Snapshot
    changes: tuple[Change, ...]
    """What differs from the scan before. The first load is a beginning, not a change."""
    at: float
    """Epoch seconds when the scan was finished."""


Deliver = Callable[[Scan], None]


class Watcher:
    """Watches a workspace. `run` blocks; `hint` may be called from any thread."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        debounce_ms: int = DEBOUNCE_MS,
        step_ms: int = STEP_MS,
        reconcile_s: float = 2.0,
        force_polling: bool = False,
    ) -> None:
        self._workspace = workspace
        self._reconcile_s = reconcile_s
        self._inbox = Inbox()
        self._arming = Arming(
            workspace,
            self._inbox,
            debounce_ms=debounce_ms,
            step_ms=step_ms,
            force_polling=force_polling,
        )
        self._delivered: Snapshot | None = None
        self._poll_cost_s = 0.0

    def hint(self, path: Path | None = None) -> None:
        """Ask for a look now: at the list that a path belongs to, or at everything."""
        self._inbox.put([] if path is None else [path], everything=path is None)

    def run(self, deliver: Deliver, stop: threading.Event) -> None:
        """Load, then watch until `stop` is set.

        Args:
            deliver: called in this thread after every scan, with or without news.
            stop: ends the watch within a tenth of a second.
        """
        try:
            self._load(deliver, stop)
            due = time.monotonic() + self._interval()
            while not stop.is_set():
                letter = self._inbox.take(self._wait_s(due))
                if stop.is_set():
                    break
                now = time.monotonic()
                if letter or not self._workspace.is_settled:
                    self._look(letter, stop, deliver)
                if now >= due:
                    self._tick(stop, deliver)
                    due = time.monotonic() + self._interval()
        finally:
            self._arming.disarm()

    def _load(self, deliver: Deliver, stop: threading.Event) -> None:
        self._arming.arm(stop)  # a root that comes meanwhile is noticed
        for snapshot in self._workspace.scan_progressively():
            if stop.is_set():
                return
            self._deliver(snapshot, deliver, is_first=True)
        self._deliver(self._armed(self._workspace.snapshot, stop), deliver)

    def _wait_s(self, due: float) -> float:
        left = due - time.monotonic()
        if not self._workspace.is_settled:
            left = min(left, RETRY_S)
        return left if self._arming.wakes else min(left, _STOP_S)

    def _interval(self) -> float:
        if not self._arming.is_polling:
            return self._reconcile_s
        return min(self._reconcile_s, max(_POLL_S, self._poll_cost_s * _POLL_SHARE))

    def _look(self, letter: Letter, stop: threading.Event, deliver: Deliver) -> None:
        """Look where the hints point."""
        if letter.failure is not None:
            self._arming.fail(letter.failure)
        self._arming.note(letter.paths)
        if letter.everything or letter.failure is not None:
            snapshot = self._refresh(discover=True)
        else:
            snapshot = self._refresh(letter.paths)
        self._deliver(self._armed(snapshot, stop), deliver)

    def _tick(self, stop: threading.Event, deliver: Deliver) -> None:
        """Look for what the events did not tell."""
        start = time.monotonic()
        discover = self._arming.has_moved() or self._workspace.has_new_root()
        snapshot = self._refresh(discover=discover, quick=not self._arming.is_polling)
        snapshot = self._armed(snapshot, stop)
        self._poll_cost_s = time.monotonic() - start
        self._deliver(snapshot, deliver)

    def _armed(self, snapshot: Snapshot, stop: threading.Event) -> Snapshot:
        """The state after everything found is watched: what came before the watch told nobody."""
        for _ in range(_ROUNDS):
            if not self._arming.arm(stop):
                return snapshot
            snapshot = self._refresh(discover=True, quick=True)
        self._inbox.put(everything=True)
        return snapshot

    def _refresh(
        self,
        paths: set[Path] | None = None,
        *,
        discover: bool | None = None,
        quick: bool = False,
    ) -> Snapshot:
        return self._workspace.refresh(
            paths, discover=discover, quick=quick, patience_s=_GONE_AFTER_S
        )

    def _deliver(self, snapshot: Snapshot, deliver: Deliver, *, is_first: bool = False) -> None:
        last, self._delivered = self._delivered, snapshot
        changes = () if is_first or last is None else tuple(diff(last, snapshot))
        deliver(Scan(snapshot, changes, time.time()))

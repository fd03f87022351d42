"""Notifications: a thread that follows what the screen is given and tells what newly matches.

It knows no widget: what is for the terminal is posted, what is for a hook is run from here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from store.model.alert import Alerts, Channel
from store.model.alerts import AlertWatch
from store.model.attention import Thresholds
from store.model.receipts import Receipt
from store.model.snapshot import Snapshot
from tui.hooks import TIMEOUT_S, Hooks
from tui.settings import Settings

LOOK_S = 1.0
"""Seconds between two looks at what only the clock changes."""


class Notifier:
    """One thread that judges and one that runs hooks; neither is there before it is needed."""

    def __init__(
        self,
        settings: Settings,
        tell: Callable[[Alerts], object],
        fail: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.time,
        hook_timeout_s: float = TIMEOUT_S,
    ) -> None:
        """Args:
        tell: takes what is to be told in the terminal; called from the thread.
        fail: told in words what does not work; called from a thread.
        """
        thresholds = Thresholds(
            settings.stale_after, settings.unseen_after, settings.lock_held_after
        )
        self.has_rules = bool(settings.notify)
        self._watch = AlertWatch(settings.notify, settings.notify_per_minute, thresholds)
        self._tell = tell
        self._fail = fail
        self._clock = clock
        self._hooks = Hooks(fail, hook_timeout_s)
        self._lock = threading.Lock()
        self._latest: tuple[Snapshot, Sequence[Receipt]] | None = None
        self._is_muted = False
        self._missed = 0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def offer(self, snapshot: Snapshot, receipts: Sequence[Receipt] = ()) -> None:
        """Take what is known now; what is judged is always the latest. Never waits."""
        if not self.has_rules or self._stop.is_set():
            return
        with self._lock:
            self._latest = snapshot, receipts
        self._wake.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="notify", daemon=True)
            self._thread.start()

    @property
    def is_muted(self) -> bool:
        return self._is_muted

    @property
    def is_following(self) -> bool:
        """What was there at the beginning is known: from here on there is news."""
        return self._watch.is_begun

    @property
    def held_back(self) -> int:
        """What the limits have kept from being told, since the beginning."""
        return self._watch.held_back_total

    def set_muted(self, muted: bool) -> int:
        """Tell nothing, or tell again; the result is what was kept silent by the last muting."""
        with self._lock:
            self._is_muted = muted
            missed, self._missed = self._missed, 0
        return missed

    def stop(self, timeout_s: float = 1.0) -> bool:
        """End the threads; False if one did not end in time."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        hooks_ended = self._hooks.stop(timeout_s)
        return hooks_ended and (self._thread is None or not self._thread.is_alive())

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._wake.wait(LOOK_S)
                self._wake.clear()
                self._look()
        except Exception as error:  # rules that are no longer followed must be seen
            self._fail(f"notifications have ended: {type(error).__name__}: {error}")

    def _look(self) -> None:
        with self._lock:
            latest = self._latest
        if latest is None or self._stop.is_set():
            return
        alerts = self._watch.of(latest[0], self._clock(), latest[1])
        if not alerts.due:
            return
        with self._lock:
            if self._is_muted:
                self._missed += len(alerts.due) + alerts.held_back
                return
        self._deliver(alerts)

    def _deliver(self, alerts: Alerts) -> None:
        self._tell(alerts)
        last = len(alerts.due) - 1
        for place, alert in enumerate(alerts.due):
            if Channel.HOOK in alert.rule.how:
                self._hooks.add(alert, alerts.held_back if place == last else 0)

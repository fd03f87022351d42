"""Moments of calm on a busy list, for who waits for its lock; and syncs that happen together.

A blocking `flock` is always quicker than a 50 ms poller, so a busy list would shut out its
filelock neighbours. Therefore all our processes stay off a list that they keep busy for 60 ms of
every 1.5 seconds of the machine's monotonic clock. An occasional edit never waits for that, and a
neighbour with filelock's usual 3 seconds gets at least one moment of calm, mostly two.

The kernel wakes who waits for a lock, but does not reserve it: who lets go and asks again at once
has it before the other is awake, many times in a row. So it stands back for a moment first.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from store.files.fs import Directory
from store.files.waiting import Patience

PERIOD_S = 1.5
QUIET_S = 0.06
"""Longer than one polling interval of filelock, with room for a late wake-up."""

BUSY_SHARE = 0.3
"""Of a period: a process that holds a list's lock longer keeps the quiet time."""

AGAIN_S = 0.002
"""Who asks again within it after letting go has not left the list."""

STAND_BACK_S = 0.00005
"""Enough for a waiter that the kernel has woken to take the lock, where a core is free."""

GATHER_S = 0.0025
"""The step at which the processes on a crowded list sync: crowded means to wait longer than it."""

_MEMORY = 512  # lists

Identity = tuple[int, int]
"""Device and inode of a list's directory."""


@dataclass(slots=True)
class Traffic:
    """What this process saw of one list's lock lately."""

    contended_at: float = float("-inf")
    waited_s: float = 0.0
    """The last wait for the lock."""
    period: int = 0
    held_s: float = 0.0
    held_before_s: float = 0.0
    released_at: float = float("-inf")

    def is_contended(self, now: float) -> bool:
        return now - self.contended_at < PERIOD_S

    def is_busy(self, now: float) -> bool:
        self._turn(now)
        if self.is_contended(now):
            return True
        return max(self.held_s, self.held_before_s) > BUSY_SHARE * PERIOD_S

    def add(self, now: float, held_s: float) -> None:
        self._turn(now)
        self.held_s += held_s
        self.released_at = now

    def _turn(self, now: float) -> None:
        period = int(now // PERIOD_S)
        if period != self.period:
            self.held_before_s = self.held_s if period == self.period + 1 else 0.0
            self.period, self.held_s = period, 0.0


_traffic: dict[Identity, Traffic] = {}


def traffic_of(identity: Identity) -> Traffic:
    """What is known of one list, to be kept up to date by whoever takes its lock."""
    found = _traffic.get(identity)
    if found is None:
        if len(_traffic) >= _MEMORY:
            _traffic.clear()
        found = _traffic[identity] = Traffic()
    return found


def forget_traffic() -> None:
    """A forked child has seen nothing itself."""
    _traffic.clear()


def gather(directory: Directory) -> None:
    """Let syncs of a crowded list happen together: call it before each.

    A file system writes its journal for the first sync and makes the next rename wait for that,
    with the list locked. Syncs that start at the same moment share one such wait.
    """
    traffic = traffic_of(directory.identity())
    now = time.monotonic()
    if traffic.waited_s > GATHER_S and traffic.is_contended(now):
        time.sleep(GATHER_S - now % GATHER_S)


def keep_quiet(traffic: Traffic, patience: Patience) -> None:
    """Before taking a busy list's lock: wait for the end of a quiet time, if it is one, and let
    those have the lock who waited while this process held it.
    """
    now = time.monotonic()
    if traffic.is_busy(now) and (pause := quiet_left(now, patience)):
        patience.sleep(pause)
    elif traffic.is_contended(now) and now - traffic.released_at < AGAIN_S:
        time.sleep(STAND_BACK_S)


def quiet_left(now: float, patience: Patience) -> float:
    """Seconds until foreign pollers have had their time; 0 for who cannot wait so long."""
    left = QUIET_S - now % PERIOD_S
    return left if 0 < left < patience.left_s() else 0.0

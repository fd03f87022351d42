"""Counts per list and per owner: what is going on, what is stuck, and when somebody last wrote.

A rollup holds what does not depend on the clock, so that it is worked out once for each state of
a list (`store.model.counting`); `stale` and `histogram` then answer for any moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from store.model.attention import DEFAULT_STALE_AFTER_S

MINUTE_S = 60
"""Seconds of the parts in which writes are counted."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """The tasks of one list or owner, counted by state. Internal tasks are left out."""

    active: int = 0
    """In progress, silent ones included."""
    ready: int = 0
    blocked: int = 0
    """Phantoms included."""
    phantom: int = 0
    """Blocked only by edges that never clear by themselves."""
    waiting: int = 0
    """Put off; those that failed included."""
    failed: int = 0
    """Tried in vain, with nothing unmet in their way."""
    done: int = 0
    closed: int = 0
    unreadable: int = 0
    unowned_roots: int = 0
    """Ready and unowned while other open tasks wait on them."""
    last_write: float | None = None
    """Epoch seconds of the newest record; None where no record tells a time."""
    active_writes: tuple[float, ...] = ()
    """When each task in progress was last written, oldest first."""
    writes: Mapping[int, int] = field(default_factory=dict)
    """minute since the epoch → records last written in it."""
    completions: Mapping[int, int] = field(default_factory=dict)
    """minute since the epoch → completed tasks last written in it."""

    @property
    def total(self) -> int:
        return self.open + self.done + self.closed

    @property
    def open(self) -> int:
        """Tasks in which work is left, or nobody can tell."""
        return self.active + self.ready + self.blocked + self.waiting + self.unreadable

    def stale(self, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> int:
        """Tasks in progress whose record has been silent for the threshold or longer."""
        # By age, as `is_stale` has it: now - threshold may round to another side.
        return bisect_right(
            self.active_writes, -stale_after_s, key=lambda written: -(now - written)
        )

    def in_progress(self, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> int:
        """Tasks in progress that are not stale."""
        return self.active - self.stale(now, stale_after_s)

    def needs_you(self, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> int:
        """Tasks for which `attention.need` has an answer."""
        stale = self.stale(now, stale_after_s)
        return stale + self.failed + self.phantom + self.unreadable + self.unowned_roots


@dataclass(frozen=True, slots=True)
class ListRollup:
    """One list: all its tasks, and the same by owner (None: nobody)."""

    total: Rollup = field(default_factory=Rollup)
    owners: Mapping[str | None, Rollup] = field(default_factory=dict)


def merge(rollups: Iterable[Rollup]) -> Rollup:
    """Several rollups as one."""
    parts = list(rollups)
    if len(parts) == 1:
        return parts[0]
    last_writes = [part.last_write for part in parts if part.last_write is not None]
    return Rollup(
        active=sum(part.active for part in parts),
        ready=sum(part.ready for part in parts),
        blocked=sum(part.blocked for part in parts),
        phantom=sum(part.phantom for part in parts),
        waiting=sum(part.waiting for part in parts),
        failed=sum(part.failed for part in parts),
        done=sum(part.done for part in parts),
        closed=sum(part.closed for part in parts),
        unreadable=sum(part.unreadable for part in parts),
        unowned_roots=sum(part.unowned_roots for part in parts),
        last_write=max(last_writes, default=None),
        active_writes=tuple(sorted(at for part in parts for at in part.active_writes)),
        writes=_add(part.writes for part in parts),
        completions=_add(part.completions for part in parts),
    )


def merge_owners(rollups: Iterable[ListRollup]) -> dict[str | None, Rollup]:
    """Owners over several lists: the same name is the same owner."""
    parts: dict[str | None, list[Rollup]] = {}
    for one in rollups:
        for owner, rollup in one.owners.items():
            parts.setdefault(owner, []).append(rollup)
    return {owner: merge(found) for owner, found in parts.items()}


def histogram(
    minutes: Mapping[int, int], now: float, *, span: int = 60, buckets: int = 60
) -> tuple[int, ...]:
    """Counts over the last `span` minutes in `buckets` equal parts, oldest first.

    What is stamped in the future counts as now: another machine's clock may be ahead.
    """
    if buckets <= 0:
        return ()
    last = int(now // MINUTE_S)
    found = [0] * buckets
    wanted: Iterable[int] = minutes
    for minute in wanted:
        past = max(0, last - minute)
        if past < span:
            found[buckets - 1 - past * buckets // span] += minutes[minute]
    return tuple(found)


def _add(maps: Iterable[Mapping[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for one in maps:
        for minute, count in one.items():
            total[minute] = total.get(minute, 0) + count
    return total

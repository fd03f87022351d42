"""Counts per list and per owner: what is going on, what is stuck, and when somebody last wrote.

A rollup holds what does not depend on the clock, so that it is worked out once for each state of
a list; `stale` and `histogram` then answer for any moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from store.model.attention import DEFAULT_STALE_AFTER_S
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Task

_MINUTE = 60


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
        return stale + self.phantom + self.unreadable + self.unowned_roots


@dataclass(frozen=True, slots=True)
class ListRollup:
    """One list: all its tasks, and the same by owner (None: nobody)."""

    total: Rollup = field(default_factory=Rollup)
    owners: Mapping[str | None, Rollup] = field(default_factory=dict)


class _Tally:
    """A rollup in the making."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.active_writes: list[float] = []
        self.writes: dict[int, int] = {}
        self.completions: dict[int, int] = {}
        self.last_write: float | None = None

    def take(self, kind: str, task: Task, *, is_unowned_root: bool) -> None:
        counts = self.counts
        counts[kind] = counts.get(kind, 0) + 1
        if is_unowned_root:
            counts["unowned_roots"] = counts.get("unowned_roots", 0) + 1
        if kind == "phantom":
            counts["blocked"] = counts.get("blocked", 0) + 1
        written = task.updated_at
        if written is None:
            return
        minute = int(written // _MINUTE)
        self.writes[minute] = self.writes.get(minute, 0) + 1
        if kind == "done":
            self.completions[minute] = self.completions.get(minute, 0) + 1
        elif kind == "active":
            self.active_writes.append(written)
        if self.last_write is None or written > self.last_write:
            self.last_write = written

    def rollup(self) -> Rollup:
        return Rollup(
            **self.counts,
            last_write=self.last_write,
            active_writes=tuple(sorted(self.active_writes)),
            writes=self.writes,
            completions=self.completions,
        )


def roll_up(task_list: TaskList) -> ListRollup:
    """Count one list, in one pass over its tasks."""
    tallies: dict[str | None, _Tally] = {}
    held = task_list.graph.held
    for task in task_list.tasks.values():
        if task.metadata and task.is_internal:
            continue
        kind = _kind(task_list, task)
        owner = task.owner or None
        tally = tallies.get(owner)
        if tally is None:
            tally = tallies[owner] = _Tally()
        lonely_root = kind == "ready" and owner is None and task.id in held
        tally.take(kind, task, is_unowned_root=lonely_root)
    owners = {owner: tally.rollup() for owner, tally in tallies.items()}
    return ListRollup(merge(owners.values()), owners)


def roll_up_all(
    snapshot: Snapshot, previous: Mapping[ListKey, tuple[TaskList, ListRollup]] | None = None
) -> dict[ListKey, tuple[TaskList, ListRollup]]:
    """Count every list, taking from `previous` those that are the same objects still."""
    counted: dict[ListKey, tuple[TaskList, ListRollup]] = {}
    for key, task_list in snapshot.lists.items():
        known = previous.get(key) if previous else None
        if known is not None and known[0] is task_list:
            counted[key] = known
        else:
            counted[key] = (task_list, roll_up(task_list))
    return counted


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
    last = int(now // _MINUTE)
    found = [0] * buckets
    wanted: Iterable[int] = minutes
    for minute in wanted:
        past = max(0, last - minute)
        if past < span:
            found[buckets - 1 - past * buckets // span] += minutes[minute]
    return tuple(found)


def _kind(task_list: TaskList, task: Task) -> str:
    """The field of `Rollup` that counts the task; the same order as `display_state`."""
    if task.problems and not task.is_readable:
        return "unreadable"
    status = task.status
    if status.is_active:
        return "active"
    if status.frees_dependents:
        return "done"
    if status.is_closed:
        return "closed"
    if task.id in task_list.graph.unmet:
        return "phantom" if _is_phantom(task_list, task) else "blocked"
    return "ready" if task_list.is_ready(task) else "waiting"


def _is_phantom(task_list: TaskList, task: Task) -> bool:
    """The predicate's verdict; it is asked only where no blocker is plainly open."""
    graph = task_list.graph
    for blocker_id in graph.unmet[task.id]:
        blocker = task_list.tasks.get(blocker_id)
        if blocker is None or blocker.problems or blocker.status.is_closed:
            continue
        if blocker_id != task.id and blocker_id not in graph.cycle_of:
            return False
    return task_list.readiness(task).is_phantom


def _add(maps: Iterable[Mapping[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for one in maps:
        for minute, count in one.items():
            total[minute] = total.get(minute, 0) + count
    return total

"""Works rollups out: a list once in one pass, after that only what moved from state to state."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Mapping
from heapq import heapify, heappop, heappush
from typing import NamedTuple, TypeVar

from store.model.attention import last_sign
from store.model.rollup import MINUTE_S, ListRollup, Rollup
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Task, TaskId, TaskStatus

T = TypeVar("T", int, float)


_BLOCKED, _FAILED = TaskStatus.BLOCKED, TaskStatus.FAILED
_PART_OF = {"phantom": "blocked", "failed": "waiting"}
"""A field of `Rollup` whose tasks another counts too."""


class _Taken(NamedTuple):
    """How a task was counted, so that it can be taken out again."""

    owner: str | None
    kind: str
    """The field of `Rollup` that counts it."""
    is_unowned_root: bool
    written: float | None
    sign: float | None
    """The last sign of life, if somebody works on it."""


class _Tally:
    """The rollup of one owner, or of a whole list, in the making."""

    def __init__(self, taken: Collection[_Taken] = ()) -> None:
        self.size = len(taken)
        written = [one.written for one in taken if one.written is not None]
        done = [one.written for one in taken if one.kind == "done" and one.written is not None]
        self._counts = Counter(one.kind for one in taken)
        for part, whole in _PART_OF.items():
            self._counts[whole] += self._counts[part]
        self._counts["unowned_roots"] = sum(one.is_unowned_root for one in taken)
        self._active_writes = sorted(
            one.sign for one in taken if one.kind == "active" and one.sign is not None
        )
        self._writes = Counter(int(at // MINUTE_S) for at in written)
        self._completions = Counter(int(at // MINUTE_S) for at in done)
        self._at = Counter(written)
        """Tasks by the moment of their last write."""
        self._newest: list[float] | None = None
        """Heap of negative moments, some of which may have no task any more; None until asked."""
        self._rollup: Rollup | None = None

    def count(self, taken: _Taken, by: int) -> None:
        """Take a task in (`by` 1) or out (-1)."""
        self._rollup = None
        self.size += by
        self._counts[taken.kind] += by
        if (whole := _PART_OF.get(taken.kind)) is not None:
            self._counts[whole] += by
        if taken.is_unowned_root:
            self._counts["unowned_roots"] += by
        if taken.kind == "active" and taken.sign is not None:
            self._count_active(taken.sign, by)
        written = taken.written
        if written is None:
            return
        _add(self._writes, int(written // MINUTE_S), by)
        if taken.kind == "done":
            _add(self._completions, int(written // MINUTE_S), by)
        if self._newest is not None and written not in self._at:
            heappush(self._newest, -written)
        _add(self._at, written, by)

    def _count_active(self, written: float, by: int) -> None:
        if by > 0:
            insort(self._active_writes, written)
        else:
            del self._active_writes[bisect_left(self._active_writes, written)]

    def rollup(self) -> Rollup:
        """The same object as long as nothing is counted."""
        if self._rollup is None:
            self._rollup = Rollup(
                **{kind: count for kind, count in self._counts.items() if count},
                last_write=self._last_write(),
                active_writes=tuple(self._active_writes),
                writes=dict(self._writes),
                completions=dict(self._completions),
            )
        return self._rollup

    def _last_write(self) -> float | None:
        if self._newest is None or len(self._newest) > 64 + 2 * len(self._at):
            self._newest = [-at for at in self._at]
            heapify(self._newest)
        while self._newest and -self._newest[0] not in self._at:
            heappop(self._newest)
        return -self._newest[0] if self._newest else None


class RunningRollup:
    """The rollup of one list, kept up to date: a change costs what it touches."""

    def __init__(self) -> None:
        self._seen: TaskList | None = None
        self._rollup = ListRollup()
        self._taken: dict[TaskId, _Taken] = {}
        self._owners: dict[str | None, _Tally] = {}
        self._total = _Tally()

    def of(self, task_list: TaskList) -> ListRollup:
        """The counts of the list's latest state."""
        if task_list is self._seen:
            return self._rollup
        touched = self._touched(task_list)
        self._seen = task_list
        if touched is None:
            self._count_all(task_list)
        else:
            for task_id in touched:
                self._count_again(task_id, task_list)
        owners = {owner: one.rollup() for owner, one in self._owners.items()}
        self._rollup = ListRollup(self._total.rollup(), owners)
        return self._rollup

    def _count_all(self, task_list: TaskList) -> None:
        self._taken = {
            task_id: _taken(task_list, task)
            for task_id, task in task_list.tasks.items()
            if not (task.metadata and task.is_internal)
        }
        by_owner: dict[str | None, list[_Taken]] = {}
        for taken in self._taken.values():
            by_owner.setdefault(taken.owner, []).append(taken)
        self._owners = {owner: _Tally(found) for owner, found in by_owner.items()}
        self._total = _Tally(self._taken.values())

    def _touched(self, after: TaskList) -> Collection[TaskId] | None:
        """Ids that may be counted otherwise now; None where all may be."""
        return None if self._seen is None else after.judged_since(self._seen)

    def _count_again(self, task_id: TaskId, task_list: TaskList) -> None:
        task = task_list.tasks.get(task_id)
        old = self._taken.get(task_id)
        new = None if task is None or task.is_internal else _taken(task_list, task)
        if new == old:
            return
        if old is not None:
            self._count(old, -1)
            del self._taken[task_id]
        if new is not None:
            self._count(new, 1)
            self._taken[task_id] = new

    def _count(self, taken: _Taken, by: int) -> None:
        tally = self._owners.get(taken.owner)
        if tally is None:
            tally = self._owners[taken.owner] = _Tally()
        tally.count(taken, by)
        self._total.count(taken, by)
        if not tally.size:
            del self._owners[taken.owner]


class RunningRollups:
    """The rollups of all lists, from snapshot to snapshot."""

    def __init__(self) -> None:
        self._running: dict[ListKey, RunningRollup] = {}

    def of(self, snapshot: Snapshot) -> Mapping[ListKey, tuple[TaskList, ListRollup]]:
        """Each list of the snapshot with its counts."""
        self._running = {key: self._running.get(key) or RunningRollup() for key in snapshot.lists}
        return {
            key: (task_list, self._running[key].of(task_list))
            for key, task_list in snapshot.lists.items()
        }


def roll_up(task_list: TaskList) -> ListRollup:
    """Count one list."""
    return RunningRollup().of(task_list)


def _taken(task_list: TaskList, task: Task) -> _Taken:
    kind = _kind(task_list, task)
    owner = task.owner or None
    is_lonely_root = kind == "ready" and owner is None and task.id in task_list.graph.held
    sign = last_sign(task) if kind == "active" else None
    return _Taken(owner, kind, is_lonely_root, task.updated_at, sign)


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
    if status is _BLOCKED:
        return "phantom"
    if status is _FAILED:
        return "failed"
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


def _add(counter: Counter[T], key: T, by: int) -> None:
    """Count, keeping no zeros."""
    count = counter[key] + by
    if count:
        counter[key] = count
    else:
        del counter[key]

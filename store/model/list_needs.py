"""The needs of one list's tasks, in order, kept from state to state."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Iterable
from math import inf
from typing import NamedTuple

from store.model.analysis import id_order
from store.model.attention import DisplayState, NeedKind, display_state, last_sign, needs_operator
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskKey, TaskStatus

_KINDS = tuple(NeedKind)
_PRESSING = {kind: place for place, kind in enumerate(_KINDS)}
_NEEDY = frozenset({TaskStatus.BLOCKED, TaskStatus.FAILED})
"""In which a task needs somebody, whatever its edges."""
FEW = 64
"""Places that are moved one by one; more are sorted together."""


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
    def name(self) -> NeedName:
        """What stays the same while the need changes its place."""
        return self.key, self.about


NeedName = tuple[TaskKey, str]


class ListNeeds:
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
        """Tasks in progress, which may go silent, with the last sign of life."""
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
            status = task.status
            is_bound = task_id in graph.unmet or task_id in graph.held
            if is_bound or task.problems or status.is_active or status in _NEEDY:
                self._judge(task_list, task, came)
        self._by_write.sort()
        self._places = sorted(came)
        self._shown = tuple(self._places)

    def _read(
        self,
        task_list: TaskList,
        touched: Collection[TaskId],
        gone: list[Place],
        came: list[Place],
    ) -> None:
        before: dict[TaskId, Place] = {}
        for task_id in touched:  # all first: what is judged below comes last, whatever its age
            place = self._settled.pop(task_id, None) or self._silent.pop(task_id, None)
            if place is not None:
                before[task_id] = place
            if (written := self._written.pop(task_id, None)) is not None:
                del self._by_write[bisect_left(self._by_write, (written, task_id))]
        active = len(self._by_write)
        for task_id in touched:
            if (task := task_list.tasks.get(task_id)) is not None:
                self._judge(task_list, task, came)
            if (place := before.get(task_id)) is None:
                continue
            if came and came[-1] == place:  # it stays where it is
                came.pop()
            else:
                gone.append(place)
        if len(self._by_write) > active:
            self._by_write.sort()

    def _judge(self, task_list: TaskList, task: Task, came: list[Place]) -> None:
        """Put the task where it belongs before any clock is asked."""
        if task.metadata and task.is_internal:
            return
        state = display_state(task_list, task, -inf)
        if state is DisplayState.ACTIVE:
            at = last_sign(task)
            if at is not None and at == at:
                self._written[task.id] = at
                self._by_write.append((at, task.id))
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
        if len(gone) + len(came) > FEW:
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
        if task.id not in task_list.graph.unmet:
            return NeedKind.MARKED
        in_ring = task.id in task_list.graph.cycle_of
        return NeedKind.CYCLE if in_ring else NeedKind.PHANTOM
    return NeedKind.FAILED if state is DisplayState.FAILED else NeedKind.UNOWNED_ROOT


def _place(task_list: TaskList, task: Task, kind: NeedKind) -> Place:
    since = None if kind is NeedKind.UNREADABLE else task.updated_at
    holds = task_list.graph.holds(task.id)
    return place_at(task.key, kind, since, holds)


def place_at(
    key: TaskKey, kind: NeedKind, since: float | None, holds: int, about: str = ""
) -> Place:
    known = inf if since is None or since != since else since
    return Place(-holds, _PRESSING[kind], known, id_order(key.id), key, about)

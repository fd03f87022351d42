"""The cheapest way to make a blocked task ready, with its price. Pure.

Every task above the blocked one is either brought to an end or cut off where it is listed as a
blocker. Which of the two is cheapest for each, all together, is a minimum cut: an edge costs what
cutting it costs, a task what finishing it costs, and what is not reached is left alone. Prices are
points, not minutes: an edge that can never clear costs nothing to clean; work that somebody has
to do costs by how sure it is to come; cutting an edge that means something is dear.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from store.model.attention import (
    DEFAULT_STALE_AFTER_S,
    DisplayState,
    display_state,
    retry_refusal,
)
from store.model.flow import UNBOUNDED, source_side
from store.model.graph import TaskGraph, find_path, id_order
from store.model.readiness import Reason, failure_text
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, Verb

MOST_ABOVE = 300
"""Tasks above the blocked one that are weighed, nearest first."""


class StepKind(StrEnum):
    """What is done, in the order in which it is best done."""

    CLEAN = "clean"
    """Remove an edge that never clears."""
    RELEASE = "release"
    """Take work from an owner who is silent, so that somebody else can do it."""
    RETRY = "retry"
    """Have work that failed tried again."""
    ASSIGN = "assign"
    """Give work that nobody owns to somebody."""
    CUT = "cut"
    """Remove an edge that means something: the task starts without what the blocker makes."""
    WAIT = "wait"
    """Its owner will finish it."""


PRICES = {
    StepKind.CLEAN: 0,
    StepKind.RELEASE: 10,
    StepKind.RETRY: 15,
    StepKind.ASSIGN: 15,
    StepKind.WAIT: 20,
    StepKind.CUT: 100,
}
NOT_BEGUN = 5
"""Added where work has to be waited for that its owner has not begun."""
PUT_OFF = 60
"""Instead, where the status itself keeps it from starting: put off, unknown, failed for good."""

_VERBS = {
    StepKind.CLEAN: Verb.UNBLOCK,
    StepKind.RELEASE: Verb.RELEASE,
    StepKind.RETRY: Verb.STATUS,
    StepKind.ASSIGN: Verb.ASSIGN,
    StepKind.CUT: Verb.UNBLOCK,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, or to wait for. `text` quotes the records, so it is untrusted."""

    kind: StepKind
    task: TaskId
    """Which task is acted on."""
    blocker: TaskId | None
    """The blocker whose edge is removed."""
    text: str
    price: int
    since: float | None = None
    """Epoch seconds of the last write of what is released or waited for."""

    @property
    def verb(self) -> Verb | None:
        """The edit that does it; None where there is nothing to do but wait."""
        return _VERBS.get(self.kind)


@dataclass(frozen=True, slots=True)
class Way:
    """Steps that together make a task ready."""

    steps: tuple[Step, ...]
    is_whole: bool = True
    """False: more is above the task than was weighed, so a cheaper way is possible."""

    @property
    def price(self) -> int:
        return sum(step.price for step in self.steps)


def above(graph: TaskGraph, task_id: TaskId, most: int) -> tuple[list[TaskId], bool]:
    """What a task waits on, transitively, nearest first, itself left out; and whether it is all."""
    seen = {task_id}
    queue = [task_id]
    for node in queue:
        for blocker in graph.unmet.get(node, ()):
            if blocker not in seen:
                if len(queue) > most:
                    return queue[1:], False
                seen.add(blocker)
                queue.append(blocker)
    return queue[1:], True


def cheapest_way(
    task_list: TaskList, task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Way | None:
    """How a task that is blocked is made ready most cheaply; None where no blocker keeps it."""
    if not task_list.is_blocked(task) or task.id not in task_list.graph.unmet:
        return None
    nodes, is_whole = above(task_list.graph, task.id, MOST_ABOVE)
    weighing = _Weighing(task_list, nodes, now, stale_after_s)
    inside = source_side(weighing.arcs(task.id), task.id, None)
    steps = sorted(weighing.steps(task.id, inside), key=_step_order)
    return Way(tuple(steps), is_whole)


def _step_order(step: Step) -> tuple[int, tuple[int, int, str], tuple[int, int, str]]:
    place = tuple(StepKind).index(step.kind)
    return place, id_order(step.task), id_order(step.blocker or "")


class _Weighing:
    """What cutting each edge and finishing each task above the blocked one costs."""

    def __init__(
        self, task_list: TaskList, nodes: Iterable[TaskId], now: float, stale_after_s: float
    ) -> None:
        self._list = task_list
        self._now = now
        self._stale_after_s = stale_after_s
        self._finish: Mapping[TaskId, Step | None] = {i: self._finishing(i) for i in nodes}

    def arcs(self, start: TaskId) -> Iterator[tuple[TaskId, TaskId | None, int]]:
        """The network: from the blocked task up its edges, and from each task to the end (None).

        Every price has one added for each step: of two ways that cost the same the shorter wins.
        """
        for node in (start, *self._finish):
            for step in self._cuts(node):
                blocker = step.blocker
                if blocker in self._finish and blocker is not None:
                    yield node, blocker, _scaled(step.price)
        for node, finish in self._finish.items():
            yield node, None, UNBOUNDED if finish is None else _scaled(finish.price)

    def steps(self, start: TaskId, inside: set[TaskId | None]) -> Iterator[Step]:
        """What the cut comes to: `inside` are the blocked task and all that is to be finished."""
        kept: dict[TaskId, list[TaskId]] = {}
        for node in (start, *self._finish):
            if node not in inside:
                continue
            if node != start and (finish := self._finish[node]) is not None:
                yield finish
            for step in self._cuts(node):
                if step.blocker is None or step.blocker not in inside or step.blocker == node:
                    yield step
                else:
                    kept.setdefault(node, []).append(step.blocker)
        yield from self._openings(kept)

    def _openings(self, kept: dict[TaskId, list[TaskId]]) -> Iterator[Step]:
        """One edge of each ring among what is to be finished: else none of it ever begins."""
        for node, blockers in kept.items():
            for blocker in list(blockers):
                if find_path(kept, blocker, node):
                    blockers.remove(blocker)
                    yield from (step for step in self._cuts(node) if step.blocker == blocker)

    def _cuts(self, node: TaskId) -> Iterator[Step]:
        """The removal of each unmet edge of a task."""
        task = self._list.tasks.get(node)
        if task is None or not task.is_readable:
            return
        for reason in self._reasons(task):
            kind = StepKind.CLEAN if reason.kind.is_phantom else StepKind.CUT
            text = f"{kind.value} #{reason.task} from #{node}: {_why(reason, kind)}"
            yield Step(kind, node, reason.task, text, PRICES[kind])

    def _reasons(self, task: Task) -> tuple[Reason, ...]:
        """Why it waits; what is in progress waits on nothing any more."""
        if task.status.is_active or task.id not in self._list.graph.unmet:
            return ()
        return self._list.readiness(task).reasons

    def _finishing(self, node: TaskId) -> Step | None:
        """What it takes to bring a blocker to its end, its own blockers left out; None: nothing
        can."""
        task = self._list.tasks.get(node)
        if task is None or not task.is_readable or task.is_closed:
            return None
        state = display_state(self._list, task, self._now, self._stale_after_s)
        name, owner = f"#{node}", task.owner
        since = task.updated_at
        if state is DisplayState.STALE:
            text = f"release {name}: {owner or 'nobody'} has it in progress and is silent"
            return Step(StepKind.RELEASE, node, None, text, PRICES[StepKind.RELEASE], since)
        if state is DisplayState.FAILED:
            return self._retrying(task)
        price = PRICES[StepKind.WAIT]
        if state is DisplayState.ACTIVE:
            text = f"wait for {name}: {owner or 'nobody'} works on it"
            return Step(StepKind.WAIT, node, None, text, price, since)
        if state is DisplayState.WAITING:
            text = f"wait for {name}: its status is {task.native_status!r}"
            return Step(StepKind.WAIT, node, None, text, PUT_OFF, since)
        when = "" if state is DisplayState.READY else " once it can start"
        if owner is None:
            text = f"assign {name}{when}: nobody owns it"
            return Step(StepKind.ASSIGN, node, None, text, PRICES[StepKind.ASSIGN], since)
        text = f"wait for {name}: {owner} begins it{when}"
        return Step(StepKind.WAIT, node, None, text, price + NOT_BEGUN, since)

    def _retrying(self, task: Task) -> Step:
        """What brings a failed blocker to its end: another try, where that can be had."""
        refusal = retry_refusal(self._list)
        if refusal is None:
            text = f"retry #{task.id}, set it to pending: it {failure_text(task)}"
            price = PRICES[StepKind.RETRY]
            return Step(StepKind.RETRY, task.id, None, text, price, task.updated_at)
        text = f"wait for #{task.id}: it failed, and cannot be retried here: {refusal}"
        return Step(StepKind.WAIT, task.id, None, text, PUT_OFF, task.updated_at)


def _why(reason: Reason, kind: StepKind) -> str:
    if kind is StepKind.CUT:
        return "it starts without what that makes"
    return f"{reason.kind.value}, never clears"


def _scaled(price: int) -> int:
    return price * 1000 + 1

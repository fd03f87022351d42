"""Which tasks newly match an operator's rule, and which of them may be told: pure, no delivery.

A task is told once when it comes to match. What came to match again too soon, and what is more
than the limits allow, is counted and not told. What matches when the watch begins is not news.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from store.model.alert import NO_ALERTS, Alert, Alerts, Rule
from store.model.attention import Need, Thresholds, display_state, need
from store.model.counting import RunningRollups
from store.model.needs import NeedQueue, RunningNeeds
from store.model.query import Moment, searched_text
from store.model.receipts import Receipt
from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey

_WINDOW_S = 60.0
_MOST_TOLD = 10_000  # (rule, match) pairs whose last alert is remembered
_LATE_S = 0.001
"""A task is looked at so long after its moment, for rounding's sake."""
_Name = tuple[TaskKey, str]
"""What a rule matched: the task (no id: its list), and what tells several needs of it apart."""


class AlertWatch:
    """Follows snapshots with a set of rules. Not for use by two threads at once."""

    def __init__(
        self,
        rules: Sequence[Rule],
        per_minute: int,
        thresholds: Thresholds | None = None,
    ) -> None:
        """Args:
        per_minute: alerts in a minute, of all rules together.
        """
        self._thresholds = thresholds or Thresholds()
        self._rules = [_RunningRule(rule, self._thresholds.stale_after_s) for rule in rules]
        self._asks_needs = any(rule.kind is not None for rule in rules)
        self._needs = RunningNeeds()
        self._rollups = RunningRollups()
        self._overall = _Limit(per_minute)
        self.is_begun = False
        """The first whole snapshot has been judged: from here on there is news."""
        self._held_back = 0
        self.held_back_total = 0
        """Matches that were not told, since the beginning."""

    def of(self, snapshot: Snapshot, now: float, receipts: Sequence[Receipt] = ()) -> Alerts:
        """What comes to match with this snapshot at this moment (epoch seconds).

        A snapshot that is still being loaded tells nothing, and the first whole one is where
        everything starts from.
        """
        if not snapshot.is_complete:
            return NO_ALERTS
        queue = NeedQueue()
        if self._asks_needs:
            rollups = self._rollups.of(snapshot)
            queue = self._needs.of(snapshot, rollups, now, self._thresholds, receipts)
        due: list[Alert] = []
        for rule in self._rules:
            for name in rule.entered(snapshot, queue, now):
                if not self.is_begun:
                    continue
                if rule.may_tell(name, now) and self._overall.has_room(now):
                    rule.note_told(name, now)
                    self._overall.note(now)
                    due.append(rule.alert(name, snapshot, queue, now))
                else:
                    self._held_back += 1
                    self.held_back_total += 1
        self.is_begun = True
        if not due:
            return NO_ALERTS
        held_back, self._held_back = self._held_back, 0
        return Alerts(tuple(due), held_back)


class _Limit:
    """At most so many in any minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._told: deque[float] = deque()

    def has_room(self, now: float) -> bool:
        # A clock that went back must not close the door for as long as it went.
        while self._told and not 0 <= now - self._told[0] < _WINDOW_S:
            self._told.popleft()
        return len(self._told) < self._per_minute

    def note(self, now: float) -> None:
        self._told.append(now)


class _RunningRule:
    """One rule with what it matched last."""

    def __init__(self, rule: Rule, stale_after_s: float) -> None:
        self.rule = rule
        self._stale_after_s = stale_after_s
        self._lists: dict[ListKey, _ListMatches] = {}
        self._moment = Moment()
        self._known: set[_Name] = set()
        self._told: dict[_Name, float] = {}
        self._limit = _Limit(rule.per_minute)

    def entered(self, snapshot: Snapshot, queue: NeedQueue, now: float) -> list[_Name]:
        """What matches now and did not before. A list that is gone keeps what it had: one that
        comes back after a moment is no news.
        """
        self._moment.now = now
        found = self._by_need(snapshot, queue) if self.rule.kind else self._by_query(snapshot, now)
        entered = [name for name in found if name not in self._known]
        if entered or len(found) != len(self._known):
            gone = {name for name in self._known if name[0].list not in snapshot.lists}
            self._known = gone.union(found)
        return entered

    def may_tell(self, name: _Name, now: float) -> bool:
        last = self._told.get(name)
        has_cooled = last is None or not 0 <= now - last < self.rule.cool_down_s
        return has_cooled and self._limit.has_room(now)

    def note_told(self, name: _Name, now: float) -> None:
        self._limit.note(now)
        self._told.pop(name, None)
        self._told[name] = now  # in the order of the last alert
        while len(self._told) > _MOST_TOLD:
            del self._told[next(iter(self._told))]

    def alert(self, name: _Name, snapshot: Snapshot, queue: NeedQueue, now: float) -> Alert:
        key = name[0]
        task_list = snapshot.lists[key.list]
        task = task_list.tasks.get(key.id)
        found: Need | None = None
        if self.rule.kind is not None:
            found = next((queue.need(place) for place in queue.places if place.name == name), None)
        elif task is not None:
            found = need(task_list, task, now, self._stale_after_s)
        kind, text = (found.kind, found.text) if found else (None, "")
        is_ready = task is not None and task_list.is_ready(task)
        return Alert(self.rule, key.list, task, kind, text, now, is_ready)

    def _by_need(self, snapshot: Snapshot, queue: NeedQueue) -> dict[_Name, None]:
        kind = self.rule.kind
        names = (place.name for place in queue.places if place.kind is kind)
        if self.rule.query is None:
            return dict.fromkeys(names)
        return {name: None for name in names if self._passes(name[0], snapshot)}

    def _passes(self, key: TaskKey, snapshot: Snapshot) -> bool:
        task_list = snapshot.lists[key.list]
        task = task_list.tasks.get(key.id)  # a query says nothing of a list as a whole
        return task is not None and self._matches(task_list, task)

    def _by_query(self, snapshot: Snapshot, now: float) -> dict[_Name, None]:
        self._lists = {key: self._lists.get(key) or _ListMatches() for key in snapshot.lists}
        return {
            (TaskKey(key, task_id), ""): None
            for key, matches in self._lists.items()
            for task_id in matches.of(self, snapshot.lists[key], now)
        }

    def _matches(self, task_list: TaskList, task: Task) -> bool:
        query = self.rule.query
        if query is None or task.is_internal:
            return False
        if query.test is None:
            return True
        state = display_state(task_list, task, self._moment.now, self._stale_after_s)
        text = searched_text(task) if query.reads_text else ""
        return query.test(text, task, task_list, state, self._moment)

    def judge(self, task_list: TaskList, task_id: TaskId) -> bool:
        """Whether the list has the task and the query matches it now."""
        task = task_list.tasks.get(task_id)
        return task is not None and self._matches(task_list, task)

    def flips(self, task: Task, now: float) -> Iterator[float]:
        """Moments after now when the answer may change by itself."""
        if self.rule.query is not None:
            for at in self.rule.query.flips_after(task, now - _LATE_S):
                yield at + _LATE_S
        if task.status.is_active and task.updated_at is not None:
            stale_at = task.updated_at + self._stale_after_s + _LATE_S
            if stale_at > now:
                yield stale_at

    def needs_all(self, before: TaskList, after: TaskList) -> bool:
        """Whether the answer for a task may rest on edges anywhere in its list."""
        query = self.rule.query
        if query is None or before.graph is after.graph:
            return False
        return query.asks("critical") or query.asks("root")


@dataclass(slots=True)
class _ListMatches:
    """The tasks of one list that a query matches, kept from state to state."""

    seen: TaskList | None = None
    at: float = 0.0
    ids: dict[TaskId, None] = field(default_factory=dict)
    due: list[tuple[float, TaskId]] = field(default_factory=list)
    """Heap: when to look at a task again though nobody wrote it."""

    def of(self, rule: _RunningRule, task_list: TaskList, now: float) -> dict[TaskId, None]:
        touched = self._touched(rule, task_list, now)
        self.seen, self.at = task_list, now
        if touched is None:
            self.ids = {i: None for i in task_list.tasks if rule.judge(task_list, i)}
            tasks = task_list.tasks.values()
            self.due = [(at, task.id) for task in tasks for at in rule.flips(task, now)]
            heapify(self.due)
            return self.ids
        for task_id in self._ripe(now, touched):
            if rule.judge(task_list, task_id):
                self.ids[task_id] = None
            else:
                self.ids.pop(task_id, None)
            if (task := task_list.tasks.get(task_id)) is not None:
                for at in rule.flips(task, now):
                    heappush(self.due, (at, task_id))
        return self.ids

    def _touched(self, rule: _RunningRule, task_list: TaskList, now: float) -> set[TaskId] | None:
        """Ids to look at again; None for all of them, also when the clock went back."""
        if self.seen is None or now < self.at:
            return None
        if task_list is self.seen:
            return set()
        if rule.needs_all(self.seen, task_list) or len(self.due) > 4 * len(task_list.tasks) + 64:
            return None  # the heap has grown by tasks that are written again and again
        touched = task_list.judged_since(self.seen)
        return None if touched is None else set(touched)

    def _ripe(self, now: float, touched: set[TaskId]) -> set[TaskId]:
        while self.due and self.due[0][0] <= now:
            touched.add(heappop(self.due)[1])
        return touched

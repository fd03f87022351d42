"""The immutable state of all lists at one moment, and what differs between two moments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from store.model import graph as graphs
from store.model.compared import moved_fields
from store.model.errors import LockHolder
from store.model.graph import EMPTY_GRAPH, TaskGraph, id_order
from store.model.lineage import Lineage
from store.model.readiness import Readiness, readiness
from store.model.task import ListKey, Problem, Task, TaskId, TaskKey, TaskListInfo, TaskStatus

if TYPE_CHECKING:
    from store.model.execution import ListEvent
    from store.model.facts import SystemFacts

_MARKED = TaskStatus.BLOCKED
_PENDING = TaskStatus.PENDING  # members take long to look up, which shows in 100,000 tasks


@dataclass(frozen=True, slots=True, eq=False)
class TaskList:
    """One list as it was scanned. `tasks` is ordered by id; unchanged tasks are shared objects."""

    info: TaskListInfo
    tasks: Mapping[TaskId, Task] = field(default_factory=dict)
    graph: TaskGraph = EMPTY_GRAPH
    problems: tuple[Problem, ...] = ()
    ignored: int = 0
    """Files in the list that are not tasks by their name."""
    is_stale: bool = False
    """True: the list is gone or could not be read now; this is the last good view of it."""
    highest_id: int | None = None
    """The highest id that the list ever gave away, as it says itself; None: it does not say."""
    events: tuple[ListEvent, ...] = ()
    """The last things that the list's system itself recorded, oldest first, a few hundred."""
    lineage: tuple[Mapping[TaskId, Task], Lineage] | None = None
    """The lineage of `tasks`, beside the very mapping that it is true of."""

    @property
    def key(self) -> ListKey:
        return self.info.key

    def readiness(self, task: Task) -> Readiness:
        cycle = self.graph.cycle_of.get(task.id, ())
        return readiness(task, self.tasks, cycle, self.highest_id)

    def is_ready(self, task: Task) -> bool:
        """The verdict alone, without building its reasons."""
        return task.status is _PENDING and task.id not in self.graph.unmet and task.is_readable

    def is_blocked(self, task: Task) -> bool:
        """It has not started, and something unmet, or a stored 'blocked', keeps it from that."""
        if task.id in self.graph.unmet:
            return not task.status.is_active and task.is_readable
        return task.status is _MARKED and task.is_readable

    def changed_since(self, older: TaskList) -> set[TaskId] | None:
        """Ids of which `tasks` may name another object than in an older state of the list, or
        none at all; None where that is not known.
        """
        if older.tasks is self.tasks:
            return set()
        mine, theirs = self.lineage, older.lineage
        if mine is None or theirs is None:
            return None
        if mine[0] is not self.tasks or theirs[0] is not older.tasks:
            return None
        return mine[1].since(theirs[1])

    def judged_since(self, older: TaskList) -> set[TaskId] | None:
        """Ids of which the task, or what follows for it from the edges, may be another than in an
        older state of the list; None where that is not known.
        """
        changed = self.changed_since(older)
        if changed is None or older.graph is self.graph:
            return changed
        judged = self.graph.lineage.since(older.graph.lineage)
        return None if judged is None else changed | judged

    def with_tasks(
        self, tasks: Mapping[TaskId, Task], touched: frozenset[TaskId], **facts: Any
    ) -> TaskList:
        """The next state, its graph worked out from this one's. `facts`: other fields to set."""
        if self.graph is EMPTY_GRAPH and not self.tasks:
            graph, lineage = graphs.build(tasks), Lineage()
        else:
            graph = graphs.update(self.graph, self.tasks, tasks, touched)
            is_known = self.lineage is not None and self.lineage[0] is self.tasks
            lineage = self.lineage[1].then(touched) if self.lineage and is_known else Lineage()
        now: dict[str, Any] = {
            "info": self.info,
            "problems": self.problems,
            "ignored": self.ignored,
            "highest_id": self.highest_id,
            "events": self.events,
            **facts,
        }
        return TaskList(tasks=tasks, graph=graph, lineage=(tasks, lineage), **now)


class WatchMode(StrEnum):
    """How changes under a root come to be known."""

    EVENTS = "events"
    POLLING = "polling"
    WAITING = "waiting"
    """The root does not exist yet; its nearest parent is watched."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class RootState:
    """One root: where it is, where the setting came from, and how it is watched."""

    path: str
    source: str
    exists: bool
    mode: WatchMode = WatchMode.NONE
    problem: str | None = None
    """Why nothing, or not all, is seen of it."""
    problems: tuple[Problem, ...] = ()
    """Directories below it that look like lists and are passed over."""
    takes_new: bool = True
    """A list can be started here."""


@dataclass(frozen=True, slots=True)
class LockHold:
    """A list's lock that was not seen free for a while. Nobody took it to find out."""

    holder: LockHolder
    since: float
    """Epoch seconds of the first of the looks, all of which saw the same holder."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """All lists at one moment. Compared by identity: a new scan without news is the same object
    but for its times, which travel beside it (see `scanned_at`).
    """

    lists: Mapping[ListKey, TaskList] = field(default_factory=dict)
    roots: tuple[RootState, ...] = ()
    scanned_at: float = 0.0
    """Epoch seconds of the scan that produced this state."""
    number: int = 0
    """Grows by one with each snapshot of a workspace."""
    is_complete: bool = True
    """False while the first load is still going on."""
    locks: Mapping[ListKey, LockHold] = field(default_factory=dict)
    """Lists whose lock has been held for long."""
    systems: Mapping[str, SystemFacts] = field(default_factory=dict)
    """What is said of the systems that are looked for, by `ListKey.system`."""

    @property
    def root_for_new(self) -> RootState | None:
        """The one root where a list can be started; None: there is none, or several are."""
        fit = [root for root in self.roots if root.takes_new]
        return fit[0] if len(fit) == 1 else None

    def task(self, key: TaskKey) -> Task | None:
        found = self.lists.get(key.list)
        return found.tasks.get(key.id) if found else None

    def all_tasks(self) -> Iterator[tuple[TaskList, Task]]:
        for task_list in self.lists.values():
            for task in task_list.tasks.values():
                yield task_list, task

    def count(self) -> int:
        return sum(len(task_list.tasks) for task_list in self.lists.values())


EMPTY_SNAPSHOT = Snapshot()


class ChangeKind(StrEnum):
    """What happened to a task or a list."""

    CREATED = "created"
    CHANGED = "changed"
    VANISHED = "vanished"
    """It is no longer there. Who removed it is not known from this."""
    UNREADABLE = "unreadable"
    LIST_APPEARED = "list_appeared"
    LIST_VANISHED = "list_vanished"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one task that differs, or one task or list that came or went.

    `field` is None for what came or went; `old` and `new` are then its subject.
    """

    kind: ChangeKind
    list: ListKey
    task: TaskId | None
    field: str | None
    old: Any
    new: Any
    at: float
    """Epoch seconds: the record's own `updated_at` where it moved, else the time of the scan."""
    owner: str | None = None
    subject: str = ""
    is_written: bool = False
    """The record's own time moved with it: whoever wrote it keeps that field."""


def diff(old: Snapshot, new: Snapshot) -> list[Change]:
    """What differs. Shared objects are skipped by identity, so this costs what changed."""
    if old.lists is new.lists:
        return []
    changes: list[Change] = []
    for key, before in old.lists.items():
        if key not in new.lists:
            name = before.info.name
            kind = ChangeKind.LIST_VANISHED
            changes.append(Change(kind, key, None, None, name, None, new.scanned_at))
    for key, after in new.lists.items():
        known = old.lists.get(key)
        if known is None:
            name = after.info.name
            kind = ChangeKind.LIST_APPEARED
            changes.append(Change(kind, key, None, None, None, name, new.scanned_at))
        if known is not after:
            changes.extend(_diff_tasks(known, after, new.scanned_at))
    return changes


def _diff_tasks(before: TaskList | None, after: TaskList, at: float) -> Iterator[Change]:
    known: Mapping[TaskId, Task] = before.tasks if before else {}
    if known is after.tasks:
        return
    touched = after.changed_since(before) if before else None
    ids: Iterable[TaskId] = after.tasks
    old_ids: Iterable[TaskId] = known
    if touched is not None:
        ids = old_ids = sorted(touched, key=id_order)
    for task_id in ids:
        was, task = known.get(task_id), after.tasks.get(task_id)
        if task is was or task is None:
            continue
        if was is None:
            yield _whole(ChangeKind.CREATED, task, None, task.subject, task.created_at or at)
        else:
            yield from _diff_fields(was, task, at)
    for task_id in old_ids:
        was = known.get(task_id)
        if was is not None and task_id not in after.tasks:
            yield _whole(ChangeKind.VANISHED, was, was.subject, None, at)


def _whole(kind: ChangeKind, task: Task, old: Any, new: Any, at: float) -> Change:
    return Change(kind, task.key.list, task.id, None, old, new, at, task.owner, task.subject)


def _diff_fields(was: Task, task: Task, at: float) -> Iterator[Change]:
    if was.is_readable and not task.is_readable:
        reason = task.fault.text if task.fault else ""
        yield _whole(ChangeKind.UNREADABLE, was, was.subject, reason, at)
        return
    moved = task.updated_at if task.updated_at != was.updated_at else None
    for name, old, new in moved_fields(was, task):
        yield Change(
            ChangeKind.CHANGED,
            task.key.list,
            task.id,
            name,
            old,
            new,
            moved or at,
            task.owner,
            task.subject,
            moved is not None,
        )

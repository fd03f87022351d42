"""THE predicate: is a task ready to start, and if not, why. Table, panes, claim, command line
and JSON all ask here, so no two of them can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.model.analysis import is_number
from store.model.graph import Tasks, is_met
from store.model.task import ProblemKind, Task, TaskId, TaskStatus


class ReasonKind(StrEnum):
    """Why a task is not ready."""

    DONE = "done"
    IN_PROGRESS = "in_progress"
    OPEN = "open"
    """An open blocker: somebody has to finish it."""
    MISSING = "missing"
    """A blocker of which there is no trace: nothing says that it ever was in the list."""
    DELETED = "deleted"
    """A blocker that was removed: its id was given away once, and its record is gone."""
    UNREADABLE = "unreadable"
    SELF = "self"
    CYCLE = "cycle"
    ARCHIVED = "archived"
    """A blocker that was put away without being completed."""
    CLOSED = "closed"
    """A blocker that ended without being completed otherwise: cancelled, abandoned."""
    MARKED = "marked"
    """Its own status says that it is blocked, and nothing unmet is in its way."""
    FAILED = "failed"
    """It, or a blocker, was tried in vain: nobody tries it again before somebody says so."""
    STATUS = "status"
    """Its own status keeps it from starting: deferred, unknown."""

    @property
    def is_phantom(self) -> bool:
        """Waiting cannot help: the edge, not the work, has to be mended."""
        return self in _PHANTOM


_PHANTOM = frozenset(
    {
        ReasonKind.MISSING,
        ReasonKind.DELETED,
        ReasonKind.UNREADABLE,
        ReasonKind.SELF,
        ReasonKind.CYCLE,
        ReasonKind.ARCHIVED,
        ReasonKind.CLOSED,
        ReasonKind.MARKED,
    }
)


_ERROR = 200  # characters


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: its kind, the task that causes it, and a sentence for a person.

    `text` quotes the task's own words, so it is untrusted and goes through the safe-text door.
    """

    kind: ReasonKind
    task: TaskId
    text: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The verdict. `reasons` is empty exactly when `ready`."""

    ready: bool
    reasons: tuple[Reason, ...]

    @property
    def is_phantom(self) -> bool:
        """Blocked, and by nothing but edges that will never clear by themselves."""
        return bool(self.reasons) and all(r.kind.is_phantom for r in self.reasons)


READY = Readiness(True, ())


def readiness(
    task: Task, tasks: Tasks, cycle: Sequence[TaskId] = (), highest_id: int | None = None
) -> Readiness:
    """Judge one task against the tasks of its list.

    Args:
        task: the task in question.
        tasks: at least its blockers, by id; an id that is not there counts as missing.
        cycle: the members of the cycle it is in, where the caller knows the whole graph.
        highest_id: the highest id that the list ever gave away, where that is known: it tells
            a blocker that was deleted from one that never was there.
    """
    if not task.is_readable:
        return _because(ReasonKind.UNREADABLE, task.id, fault_text(task))
    if task.status.frees_dependents:
        return _because(ReasonKind.DONE, task.id, "it is completed")
    if task.is_closed:
        return _because(ReasonKind.DONE, task.id, f"it is {task.native_status}")
    if task.status.is_active:
        who = f" by {task.owner}" if task.owner else ", by nobody"
        return _because(ReasonKind.IN_PROGRESS, task.id, f"it is {task.native_status}{who}")
    reasons = [
        _judge(task, blocker, tasks.get(blocker), cycle, highest_id)
        for blocker in dict.fromkeys(task.blocked_by)
        if not is_met(tasks.get(blocker))
    ]
    if reasons:
        return Readiness(False, tuple(reasons))
    if task.status is TaskStatus.BLOCKED:
        text = f"it is stored as {task.native_status} though nothing holds it; set it to pending"
        return _because(ReasonKind.MARKED, task.id, text)
    if task.status is TaskStatus.FAILED:
        return _because(ReasonKind.FAILED, task.id, f"it {failure_text(task)}")
    if task.status is not TaskStatus.PENDING:
        return _because(ReasonKind.STATUS, task.id, f"its status is {task.native_status!r}")
    return READY


def is_phantom(task: Task, tasks: Tasks, cycles: Mapping[TaskId, Sequence[TaskId]]) -> bool:
    """The verdict's `is_phantom` for a task that something unmet keeps from starting.

    Args:
        task: a readable task, neither closed nor active.
        tasks: at least its blockers, by id.
        cycles: member → its cycle, one shared object per cycle.
    """
    cycle = cycles.get(task.id)
    for blocker_id in task.blocked_by:
        blocker = tasks.get(blocker_id)
        if blocker is None or blocker_id == task.id or not blocker.is_readable:
            continue
        if cycle is not None and cycles.get(blocker_id) is cycle:
            continue
        if not blocker.is_closed:
            return False
    return True


def fault_text(task: Task) -> str:
    """What is wrong with a task that is not readable, as part of a sentence."""
    fault = task.fault
    return "its file cannot be read" if fault is None or _is_garbled(task) else fault.text


def failure_text(task: Task) -> str:
    """How a failed task was tried, and its last error, as part of a sentence."""
    attempts = task.execution.attempts if task.execution is not None else None
    if attempts is None:
        return "failed"
    most = f" of {attempts.most}" if attempts.most is not None else ""
    tried = f", attempt {attempts.number}{most}" if attempts.number else ""
    error = " ".join((attempts.last_error or "").split())
    shown = error if len(error) <= _ERROR else error[: _ERROR - 1] + "…"
    return f"failed{tried}" + (f": {shown}" if shown else "")


def _is_garbled(task: Task) -> bool:
    """Nothing at all could be made of its file."""
    return task.fault is not None and task.fault.kind is ProblemKind.UNREADABLE


def _because(kind: ReasonKind, task_id: TaskId, text: str) -> Readiness:
    return Readiness(False, (Reason(kind, task_id, text),))


def _judge(
    task: Task,
    blocker_id: TaskId,
    blocker: Task | None,
    cycle: Sequence[TaskId],
    highest_id: int | None,
) -> Reason:
    if blocker_id == task.id:
        return Reason(ReasonKind.SELF, blocker_id, f"#{blocker_id} lists itself as its blocker")
    if blocker is None:
        return _absent(blocker_id, highest_id)
    if not blocker.is_readable:
        what = "cannot be read" if _is_garbled(blocker) else f"is in doubt: {fault_text(blocker)}"
        text = f"#{blocker_id} {what}, so nobody knows whether it is done"
        return Reason(ReasonKind.UNREADABLE, blocker_id, text)
    if blocker_id in cycle:
        ring = " → ".join(f"#{i}" for i in cycle[:10])
        ring += " → …" if len(cycle) > 10 else f" → #{cycle[0]}"
        text = f"#{blocker_id} waits on this task in turn: cycle {ring}"
        return Reason(ReasonKind.CYCLE, blocker_id, text)
    if blocker.is_closed:
        text = f"#{blocker_id} is {blocker.native_status}, which never frees what waits on it"
        is_archived = blocker.status is TaskStatus.ARCHIVED
        return Reason(ReasonKind.ARCHIVED if is_archived else ReasonKind.CLOSED, blocker_id, text)
    if blocker.status is TaskStatus.FAILED:
        text = f"#{blocker_id} {blocker.subject}: {failure_text(blocker)}"
        return Reason(ReasonKind.FAILED, blocker_id, text)
    owner = blocker.owner or "nobody"
    text = f"#{blocker_id} {blocker.subject}: {blocker.native_status}, owned by {owner}"
    return Reason(ReasonKind.OPEN, blocker_id, text)


def _absent(blocker_id: TaskId, highest_id: int | None) -> Reason:
    """A blocker without a record."""
    was_given = highest_id is not None and is_number(blocker_id) and int(blocker_id) <= highest_id
    if was_given:
        text = f"#{blocker_id} was deleted: its id was given away once and its record is gone"
        return Reason(ReasonKind.DELETED, blocker_id, text)
    text = f"#{blocker_id} is not in the list: deleted, lost or never there"
    return Reason(ReasonKind.MISSING, blocker_id, text)

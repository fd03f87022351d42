"""What a task's row should say at a moment: its state with evidence, and whether it needs a hand.

Stale means silent by evidence: no write to the record for a while. It is never a mood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from store.model.readiness import ReasonKind, fault_text, is_phantom
from store.model.snapshot import TaskList
from store.model.task import Task

DEFAULT_STALE_AFTER_S = 1800.0


class DisplayState(StrEnum):
    """One state per task, worst news first."""

    UNREADABLE = "unreadable"
    STALE = "stale"
    ACTIVE = "active"
    PHANTOM = "phantom"
    """Blocked only by edges that never clear by themselves."""
    BLOCKED = "blocked"
    READY = "ready"
    WAITING = "waiting"
    """Neither blocked nor startable: deferred, failed, unknown status."""
    DONE = "done"
    CLOSED = "closed"
    """Ended without being completed."""


class NeedKind(StrEnum):
    """Why a task needs the operator, most pressing first."""

    UNREADABLE = "unreadable"
    CYCLE = "cycle"
    PHANTOM = "phantom"
    SILENT_OWNER = "silent_owner"
    UNOWNED_ROOT = "unowned_root"
    """Ready and unowned while other open tasks wait on it."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing only a person will mend: why, since when, what it holds, the key that answers."""

    kind: NeedKind
    text: str
    since: float | None
    holds: int
    key: str


def silent_s(task: Task, now: float) -> float | None:
    """Seconds since the last write to the record; None where the record tells no time."""
    return None if task.updated_at is None else max(0.0, now - task.updated_at)


def is_stale(task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> bool:
    """Somebody holds it as in progress and has not written for longer than the threshold."""
    return (
        task.status.is_active
        and task.updated_at is not None
        and now - task.updated_at >= stale_after_s
    )


def display_state(
    task_list: TaskList, task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> DisplayState:
    """The state that the row shows."""
    if task.problems and not task.is_readable:
        return DisplayState.UNREADABLE
    if task.status.is_active:
        return DisplayState.STALE if is_stale(task, now, stale_after_s) else DisplayState.ACTIVE
    if task.status.frees_dependents:
        return DisplayState.DONE
    if task.status.is_closed:
        return DisplayState.CLOSED
    if task.id in task_list.graph.unmet:
        phantom = is_phantom(task, task_list.tasks, task_list.graph.cycle_of)
        return DisplayState.PHANTOM if phantom else DisplayState.BLOCKED
    return DisplayState.READY if task_list.is_ready(task) else DisplayState.WAITING


def needs_operator(state: DisplayState, task: Task, holds: int) -> bool:
    """Whether `need` has something to say of a task in this state, without saying it."""
    if state is DisplayState.READY:
        return task.owner is None and holds > 0
    return state in _NEEDY


_NEEDY = frozenset({DisplayState.UNREADABLE, DisplayState.STALE, DisplayState.PHANTOM})


def need(
    task_list: TaskList, task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Need | None:
    """Why this task needs the operator, or None."""
    holds = task_list.graph.holds(task.id)
    state = display_state(task_list, task, now, stale_after_s)
    if state is DisplayState.UNREADABLE:
        return Need(NeedKind.UNREADABLE, fault_text(task), None, holds, "enter")
    if state is DisplayState.STALE:
        text = f"in progress, silent{'' if holds == 0 else f', holds {holds}'}"
        return Need(NeedKind.SILENT_OWNER, text, task.updated_at, holds, "R")
    if state is DisplayState.PHANTOM:
        reasons = task_list.readiness(task).reasons
        kind = NeedKind.PHANTOM
        if any(r.kind in (ReasonKind.CYCLE, ReasonKind.SELF) for r in reasons):
            kind = NeedKind.CYCLE
        return Need(kind, reasons[0].text, task.updated_at, holds, "u")
    if needs_operator(state, task, holds):
        text = f"ready, unowned, holds {holds}"
        return Need(NeedKind.UNOWNED_ROOT, text, task.updated_at, holds, "a")
    return None

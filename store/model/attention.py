"""What a task's row should say at a moment: its state with evidence, and whether it needs a hand.

Stale means silent by evidence: no write to the record for a while. It is never a mood.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from store.model.readiness import ReasonKind, failure_text, fault_text, is_phantom
from store.model.receipts import UNSEEN_AFTER_S
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskStatus, Verb

DEFAULT_STALE_AFTER_S = 1800.0
DEFAULT_LOCK_AFTER_S = 30.0


class DisplayState(StrEnum):
    """One state per task, worst news first."""

    UNREADABLE = "unreadable"
    STALE = "stale"
    FAILED = "failed"
    """Tried in vain, and nothing unmet is in its way: it stays so until somebody retries it."""
    ACTIVE = "active"
    PHANTOM = "phantom"
    """Blocked only by what never clears by itself: edges, or a status that nothing is behind."""
    BLOCKED = "blocked"
    READY = "ready"
    WAITING = "waiting"
    """Neither blocked nor startable: deferred, unknown status."""
    DONE = "done"
    CLOSED = "closed"
    """Ended without being completed."""


class NeedKind(StrEnum):
    """Why a task or a list needs the operator, most pressing first."""

    LOCK_HELD = "lock_held"
    """A list's lock was held at every look for longer than the threshold: nobody can write."""
    NOTHING_STARTS = "nothing_starts"
    """Open tasks wait in a list where nothing is ready and nobody works."""
    UNREADABLE = "unreadable"
    CYCLE = "cycle"
    PHANTOM = "phantom"
    MARKED = "marked"
    """Stored as blocked though nothing holds it: agents pass it by."""
    FAILED = "failed"
    """Tried in vain: whoever sets it back to pending has it tried again."""
    SILENT_OWNER = "silent_owner"
    UNOWNED_ROOT = "unowned_root"
    """Ready and unowned while other open tasks wait on it."""
    UNSEEN_EDIT = "unseen_edit"
    """An operator's edit that its owner gives no sign of having seen."""


_ANSWERS = {
    NeedKind.CYCLE: Verb.UNBLOCK,
    NeedKind.PHANTOM: Verb.UNBLOCK,
    NeedKind.MARKED: Verb.STATUS,
    NeedKind.FAILED: Verb.STATUS,
    NeedKind.SILENT_OWNER: Verb.RELEASE,
    NeedKind.UNOWNED_ROOT: Verb.ASSIGN,
}
_REFUSED = {
    NeedKind.CYCLE: "unblocked",
    NeedKind.PHANTOM: "unblocked",
    NeedKind.MARKED: "set to pending",
    NeedKind.FAILED: "retried",
    NeedKind.SILENT_OWNER: "released",
    NeedKind.UNOWNED_ROOT: "assigned",
}
_KEYS = {Verb.UNBLOCK: "u", Verb.RELEASE: "R", Verb.ASSIGN: "a", Verb.STATUS: "s"}


def default_key(verb: Verb | None) -> str:
    """The key that leads to the verb unless a keymap moved it; opening is `enter`."""
    return "enter" if verb is None else _KEYS[verb]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something needs a person. Seconds."""

    stale_after_s: float = DEFAULT_STALE_AFTER_S
    """Silence of a record in progress."""
    unseen_after_s: float = UNSEEN_AFTER_S
    """An edit without a sign of its owner."""
    lock_after_s: float = DEFAULT_LOCK_AFTER_S
    """A lock that is never seen free."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing only a person will mend: why, since when, what it holds, what answers it.

    `text` quotes the records' own words, so it is untrusted.
    """

    kind: NeedKind
    list: ListKey
    task: TaskId | None
    """None: the list as a whole needs it."""
    text: str
    since: float | None
    """Epoch seconds; None where no record tells."""
    holds: int
    """Open tasks that wait on it."""
    refusal: str = ""
    """Why what would answer it cannot be done here; "": it can, or nothing would."""

    @property
    def verb(self) -> Verb | None:
        """The edit that answers it; None: it has to be looked at."""
        return None if self.refusal else _ANSWERS.get(self.kind)

    @property
    def key(self) -> str:
        """The key that answers it, where no keymap moved it."""
        return default_key(self.verb)


def silent_s(task: Task, now: float) -> float | None:
    """Seconds since the last write to the record; None where the record tells no time."""
    return None if task.updated_at is None else max(0.0, now - task.updated_at)


def last_sign(task: Task) -> float | None:
    """When whoever works on it last gave a sign of life, epoch seconds; None: nothing tells.

    Minus infinity where the holder of its lock is known dead: that is longer ago than any
    threshold.
    """
    if task.lock is not None and task.lock.is_live is False:
        return -inf
    return task.updated_at


def is_stale(task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S) -> bool:
    """Somebody holds it as in progress, and is dead or has long not written."""
    if not task.status.is_active:
        return False
    at = last_sign(task)
    return at is not None and now - at >= stale_after_s


def display_state(
    task_list: TaskList, task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> DisplayState:
    """The state that the row shows."""
    if task.problems and not task.is_readable:
        return DisplayState.UNREADABLE
    state = _BY_STATUS.get(task.status)
    if state is _ACTIVE:
        return _STALE if is_stale(task, now, stale_after_s) else _ACTIVE
    if state is not None:
        return state
    graph = task_list.graph
    if task.key.id in graph.unmet:
        return _PHANTOM if is_phantom(task, task_list.tasks, graph.cycle_of) else _BLOCKED
    if task.status is _MARKED:
        return _PHANTOM
    if task.status is _GIVEN_UP:
        return _FAILED
    return _READY if task_list.is_ready(task) else _WAITING


def _state_of(status: TaskStatus) -> DisplayState | None:
    """What the status alone decides; None where the edges do."""
    if status.is_active:
        return DisplayState.ACTIVE
    if status.frees_dependents:
        return DisplayState.DONE
    return DisplayState.CLOSED if status.is_closed else None


_BY_STATUS = {status: _state_of(status) for status in TaskStatus}
# Members of an enumeration take long to look up, which shows in 100,000 tasks.
_ACTIVE, _STALE, _READY = DisplayState.ACTIVE, DisplayState.STALE, DisplayState.READY
_PHANTOM, _BLOCKED = DisplayState.PHANTOM, DisplayState.BLOCKED
_WAITING, _FAILED = DisplayState.WAITING, DisplayState.FAILED
_MARKED, _GIVEN_UP = TaskStatus.BLOCKED, TaskStatus.FAILED


def needs_operator(state: DisplayState, task: Task, holds: int) -> bool:
    """Whether `need` has something to say of a task in this state, without saying it."""
    if state is _READY:
        return task.owner is None and holds > 0
    return state in _NEEDY


_NEEDY = frozenset(
    {DisplayState.UNREADABLE, DisplayState.STALE, DisplayState.FAILED, DisplayState.PHANTOM}
)


def need(
    task_list: TaskList, task: Task, now: float, stale_after_s: float = DEFAULT_STALE_AFTER_S
) -> Need | None:
    """Why this task needs the operator, or None."""
    state = display_state(task_list, task, now, stale_after_s)
    holds = task_list.graph.holds(task.id)
    if not needs_operator(state, task, holds):
        return None
    kind, text, since = _reason(task_list, task, state)
    refusal = answer_refusal(task_list, kind) or ""
    if refusal:
        text = f"{text}; it {refused_text(kind, refusal)}"
    return Need(kind, task_list.key, task.id, text, since, holds, refusal)


def retry_refusal(task_list: TaskList) -> str | None:
    """Why no failed task of the list can be set back to pending; None: it can."""
    return answer_refusal(task_list, NeedKind.FAILED)


def answer_to(kind: NeedKind) -> Verb | None:
    """The edit that answers a need of this kind; None: it has to be looked at."""
    return _ANSWERS.get(kind)


def answer_refusal(task_list: TaskList, kind: NeedKind) -> str | None:
    """Why that edit cannot be made in the list; None: it can, or there is none."""
    verb, allowed = _ANSWERS.get(kind), task_list.info.capabilities
    if verb is None:
        return None
    if verb is Verb.STATUS and TaskStatus.PENDING not in allowed.statuses:
        return "its status cannot be set to pending"
    return allowed.refusal(verb)


def refused_text(kind: NeedKind, refusal: str) -> str:
    """As in "cannot be released here: REFUSAL"."""
    return f"cannot be {_REFUSED[kind]} here: {refusal}"


def _reason(
    task_list: TaskList, task: Task, state: DisplayState
) -> tuple[NeedKind, str, float | None]:
    """Kind, text and since when, of a task that needs the operator."""
    if state is DisplayState.UNREADABLE:
        return NeedKind.UNREADABLE, fault_text(task), None
    if state is DisplayState.STALE:
        is_dead = last_sign(task) == -inf
        text = "in progress, its holder is dead" if is_dead else "in progress, silent"
        return NeedKind.SILENT_OWNER, text, task.updated_at
    if state is DisplayState.FAILED:
        return NeedKind.FAILED, failure_text(task), task.updated_at
    if state is DisplayState.PHANTOM:
        reasons = task_list.readiness(task).reasons
        rings = (ReasonKind.CYCLE, ReasonKind.SELF)
        is_ring = any(reason.kind in rings for reason in reasons)
        kind = NeedKind.CYCLE if is_ring else NeedKind.PHANTOM
        if reasons[0].kind is ReasonKind.MARKED:
            kind = NeedKind.MARKED
        return kind, reasons[0].text, task.updated_at
    return NeedKind.UNOWNED_ROOT, "ready, unowned", task.updated_at

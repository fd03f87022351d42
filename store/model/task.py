"""Tasks and lists as every pane sees them, whatever system owns them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple, NewType

if TYPE_CHECKING:
    from store.model.execution import Execution, Member, Spent, TaskLock


TaskListId = NewType("TaskListId", str)
TaskId = NewType("TaskId", str)
"""A native id as text: "12" in the native layout."""


class TaskStatus(StrEnum):
    """The common statuses. A system maps its own words to these and keeps them verbatim."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BLOCKED = "blocked"
    CLAIMED = "claimed"
    REVIEW = "review"
    FAILED = "failed"
    CANCELLED = "cancelled"
    DEFERRED = "deferred"
    ABANDONED = "abandoned"
    ARCHIVED = "archived"
    UNKNOWN = "unknown"

    @property
    def is_active(self) -> bool:
        """Somebody says that it is being worked on."""
        return self in _ACTIVE

    @property
    def is_closed(self) -> bool:
        """No work is left in it, whether it succeeded or not."""
        return self in _CLOSED

    @property
    def frees_dependents(self) -> bool:
        """Tasks that wait on it may start. Only success does that."""
        return self is TaskStatus.COMPLETED


_ACTIVE = frozenset({TaskStatus.IN_PROGRESS, TaskStatus.CLAIMED, TaskStatus.REVIEW})
_CLOSED = frozenset(
    {TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.ABANDONED, TaskStatus.ARCHIVED}
)


_WORDS = frozenset(status.value for status in TaskStatus)


class ListKey(NamedTuple):
    """Names one list on this machine: the same id may exist under two roots."""

    system: str
    root: str
    id: TaskListId


class TaskKey(NamedTuple):
    """Names one task. Selection, marks and edits hold keys, never row numbers."""

    list: ListKey
    id: TaskId


class Revision(NamedTuple):
    """Which version of a record was read, from its file's metadata."""

    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int


NO_REVISION = Revision(0, 0, 0, 0)


class ProblemKind(StrEnum):
    """What is wrong with a record or a list, by the repair that it needs."""

    UNREADABLE = "unreadable"
    ID_MISMATCH = "id_mismatch"
    UNKNOWN_STATUS = "unknown_status"
    HALF_EDGE = "half_edge"
    DANGLING_EDGE = "dangling_edge"
    SELF_EDGE = "self_edge"
    CYCLE = "cycle"
    LOST_MARK = "lost_mark"
    BAD_META = "bad_meta"
    BAD_TRANSACTION = "bad_transaction"
    IGNORED_FILE = "ignored_file"
    SKIPPED_DIRECTORY = "skipped_directory"
    UNSAFE_PERMISSIONS = "unsafe_permissions"
    STALE_LOCK = "stale_lock"
    CUT_TEXT = "cut_text"
    """A text is too long to be shown, or changed, as a whole."""
    GONE = "gone"


_FAULTS = frozenset({ProblemKind.UNREADABLE, ProblemKind.ID_MISMATCH})


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong on disk: what, where, and the way out."""

    kind: ProblemKind
    text: str
    task: TaskId | None = None
    path: str | None = None
    repair: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task as it was read. Times are epoch seconds, None where the record has none."""

    key: TaskKey
    subject: str
    status: TaskStatus = TaskStatus.PENDING
    native_status: str = "pending"
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    blocks: tuple[TaskId, ...] = ()
    blocked_by: tuple[TaskId, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    created_at: float | None = None
    updated_at: float | None = None
    priority: str | None = None
    """In the system's own word or number; None where it has none."""
    lock: TaskLock | None = None
    parent: TaskId | None = None
    execution: Execution | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Top-level fields that colonytop does not know; kept by every edit."""
    problems: tuple[Problem, ...] = ()
    revision: Revision = NO_REVISION

    @property
    def id(self) -> TaskId:
        return self.key.id

    @property
    def is_readable(self) -> bool:
        """False: the file is there and cannot be understood, or says that it is another task.

        It still keeps its id, is never ready, and frees nothing.
        """
        return not self.problems or self.fault is None

    @property
    def fault(self) -> Problem | None:
        """Why the task is not readable."""
        return next((p for p in self.problems if p.kind in _FAULTS), None)

    @property
    def is_internal(self) -> bool:
        return bool(self.metadata.get("_internal"))

    @property
    def is_closed(self) -> bool:
        return self.status.is_closed and self.is_readable


_SETTERS = tuple(getattr(Task, name).__set__ for name in Task.__slots__)
_new_task = object.__new__


def task_of_values(values: tuple[Any, ...]) -> Task:
    """A task from the values of all its fields, in their order.

    The constructor of a frozen class takes several times as long, which shows in 100,000 tasks.
    """
    task = _new_task(Task)
    for put, value in zip(_SETTERS, values, strict=True):
        put(task, value)
    return task


class Verb(StrEnum):
    """The edits that a system may or may not allow."""

    CREATE = "create"
    EDIT = "edit"
    STATUS = "status"
    ASSIGN = "assign"
    BLOCK = "block"
    UNBLOCK = "unblock"
    CLAIM = "claim"
    RELEASE = "release"
    DELETE = "delete"
    PRIORITY = "priority"
    RESTORE = "restore"
    TICK = "tick"
    """Tick off a step or a check, or open it again."""
    RETRIES = "retries"
    """Change how often a task may be tried."""


class ListRules(NamedTuple):
    """How the tool of a list keeps edges, claims and ends; the defaults are the native layout's."""

    mirrors_edges: bool = True
    """An edge is written on both sides; else only `blocked_by` of the task that waits."""
    has_edges: bool = True
    frees_on_completion: bool = False
    """Completing a task strips its id from whatever lists it as a blocker."""
    stores_blocked: bool = False
    """A pending task that lists blockers is stored as blocked until the last is taken away."""
    locks_tasks: bool = False
    """Who starts a task stands in its `lock` until it is completed or pending again."""
    claim_starts: bool = False
    """A claim sets the status too: to in_progress, or claimed where `statuses` has that."""
    keeps_ended_blockers: bool = True
    """A new edge may lead to a task that has ended; else a completed one is no blocker."""
    words: tuple[tuple[TaskStatus, str], ...] = ()
    """Its own words of statuses, where they are not the common ones."""
    at_end: str = ""
    """What follows for the list once no task of it is open, as a sentence; empty: nothing."""

    def word_of(self, status: TaskStatus) -> str:
        """A status in the system's own word."""
        return dict(self.words).get(status, status.value)

    def status_of(self, word: str) -> TaskStatus:
        """The status that a word of the system stands for."""
        for status, own in self.words:
            if own == word:
                return status
        return TaskStatus(word) if word in _WORDS else TaskStatus.UNKNOWN


NATIVE_RULES = ListRules()


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What may be edited here. `refusals` maps a verb to the sentence the operator sees."""

    refusals: Mapping[Verb, str] = field(default_factory=dict)
    statuses: tuple[TaskStatus, ...] = (
        TaskStatus.PENDING,
        TaskStatus.IN_PROGRESS,
        TaskStatus.COMPLETED,
    )
    """What a status may be set to here."""
    priorities: tuple[str, ...] = ()
    """What a priority may be set to, the least urgent first; empty: any whole number, if any."""
    rules: ListRules = NATIVE_RULES
    absent: tuple[str, ...] = ()
    """Fields for which a task has no room here, as `active_form`, `description`, `metadata`: an
    edit that sets one is refused.
    """

    def refusal(self, verb: Verb) -> str | None:
        return self.refusals.get(verb)

    @classmethod
    def read_only(cls, reason: str, rules: ListRules = NATIVE_RULES) -> Capabilities:
        return cls(dict.fromkeys(Verb, reason), rules=rules)


_KINDS_OF_LIST = frozenset({"colony", "session", "unscoped", "team", "claude", "queue", "run"})


@dataclass(frozen=True, slots=True)
class TaskListInfo:
    """What is known of a list beside its tasks."""

    key: ListKey
    path: str
    role: str | None = None
    goal: str | None = None
    created_at: float | None = None
    capabilities: Capabilities = field(default_factory=Capabilities)
    members: tuple[Member, ...] = ()
    """The agents that its system names, also those that own nothing."""
    spent: Spent | None = None
    archived_at: float | None = None
    """When it was put away as a whole, epoch seconds; None: it is in use."""
    notes: tuple[str, ...] = ()
    """Sentences about the list that an operator should know; untrusted text may stand in them."""

    @property
    def name(self) -> str:
        """The list id without the prefix that every list of its kind shares."""
        head, colon, rest = self.key.id.partition(":")
        return rest if colon and head in _KINDS_OF_LIST and rest else self.key.id

"""How this operator looks at the colony: lens, search, sort, grouping, pause. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from store.model.attention import DEFAULT_LOCK_AFTER_S, DEFAULT_STALE_AFTER_S, Need, Thresholds
from store.model.receipts import UNSEEN_AFTER_S, Receipt
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot, TaskList
from store.model.task import ListKey, TaskKey


class Lens(StrEnum):
    """What the table shows; the keys 1 to 6 in this order."""

    ALL = "all"
    READY = "ready"
    ACTIVE = "active"
    BLOCKED = "blocked"
    STALE = "stale"
    NEEDS_YOU = "needs you"


class SortKey(StrEnum):
    """What the rows are ordered by; ties by id."""

    WAVE = "wave"
    ID = "id"
    STATUS = "status"
    OWNER = "owner"
    AGE = "age"
    HOLDS = "holds"
    PRIORITY = "priority"
    SUBJECT = "subject"
    LIST = "list"


class Grouping(StrEnum):
    """What stands together under one heading; flat has none."""

    WAVE = "wave"
    OWNER = "owner"
    LIST = "list"
    STATUS = "status"
    GROUP = "group"
    """As the list's system puts tasks together: a workstream and the like."""
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class ViewState:
    """The operator's choices. A new value for each change."""

    lens: Lens = Lens.ALL
    query: str = ""
    """In the filter grammar; whoever sets it has had it parsed."""
    sort: SortKey = SortKey.WAVE
    descending: bool = False
    grouping: Grouping = Grouping.WAVE
    list_key: ListKey | None = None
    """Show only this list; None shows all of them, merged."""


class ChangeSign(StrEnum):
    """The sign in the first column of a row that has just changed."""

    ADDED = "+"
    CHANGED = "~"
    SAVED = "*"
    """Our own edit, written and not yet seen in a snapshot."""


@dataclass(frozen=True, slots=True)
class ChangeMark:
    """A row's mark and the moment (epoch seconds) until which it is shown."""

    sign: ChangeSign
    until: float


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Everything the panes draw from, at one moment. Compared by identity."""

    snapshot: Snapshot = EMPTY_SNAPSHOT
    put_away: Mapping[ListKey, TaskList] = field(default_factory=dict)
    """Lists that were put away as a whole: not in the snapshot, but for one shown alone."""
    view: ViewState = field(default_factory=ViewState)
    now: float = 0.0
    """Epoch seconds."""
    selected: TaskKey | None = None
    marks: Mapping[TaskKey, ChangeMark] = field(default_factory=dict)
    stale_after_s: float = DEFAULT_STALE_AFTER_S
    ascii: bool = False
    read_only: bool = False
    edits_unlocked: bool = False
    """Lists are edited too that no lock is known of."""
    paused: bool = False
    unseen_changes: int = 0
    """Changes that arrived while the view is frozen."""
    scan_age_s: float | None = None
    """Seconds since the last scan finished; None before the first."""
    marked: frozenset[TaskKey] = frozenset()
    """Tasks that the next steering key acts on together."""
    receipts: tuple[Receipt, ...] = ()
    """What became of the operator's edits, newest first."""
    draft_count: int = 0
    """Edits that are collected and not yet written."""
    is_drafting: bool = False
    """Edits are collected now, not written."""
    unseen_after_s: float = UNSEEN_AFTER_S
    lock_after_s: float = DEFAULT_LOCK_AFTER_S
    need: Need | None = None
    """What the cursor of the queue is on, while the queue is shown."""
    moved_keys: Mapping[str, str] = field(default_factory=dict)
    """The key that stands now for a default one, where a keymap moved it."""
    query_error: str | None = None
    """Why the search line as it is typed is not understood; the last good one stays in force."""

    def key_now(self, default: str) -> str:
        """The key to press where the model names its default one."""
        return self.moved_keys.get(default, default)

    @property
    def thresholds(self) -> Thresholds:
        """From when on something needs a person."""
        return Thresholds(self.stale_after_s, self.unseen_after_s, self.lock_after_s)

    query_error_at: int | None = None
    """Index of the character of the search line that is wrong."""


EMPTY_FRAME = Frame()

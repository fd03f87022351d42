"""What an operator asks to be told of, and what there is to tell: values alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from store.model.attention import NeedKind
from store.model.query import Query
from store.model.task import ListKey, Task

DEFAULT_COOL_DOWN_S = 300.0
DEFAULT_RULE_LIMIT = 6


class Channel(StrEnum):
    """A way to tell the operator."""

    BELL = "bell"
    OSC9 = "osc9"
    """The terminal's own desktop notification."""
    HOOK = "hook"
    """A command of the operator's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What the operator wants to be told of, and how. At least one of query and kind is set."""

    how: tuple[Channel, ...]
    query: Query | None = None
    """Tasks that it matches; with a kind as well, both have to hold."""
    kind: NeedKind | None = None
    """Tasks and lists with a need of this kind."""
    hook: tuple[str, ...] = ()
    """The command and its arguments; empty without `Channel.HOOK`."""
    cool_down_s: float = DEFAULT_COOL_DOWN_S
    """A match that was told is not told again before so long."""
    per_minute: int = DEFAULT_RULE_LIMIT

    @property
    def name(self) -> str:
        """The rule in the operator's own words."""
        parts = (
            self.kind.value if self.kind else "",
            self.query.text.strip() if self.query else "",
        )
        return " ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to tell. `text` and the task quote records, so they are untrusted."""

    rule: Rule
    list: ListKey
    task: Task | None
    """As it was then; None: the list as a whole."""
    need: NeedKind | None
    text: str
    """Why, in words; empty where the rule's own words say all."""
    at: float
    """Epoch seconds."""
    is_ready: bool = False
    """Whether the task could start then."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """What is to be told now."""

    due: tuple[Alert, ...] = ()
    held_back: int = 0
    """Matches not told since something was told last; they go with the alerts of this moment."""


NO_ALERTS = Alerts()

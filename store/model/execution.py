"""What systems that execute tasks keep beside the common fields: locks, steps, checks, attempts,
cost and results. Pure values; times are epoch seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class TaskLock:
    """A soft claim that is stored in the task: whoever holds it works on it, as far as is said."""

    by: str
    at: float | None = None
    token: str | None = None
    is_live: bool | None = None
    """Whether the holder was seen alive; None: nothing tells."""


class TickKind(StrEnum):
    """What can be ticked off within a task."""

    STEP = "step"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class TaskStep:
    """One step of a task, in the order in which they are done."""

    id: str
    title: str
    native_status: str
    """In the system's own word."""
    is_done: bool
    detail: str | None = None
    evidence: str | None = None
    worker: str | None = None
    started_at: float | None = None
    completed_at: float | None = None


@dataclass(frozen=True, slots=True)
class TaskCheck:
    """Something that has to hold before a task is done."""

    key: str
    text: str
    is_required: bool = True
    done_at: float | None = None
    done_by: str | None = None
    note: str | None = None

    @property
    def is_open(self) -> bool:
        return self.done_at is None and not self.done_by


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often a task was tried."""

    number: int
    most: int | None = None
    """After so many it fails for good; None: there is no limit."""
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What work has cost. A figure that nobody measured is an estimate, and says so."""

    usd: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    is_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Execution:
    """How a task is carried out, where its system says so. Texts are untrusted."""

    steps: tuple[TaskStep, ...] = ()
    checks: tuple[TaskCheck, ...] = ()
    attempts: Attempts | None = None
    spent: Spent | None = None
    result: str | None = None
    tier: str | None = None
    """How strong a model it is meant for, in the system's own word."""
    group: str | None = None
    """The workstream or the like that it belongs to, by name."""
    claimed_at: float | None = None
    started_at: float | None = None
    completed_at: float | None = None

    @property
    def open_checks(self) -> tuple[TaskCheck, ...]:
        """What is required and does not hold yet."""
        return tuple(check for check in self.checks if check.is_required and check.is_open)


@dataclass(frozen=True, slots=True)
class Member:
    """An agent that a list's system names as one of its team, whether or not it owns a task."""

    name: str
    kind: str | None = None
    """What sort of agent, in the system's own word."""
    colour: str | None = None
    is_live: bool | None = None
    """Whether its process was seen alive; None: nothing tells."""
    spent: Spent | None = None


@dataclass(frozen=True, slots=True)
class ListEvent:
    """Something that a list's system itself recorded. Texts are untrusted."""

    at: float
    kind: str
    text: str = ""
    task: str | None = None
    actor: str | None = None

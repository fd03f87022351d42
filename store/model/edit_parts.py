"""Values of which edits consist: nothing said, an explicit null, a tick, an old place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.model.task import TaskId

if TYPE_CHECKING:
    from store.model.execution import TickKind


class _Null:
    """The type of NULL: a JSON null that is to be stored, where None would delete the key."""

    def __repr__(self) -> str:
        return "NULL"


NULL = _Null()
Null = _Null


@dataclass(frozen=True, slots=True)
class Standing:
    """How one record stood before a change, so that what is put back takes its old place.

    Of the edges that an edit names each comes to stand here as it stood then: at its place in
    the order, and not at all where only the other side had it.
    """

    task: TaskId
    blocks: tuple[TaskId, ...] = ()
    blocked_by: tuple[TaskId, ...] = ()
    metadata: tuple[str, ...] = ()
    """The keys of its metadata, in order."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Tick off a step or a check of a task, or open it again."""

    kind: TickKind
    key: str
    """The step's id, or the check's key."""
    is_done: bool = True
    by: str | None = None
    """Who ticks it; kept where the system has room for it."""
    note: str | None = None
    native_status: str | None = None
    """A step's status in the system's own word, put back as it stood."""


class _Keep:
    """The type of KEEP: leave the owner, or the lock, as it is (None means: nobody)."""

    def __repr__(self) -> str:
        return "KEEP"


KEEP = _Keep()
Keep = _Keep

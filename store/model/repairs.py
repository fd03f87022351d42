"""What mending a list would do, or did. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from store.model.task import ListKey, TaskId


class RepairKind(StrEnum):
    """What is done about something that is wrong on disk."""

    FINISH_CHANGE = "finish_change"
    """A change that was saved and never finished is finished."""
    SET_ASIDE = "set_aside"
    """The record of a change that cannot be understood is renamed out of the way."""
    REMOVE_LEFTOVER = "remove_leftover"
    """A temporary file that a crash left behind is removed."""
    SET_MARK = "set_mark"
    """The high-water mark is written again, so that no id comes back."""
    MIRROR_EDGE = "mirror_edge"
    """An edge that only one of its ends tells of is written at the other."""
    DROP_DANGLING = "drop_dangling"
    """An edge to a task that was removed is dropped."""
    DROP_SELF_EDGE = "drop_self_edge"
    RELEASE_LOCK = "release_lock"
    """A task is given free of which somebody holds the lock who is no longer alive."""
    FREE_TASK = "free_task"
    """A task no longer waits on others that are completed, where its tool never noticed."""
    LEAVE = "leave"
    """Nothing is done; the text says why."""


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that is wrong, and what is done about it."""

    kind: RepairKind
    text: str
    task: TaskId | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class RepairReport:
    """The repairs of one list, in order."""

    list: ListKey
    repairs: tuple[Repair, ...]
    is_dry_run: bool
    """True: nothing was written, this is what would be."""

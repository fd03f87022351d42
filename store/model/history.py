"""What the journal tells: who did what, as far as that is known. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from store.model.edits import BatchResult, Edit
from store.model.task import ListKey, Task, TaskId, TaskKey


class Via(StrEnum):
    """Through what an edit was made."""

    APP = "app"
    COMMAND = "command"


class Actor(NamedTuple):
    """Who edits, and through what. Undo takes back the actor's own steps only."""

    name: str
    via: Via = Via.APP


class Origin(StrEnum):
    """How it is known who changed something."""

    OPERATOR = "operator"
    """An edit made in an app, in the journal under its name."""
    COMMAND = "command"
    """An edit made by the command line, in the journal under its name."""
    AGENT = "agent"
    """Inferred: the record's own write, in fields that the owner of a task writes."""
    DERIVED = "derived"
    """Seen on the disk; nothing tells who did it."""

    @classmethod
    def of(cls, actor: Actor) -> Origin:
        return cls.OPERATOR if actor.via is Via.APP else cls.COMMAND


class Move(NamedTuple):
    """One field that went from one value to another."""

    field: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a task's history: an edit made through colonytop, or changes seen on the disk."""

    at: float
    """Epoch seconds: when the edit was made; of a seen change the record's own time if it moved."""
    origin: Origin
    who: str | None
    """A name; inferred where `origin` is AGENT, None where nothing tells."""
    list: ListKey
    task: TaskId | None
    """None: it is about the list itself."""
    what: str
    """An edit's verb, or the `ChangeKind` of what was seen."""
    moves: tuple[Move, ...] = ()
    subject: str = ""
    label: str = ""
    """What the step is called, where it has a name."""
    step: str | None = None
    """The undo step that an edit belongs to; None for what was only seen."""
    made: bool | None = True
    """False: the edit was refused. None: its outcome is not known, the program ended before."""
    said: str = ""
    """Why an edit was refused."""
    undoes: str | None = None
    """The step that this edit took back, or made again."""
    last: Task | None = None
    """Of a task that is gone, or was put away: how it was last seen."""

    @property
    def key(self) -> TaskKey | None:
        return None if self.task is None else TaskKey(self.list, self.task)


class Direction(StrEnum):
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class StepOutcome:
    """What came of an undo or a redo."""

    direction: Direction
    step: str | None = None
    """The step that it was about; None: there is none."""
    label: str = ""
    """The name of that step, if it has one."""
    edits: tuple[Edit, ...] = ()
    """Undo: the edits of that step, as they were once made. Redo: those that were made again."""
    result: BatchResult = field(default_factory=BatchResult)
    """What was written now, and what was refused, with the reason in its error."""
    reasons: tuple[str, ...] = ()
    """Sentences: why nothing, or not all, could be done."""
    since: tuple[Entry, ...] = ()
    """What else has happened to the refused tasks since the step, newest first."""

    @property
    def is_made(self) -> bool:
        """Something was written."""
        return bool(self.result.results)

    @property
    def is_whole(self) -> bool:
        """All of it was."""
        return self.is_made and not self.result.failures and not self.reasons

"""What the threads tell the screens, and what the screens ask of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from store.model.edits import BatchResult, Edit, EditBatch, EditResult
from store.model.snapshot import Snapshot
from store.model.task import TaskKey

if TYPE_CHECKING:  # the first paint does without them
    from store.model.alert import Alerts
    from store.model.history import Direction, Entry, StepOutcome


@dataclass
class SnapshotArrived(Message):
    """A scan finished. It holds the whole state, so a newer one may take its place in the queue."""

    snapshot: Snapshot
    scanned_at: float
    """Epoch seconds of the end of the scan."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived)


@dataclass
class WatchFailed(Message):
    """The watch thread could not go on; what is shown grows old from now."""

    error: Exception


@dataclass
class EditRequested(Message):
    """The operator decided on an edit."""

    edit: Edit


@dataclass
class EditSettled(Message):
    """An edit is on the disk."""

    edit: Edit
    result: EditResult


@dataclass
class EditFailed(Message):
    """An edit was not made; nothing was written."""

    edit: Edit
    error: Exception


@dataclass
class BatchRequested(Message):
    """The operator decided on several edits in one step."""

    batch: EditBatch


@dataclass
class BatchSettled(Message):
    """A batch has been tried: what is on the disk, and what was refused."""

    batch: EditBatch
    result: BatchResult


@dataclass
class StepRequested(Message):
    """The operator wants the last step back, or made again."""

    direction: Direction


@dataclass
class StepBegun(Message):
    """The edits of an undo or redo are about to be written: they are nobody else's."""

    edits: tuple[Edit, ...]


@dataclass
class UndoSettled(Message):
    """What came of an undo or a redo; `edits` are those that `StepBegun` told of."""

    outcome: StepOutcome
    edits: tuple[Edit, ...] = ()


@dataclass
class EditsSeen(Message):
    """Edits that others made through colonytop, by what they wrote."""

    entries: tuple[Entry, ...]
    """Newest last."""


@dataclass
class HistoryRequested(Message):
    """Somebody wants to see the history of a task."""

    key: TaskKey


@dataclass
class HistoryRead(Message):
    """The history of a task, newest first."""

    key: TaskKey
    entries: tuple[Entry, ...]
    is_cut: bool = False
    """There are older ones."""
    problem: str = ""
    """Why nothing could be read."""


@dataclass
class JournalFailed(Message):
    """Edits stand, but cannot be written down; said once."""

    reason: str


@dataclass
class AlertsRaised(Message):
    """Tasks have come to match the operator's rules: to be told in the terminal."""

    alerts: Alerts


@dataclass
class NotifyFailed(Message):
    """A notification could not be given; said once for each reason."""

    reason: str

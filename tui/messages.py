"""What the threads tell the screens, and what the screens ask of them."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from store.model.edits import Edit, EditResult
from store.model.snapshot import Snapshot


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

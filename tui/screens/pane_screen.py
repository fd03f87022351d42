"""What can be asked of a screen that has panes, whatever they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Literal

from textual.screen import Screen

from store.model.attention import Need
from store.model.edits import Edit, EditBatch, EditResult
from store.model.list_events import Recorded
from store.model.snapshot import Change
from store.model.task import TaskKey
from tui.safe_text import SafeText

Severity = Literal["info", "warn", "error"]


class PaneScreen(Screen[None]):
    """Says, shows and selects; how, is the panes' affair."""

    @abstractmethod
    def report(self, changes: Sequence[Change], origin: str) -> None:
        """Show what others changed."""

    @abstractmethod
    def report_recorded(self, recorded: Sequence[Recorded]) -> None:
        """Show what the systems of the lists have recorded themselves."""

    @abstractmethod
    def report_own(self, edit: Edit, result: EditResult) -> None:
        """Show what the operator changed."""

    @abstractmethod
    def say(self, text: SafeText, *, severity: Severity = "info") -> None:
        """One line for the operator; an error is shown so that it cannot be missed."""

    @abstractmethod
    def say_until_settled(self, text: SafeText, edit: Edit | EditBatch) -> None:
        """Say that something is under way, for as long as it is."""

    @abstractmethod
    def take_back(self, edit: Edit | EditBatch) -> None:
        """It is no longer under way."""

    @abstractmethod
    def note_waiting(self, count: int) -> None:
        """Show how many edits are kept for a retry."""

    @abstractmethod
    def go_to(self, key: TaskKey) -> None:
        """Select a task, widening the view where it hides it."""

    @abstractmethod
    def freeze_order(self, frozen: bool) -> None:
        """Keep the rows in place while something lies over them."""

    @property
    def need_in_queue(self) -> Need | None:
        """What the cursor of the queue of needs is on; None while the queue is not shown."""
        return None

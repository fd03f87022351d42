"""Dialogs in which rows are ticked: Space ticks one, `*` all, Enter applies what is ticked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from tui.screens.dialog import ChoiceList, DecisionDialog, KeyButton

Result = TypeVar("Result")
Ticked = TypeVar("Ticked", bound=Hashable)


class Ticking(DecisionDialog[Result], Generic[Result, Ticked]):
    """A list of rows, each ticked or not. The rows stay while the dialog is open."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "tick", show=False),
        Binding("asterisk", "all", "all", show=False),
    ]
    DEED: ClassVar[str]
    """What Enter does, in one word."""

    @abstractmethod
    def row(self, key: Ticked) -> Content:
        """What a row says, its box included (`box`)."""

    @property
    def edit_keys(self) -> list[KeyButton]:
        return [
            KeyButton("Space", "tick", "tick"),
            KeyButton("*", "all", "all"),
            KeyButton("Enter", self.DEED, "apply"),
        ]

    def compose_choice(self) -> Iterable[Widget]:
        yield ChoiceList()

    def offer(self, keys: Sequence[Ticked], ticked: Iterable[Ticked]) -> None:
        """Show these rows, some of them ticked, and take the keys."""
        self.offered_rows = keys
        self.ticked = set(ticked)
        self._show_rows()
        self.query_one(ChoiceList).focus()

    def box(self, key: Ticked) -> tuple[str, str]:
        """`[x]` or `[ ]`, with its style."""
        return ("[x]", "bold $accent") if key in self.ticked else ("[ ]", "$muted")

    def action_tick(self) -> None:
        """Tick or untick the highlighted row."""
        place = self.query_one(ChoiceList).highlighted
        if place is not None:
            self.ticked ^= {self.offered_rows[place]}
            self._show_rows()

    def action_all(self) -> None:
        """Tick all rows, or none if all are ticked."""
        everything = set(self.offered_rows)
        self.ticked = set() if self.ticked == everything else everything
        self._show_rows()

    @on(OptionList.OptionSelected)
    def _decided(self) -> None:
        self.action_apply()

    @on(ChoiceList.Clicked)
    def _clicked(self) -> None:
        self.action_tick()

    def _show_rows(self) -> None:
        choices = self.query_one(ChoiceList)
        place = choices.highlighted or 0
        rows = ((str(n), self.row(key)) for n, key in enumerate(self.offered_rows))
        choices.show(rows, str(place))
        self.show_effect()

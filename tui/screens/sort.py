"""`o`: choose what the rows are ordered by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.view_state import SortKey

_MEANING = {
    SortKey.WAVE: ("w", "what can start now first, then what waits on it"),
    SortKey.ID: ("i", "in the order of creation"),
    SortKey.STATUS: ("s", "worst news first"),
    SortKey.OWNER: ("o", "by owner's name"),
    SortKey.AGE: ("a", "longest silent first"),
    SortKey.HOLDS: ("h", "what most other tasks wait on first"),
    SortKey.SUBJECT: ("u", "by subject"),
}


class SortScreen(Dialog[SortKey | None]):
    """Pick by letter or arrows and Enter; Esc leaves the order as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(letter, f"pick('{key.value}')", key.value, show=False)
        for key, (letter, _) in _MEANING.items()
    ]

    @property
    def heading(self) -> str:
        return "Sort by"

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "sort", "apply"), *super().keys]

    def compose_body(self) -> Iterable[Widget]:
        yield ChoiceList()

    def on_mount(self) -> None:
        choices = self.query_one(ChoiceList)
        choices.show(((key.value, self._row(key)) for key in SortKey), self.frame.view.sort.value)
        choices.focus()

    def action_pick(self, key: str) -> None:
        """Close with this order."""
        self.dismiss(SortKey(key))

    def action_apply(self) -> None:
        """Close with the highlighted order."""
        option = self.query_one(ChoiceList).highlighted_option
        if option is not None and option.id is not None:
            self.dismiss(SortKey(option.id))

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_apply()

    def _row(self, key: SortKey) -> Content:
        letter, meaning = _MEANING[key]
        now = "  now" if key is self.frame.view.sort else ""
        return Content.assemble(
            (f"{letter}  ", "bold $accent"),
            f"{key.value:<10}",
            (meaning, "$muted"),
            (now, "$accent"),
        )

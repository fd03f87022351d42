"""`o`: choose what the rows are ordered by, and what stands together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList

from tui.screens.dialog import ChoiceList, Dialog, KeyButton
from tui.view_state import Grouping, SortKey

_MEANING = {
    SortKey.WAVE: ("w", "what can start now first, then what waits on it"),
    SortKey.ID: ("i", "in the order of creation"),
    SortKey.STATUS: ("s", "worst news first"),
    SortKey.OWNER: ("o", "by owner's name"),
    SortKey.AGE: ("a", "latest write first"),
    SortKey.HOLDS: ("h", "what most other tasks wait on first"),
    SortKey.PRIORITY: ("p", "most urgent first, by the ladder of each list"),
    SortKey.SUBJECT: ("u", "by subject"),
    SortKey.LIST: ("l", "by list"),
}
_TOGETHER = {
    Grouping.WAVE: ("W", "what can start now, then wave by wave"),
    Grouping.OWNER: ("O", "the tasks of each owner"),
    Grouping.LIST: ("L", "the tasks of each list"),
    Grouping.STATUS: ("S", "the tasks in each state, worst news first"),
    Grouping.GROUP: ("G", "what its system puts together, such as a workstream"),
    Grouping.FLAT: ("F", "no groups: one run of tasks"),
}
_GROUP = "group:"


class SortScreen(Dialog[SortKey | Grouping | None]):
    """Pick by letter or arrows and Enter; Esc leaves the order as it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(letter, f"pick('{key.value}')", key.value, show=False)
            for key, (letter, _) in _MEANING.items()
        ),
        *(
            Binding(letter, f"pick('{_GROUP}{grouping.value}')", grouping.value, show=False)
            for grouping, (letter, _) in _TOGETHER.items()
        ),
    ]

    @property
    def heading(self) -> str:
        return "Sort by, group by"

    @property
    def keys(self) -> list[KeyButton]:
        return [KeyButton("Enter", "sort", "apply"), *super().keys]

    def compose_body(self) -> Iterable[Widget]:
        yield ChoiceList()

    def on_mount(self) -> None:
        choices = self.query_one(ChoiceList)
        rows = [(key.value, self._row(key)) for key in SortKey]
        rows += [(f"{_GROUP}{one.value}", self._group_row(one)) for one in Grouping]
        choices.show(rows, self.frame.view.sort.value)
        choices.focus()

    def action_pick(self, key: str) -> None:
        """Close with this order or grouping."""
        if key.startswith(_GROUP):
            self.dismiss(Grouping(key.removeprefix(_GROUP)))
        else:
            self.dismiss(SortKey(key))

    def action_apply(self) -> None:
        """Close with the highlighted order."""
        option = self.query_one(ChoiceList).highlighted_option
        if option is not None and option.id is not None:
            self.action_pick(option.id)

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.action_apply()

    def _row(self, key: SortKey) -> Content:
        return _choice(*_MEANING[key], f"by {key.value}", key is self.frame.view.sort)

    def _group_row(self, grouping: Grouping) -> Content:
        name = "flat" if grouping is Grouping.FLAT else f"group {grouping.value}"
        return _choice(*_TOGETHER[grouping], name, grouping is self.frame.view.grouping)


def _choice(letter: str, meaning: str, name: str, is_now: bool) -> Content:
    return Content.assemble(
        (f"{letter}  ", "bold $accent"),
        f"{name:<13}",
        (meaning, "$muted"),
        ("  now" if is_now else "", "$accent"),
    )

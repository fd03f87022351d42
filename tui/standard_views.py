"""Views that are always there, each by its letter in the menu and by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui.view_state import Grouping, SortKey, ViewState


@dataclass(frozen=True, slots=True)
class StandardView:
    """A view over all lists that nobody has to save."""

    letter: str
    name: str
    meaning: str
    view: ViewState

    @property
    def title(self) -> str:
        """As help and palette call it."""
        return f"{self.name}, {self.meaning}"


_ALL = (
    StandardView(
        "c",
        "changed",
        "in the last five minutes, newest first",
        ViewState(query="changed<5m", sort=SortKey.AGE, grouping=Grouping.FLAT),
    ),
    StandardView(
        "r",
        "roots",
        "what everything waits on, what holds most first",
        ViewState(query="is:root", sort=SortKey.HOLDS, grouping=Grouping.FLAT),
    ),
    StandardView(
        "t", "critical", "the longest way through each list", ViewState(query="is:critical")
    ),
    StandardView(
        "p",
        "phantoms",
        "waiting on what will never be done",
        ViewState(query="is:phantom", sort=SortKey.HOLDS, grouping=Grouping.FLAT),
    ),
    StandardView(
        "n",
        "nobody",
        "open and without an owner",
        ViewState(query="is:open owner:-", sort=SortKey.HOLDS, grouping=Grouping.STATUS),
    ),
    StandardView("a", "all", "every task by wave, as at the start", ViewState()),
)
STANDARD_VIEWS: Mapping[str, StandardView] = {one.name: one for one in _ALL}
"""By name, in the order of the menu."""

"""What a command is, and the headings under which help and palette show it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from store.model.task import Verb


class Group(StrEnum):
    """Headings of the help page, in its order."""

    MOVE = "Move"
    LENS = "Lenses and search"
    VIEW = "View"
    MARK = "Mark several"
    STEER = "Steer"
    APP = "Program"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for."""

    id: str
    """`noun.verb`; what a keymap names. Never changed after a release."""
    key: str
    """Textual key names, comma separated."""
    action: str
    """The action of the main screen; empty where the focused pane answers the key itself."""
    title: str
    """Shown in the palette and in the help page."""
    help: str
    """One sentence: what it does."""
    group: Group
    footer: str = ""
    """The word in the footer; empty keeps it out."""
    rank: int = 0
    """Place in the footer, 1 first; the highest ranks are dropped when it is narrow."""
    verb: Verb | None = None
    """The edit it leads to; None for what only looks."""

    @property
    def is_bound(self) -> bool:
        """False: the pane with the focus answers the key, so no keymap can move it."""
        return bool(self.action)

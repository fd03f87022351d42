"""Who the systems of lists name as their agents, also those that own nothing. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from store.model.execution import Member, Spent
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot
from store.model.tally import added
from store.model.task import ListKey

COLOURS: Mapping[str, str] = {
    "blue": "$owner-0",
    "green": "$owner-1",
    "orange": "$owner-2",
    "purple": "$owner-3",
    "magenta": "$owner-3",
    "cyan": "$owner-4",
    "teal": "$owner-4",
    "pink": "$owner-5",
    "red": "$owner-5",
    "yellow": "$owner-6",
    "white": "$foreground",
    "gray": "$muted",
    "grey": "$muted",
}
"""The theme's colour for a name that a team gives to its agents' colours."""


@dataclass(frozen=True, slots=True)
class CrewFacts:
    """What is known of one agent over all the lists that name it."""

    is_live: bool | None = None
    colour: str = ""
    """A theme variable; empty where its team gives none that the theme knows."""
    spent: Spent | None = None


NOTHING_KNOWN = CrewFacts()


class Crew:
    """The agents in view, worked out once for each state of the lists."""

    def __init__(self) -> None:
        self._of: tuple[Snapshot, ListKey | None] = (EMPTY_SNAPSHOT, None)
        self._found: dict[str, CrewFacts] = {}

    def of(self, snapshot: Snapshot, only: ListKey | None) -> Mapping[str, CrewFacts]:
        """By name, of one list or of all. The same name is the same agent, as with owners."""
        if (snapshot, only) != self._of:
            self._of, self._found = (snapshot, only), {}
            for key, task_list in snapshot.lists.items():
                if only is None or key == only:
                    for member in task_list.info.members:
                        self._add(member)
        return self._found

    def _add(self, member: Member) -> None:
        known = self._found.get(member.name, NOTHING_KNOWN)
        # Who lives for one of the lists lives.
        lives = [life for life in (known.is_live, member.is_live) if life is not None]
        self._found[member.name] = CrewFacts(
            any(lives) if lives else None,
            known.colour or COLOURS.get((member.colour or "").casefold(), ""),
            added(known.spent, member.spent),
        )

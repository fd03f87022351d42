"""Which kinds of lists are in view, and the badge by which a system is told from another. Pure."""

from __future__ import annotations

from typing import NamedTuple

from store.model.facts import SystemFacts
from store.model.priorities import has_priorities
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot
from store.model.task import ListKey
from tui.safe_text import SafeText, fit, one_line, width

MOST_CELLS = 6


class Kinds(NamedTuple):
    """What the lists in view have in common, and what not."""

    badge_cells: int = 0
    """Cells of the widest badge; 0 where all lists are of one system."""
    has_priority: bool = False
    """Tasks of one of them at least can have a priority."""
    longest_priority: int = 0
    """Cells of the longest word of their ladders; 0: they are numbers."""
    has_edges: bool = True
    """Tasks of one of them at least can wait on each other."""


NO_KINDS = Kinds()


class KindsInView:
    """The kinds, worked out once for each state of the lists."""

    def __init__(self) -> None:
        self._of: tuple[Snapshot, ListKey | None] = (EMPTY_SNAPSHOT, None)
        self._found = NO_KINDS

    def of(self, snapshot: Snapshot, only: ListKey | None) -> Kinds:
        """Of one list, or of all."""
        if (snapshot, only) != self._of:
            self._of, self._found = (snapshot, only), _kinds(snapshot, only)
        return self._found


def badge(snapshot: Snapshot, key: ListKey) -> SafeText:
    """What tells the system of a list, in at most `MOST_CELLS`; empty where nothing is known."""
    return _badge(snapshot.systems.get(key.system))


def badge_cells(snapshot: Snapshot) -> int:
    """How wide a column of badges has to be; 0 where there is only one system to tell."""
    systems = {key.system for key in snapshot.lists}
    if len(systems) < 2:
        return 0
    return max(width(_badge(snapshot.systems.get(system))) for system in systems)


def _badge(facts: SystemFacts | None) -> SafeText:
    found = one_line(facts.badge, 4 * MOST_CELLS) if facts else one_line("")
    return fit(found, MOST_CELLS) if width(found) > MOST_CELLS else found


def _kinds(snapshot: Snapshot, only: ListKey | None) -> Kinds:
    lists = [found for key, found in snapshot.lists.items() if only is None or key == only]
    allowed = [found.info.capabilities for found in lists]
    with_priority = [one for one in allowed if has_priorities(one)]
    words = (width(one_line(word, 32)) for one in with_priority for word in one.priorities)
    cells = badge_cells(snapshot) if only is None else 0
    has_edges = not lists or any(one.rules.has_edges for one in allowed)
    return Kinds(cells, bool(with_priority), max(words, default=0), has_edges)

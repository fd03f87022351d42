"""What is said of a system: in the README's table, in `colonytop systems`, in the panes."""

from __future__ import annotations

from typing import NamedTuple


class SystemFacts(NamedTuple):
    """One system in the words that a person reads; each is a phrase, without a full stop."""

    name: str
    """As in `ListKey.system`."""
    title: str
    """Its proper name."""
    badge: str
    """At most six cells, to tell lists apart."""
    places: str
    """Where its lists are looked for."""
    reads: str
    edits: str
    lock: str
    """By what its owner's writes and ours are kept apart."""
    limits: str
    """What cannot be done or promised, and why."""

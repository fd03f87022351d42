"""Session documents: the whole document written anew for each change, with and without a lock."""

from __future__ import annotations

from pathlib import Path

from tests.beside.figures import Figures
from tests.systems.hive_session.beside import edit_beside

TASKS = 20
PAUSE_S = 0.01
"""Between two changes of the owner, who then writes about as often as one that works does."""


def run(root: Path, edits: int) -> Figures:
    """A session's document, which has no lock: by exchange and verify."""
    return _figures(root, edits, "locks only inside its process", has_lock=False)


def run_locked(root: Path, edits: int) -> Figures:
    """A colony's document, which has one."""
    return _figures(root, edits, "flock polled every 50 ms", has_lock=True)


def _figures(root: Path, edits: int, said: str, *, has_lock: bool) -> Figures:
    tally = edit_beside(root, TASKS, edits, pause_s=PAUSE_S, has_lock=has_lock)
    figures = Figures(said, ours=tally.edits, theirs=tally.owner_changes)
    figures.lost_ours = ["an edit"] * tally.ours_lost
    figures.lost_theirs = ["a change"] * tally.owner_lost
    figures.twice = ["an id"] * tally.duplicates
    return figures

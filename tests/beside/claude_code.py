"""Claude Code: writes in place under directory locks, the real lock library where it can be had."""

from __future__ import annotations

from pathlib import Path

from tests.beside.figures import Figures
from tests.systems.claude_code import beside
from tests.systems.claude_code.owners import best_owner


def run(root: Path, edits: int) -> Figures:
    """Marks, counts, tasks and edges of both sides on a few tasks."""
    said, owning = best_owner()
    found = beside.run(root, edits, owning)
    return Figures(
        said.removeprefix("an owner "),
        found.edits,
        found.refused,
        found.owner_writes,
        found.lost_ours + [f"left behind: {name}" for name in found.left],
        found.lost_owners,
        found.twice,
    )

"""The table of systems in README.md, made of what each room, and what a run, says of itself.

`python -m tests.hygiene.systems_table` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator

from store.running.facts import FACTS as RUNS
from store.systems.registry import ROOMS

TITLES = ("system", "looks in", "reads", "edits", "lock", "limits")


def rows() -> Iterator[str]:
    """The table's lines."""
    yield _row(*TITLES)
    yield "|" + "---|" * len(TITLES)
    for facts in (*(room.facts for room in ROOMS), RUNS):
        yield _row(
            f"{facts.title} (`{facts.name}`)",
            facts.places,
            facts.reads,
            facts.edits,
            facts.lock,
            facts.limits,
        )


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |"


if __name__ == "__main__":
    print("\n".join(rows()))  # noqa: T201

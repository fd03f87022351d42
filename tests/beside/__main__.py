"""One line for each system: edits of both sides, what either lost. Exit code 1 if any was lost."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from tests.beside.figures import Beside, Figures

HARNESSES = {
    "hive": "hive:run",
    "hive_session": "hive_session:run",
    "hive_session, colony": "hive_session:run_locked",
    "clawteam": "clawteam:run",
    "claude_code": "claude_code:run",
    "progress": "progress:run",
    "blackboard": "blackboard:run",
    "compound": "compound:run",
}
"""System, with what tells two lines of one system apart → the function that makes its figures."""
_TITLES = ("SYSTEM", "OURS", "OWNER'S", "LOST OURS", "LOST OWNER'S", "TWICE", "SECONDS", "OWNER")
_WIDTHS = (20, 6, 8, 9, 12, 5, 7)
_SHOWN = 5


def harness(name: str) -> Beside:
    """What makes the figures of that line."""
    module, _, function = HARNESSES[name].partition(":")
    found: Beside = getattr(import_module(f"tests.beside.{module}"), function)
    return found


def measured(name: str, edits: int) -> tuple[Figures, float]:
    """The figures of one line and the seconds that it took, in a directory that goes again."""
    with tempfile.TemporaryDirectory(prefix="beside-") as place:
        began = time.monotonic()
        figures = harness(name)(Path(place).resolve(), edits)
        return figures, time.monotonic() - began


def table_line(name: str, figures: Figures, seconds: float) -> str:
    """One line of the table."""
    lost = len(figures.lost_ours), len(figures.lost_theirs), len(figures.twice)
    return _line(name, figures.ours, figures.theirs, *lost, f"{seconds:.1f}", figures.owner)


def _line(*cells: object) -> str:
    first, *numbers, last = map(str, cells)
    found = [first.ljust(_WIDTHS[0])]
    found += [cell.rjust(width) for cell, width in zip(numbers, _WIDTHS[1:], strict=True)]
    return "  ".join([*found, last])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.beside", description=__doc__)
    parser.add_argument("--system", action="append", default=[], metavar="NAME", help="only these")
    parser.add_argument("--edits", type=int, default=1000, help="of ours, for each system")
    chosen = parser.parse_args()
    systems = {name: name.partition(",")[0] for name in HARNESSES}
    if unknown := set(chosen.system) - set(systems.values()):
        known = ", ".join(dict.fromkeys(systems.values()))
        parser.error(f"no system {', '.join(unknown)}; known: {known}")
    names = [name for name in HARNESSES if not chosen.system or systems[name] in chosen.system]
    say(_line(*_TITLES))
    is_whole = True
    for name in names:
        figures, seconds = measured(name, chosen.edits)
        say(table_line(name, figures, seconds))
        if figures.refused:
            say(f"  {figures.refused} of our edits were refused, and said so")
        for wrong in (*figures.lost_ours, *figures.lost_theirs, *figures.twice)[:_SHOWN]:
            say(f"  lost: {wrong}")
        is_whole = is_whole and figures.is_whole
    return 0 if is_whole else 1


def say(text: str) -> None:
    """A line at once: the next one takes a while."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

"""`startup`: from starting the process to the first paint, and until everything is loaded.

The real program in a pseudo-terminal, beside an empty Textual app started the same way in turn.
The first paint is the first frame that shows the program's name, the first tasks are the first
frame with one of them, and all is loaded when the lens "All" counts every task.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import lists
from tests.benchmarks.empty_app import PAINTED
from tests.benchmarks.figures import (
    Aim,
    Table,
    at_most,
    median,
    number,
    progress,
    quantile,
    verdict,
)
from tests.benchmarks.terminal import Terminal

EMPTY = [sys.executable, "-m", "tests.benchmarks.empty_app"]
FIRST_PAINT: dict[int, Aim] = {10_000: at_most(1.25), 100_000: at_most(1.6)}
ALL_LOADED: dict[int, Aim] = {10_000: at_most(500, " ms"), 100_000: at_most(2000, " ms")}
NAME = b"colonytop"
SUBJECT = lists.SUBJECT.encode()
SCREEN = b"\x1b[?1049h"  # the program takes the whole screen; what follows is painted on it


@dataclass(slots=True)
class Starts:
    """Milliseconds of each run."""

    empty: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)
    shown: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)


def app(root: Path) -> list[str]:
    return [sys.executable, "-m", "tui.cli", str(root)]


def start_empty() -> float:
    """Milliseconds until the empty app has painted."""
    with Terminal(EMPTY) as terminal:
        return (terminal.wait_for(PAINTED) - terminal.started) * 1000


def start_app(root: Path, count: int) -> tuple[float, float, float]:
    """Milliseconds until the first paint, the first task, and the last task counted."""
    with Terminal(app(root)) as terminal:
        terminal.wait_for(SCREEN)
        painted = terminal.wait_for(NAME, terminal.place_after(SCREEN))
        shown = terminal.wait_for(SUBJECT)
        loaded = terminal.wait_for_any(counted(count), timeout_s=60)
        return (
            (painted - terminal.started) * 1000,
            (shown - terminal.started) * 1000,
            (loaded - terminal.started) * 1000,
        )


def counted(count: int) -> list[bytes]:
    """How the lens that shows all tasks may write their number."""
    return [f"All {count} ".encode(), f"All {count:,} ".encode()]


def measure(root: Path, count: int, runs: int) -> Starts:
    starts = Starts()
    start_app(root, count)  # caches of the file system and of compiled modules
    start_empty()
    for turn in range(runs):
        progress(f"{count:,} tasks, start {turn + 1} of {runs}")
        starts.empty.append(start_empty())
        painted, shown, loaded = start_app(root, count)
        starts.painted.append(painted)
        starts.shown.append(shown)
        starts.loaded.append(loaded)
    return starts


def run(sizes: list[int], runs: int) -> None:
    """Measure and print."""
    columns = ("until", "tasks", "ms", "p99", "÷ empty app", "aim")
    table = Table(
        f"startup: process start to paint, median of {runs} interleaved runs",
        columns,
        (16, 8, 8, 8, 11, 20),
    )
    for count in sizes:
        with lists.scratch() as root:
            progress(f"writing {count:,} tasks")
            lists.populate(root, count)
            lists.settle()
            starts = measure(root, count, runs)
        empty = median(starts.empty)
        for until, taken in (
            ("empty Textual", starts.empty),
            ("first paint", starts.painted),
            ("first tasks", starts.shown),
            ("all loaded", starts.loaded),
        ):
            ratio = median(taken) / empty
            aim = ""
            if until == "first paint":
                aim = verdict(FIRST_PAINT.get(count), ratio)
            elif until == "all loaded":
                aim = verdict(ALL_LOADED.get(count), median(taken))
            figures = (number(median(taken)), number(quantile(taken, 0.99)), f"{number(ratio)}×")
            table.row(until, f"{count:,}", *figures, aim)
    progress("")

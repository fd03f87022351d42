"""`keys`: from a key until the bytes of what it does leave the app.

The real program in a pseudo-terminal, on a list that is loaded. A key counts as painted with the
first bytes that only its effect writes: the new cursor's id, the chosen lens, the row found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from tests.benchmarks import lists
from tests.benchmarks.figures import Table, at_most, median, number, progress, quantile, verdict
from tests.benchmarks.startup import SUBJECT, app, counted
from tests.benchmarks.terminal import Terminal

P99 = at_most(50, " ms")
LENSES = {b"2": b" 2 Ready ", b"1": b" 1 All "}


def _moves(terminal: Terminal, runs: int) -> Iterator[float]:
    terminal.write(b"g")
    terminal.wait_for_quiet()
    for turn in range(runs):
        yield _taken(terminal, b"j", b"#%d " % (turn + 2))


def _pages(terminal: Terminal, runs: int) -> Iterator[float]:
    for turn in range(runs):
        yield _taken(terminal, b"\x1b[5~" if turn % 20 >= 10 else b"\x1b[6~", SUBJECT)


def _lenses(terminal: Terminal, runs: int) -> Iterator[float]:
    for turn in range(runs):
        key = list(LENSES)[turn % 2]
        yield _taken(terminal, key, LENSES[key])


def _reversals(terminal: Terminal, runs: int) -> Iterator[float]:
    for _ in range(runs):
        yield _taken(terminal, b"O", SUBJECT)


def _searches(terminal: Terminal, runs: int) -> Iterator[float]:
    """Each number is typed into the empty search line at once; Esc empties it again."""
    for turn in range(runs):
        found = b"%d" % (1_000 + turn)
        terminal.write(b"/")
        terminal.wait_for_quiet(0.2, 2.0)
        yield _taken(terminal, found, SUBJECT + b" " + found)
        terminal.write(b"\x1b")
        terminal.wait_for_quiet(0.2, 2.0)


KEYS: dict[str, Callable[[Terminal, int], Iterator[float]]] = {
    "move": _moves,
    "page": _pages,
    "lens": _lenses,
    "reverse sort": _reversals,
    "search": _searches,
}


def _taken(terminal: Terminal, keys: bytes, effect: bytes) -> float:
    """Milliseconds from writing keys to the last byte of their effect."""
    before = terminal.size()
    pressed = time.perf_counter()
    terminal.write(keys)
    seen = terminal.wait_for(effect, before, timeout_s=10)
    time.sleep(0.04)  # a person's pace, and no two keys in one frame
    return (seen - pressed) * 1000


def run(sizes: list[int], runs: int) -> None:
    """Measure and print."""
    table = Table(
        f"keys: key to the bytes of its effect, {runs} times each",
        ("key", "tasks", "median ms", "p99 ms", "worst ms", "p99 aim"),
        (14, 8, 9, 9, 9, 18),
    )
    for count in sizes:
        with lists.scratch() as root:
            progress(f"writing {count:,} tasks")
            lists.populate(root, count, chained=False)
            lists.settle()
            with Terminal(app(root)) as terminal:
                terminal.wait_for_any(counted(count), timeout_s=60)
                terminal.wait_for_quiet()
                for name, press in KEYS.items():
                    progress(f"{count:,} tasks, {name}")
                    taken = list(press(terminal, runs))
                    tail = quantile(taken, 0.99)
                    figures = (number(median(taken)), number(tail), number(max(taken)))
                    table.row(name, f"{count:,}", *figures, verdict(P99, tail))
    progress("")

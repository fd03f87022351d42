"""`latency`: from the rename that publishes a new subject until its bytes leave the app.

The real program in a pseudo-terminal; another writer of the layout changes the subject of a task
that is on the screen. Measured alone and beside another process that changes other tasks a hundred
times a second.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks import lists
from tests.benchmarks.figures import (
    Table,
    at_most,
    median,
    number,
    progress,
    quantile,
    verdict,
)
from tests.benchmarks.startup import app, counted
from tests.benchmarks.terminal import HERE, Terminal

MEDIAN = at_most(10, " ms")
P99 = at_most(25, " ms")
BESIDE_PER_S = 100
SHOWN = 1  # the task that the table shows first


def publish(tasks: Path, task: int, count: int, subject: str) -> float:
    """Write a record as another tool would; when its rename returned (`perf_counter` seconds)."""
    whole = lists.record(task, count, chained=False) | {"subject": subject}
    temp = tasks / f"{task:04d}.json.tmp"
    temp.write_text(json.dumps(whole, indent=2))
    temp.replace(tasks / f"{task:04d}.json")
    return time.perf_counter()


def churn(tasks: Path, count: int, per_second: int) -> None:
    """Change all tasks but the shown one in turn, evenly, until stdin closes."""
    due = time.perf_counter()
    turn = 0
    while not select.select([0], [], [], 0)[0]:
        turn += 1
        task = SHOWN + 1 + turn % (count - 1)
        publish(tasks, task, count, f"Churn {turn} of chamber {task}")
        due += 1 / per_second
        time.sleep(max(0.0, due - time.perf_counter()))


@contextmanager
def neighbour(tasks: Path, count: int, per_second: int) -> Iterator[None]:
    """Another process that writes beside; none at 0 a second."""
    if per_second == 0:
        yield
        return
    command = [sys.executable, "-m", "tests.benchmarks.latency"]
    with subprocess.Popen(
        [*command, str(tasks), str(count), str(per_second)], stdin=subprocess.PIPE, cwd=HERE
    ) as process:
        try:
            yield
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(10)


def latencies(terminal: Terminal, tasks: Path, count: int, runs: int) -> list[float]:
    """Milliseconds from rename to paint of `runs` changes, spaced unevenly so that no clock of
    the app is met in step.
    """
    taken: list[float] = []
    for turn in range(runs):
        token = f"paint-{turn:04d}-{time.time_ns() % 10_000:04d}"
        before = terminal.size()
        published = publish(tasks, SHOWN, count, token)
        seen = terminal.wait_for(token.encode(), before, timeout_s=10)
        taken.append(max(0.0, seen - published) * 1000)
        time.sleep(0.05 + 0.037 * (turn % 5))
    return taken


def run(sizes: list[int], runs: int) -> None:
    """Measure and print."""
    columns = ("writes beside", "tasks", "median ms", "p99 ms", "worst ms", "median aim", "p99 aim")
    table = Table(
        f"latency: os.replace to the bytes of the new row, {runs} changes",
        columns,
        (16, 8, 9, 9, 9, 18, 18),
    )
    for count in sizes:
        with lists.scratch() as root:
            progress(f"writing {count:,} tasks")
            lists.populate(root, count, chained=False)
            lists.settle()
            tasks = lists.directory_of(root) / "tasks"
            with Terminal(app(root)) as terminal:
                terminal.wait_for_any(counted(count), timeout_s=60)
                publish(tasks, SHOWN, count, "paint-warm-up")
                terminal.wait_for(b"paint-warm-up")
                for per_second in (0, BESIDE_PER_S):
                    progress(f"{count:,} tasks, {per_second} writes/s beside")
                    with neighbour(tasks, count, per_second):
                        taken = latencies(terminal, tasks, count, runs)
                    _row(table, count, per_second, taken)
    progress("")


def _row(table: Table, count: int, per_second: int, taken: list[float]) -> None:
    middle, tail = median(taken), quantile(taken, 0.99)
    table.row(
        f"{per_second}/s" if per_second else "none",
        f"{count:,}",
        number(middle),
        number(tail),
        number(max(taken)),
        verdict(MEDIAN, middle),
        verdict(P99, tail),
    )


if __name__ == "__main__":
    _tasks, _count, _per_second = sys.argv[1:]
    churn(Path(_tasks), int(_count), int(_per_second))

"""`store`: what one call costs, ours beside the naive store, on lists of growing length.

Each figure comes from interleaved pairs on two copies of the same list. "warm" is one process that
keeps its store; "cold" a fresh process whose first call it is (imports are not counted). Ours is
called through the public asynchronous store, with the durability it always has.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from store import TaskStore
from tests.benchmarks import lists
from tests.benchmarks.figures import (
    Aim,
    Table,
    at_least,
    interleave,
    median,
    number,
    progress,
    quantile,
    verdict,
)
from tests.benchmarks.naive import NaiveStore

OPERATIONS = ("create", "update", "claim", "delete", "list")
AIMED_AT = 10_000
AIMS: dict[tuple[str, str], Aim] = {
    ("create", "warm"): at_least(300),
    ("delete", "warm"): at_least(300),
    ("create", "cold"): at_least(40),
    ("delete", "cold"): at_least(40),
    ("update", "warm"): at_least(1.5),
    ("claim", "warm"): at_least(1.5),
    ("list", "cold"): at_least(4),
}
HERE = Path(__file__).parents[2]


class NaiveCalls:
    """The five operations on the naive store; each works on a task that none had before, from
    `start` upwards.
    """

    def __init__(self, root: Path, start: int) -> None:
        self._store = NaiveStore(lists.directory_of(root))
        self._next = start
        self._made: list[int] = []

    def start_at(self, task: int) -> None:
        self._next = task

    def call(self, operation: str) -> None:
        self._next += 1
        if operation == "create":
            self._made.append(self._store.create("Made by the benchmark").id)
        elif operation == "update":
            assert self._store.update(self._next, f"Changed at {time.time_ns()}") is not None
        elif operation == "claim":
            assert self._store.claim(self._next, "bench")
        elif operation == "delete":
            assert self._store.delete(self._made.pop() if self._made else self._next)
        else:
            assert self._store.list()


class OurCalls:
    """The same on the public store, in an event loop that stays."""

    def __init__(self, root: Path, start: int) -> None:
        self._store = TaskStore(hive_root=root)
        self._runner = asyncio.Runner()
        self._next = start
        self._made: list[int] = []

    def start_at(self, task: int) -> None:
        self._next = task

    def call(self, operation: str) -> None:
        self._next += 1
        self._run(getattr(self, f"_{operation}")())

    def _run(self, call: Coroutine[Any, Any, None]) -> None:
        self._runner.run(call)

    async def _create(self) -> None:
        made = await self._store.create_task(lists.LIST_ID, "Made by the benchmark")
        self._made.append(made.id)

    async def _update(self) -> None:
        _, changed = await self._store.update_task(
            lists.LIST_ID, self._next, subject=f"Changed at {time.time_ns()}"
        )
        assert changed

    async def _claim(self) -> None:
        result = await self._store.claim_task_with_busy_check(lists.LIST_ID, self._next, "bench")
        assert result.kind == "ok", result

    async def _delete(self) -> None:
        task = self._made.pop() if self._made else self._next
        deleted, _ = await self._store.delete_task(lists.LIST_ID, task)
        assert deleted

    async def _list(self) -> None:
        assert await self._store.list_tasks(lists.LIST_ID)


KINDS: dict[str, Callable[[Path, int], NaiveCalls | OurCalls]] = {
    "naive": NaiveCalls,
    "ours": OurCalls,
}


def timed(calls: NaiveCalls | OurCalls, operation: str) -> float:
    started = time.perf_counter()
    calls.call(operation)
    return time.perf_counter() - started


def cold(kind: str, operation: str, root: Path, task: int) -> float:
    """Seconds of the first call of a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.cold", kind, operation, str(root), str(task)],
        capture_output=True,
        text=True,
        cwd=HERE,
        check=True,
    )
    return float(done.stdout)


def run(sizes: list[int], runs: int) -> None:
    """Measure and print."""
    columns = ("operation", "tasks", "process", "naive ms", "p99", "ours ms", "p99", "ratio", "aim")
    table = Table(
        "store: one call, milliseconds (median, p99), naive ÷ ours",
        columns,
        (9, 7, 7, 9, 9, 9, 9, 8, 18),
    )
    for count in sizes:
        with lists.scratch() as place:
            progress(f"writing {count:,} tasks twice")
            roots = {kind: place / kind for kind in KINDS}
            for root in roots.values():
                lists.populate(root, count)
            lists.settle()
            Bench(table, roots, count, runs).run()
    progress("")


class Bench:
    """One length of list: all operations, warm and cold, as rows of a table."""

    def __init__(self, table: Table, roots: dict[str, Path], count: int, runs: int) -> None:
        self._table, self._roots, self._count = table, roots, count
        self._cold_runs = max(3, runs // 10)
        self._last = count  # fresh processes take their tasks from the end of the list
        spare = count // 2 - 3 * self._cold_runs - 2
        whole_list = max(5, min(runs, 60_000 // count))
        self._runs = dict.fromkeys(("create", "delete", "list"), whole_list)
        self._runs |= {"update": min(runs, spare), "claim": min(runs, spare)}

    def run(self) -> None:
        calls = {kind: make(self._roots[kind], self._count // 2) for kind, make in KINDS.items()}
        for one in calls.values():
            for operation in ("list", "create", "delete"):
                one.call(operation)
        for operation in OPERATIONS:
            progress(f"{operation} at {self._count:,} tasks")
            for one in calls.values():
                one.start_at(self._count // 2)
            naive, ours = (partial(timed, calls[kind], operation) for kind in ("naive", "ours"))
            self._row(operation, "warm", interleave(naive, ours, self._runs[operation]))
            taken: list[float] = []
            for _ in range(self._cold_runs):
                if operation in ("update", "claim", "delete"):
                    self._last -= 1
                naive, ours = (
                    partial(cold, kind, operation, self._roots[kind], self._last)
                    for kind in ("naive", "ours")
                )
                taken += interleave(naive, ours, 1)
            self._row(operation, "cold", taken)

    def _row(self, operation: str, process: str, taken: list[float]) -> None:
        naive, ours = taken[::2], taken[1::2]
        ratio = median(naive) / median(ours)
        aim = AIMS.get((operation, process)) if self._count == AIMED_AT else None
        figures = [
            number(quantile(samples, share) * 1000)
            for samples in (naive, ours)
            for share in (0.5, 0.99)
        ]
        self._table.row(
            operation,
            f"{self._count:,}",
            process,
            *figures,
            f"{number(ratio)}×",
            verdict(aim, ratio),
        )

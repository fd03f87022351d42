"""`store`: what one call costs, ours beside the naive store, on lists of growing length.

Each figure comes from interleaved pairs on two copies of the same list. "warm" is one process that
keeps its store; "cold" a fresh process whose first call it is (imports are not counted). "async"
is what a program with an event loop does: ours through the public asynchronous store, the naive
one in `asyncio.to_thread`. All sync files and directory at the same moments, but for "no sync",
where neither syncs anything.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

from store import Durability, NativeStore, TaskStore
from tests.benchmarks import lists
from tests.benchmarks.figures import (
    Aim,
    Table,
    at_least,
    interleave,
    number,
    paired_ratio,
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
    ("update", "no sync"): at_least(2.5),
    ("claim", "no sync"): at_least(2.5),
    ("list", "cold"): at_least(4),
}
HERE = Path(__file__).parents[2]
_CHEAP_RUNS = 5


class Calls(Protocol):
    """One store and the five operations on it. Each works on a task that none had before, from
    the one that `start_at` was told upwards; what was created is deleted first.
    """

    def start_at(self, task: int) -> None: ...

    def call(self, operation: str) -> None: ...


class NaiveCalls:
    """The naive store."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self._store = NaiveStore(lists.directory_of(root), durable=durable)
        self._next = 0
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
    """Ours, called as the naive one is: synchronously."""

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        durability = Durability.POWER if durable else Durability.PROCESS
        self._store = NativeStore(root, durability=durability)
        self._next = 0
        self._made: list[int] = []

    def start_at(self, task: int) -> None:
        self._next = task

    def call(self, operation: str) -> None:
        self._next += 1
        task, name = self._next, lists.LIST_ID
        if operation == "create":
            self._made.append(self._store.create_task(name, "Made by the benchmark").id)
        elif operation == "update":
            subject = f"Changed at {time.time_ns()}"
            assert self._store.update_task(name, task, subject=subject).changed
        elif operation == "claim":
            assert self._store.claim_task(name, task, "bench").kind == "ok"
        elif operation == "delete":
            task = self._made.pop() if self._made else task
            assert self._store.delete_task(name, task).deleted
        else:
            assert self._store.list_tasks(name)


class ThreadedNaiveCalls(NaiveCalls):
    """The naive store as a program with an event loop calls it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._runner = asyncio.Runner()

    def call(self, operation: str) -> None:
        self._runner.run(self._call(operation))

    async def _call(self, operation: str) -> None:
        await asyncio.to_thread(super().call, operation)


class AsyncCalls:
    """Ours, through the public asynchronous store, in an event loop that stays."""

    def __init__(self, root: Path) -> None:
        self._store = TaskStore(hive_root=root)
        self._runner = asyncio.Runner()
        self._next = 0
        self._made: list[int] = []

    def start_at(self, task: int) -> None:
        self._next = task

    def call(self, operation: str) -> None:
        self._next += 1
        self._runner.run(self._call(operation, self._next))

    async def _call(self, operation: str, task: int) -> None:
        store, name = self._store, lists.LIST_ID
        if operation == "create":
            self._made.append((await store.create_task(name, "Made by the benchmark")).id)
        elif operation == "update":
            subject = f"Changed at {time.time_ns()}"
            assert (await store.update_task(name, task, subject=subject))[1]
        elif operation == "claim":
            assert (await store.claim_task_with_busy_check(name, task, "bench")).kind == "ok"
        elif operation == "delete":
            task = self._made.pop() if self._made else task
            assert (await store.delete_task(name, task))[0]
        else:
            assert await store.list_tasks(name)


COLD: dict[str, Callable[[Path], Calls]] = {"naive": NaiveCalls, "ours": OurCalls}
WAYS: dict[str, tuple[Callable[[Path], Calls], Callable[[Path], Calls]]] = {
    "warm": (NaiveCalls, OurCalls),
    "async": (ThreadedNaiveCalls, AsyncCalls),
    "no sync": (partial(NaiveCalls, durable=False), partial(OurCalls, durable=False)),
}


def timed(calls: Calls, operation: str) -> float:
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
    columns = ("operation", "tasks", "way", "naive ms", "p99", "ours ms", "p99", "ratio", "aim")
    table = Table(
        "store: one call, milliseconds (median, p99), naive ÷ ours (median of the pairs)",
        columns,
        (9, 7, 12, 9, 9, 9, 9, 8, 18),
    )
    for count in sizes:
        with lists.scratch() as place:
            progress(f"writing {count:,} tasks twice")
            roots = (place / "naive", place / "ours")
            for root in roots:
                lists.populate(root, count)
            lists.settle()
            Bench(table, roots, count, runs).run()
    progress("")


class Bench:
    """One length of list: all operations in all ways, as rows of a table."""

    def __init__(self, table: Table, roots: tuple[Path, Path], count: int, runs: int) -> None:
        self._table, self._roots, self._count = table, roots, count
        cold_runs = max(3, runs // 10)
        # Where two syncs are most of a call, a few pairs say more of the disk than of the stores.
        self._cold_runs = dict.fromkeys(OPERATIONS, cold_runs)
        self._cold_runs |= dict.fromkeys(("update", "claim"), _CHEAP_RUNS * cold_runs)
        self._last = count  # fresh processes take their tasks from the end of the list
        self._first = count // 2  # the others from the middle upwards
        spare = (count // 2 - sum(self._cold_runs.values())) // (len(WAYS) + 1)
        whole_list = max(5, min(runs, 60_000 // count))
        self._runs = dict.fromkeys(("create", "delete", "list"), whole_list)
        # These two take a millisecond, or ten where the disk is shared: it takes many to tell.
        self._runs |= dict.fromkeys(("update", "claim"), min(_CHEAP_RUNS * runs, spare))

    def run(self) -> None:
        rows: dict[tuple[str, str], list[float]] = {}
        for way in WAYS:
            for operation, taken in self._warm(way):
                rows[operation, way] = taken
        for operation in OPERATIONS:
            for way in WAYS:
                self._row(operation, way, rows[operation, way])
                if way == "warm":
                    self._row(operation, "cold", self._cold(operation))

    def _warm(self, way: str) -> Iterator[tuple[str, list[float]]]:
        naive, ours = (make(root) for make, root in zip(WAYS[way], self._roots, strict=True))
        for one in (naive, ours):
            for operation in ("list", "create", "delete"):
                one.call(operation)
        for operation in OPERATIONS:
            progress(f"{operation} at {self._count:,} tasks, {way}")
            for one in (naive, ours):
                one.start_at(self._first)
            pair = partial(timed, naive, operation), partial(timed, ours, operation)
            yield operation, interleave(*pair, self._runs[operation])
        self._first += max(self._runs["update"], self._runs["claim"])

    def _cold(self, operation: str) -> list[float]:
        taken: list[float] = []
        for turn in range(self._cold_runs[operation]):
            progress(f"{operation} at {self._count:,} tasks, cold, {turn + 1}")
            if operation in ("update", "claim", "delete"):
                self._last -= 1
            naive, ours = (
                partial(cold, kind, operation, root, self._last)
                for kind, root in zip(COLD, self._roots, strict=True)
            )
            if turn % 2 == 0:
                taken += interleave(naive, ours, 1)
            else:  # nobody is always the first after a pause
                taken += interleave(ours, naive, 1)[::-1]
        return taken

    def _row(self, operation: str, process: str, taken: list[float]) -> None:
        naive, ours = taken[::2], taken[1::2]
        ratio = paired_ratio(taken)
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

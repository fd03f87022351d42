"""`claims`: several processes claim the tasks of one list for a fixed time.

Each process claims tasks of its own, so that nothing but the lock is contended. A store is fair
when the process with the fewest claims has nearly as many as the one with the most. The rival of
our asynchronous store is the naive one in `asyncio.to_thread`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from store import LockTimeout, NativeStore, TaskStore
from tests.benchmarks import lists
from tests.benchmarks.figures import (
    Table,
    at_least,
    at_most,
    number,
    progress,
    quantile,
    verdict,
    write,
)
from tests.benchmarks.naive import NaiveStore, PatientStore

HERE = Path(__file__).parents[2]
AIMED_AT = 16
Claim = Callable[[int], bool]
PER_SECOND = 8_000  # more claims than any store makes; a list is long enough for that


@dataclass(frozen=True, slots=True)
class Outcome:
    """One store at one number of processes. `waits` are the seconds of each call."""

    per_second: float
    fewest: int
    most: int
    timeouts: int
    waits: list[float]


def claimer(kind: str, root: Path, name: str) -> Callable[[int], bool]:
    """A function that claims one task and says whether it got the lock in time."""
    claim = CLAIMERS[kind](root, name)

    def claim_in_time(task: int) -> bool:
        try:
            assert claim(task)
        except (LockTimeout, Timeout):
            return False
        return True

    return claim_in_time


def _naive(root: Path, name: str) -> Claim:
    store = NaiveStore(lists.directory_of(root))
    return lambda task: store.claim(task, name)


def _threaded(root: Path, name: str) -> Claim:
    store, runner = NaiveStore(lists.directory_of(root)), asyncio.Runner()
    return lambda task: runner.run(asyncio.to_thread(store.claim, task, name))


def _patient(root: Path, name: str) -> Claim:
    store = PatientStore(lists.directory_of(root))
    return lambda task: store.claim(task, name)


def _ours(root: Path, name: str) -> Claim:
    store = NativeStore(root)
    return lambda task: store.claim_task(lists.LIST_ID, task, name).kind == "ok"


def _asynchronous(root: Path, name: str) -> Claim:
    store, runner = TaskStore(hive_root=root), asyncio.Runner()

    async def claim(task: int) -> bool:
        return (await store.claim_task_with_busy_check(lists.LIST_ID, task, name)).kind == "ok"

    return lambda task: runner.run(claim(task))


NAMES = {
    "naive": "naive (filelock)",
    "threaded": "naive, in a thread",
    "patient": "naive, blocking flock",
    "native": "ours",
    "ours": "ours, asynchronous",
}
CLAIMERS: dict[str, Callable[[Path, str], Claim]] = {
    "naive": _naive,
    "threaded": _threaded,
    "patient": _patient,
    "native": _ours,
    "ours": _asynchronous,
}


def work(kind: str, root: Path, name: str, first: int, last: int, seconds: float) -> None:
    """One process: wait for the start, claim until the time is up, say what happened."""
    claim = claimer(kind, root, name)
    claim(first)
    write("ready")
    sys.stdin.readline()
    waits: list[float] = []
    timeouts = 0
    end = time.perf_counter() + seconds
    for task in range(first + 1, last + 1):
        started = time.perf_counter()
        if started >= end:
            break
        timeouts += not claim(task)
        waits.append(time.perf_counter() - started)
    write(json.dumps({"waits": waits, "timeouts": timeouts}))


def compete(kind: str, root: Path, processes: int, count: int, seconds: float) -> Outcome:
    share = count // processes
    command = [sys.executable, "-m", "tests.benchmarks.claims", kind, str(root)]
    started = [
        subprocess.Popen(
            [*command, f"p{n}", str(n * share + 1), str((n + 1) * share), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )
        for n in range(processes)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [json.loads(process.communicate(timeout=60 + seconds)[0]) for process in started]
    finally:
        for process in started:
            process.kill()
            process.wait()
    counts = [len(one["waits"]) - one["timeouts"] for one in said]
    waits = [wait for one in said for wait in one["waits"]]
    timeouts = sum(one["timeouts"] for one in said)
    return Outcome(sum(counts) / seconds, min(counts), max(counts), timeouts, waits)


def run(processes: list[int], seconds: float, runs: int) -> None:
    """Measure and print."""
    columns = ("store", "processes", "claims/s", "fewest–most", "time-outs", "p99 ms", "worst ms")
    table = Table(
        f"claims: one list, {seconds:g} s each, the middle one of {runs} interleaved runs",
        columns,
        (24, 9, 9, 13, 9, 9, 9),
    )
    for width in processes:
        outcomes: dict[str, list[Outcome]] = {kind: [] for kind in NAMES}
        for turn in range(runs):
            for kind, taken in outcomes.items():
                progress(f"{NAMES[kind]}, {width} processes, run {turn + 1} of {runs}")
                with lists.scratch() as root:
                    count = int(PER_SECOND * seconds)
                    lists.populate(root, count, chained=False)
                    lists.settle()
                    taken.append(compete(kind, root, width, count, seconds))
        middle = {
            kind: sorted(taken, key=lambda o: o.per_second)[len(taken) // 2]
            for kind, taken in outcomes.items()
        }
        for kind, outcome in middle.items():
            table.row(
                NAMES[kind],
                str(width),
                number(outcome.per_second),
                f"{outcome.fewest}–{outcome.most}",
                str(outcome.timeouts),
                number(quantile(outcome.waits, 0.99) * 1000),
                number(max(outcome.waits) * 1000),
            )
        if width == AIMED_AT:
            _aims(middle)
    progress("")


def _aims(at_sixteen: dict[str, Outcome]) -> None:
    naive, patient, ours = (at_sixteen[kind] for kind in ("naive", "patient", "native"))
    table = Table(f"claims: aims at {AIMED_AT} processes", ("what", "figure", "aim"), (34, 10, 18))
    for what, figure, unit, aim in (
        ("claims/s, ours ÷ naive", ours.per_second / naive.per_second, "×", at_least(2)),
        (
            "claims/s, ours ÷ blocking flock",
            ours.per_second / patient.per_second,
            "×",
            at_least(1.5),
        ),
        ("fewest ÷ most claims of a process", ours.fewest / ours.most, "", at_least(0.8, "")),
        ("time-outs", ours.timeouts, "", at_most(0, "")),
        ("p99 of a claim", quantile(ours.waits, 0.99) * 1000, " ms", at_most(50, " ms")),
    ):
        table.row(what, f"{number(figure)}{unit}", verdict(aim, figure))


if __name__ == "__main__":
    _kind, _root, _name, _first, _last, _seconds = sys.argv[1:]
    work(_kind, Path(_root), _name, int(_first), int(_last), float(_seconds))

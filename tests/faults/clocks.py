"""The wall clock jumps between and in the middle of operations.

The time of a record never goes back, locks are waited for as long as was said, and a reader sees
every change, whatever the clock says.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
from store.model.errors import ColonytopError, LockTimeout
from store.model.snapshot import TaskList
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.sample_list import LIST, OPERATIONS, make_sample

DAY_S = 86_400.0
JUMPS_S = (-3 * DAY_S, 3652 * DAY_S, -30 * 365 * DAY_S, 1.0, -0.5, -3652 * DAY_S)
PROGRAMS = {Effort.FAST: 25, Effort.LONG: 500}
WAITS = {Effort.FAST: 2, Effort.LONG: 20}
STEPS = 12

_WAIT_S = 0.15
_LONGEST_S = 20.0
_PLACE = ("colonies", "sample", "tasks")


class Clock:
    """The wall clock of this process, moved at will. The monotonic clock is left alone."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        self.step_s = 0.0
        """How much further it jumps each time that somebody looks."""
        self._time, self._time_ns = time.time, time.time_ns

    def time(self) -> float:
        self.ahead_s += self.step_s
        return max(self._time() + self.ahead_s, 0.0)

    def time_ns(self) -> int:
        self.ahead_s += self.step_s
        return max(self._time_ns() + int(self.ahead_s * 1e9), 0)


@contextmanager
def moved_clock() -> Iterator[Clock]:
    """Every module of this process sees the moved clock meanwhile."""
    clock = Clock()
    real = time.time, time.time_ns
    names = time.__dict__
    names["time"], names["time_ns"] = clock.time, clock.time_ns
    try:
        yield clock
    finally:
        names["time"], names["time_ns"] = real


def run(effort: Effort, seed: int = 4) -> Figure:
    """Seeded programs of operations and jumps, and waits for a held lock."""
    violations: list[str] = []
    jumps = 0
    with scratch("clocks") as place:
        for number in range(PROGRAMS[effort]):
            program = _Program(place / str(number), random.Random(f"clocks {seed} {number}"))
            jumps += STEPS
            violations += [f"program {seed}-{number}: {wrong}" for wrong in program.run()]
        for number in range(WAITS[effort]):
            jumps += 1
            violations += _wait(place / "0", JUMPS_S[number % 2] / 100)
    return Figure("clocks", jumps, "jumps", violations)


class _Program:
    """Operations on one list, a jump of the clock before each."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._root = root
        self._chance = chance
        self._updated: dict[int, float] = {}
        self._system = HiveSystem()
        self._seen: TaskList | None = None

    def run(self) -> list[str]:
        wrong: list[str] = []
        with moved_clock() as clock:
            store = make_sample(self._root)
            (key,) = self._system.discover(self._root)
            for _ in range(STEPS):
                jump = self._chance.choice(JUMPS_S)
                clock.ahead_s += jump
                name = self._chance.choice([n for n in OPERATIONS if n != "create in a new list"])
                try:
                    OPERATIONS[name](store)
                except ColonytopError as error:
                    if isinstance(error, LockTimeout) or error.kind == "storage_failure":
                        wrong.append(f"{name} after a jump of {jump} s: {error!r}")
                self._seen = self._system.load(key, self._seen)
                wrong += [f"{name} after a jump of {jump} s: {w}" for w in self._wrongs(store)]
        return wrong

    def _wrongs(self, store: NativeStore) -> Iterator[str]:
        records = {record.id: record for record in store.list_tasks(LIST)}
        for number, record in records.items():
            before, now = self._updated.get(number, 0.0), record.updated_at or 0.0
            if now < before:
                yield f"updated_at of #{number} went from {before} back to {now}"
            self._updated[number] = now
        tasks = self._seen.tasks if self._seen is not None else {}
        shown = {int(i): (t.owner, str(t.status), t.updated_at) for i, t in tasks.items()}
        stored = {n: (r.owner, str(r.status), r.updated_at) for n, r in records.items()}
        if shown != stored:
            yield f"the reader shows {shown}, stored is {stored}"


def _wait(root: Path, step_s: float) -> list[str]:
    """Wait for a held lock while the clock jumps at each look: as long as was said."""
    store = NativeStore(root, lock_timeout_s=_WAIT_S)
    said = "the lock was given twice"
    with (
        ThreadPoolExecutor(1) as other,
        open_directory(root, _PLACE) as directory,
        list_lock(directory, LIST, Patience(_LONGEST_S)),
        moved_clock() as clock,
    ):
        clock.step_s = step_s
        started = time.monotonic()
        try:
            other.submit(store.create_task, LIST, "meanwhile").result()
        except LockTimeout:
            said = ""
        waited = time.monotonic() - started
    if not _WAIT_S <= waited <= _LONGEST_S:
        said = f"waited {waited:.2f} s for a lock instead of {_WAIT_S} s"
    return [f"clock jumping by {step_s} s: {said}"] if said else []

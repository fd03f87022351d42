"""A storm over one list: writers that are killed at any moment, and readers that take no lock.

Run as a program it raises the storm: single-threaded, so that it may fork its writers and readers,
which costs a killed one a few milliseconds instead of a start of Python.
"""

from __future__ import annotations

import json
import os
import random
import selectors
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from store.model.snapshot import TaskList
from store.model.task import TaskId
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.native import NativeStore
from store.systems.records.models import TaskRecord
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.storm_log import LIST, Program, judged, read_log

WRITERS = 6
READERS = 2
MOST = 20
"""Violations after which it is no use to go on."""

_HERE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Weather:
    """How long a storm lasts: until so many kills, calls and looks of each reader are over."""

    kills: int
    calls: int
    looks: int


WEATHER = {Effort.FAST: Weather(40, 400, 60), Effort.LONG: Weather(100, 1000, 150)}
STORMS = {Effort.FAST: 1, Effort.LONG: 10}


def run(effort: Effort, seed: int = 4) -> Figure:
    """Raise storms, each over a fresh list, and look at what is left."""
    violations: list[str] = []
    detail: dict[str, int] = {}
    for number in range(seed, seed + STORMS[effort]):
        found = _raise(number, WEATHER[effort])
        violations += [f"storm {number}: {wrong}" for wrong in found.pop("violations")]
        for name, count in found.items():
            detail[name] = detail.get(name, 0) + count
    return Figure("storm", detail["kills"], "kills", violations, detail=detail)


def _raise(seed: int, weather: Weather) -> dict[str, Any]:
    with scratch("storm") as place:
        told = [str(number) for number in (seed, weather.kills, weather.calls, weather.looks)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.storm", str(place), *told],
            capture_output=True,
            text=True,
            cwd=_HERE,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the storm itself failed:\n{done.stderr}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found


# the storm


class Storm:
    """Starts writers and readers, kills writers when they tell of a call, starts others."""

    def __init__(self, place: Path, seed: int, weather: Weather) -> None:
        self.place = place
        self.root = place / "root"
        self.weather = weather
        self.kills = self.calls = self.looks = self.started = 0
        self.violations: list[str] = []
        self._chance = random.Random(f"storm {seed}")
        self._seed = seed
        self._watched = selectors.DefaultSelector()
        self._looks: dict[int, int] = {}
        self._children: set[int] = set()

    def rage(self) -> None:
        for slot in range(READERS):
            self._fork(partial(look_on, self.root, slot), is_writer=False)
        for slot in range(WRITERS):
            self._start_writer(slot)
        while not self._is_over():
            for key, _ in self._watched.select():
                self._hear(key.fd, *key.data)
        for child in list(self._children):
            os.kill(child, signal.SIGKILL)
        for child in list(self._children):
            os.waitpid(child, 0)

    def _is_over(self) -> bool:
        wanted = self.weather
        looks = min(self._looks.values())
        over = self.kills >= wanted.kills and self.calls >= wanted.calls
        return (over and looks >= wanted.looks) or len(self.violations) >= MOST

    def _start_writer(self, slot: int) -> None:
        self.started += 1
        log = self.place / f"writer-{slot}-{self.started:05d}.log"
        seed = f"{self._seed} {slot} {self.started}"
        work = partial(write, self.root, log, slot, seed)
        self._fork(work, is_writer=True, slot=slot)

    def _fork(
        self, work: Callable[[Callable[[str], None]], None], *, is_writer: bool, slot: int = 0
    ) -> None:
        heard, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(heard)
            _live(work, told)
        os.close(told)
        self._children.add(child)
        self._watched.register(heard, selectors.EVENT_READ, (child, is_writer, slot))
        if not is_writer:
            self._looks[child] = 0

    def _hear(self, descriptor: int, child: int, is_writer: bool, slot: int) -> None:
        text = os.read(descriptor, 1 << 16).decode()
        lines = text.splitlines()
        self.violations += [line for line in lines if line != "." and line]
        if is_writer:
            self.calls += lines.count(".")
            if text and self._chance.random() < self.weather.kills / self.weather.calls * 1.3:
                os.kill(child, signal.SIGKILL)
                self.kills += 1
            elif text:
                return
        else:
            self._looks[child] += lines.count(".")
            if text:
                return
        self._watched.unregister(descriptor)
        os.close(descriptor)
        os.waitpid(child, 0)
        self._children.discard(child)
        if is_writer:
            self._start_writer(slot)
        else:
            self.violations.append("a reader ended")


def _live(work: Callable[[Callable[[str], None]], None], told: int) -> None:
    """The whole life of a child: work until killed, or say why not."""
    try:
        work(lambda line: _tell(told, line))
    except BaseException:
        _tell(told, traceback.format_exc().replace("\n", " | "))
    finally:
        os._exit(0)


def _tell(told: int, line: str) -> None:
    os.write(told, f"{line}\n".encode())


def write(root: Path, log: Path, slot: int, seed: str, tell: Callable[[str], None]) -> None:
    """One writer: calls of a seeded program, each noted down before and after, until killed."""
    store = NativeStore(root, lock_timeout_s=30.0)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(kind: str, *told: Any) -> None:
        os.write(descriptor, (json.dumps([kind, *told]) + "\n").encode())

    program = Program(store, slot, log.stem, random.Random(seed), note)
    program.inherit()
    while True:
        program.step()
        tell(".")


def look_on(root: Path, slot: int, tell: Callable[[str], None]) -> None:
    """One reader: looks at the list without a lock, and tells what cannot be."""
    seen = Seen()
    if slot % 2:
        store = NativeStore(root)
        while True:
            seen.look(_records(store.list_tasks(LIST)), tell)
    system = HiveSystem()
    (key,) = system.discover(root)
    last: TaskList | None = None
    while True:
        last = system.load(key, last)
        if not last.is_stale:
            seen.look(_tasks(last), tell)


Sight = dict[int, tuple[str, frozenset[int], frozenset[int]]]
"""Id → subject, blocks, blocked_by."""


def _records(records: list[TaskRecord]) -> Sight:
    return {r.id: (r.subject, frozenset(r.blocks), frozenset(r.blocked_by)) for r in records}


def _tasks(found: TaskList) -> Sight:
    return {
        int(i): (t.subject, _numbers(t.blocks), _numbers(t.blocked_by))
        for i, t in found.tasks.items()
    }


def _numbers(ids: tuple[TaskId, ...]) -> frozenset[int]:
    return frozenset(map(int, ids))


class Seen:
    """What one reader saw so far: every change of many files must be there whole or not at all."""

    def __init__(self) -> None:
        self._kept: dict[int, str] = {}

    def look(self, sight: Sight, tell: Callable[[str], None]) -> None:
        for wrong in self._wrongs(sight):
            tell(f"a reader saw {wrong}")
        tell(".")

    def _wrongs(self, sight: Sight) -> list[str]:
        wrongs = half_edges(sight) + half_batches(sight)
        for number, subject in self._kept.items():
            if number not in sight or sight[number][0] != subject:
                wrongs.append(f"#{number} {subject!r} no more")
        # tasks of batches are never deleted, so whoever saw one sees it again
        self._kept = {n: row[0] for n, row in sight.items() if row[0].startswith("batch")}
        return wrongs


def half_edges(sight: Sight) -> list[str]:
    """Edges that only one side tells of, or that lead nowhere."""
    wrongs = []
    for number, (_, blocks, blocked_by) in sight.items():
        for other in blocks:
            if other not in sight or number not in sight[other][2]:
                wrongs.append(f"#{number} blocks #{other} on one side only")
        for other in blocked_by:
            if other not in sight or number not in sight[other][1]:
                wrongs.append(f"#{number} blocked by #{other} on one side only")
    return wrongs


def half_batches(sight: Sight) -> list[str]:
    """Batches of which some tasks are there and some are not."""
    members: dict[str, set[int]] = {}
    sizes: dict[str, int] = {}
    for subject, _, _ in sight.values():
        if subject.startswith("batch"):
            _, name, place, size = subject.split()
            members.setdefault(name, set()).add(int(place))
            sizes[name] = int(size)
    return [
        f"{len(found)} of the {sizes[name]} tasks of batch {name}"
        for name, found in members.items()
        if len(found) != sizes[name]
    ]


def leftovers(root: Path) -> list[str]:
    """Files that only a crash leaves behind."""
    return [
        f"{path.relative_to(root)} was left behind"
        for path in sorted(root.rglob("*"))
        if path.name.endswith(".ctmp") or path.name.startswith(".txn")
    ]


def main() -> None:
    place, *numbers = sys.argv[1:]
    seed, kills, calls, looks = map(int, numbers)
    storm = Storm(Path(place), seed, Weather(kills, calls, looks))
    store = NativeStore(storm.root, lock_timeout_s=30.0)
    store.create_tasks_batch(LIST, [{"subject": f"shared {n}"} for n in range(4)])
    storm.rage()
    probe = store.create_task(LIST, "probe after the storm")
    left = store.list_tasks(LIST)
    log = read_log(Path(place))
    violations = storm.violations
    violations += [f"in the end {wrong}" for wrong in half_edges(_records(left))]
    violations += [f"in the end {wrong}" for wrong in half_batches(_records(left))]
    violations += leftovers(storm.root) + judged(log, left, probe.id)
    detail: dict[str, Any] = {
        "kills": storm.kills,
        "calls": storm.calls,
        "acknowledged": sum(call.is_acknowledged for call in log),
        "unanswered": sum(not call.is_acknowledged for call in log),
        "looks": sum(storm._looks.values()),
        "tasks left": len(left),
        "violations": violations[: 2 * MOST],
    }
    sys.stdout.write(json.dumps(detail) + "\n")


if __name__ == "__main__":
    main()

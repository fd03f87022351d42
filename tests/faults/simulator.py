"""Crash simulator: records the calls of short workloads and tries every tree a crash may leave.

Every workload of one and two operations, and triples: all of them in the long form. What a
recorded run leaves behind is put down as real files, recovered by the real store, and compared
with what was acknowledged. Short workloads are tried without syncs too: then a kill must lose
nothing either, and a power cut may do no more than that level of durability says.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from unittest import mock

from store.files import temporaries
from store.files.transaction import Durability
from store.systems.hive.native import NativeStore
from tests.faults.crash_states import CrashState, History
from tests.faults.damage import judge_damage
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.invariants import Tree, judge, read_plainly, read_tree, write_tree
from tests.faults.model import (
    FIRST,
    OPERATIONS,
    RECOVERERS,
    Operation,
    State,
    create,
    delete,
    set_up,
)
from tests.faults.port import Step, recording
from tests.faults.steered import STEERED

_FAST_TRIPLES = 24
_FAST_BOUND = 6
_LONG_BOUND = 10
_EPOCH = 1_700_000_000

Workload = tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded workload: its history, and how the list was after each operation."""

    workload: Workload
    history: History
    states: list[State]
    durability: Durability = Durability.POWER

    def allowed(self, length: int) -> list[State]:
        """How the list may be after a crash at this point: as acknowledged, or one further."""
        kinds = Counter(step.kind for step in self.history.steps[:length])
        return self.states[kinds["ack"] : kinds["begin"] + 1]

    def begun(self, length: int) -> list[State]:
        """How the list was at any time before this point, and how it was about to be."""
        begun = sum(step.kind == "begin" for step in self.history.steps[:length])
        return self.states[: begun + 1]


def run(effort: Effort) -> Figure:
    """Try all crash states of all workloads."""
    trial = Trial(effort)
    with scratch("simulator") as place:
        base, start = _prepared(place / "base")
        for number, (workload, is_new) in enumerate(workloads(effort)):
            tree, state = ({}, State({})) if is_new else (base, start)
            for durability in Durability if len(workload) < 3 else (Durability.POWER,):
                recorded = record(place / f"run-{number}", workload, tree, state, durability)
                trial.try_crashes(place, recorded, number, is_new)
    counts, violations = dict(trial.counts), trial.violations
    return Figure("simulator", len(trial.seen), "crash states", violations, None, counts)


class Trial:
    """Judges crash states, each of them once."""

    def __init__(self, effort: Effort) -> None:
        self.violations: list[str] = []
        self.counts: Counter[str] = Counter()
        self.seen: set[object] = set()
        self._effort = effort

    def try_crashes(self, place: Path, recorded: Run, number: int, is_new: bool) -> None:
        """Put down, recover and judge every state that a crash of this run may leave."""
        self.counts["workloads"] += 1
        for crash in _crashes(recorded, self._effort, number):
            is_damage = recorded.durability is Durability.PROCESS and crash.family != "kill"
            family = f"{crash.family} unsynced" if is_damage else crash.family
            self.counts[family] += 1  # of all trees; many come about in several ways
            allowed = recorded.begun(crash.length) if is_damage else recorded.allowed(crash.length)
            key = (_key(crash.tree), repr(allowed), is_damage)
            if key in self.seen:
                continue
            self.seen.add(key)
            # A list that is not there yet can only be met by what makes one.
            turn = len(self.seen) % len(RECOVERERS)
            recoverer = RECOVERERS[-1] if is_new else RECOVERERS[turn]
            root = place / f"state-{len(self.seen)}"
            write_tree(root, crash.tree)
            wrong = (judge_damage if is_damage else judge)(root, allowed, recoverer)
            self.violations += [_told(recorded, crash, recoverer, text) for text in wrong]
            _remove(root)


def workloads(effort: Effort) -> Iterator[tuple[Workload, bool]]:
    """Each with whether it begins without a list."""
    yield (create("made"), delete(7)), False  # the one id of which only the mark tells then
    for operation in STEERED:
        yield (operation,), False
    for size in (1, 2):
        for workload in product(OPERATIONS, repeat=size):
            yield workload, False
        for workload in product(FIRST, repeat=size):
            yield workload, True
    triples = list(product(OPERATIONS, repeat=3))
    if effort is Effort.FAST:
        triples = random.Random(3).sample(triples, _FAST_TRIPLES)
    for workload in triples:
        yield workload, False


def record(
    root: Path,
    workload: Sequence[Operation],
    base: Tree,
    start: State,
    durability: Durability = Durability.POWER,
) -> Run:
    """Run a workload on a copy of a tree, writing down every call."""
    write_tree(root, base)
    states = [start]
    with determined(), recording(root) as recorded:
        for operation in workload:
            recorded.begin(operation.name)
            operation.run(NativeStore(root, durability=durability))
            recorded.acknowledge(operation.name)
            states.append(operation.apply(states[-1]))
    found = read_plainly(root).state
    if found.tasks != states[-1].tasks:
        raise AssertionError(f"{workload}: without a crash {found.differences(states[-1])}")
    _remove(root)
    return Run(tuple(workload), History(base, recorded.steps), states, durability)


@contextmanager
def determined() -> Iterator[None]:
    """Times and random names that are the same in each run, so that equal states look equal."""
    times = count(_EPOCH)

    def tell_time() -> float:
        return float(next(times))

    with (
        mock.patch.object(time, "time", tell_time),
        mock.patch.dict(temporaries.__dict__, os=_Counting()),
    ):
        yield


class _Counting:
    """The `os` of names: what is random there counts up, and every process is the same one."""

    def __init__(self) -> None:
        self._next = count(1)

    def urandom(self, size: int) -> bytes:
        return next(self._next).to_bytes(size)

    def getpid(self) -> int:
        return 1


def _prepared(root: Path) -> tuple[Tree, State]:
    with determined():
        set_up(NativeStore(root))
    return read_tree(root), read_plainly(root).state


def _crashes(recorded: Run, effort: Effort, seed: int) -> Iterator[CrashState]:
    history = recorded.history
    is_thorough = effort is Effort.LONG and recorded.durability is Durability.POWER
    bound = _LONG_BOUND if is_thorough else _FAST_BOUND
    begins = [i for i, step in enumerate(history.steps) if step.kind == "begin"]
    is_brief = effort is Effort.FAST and recorded.durability is Durability.PROCESS
    kills_only = is_brief and len(recorded.workload) > 1  # without syncs too much may be lost
    # What comes before the last operation is a shorter workload, tried on its own.
    for length in range(begins[-1], len(history.steps) + 1):
        yield from history.kills(length)
        if kills_only:
            continue
        yield from history.ordered(length)
        yield from history.minimal(length, bound, seed)


def _key(tree: Tree) -> object:
    return tuple(tree.items())


def _told(recorded: Run, crash: CrashState, recoverer: Operation, text: str) -> str:
    steps = recorded.history.steps[: crash.length]
    last: Step | str = steps[-1] if steps else "nothing"
    lost = f", lost: {'; '.join(crash.lost)}" if crash.lost else ""
    names = " + ".join(map(str, recorded.workload))
    synced = "" if recorded.durability is Durability.POWER else ", nothing synced,"
    return f"[{names}]{synced} {crash.family} after {last}{lost} ({recoverer}): {text}"


def _remove(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    root.rmdir()

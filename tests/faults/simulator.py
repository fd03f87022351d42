"""Crash simulator: records the calls of short workloads and tries every tree a crash may leave.

Every workload of one and two operations, and triples: all of them in the long form. What a
recorded run leaves behind is put down as real files, recovered by the real store, and compared
with what was acknowledged.
"""

from __future__ import annotations

import random
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, product
from pathlib import Path
from unittest import mock

from store.systems.hive.native import NativeStore
from tests.faults.crash_states import CrashState, History
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

    def allowed(self, length: int) -> list[State]:
        """How the list may be after a crash at this point: as acknowledged, or one further."""
        kinds = Counter(step.kind for step in self.history.steps[:length])
        return self.states[kinds["ack"] : kinds["begin"] + 1]


def run(effort: Effort) -> Figure:
    """Try all crash states of all workloads."""
    violations: list[str] = []
    counts: Counter[str] = Counter()
    seen: set[object] = set()
    with scratch("simulator") as place:
        base, start = _prepared(place / "base")
        for number, (workload, is_new) in enumerate(workloads(effort)):
            tree, state = ({}, State({})) if is_new else (base, start)
            recorded = record(place / f"run-{number}", workload, tree, state)
            counts["workloads"] += 1
            for crash in _crashes(recorded, effort, number):
                counts[crash.family] += 1  # of all trees; many come about in several ways
                allowed = recorded.allowed(crash.length)
                key = (_key(crash.tree), repr(allowed))
                if key in seen:
                    continue
                seen.add(key)
                # A list that is not there yet can only be met by what makes one.
                recoverer = RECOVERERS[-1] if is_new else RECOVERERS[len(seen) % len(RECOVERERS)]
                root = place / f"state-{len(seen)}"
                write_tree(root, crash.tree)
                wrong = judge(root, allowed, recoverer)
                violations += [_told(recorded, crash, recoverer, text) for text in wrong]
                _remove(root)
    return Figure("simulator", len(seen), "crash states", violations, None, dict(counts))


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


def record(root: Path, workload: Sequence[Operation], base: Tree, start: State) -> Run:
    """Run a workload on a copy of a tree, writing down every call."""
    write_tree(root, base)
    states = [start]
    with determined(), recording(root) as recorded:
        for operation in workload:
            recorded.begin(operation.name)
            operation.run(NativeStore(root))
            recorded.acknowledge(operation.name)
            states.append(operation.apply(states[-1]))
    found = read_plainly(root).state
    if found.tasks != states[-1].tasks:
        raise AssertionError(f"{workload}: without a crash {found.differences(states[-1])}")
    _remove(root)
    return Run(tuple(workload), History(base, recorded.steps), states)


@contextmanager
def determined() -> Iterator[None]:
    """Times and random names that are the same in each run, so that equal states look equal."""
    times, names = count(_EPOCH), count(1)

    def tell_time() -> float:
        return float(next(times))

    def name(size: int = 16) -> str:
        return f"{next(names):0{2 * size}x}"

    with (
        mock.patch.object(time, "time", tell_time),
        mock.patch.object(secrets, "token_hex", name),
    ):
        yield


def _prepared(root: Path) -> tuple[Tree, State]:
    with determined():
        set_up(NativeStore(root))
    return read_tree(root), read_plainly(root).state


def _crashes(recorded: Run, effort: Effort, seed: int) -> Iterator[CrashState]:
    history = recorded.history
    bound = _FAST_BOUND if effort is Effort.FAST else _LONG_BOUND
    begins = [i for i, step in enumerate(history.steps) if step.kind == "begin"]
    # What comes before the last operation is a shorter workload, tried on its own.
    for length in range(begins[-1], len(history.steps) + 1):
        yield from history.kills(length)
        yield from history.ordered(length)
        yield from history.minimal(length, bound, seed)


def _key(tree: Tree) -> object:
    return tuple(tree.items())


def _told(recorded: Run, crash: CrashState, recoverer: Operation, text: str) -> str:
    steps = recorded.history.steps[: crash.length]
    last: Step | str = steps[-1] if steps else "nothing"
    lost = f", lost: {'; '.join(crash.lost)}" if crash.lost else ""
    names = " + ".join(map(str, recorded.workload))
    return f"[{names}] {crash.family} after {last}{lost} ({recoverer}): {text}"


def _remove(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
    root.rmdir()

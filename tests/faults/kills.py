"""Real kills: a child process dies by SIGKILL before and after each mutating call it makes.

Each kill ends a process that was forked for it, on a copy of the list of its own. What it leaves
behind is recovered and judged as a crash.
"""

from __future__ import annotations

import os
import shutil
import signal
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from store.files.transaction import Durability
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.invariants import Tree, judge, read_plainly, read_tree, write_tree
from tests.faults.model import (
    FIRST,
    OPERATIONS,
    RECOVERERS,
    Operation,
    State,
    add_edge,
    batch,
    delete,
    set_up,
)
from tests.faults.port import When, counting, inject, kill_self
from tests.faults.steered import STEERED

_LOST = {
    "create blocked by 3": range(9, 13),
    "batch of 2": range(9, 13),
    "add edge 5←3": range(5, 10),
    "remove edge 4←2": range(5, 10),
    "delete 2": range(8, 17),
}
KEPT = tuple((name, number, When.AFTER) for name, calls in _LOST.items() for number in calls)
"""Kills that left a list neither before nor after when its files were changed one by one. A kill
before a call is the same as one after the call before it. New findings are added and stay."""


@dataclass(frozen=True, slots=True)
class Start:
    """A list before an operation, and how it is to be understood."""

    tree: Tree
    state: State
    is_new: bool = False

    @property
    def recoverers(self) -> Sequence[Operation]:
        # A list that is not there yet can only be met by what makes one.
        return RECOVERERS[-1:] if self.is_new else RECOVERERS


@dataclass(frozen=True, slots=True)
class Kill:
    """One crash: which operation, and at which of its calls."""

    start: Start
    operation: Operation
    number: int
    when: When
    durability: Durability = Durability.POWER

    def __str__(self) -> str:
        return f"({self.operation}, call {self.number}, {self.when}, survives {self.durability})"

    @property
    def allowed(self) -> list[State]:
        return [self.start.state, self.operation.apply(self.start.state)]

    @property
    def changing(self) -> set[int]:
        """Ids of the tasks that the operation makes, changes or removes."""
        old, new = (state.tasks for state in self.allowed)
        return {number for number in {*old, *new} if old.get(number) != new.get(number)}


def run(effort: Effort) -> Figure:
    """Kill every operation at every call; the long form recovers in each way, from more starts."""
    violations: list[str] = []
    counts: Counter[str] = Counter()
    count = 0
    with scratch("kills") as place:
        of_all = (kills(place, effort, durability) for durability in Durability)
        for kill in chain.from_iterable(of_all):
            counts[kill.durability] += 1
            recoverers = kill.start.recoverers
            chosen = recoverers if effort is Effort.LONG else [recoverers[count % len(recoverers)]]
            for recoverer in chosen:
                count += 1
                root = place / f"kill-{count}"
                write_tree(root, kill.start.tree)
                done = killed(kill.operation, root, kill.number, kill.when, kill.durability)
                allowed = kill.allowed[1:] if done else kill.allowed
                found = judge(root, allowed, recoverer)
                violations += [f"{kill} recovered by {recoverer}: {text}" for text in found]
                shutil.rmtree(root)
    return Figure("kills", count, "kills", violations, None, dict(counts))


def kills(place: Path, effort: Effort, durability: Durability = Durability.POWER) -> Iterator[Kill]:
    """Every call of every operation, before and after."""
    for start, operation in _cases(place, effort):
        for number in range(1, calls(operation, start, place / "counted", durability) + 1):
            for when in When:
                yield Kill(start, operation, number, when, durability)


def _cases(place: Path, effort: Effort) -> Iterator[tuple[Start, Operation]]:
    start = prepared(place / "start")
    for operation in (*OPERATIONS, *STEERED):
        yield start, operation
    for operation in FIRST[:2]:
        yield Start({}, State({}), is_new=True), operation
    if effort is Effort.FAST:
        return
    for wide in (batch(7), delete(3), add_edge(1, 3, 5, 6)):
        yield start, wide
    for before in OPERATIONS:
        following = _after(start, before, place / "before")
        for operation in OPERATIONS:
            yield following, operation


def prepared(root: Path) -> Start:
    """The list in which every operation finds something to do."""
    set_up(NativeStore(root))
    start = Start(read_tree(root), read_plainly(root).state)
    shutil.rmtree(root)
    return start


def _after(start: Start, operation: Operation, root: Path) -> Start:
    write_tree(root, start.tree)
    operation.run(NativeStore(root))
    tree, state = read_tree(root), operation.apply(start.state)
    shutil.rmtree(root)
    return Start(tree, state)


def calls(
    operation: Operation, start: Start, root: Path, durability: Durability = Durability.POWER
) -> int:
    """How many mutating calls an operation makes."""
    write_tree(root, start.tree)
    with counting() as counted:
        operation.run(NativeStore(root, durability=durability))
    shutil.rmtree(root)
    return len(counted.calls)


def killed(
    operation: Operation,
    root: Path,
    number: int,
    when: When,
    durability: Durability = Durability.POWER,
) -> bool:
    """Run an operation in a process that kills itself at this call; whether it got to its end."""

    def work() -> None:
        with inject(number, when, kill_self):
            operation.run(NativeStore(root, durability=durability))

    return survives(work)


def survives(work: Callable[[], None]) -> bool:
    """Whether a forked process gets through this. It dies by SIGKILL or not at all.

    Raises:
        AssertionError: it ended in any other way.
    """
    with warnings.catch_warnings():
        # Test runners have threads of their own; the child touches nothing that is theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    assert status == 0, f"the child ended with {status}"
    return True

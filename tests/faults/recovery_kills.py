"""Double crashes: what a kill left behind is recovered by a process that is killed as well."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.faults.figure import Effort, Figure, scratch
from tests.faults.invariants import judge, read_tree, write_tree
from tests.faults.kills import Kill, Start, calls, killed, kills
from tests.faults.model import Operation, State, look
from tests.faults.port import When

_FAST_SHARE = 2
"""The fast form kills one of so many recoveries; all of their calls take turns."""


def run(effort: Effort) -> Figure:
    """Kill each recovery of each kill at every call; the fast form only after each call."""
    violations: list[str] = []
    count = crashes = turn = 0
    with scratch("recovery-kills") as place:
        for kill in kills(place, Effort.FAST):
            if effort is Effort.FAST and kill.when is When.BEFORE:
                continue  # but for the first, the same as after the call before
            crashes += 1
            crashed = _crashed(kill, place / "crashed")
            recoverers = kill.start.recoverers
            chosen = (
                recoverers if effort is Effort.LONG else [recoverers[crashes % len(recoverers)]]
            )
            for recoverer in chosen:
                for number, when in _points(crashed, recoverer, place / "counted", effort):
                    turn += 1
                    if effort is Effort.FAST and turn % _FAST_SHARE:
                        continue
                    count += 1
                    root = place / f"twice-{count}"
                    write_tree(root, crashed.tree)
                    done = killed(recoverer, root, number, when)
                    found = judge(root, _allowed(kill, recoverer, done), look())
                    told = f"{kill} then {recoverer} killed at call {number}, {when}"
                    violations += [f"{told}: {text}" for text in found]
                    shutil.rmtree(root)
    detail = {"crashes": crashes}
    return Figure("recovery_kills", count, "double crashes", violations, None, detail)


def _crashed(kill: Kill, root: Path) -> Start:
    write_tree(root, kill.start.tree)
    killed(kill.operation, root, kill.number, kill.when)
    tree = read_tree(root)
    shutil.rmtree(root)
    return Start(tree, kill.start.state)


def _points(
    crashed: Start, recoverer: Operation, root: Path, effort: Effort
) -> Iterator[tuple[int, When]]:
    for number in range(1, calls(recoverer, crashed, root) + 1):
        if effort is Effort.LONG:
            yield number, When.BEFORE
        yield number, When.AFTER


def _allowed(kill: Kill, recoverer: Operation, done: bool) -> list[State]:
    """Each operation wholly or not at all, in their order.

    An id that was burnt by the first crash is not given to the second: a new task may then stand
    one or more places higher.
    """
    states = []
    for state in kill.allowed:
        highest = max(s.highest for s in kill.allowed)
        later = [recoverer.apply(state), recoverer.apply(State(state.tasks, highest))]
        states += later if done else [state, *later]
    return states

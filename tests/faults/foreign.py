"""Foreign interference: edits by a plain writer between a kill and its repair, between the lock
sections of one call, and between two calls of one store. None of them may be lost.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from store.model.errors import ColonytopError
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.foreign_cases import Meeting, reports, settled
from tests.faults.foreign_writer import ForeignEdit, Outcome, edits_of, list_is_free, perform
from tests.faults.invariants import (
    read_by_store,
    read_plainly,
    read_tree,
    write_tree,
)
from tests.faults.kills import Start, calls, killed, kills, prepared
from tests.faults.model import OPERATIONS, Operation, State, look
from tests.faults.port import EVERY, When, inject

_FAST_SHARE = 5
"""The fast form takes one of so many edits. Their number is prime to that: all take turns."""

_FAST_SHARE_OF_PAIRS = 11


_KINDS = ("repair", "killed repair", "sections", "calls")


def run(effort: Effort) -> Figure:
    """All kinds of interference."""
    violations: list[str] = []
    counts: Counter[str] = Counter()
    with scratch("foreign") as place:
        start = prepared(place / "own-start")
        for kind, found in (
            ("repair", _between_kill_and_repair(place, effort, counts)),
            ("killed repair", _between_kill_and_killed_repair(place, effort)),
            ("sections", _between_sections(place, start, effort)),
            ("calls", _between_calls(place, start, effort)),
        ):
            for wrong in found:
                counts[kind] += 1
                violations += wrong
    tried = sum(counts[kind] for kind in _KINDS)
    return Figure("foreign", tried, "schedules", violations, None, dict(counts))


def _meetings(place: Path, effort: Effort) -> Iterator[Meeting]:
    turn = 0
    for kill in kills(place, Effort.FAST):
        if kill.start.is_new or (kill.when is When.BEFORE and kill.number > 1):
            continue
        crashed = place / "crashed"
        write_tree(crashed, kill.start.tree)
        killed(kill.operation, crashed, kill.number, kill.when)
        tree = read_tree(crashed)
        was_committed = read_by_store(crashed).tasks == kill.allowed[1].tasks
        shutil.rmtree(crashed)
        for edit in _edits(kill.start):
            turn += 1
            if effort is Effort.FAST and turn % _FAST_SHARE:
                continue
            write_tree(crashed, tree)
            outcome = perform(edit, crashed)
            if outcome is not None and outcome.touched:
                yield Meeting(kill, was_committed, edit, outcome, read_tree(crashed))
            shutil.rmtree(crashed)


def _between_kill_and_repair(
    place: Path, effort: Effort, counts: Counter[str]
) -> Iterator[list[str]]:
    root = place / "repaired"
    for meeting in _meetings(place, effort):
        write_tree(root, meeting.tree)
        with reports() as told:
            look().run(NativeStore(root))
        case, wrong = meeting.judge(root)
        if meeting.is_close and meeting.was_committed and not case.is_undone:
            counts["meeting our records"] += 1
            counts["re-applied"] += case.is_reapplied
            counts["reported"] += bool(told)
            if not case.is_reapplied and not told:
                wrong.append(f"{meeting.kill}, then {meeting.edit}: ours is lost without a word")
        shutil.rmtree(root)
        yield wrong


def _between_kill_and_killed_repair(place: Path, effort: Effort) -> Iterator[list[str]]:
    """The repair that meets a foreign edit is killed at each of its calls, and made again."""
    root = place / "repaired-twice"
    for meeting in _meetings(place, effort):
        if not meeting.is_close:
            continue
        start = Start(meeting.tree, meeting.outcome.after)
        with reports():
            most = calls(look(), start, root)
        for number in range(1, most + 1):
            write_tree(root, meeting.tree)
            with reports():
                killed(look(), root, number, When.AFTER)
                look().run(NativeStore(root))
            _, wrong = meeting.judge(root)
            shutil.rmtree(root)
            yield [f"{text} (the repair was killed at call {number})" for text in wrong]


def _between_sections(place: Path, start: Start, effort: Effort) -> Iterator[list[str]]:
    """An edit at each call of an operation at which the lock is free: both count."""
    turn = 0
    for operation in OPERATIONS:
        free = _calls_without_lock(operation, start, place / "probed")
        for edit in _edits(start):
            turn += 1
            if effort is Effort.FAST and turn % _FAST_SHARE:
                continue
            for number in free:
                root = place / "sections"
                write_tree(root, start.tree)
                outcome, refused = _interrupted(operation, edit, root, number)
                if outcome is not None and outcome.touched:
                    told = f"somebody {edit} at call {number} of {operation}"
                    found = _between_problems(operation, start, outcome, refused, root)
                    yield [f"{told}: {text}" for text in (*found, *settled(root))]
                shutil.rmtree(root)


def _calls_without_lock(operation: Operation, start: Start, root: Path) -> list[int]:
    """The calls of an operation before which somebody else could take the lock."""
    free: list[int] = []
    place = count(1)

    def probe() -> None:
        number = next(place)
        with list_is_free(root) as is_free:
            free.extend([number] if is_free else [])

    write_tree(root, start.tree)
    with inject(1, When.BEFORE, probe, kinds=EVERY, lasting=True):
        operation.run(NativeStore(root))
    shutil.rmtree(root)
    return free


def _interrupted(
    operation: Operation, edit: ForeignEdit, root: Path, number: int
) -> tuple[Outcome | None, bool]:
    """The edit's outcome, and whether the operation was refused then."""
    outcomes: list[Outcome | None] = [None]
    with inject(number, When.BEFORE, lambda: outcomes.append(perform(edit, root)), kinds=EVERY):
        refused = _is_refused(operation, NativeStore(root))
    return outcomes[-1], refused


def _between_problems(
    operation: Operation, start: Start, outcome: Outcome, refused: bool, root: Path
) -> list[str]:
    came_late = outcome.before.tasks == operation.apply(start.state).tasks
    done = outcome.after if came_late or refused else operation.apply(outcome.after)
    found = read_plainly(root).state
    same = found.tasks == done.tasks
    return [] if same else [f"not one after the other: {found.differences(done)}"]


def _between_calls(place: Path, start: Start, effort: Effort) -> Iterator[list[str]]:
    """Two calls of one store with an edit between them: what it remembers does not count."""
    turn = 0
    for first in OPERATIONS:
        for second in OPERATIONS:
            for edit in _edits(start):
                turn += 1
                if effort is Effort.FAST and turn % _FAST_SHARE_OF_PAIRS:
                    continue
                root = place / "calls"
                write_tree(root, start.tree)
                store = NativeStore(root)
                first.run(store)
                outcome = perform(edit, root)
                if outcome is not None and outcome.touched:
                    refused = _is_refused(second, store)
                    highest = max(first.apply(start.state).highest, outcome.after.highest)
                    after = State(outcome.after.tasks, highest)
                    done = after if refused else second.apply(after)
                    found = read_plainly(root).state
                    wrong = [] if found.tasks == done.tasks else [found.differences(done)]
                    told = f"{first}, then somebody {edit}, then {second}"
                    yield [f"{told}: {text}" for text in (*wrong, *settled(root))]
                shutil.rmtree(root)


def _is_refused(operation: Operation, store: NativeStore) -> bool:
    try:
        operation.run(store)
    except ColonytopError:
        return True
    return False


def _edits(start: Start) -> Sequence[ForeignEdit]:
    return list(edits_of(start.state.tasks, start.tree, new=start.state.highest + 1))

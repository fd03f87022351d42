"""Foreign interference: edits by a plain writer between a kill and its repair, between the lock
sections of one call, and between two calls of one store. None of them may be lost.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from store.model.errors import ColonytopError
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.foreign_writer import ForeignEdit, Outcome, edits_of, list_is_free, perform
from tests.faults.invariants import (
    Tree,
    debris,
    read_by_store,
    read_plainly,
    read_tree,
    write_tree,
)
from tests.faults.kills import Kill, Start, calls, killed, kills, prepared
from tests.faults.model import OPERATIONS, Facts, Operation, State, look
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


@dataclass(frozen=True, slots=True)
class Case:
    """A kill, what a foreign writer did then, and how the list was after the repair."""

    kill: Kill
    was_committed: bool
    outcome: Outcome
    repaired: State

    def problems(self) -> list[str]:
        found = [text for number in sorted(self.outcome.touched) if (text := self._lost(number))]
        old, new = (self._rest(state) for state in self.kill.allowed)
        rest = self._rest(self.repaired)
        if not self.outcome.touched & self.kill.changing:
            expected = [new] if self.was_committed else [old, new]
            if rest not in expected:
                difference = State(rest).differences(State(expected[-1]))
                found.append(f"the untouched tasks are neither before nor after: {difference}")
            return found
        for number, task in rest.items():
            if task not in (old.get(number), new.get(number)):
                found.append(f"#{number} is {task}, as nobody wrote it")
        return found + [f"#{n} is gone" for n in old if n in new and n not in rest]

    @property
    def is_reapplied(self) -> bool:
        """Whether what we meant to change of the record they wrote is changed now."""
        tasks = self.repaired.tasks
        return all(
            (tasks[i].blocks, tasks[i].blocked_by) == self._meant(i, tasks[i])
            for i in self.outcome.touched
            if i in tasks
        )

    def _meant(self, number: int, task: Facts) -> tuple[frozenset[int], frozenset[int]]:
        """The edges of a task as somebody wrote it, with what we meant to add and take away."""
        nothing = Facts("")
        old, new = (state.tasks.get(number, nothing) for state in self.kill.allowed)
        return (
            task.blocks - (old.blocks - new.blocks) | (new.blocks - old.blocks),
            task.blocked_by - (old.blocked_by - new.blocked_by) | (new.blocked_by - old.blocked_by),
        )

    def _rest(self, state: State) -> dict[int, Facts]:
        return {i: task for i, task in state.tasks.items() if i not in self.outcome.touched}

    def _lost(self, number: int) -> str | None:
        """What became of a foreign edit, if it was lost."""
        theirs, now = self.outcome.written(number), self.repaired.tasks.get(number)
        if theirs is None:
            return None if now is None else f"#{number} was removed by them and is back"
        if now is None:
            same = self.was_committed and theirs == self.outcome.before.tasks.get(number)
            is_deleted = same and number not in self.kill.allowed[1].tasks
            # As they put back what stood there, our removal of it still holds.
            return None if is_deleted else f"#{number} was written by them and is gone"
        blocks, blocked_by = self._meant(number, theirs)
        allowed = {"blocks": blocks, "blocked_by": blocked_by}
        for name in ("subject", "owner", "status", "rest", "blocks", "blocked_by"):
            wrote, stands = getattr(theirs, name), getattr(now, name)
            if stands not in (wrote, allowed.get(name, wrote)):
                return f"#{number}: their {name} {wrote} is {stands}"
        return None


@dataclass(frozen=True, slots=True)
class Meeting:
    """A foreign edit of what a kill left behind."""

    kill: Kill
    was_committed: bool
    edit: ForeignEdit
    outcome: Outcome
    tree: Tree

    @property
    def is_close(self) -> bool:
        """Whether the edit is of a record that the killed operation changes as well."""
        return bool(self.outcome.touched & self.kill.changing)

    def judge(self, root: Path) -> tuple[Case, list[str]]:
        """The repaired list, and what is wrong with it."""
        case = Case(self.kill, self.was_committed, self.outcome, read_plainly(root).state)
        found = (*case.problems(), *_settled(root))
        return case, [f"{self.kill}, then somebody {self.edit}: {text}" for text in found]


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
        look().run(NativeStore(root))
        case, wrong = meeting.judge(root)
        counts["meeting our records"] += meeting.is_close
        counts["re-applied"] += meeting.is_close and case.is_reapplied
        shutil.rmtree(root)
        yield wrong


def _between_kill_and_killed_repair(place: Path, effort: Effort) -> Iterator[list[str]]:
    """The repair that meets a foreign edit is killed at each of its calls, and made again."""
    root = place / "repaired-twice"
    for meeting in _meetings(place, effort):
        if not meeting.is_close:
            continue
        start = Start(meeting.tree, meeting.outcome.after)
        for number in range(1, calls(look(), start, root) + 1):
            write_tree(root, meeting.tree)
            killed(look(), root, number, When.AFTER)
            look().run(NativeStore(root))
            _, wrong = meeting.judge(root)
            shutil.rmtree(root)
            yield [f"{text} (the repair was killed at call {number})" for text in wrong]


def _settled(root: Path) -> list[str]:
    """Nothing is left over, all parses, and a second repair finds nothing to do."""
    wrong = [*read_plainly(root).broken, *debris(root)]
    before = read_tree(root)
    look().run(NativeStore(root))
    return wrong if read_tree(root) == before else [*wrong, "a second repair changes something"]


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
                    yield [f"{told}: {text}" for text in (*found, *_settled(root))]
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
                    yield [f"{told}: {text}" for text in (*wrong, *_settled(root))]
                shutil.rmtree(root)


def _is_refused(operation: Operation, store: NativeStore) -> bool:
    try:
        operation.run(store)
    except ColonytopError:
        return True
    return False


def _edits(start: Start) -> Sequence[ForeignEdit]:
    return list(edits_of(start.state.tasks, start.tree, new=start.state.highest + 1))

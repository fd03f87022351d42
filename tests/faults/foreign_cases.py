"""What becomes of a foreign edit that meets a killed operation, and how that is judged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store.systems.hive.native import NativeStore
from tests.faults.foreign_writer import ForeignEdit, Outcome
from tests.faults.invariants import Tree, debris, read_plainly, read_tree
from tests.faults.kills import Kill
from tests.faults.model import Facts, State, look


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
    def is_undone(self) -> bool:
        """Whether they overwrote what was in place already, as they may at any time."""
        before, new = self.outcome.before.tasks, self.kill.allowed[1].tasks
        close = self.outcome.touched & self.kill.changing
        return all(before.get(number) == new.get(number) for number in close)

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

    def _kept(self, number: int, theirs: Facts) -> dict[str, object]:
        """What we meant, of the fields in which they left what stood there before us."""
        old, new = (state.tasks.get(number) for state in self.kill.allowed)
        if old is None or new is None:
            return {}
        names = ("subject", "owner", "status", "rest")
        return {n: getattr(new, n) for n in names if getattr(theirs, n) == getattr(old, n)}

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
        allowed = {**self._kept(number, theirs), "blocks": blocks, "blocked_by": blocked_by}
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
        found = (*case.problems(), *settled(root))
        return case, [f"{self.kill}, then somebody {self.edit}: {text}" for text in found]


@contextmanager
def reports() -> Iterator[list[str]]:
    """What the store says in the log meanwhile, and nobody else hears."""
    told: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    log, listener = logging.getLogger("store"), Listener(logging.WARNING)
    propagated, log.propagate = log.propagate, False
    log.addHandler(listener)
    try:
        yield told
    finally:
        log.removeHandler(listener)
        log.propagate = propagated


def settled(root: Path) -> list[str]:
    """Nothing is left over, all parses, and a second repair finds nothing to do."""
    wrong = [*read_plainly(root).broken, *debris(root)]
    before = read_tree(root)
    look().run(NativeStore(root))
    return wrong if read_tree(root) == before else [*wrong, "a second repair changes something"]

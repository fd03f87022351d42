"""Each call of the port fails with each error number, one at a time, in every operation.

Whatever fails: the operation raises a typed error with the list as before, or says that it is
committed (or succeeds) with the list as after; nothing is half, and the next operation works.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files import lock
from store.model.errors import ColonytopError
from store.systems.hive.native import NativeStore
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.port import EVERY, When, counting, fail, inject
from tests.faults.sample_list import (
    HIGHEST,
    LIST,
    NEW_LIST,
    OPERATIONS,
    Contents,
    Operation,
    contents,
    make_sample,
    open_descriptors,
    wrong_shape,
)

ERRNOS = (
    errno.EIO,
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EMFILE,
    errno.EACCES,
    errno.EROFS,
    errno.EINTR,
    errno.ESTALE,
    errno.EFBIG,
    errno.ENOENT,
)
TAKING_SPACE = ("create", "nameless", "write", "mkdir", "link")
LOCK_ERRNOS = (errno.ENOSYS, errno.ENOLCK, errno.EIO, errno.EINTR, errno.EOPNOTSUPP)
PER_CALL = 3
"""Error numbers tried at each call in the fast form; they go round with the calls."""

_SUCCEEDED = "success"
_COMMITTED = "committed_pending"
_ABOUT_NAMES = ("open", "stat", "unlink")


@dataclass(frozen=True, slots=True)
class Fault:
    """The n-th call of an operation fails."""

    operation: str
    number: int
    kind: str
    error: int

    def __str__(self) -> str:
        return f"{self.operation}: call {self.number} ({self.kind}) {errno.errorcode[self.error]}"

    @property
    def is_a_lie(self) -> bool:
        """Of what is there: that it is not there, or not for us. Whoever asks must believe it, so
        a task may be missing from the answer, and keep its side of an edge.
        """
        return self.error in (errno.ENOENT, errno.EACCES) and self.kind in _ABOUT_NAMES


def run(effort: Effort) -> Figure:
    """Fail calls of every operation."""
    violations: list[str] = []
    detail: dict[str, int] = {"calls": 0, "committed": 0, "refused": 0, "succeeded": 0}
    count = 0
    with scratch("errors") as place:
        make_sample(place / "template")
        for turn, operation in enumerate(OPERATIONS):
            trial = Trial(place, operation)
            detail["calls"] += len(trial.kinds)
            for number, kind in enumerate(trial.kinds, 1):
                chosen = [*_chosen(effort, number * PER_CALL + turn)]
                for error in dict.fromkeys([*chosen, errno.EIO] if kind == "fsync" else chosen):
                    count += 1
                    violations += trial.run(Fault(operation, number, kind, error), detail)
            for number in range(1, trial.space_taken + 1):
                count += 1
                violations += trial.run_without_space(number, detail)
            for error in LOCK_ERRNOS:
                count += 1
                violations += trial.run_without_locks(error)
    return Figure("errors", count, "failed calls", violations, detail=detail)


def _chosen(effort: Effort, turn: int) -> Sequence[int]:
    if effort is Effort.LONG:
        return ERRNOS
    return [ERRNOS[(turn + offset) % len(ERRNOS)] for offset in range(PER_CALL)]


class Trial:
    """One operation, tried again and again on copies of the same list."""

    def __init__(self, place: Path, operation: str) -> None:
        self._place = place
        self._operation = OPERATIONS[operation]
        self._name = operation
        root = self._fresh()
        self.before = contents(root)
        with counting(EVERY) as injection:
            self._operation(NativeStore(root))
        self.kinds = list(injection.calls)
        self.space_taken = sum(kind in TAKING_SPACE for kind in self.kinds)
        self.after = contents(root)

    def run(self, fault: Fault, detail: dict[str, int]) -> list[str]:
        """What is wrong with the list, the answer or the process after one fault."""
        root = self._fresh()
        store = NativeStore(root, lock_timeout_s=0.3)
        opened = open_descriptors()
        # A close that fails has closed all the same.
        when = When.AFTER if fault.kind == "close" else When.BEFORE
        with inject(fault.number, when, fail(fault.error), kinds=EVERY) as injection:
            outcome = _outcome(self._operation, store)
        if not injection.fired:
            return [f"{fault}: was never made"]
        _count(outcome, detail)
        wrong = self._judge(root, outcome, is_a_lie=fault.is_a_lie)
        if (fault.kind, fault.error) == ("fsync", errno.EIO) and outcome == _SUCCEEDED:
            wrong.append("a sync that failed counts as success")
        leaked = open_descriptors() - opened
        if leaked:
            wrong.append(f"{leaked} descriptors stay open")
        wrong += self._go_on(store, root, is_a_lie=fault.error == errno.ENOENT)
        return [f"{fault}: {text}" for text in wrong]

    def run_without_space(self, number: int, detail: dict[str, int]) -> list[str]:
        """From the n-th call on that takes space there is none, whatever is given back."""
        root = self._fresh()
        store = NativeStore(root)
        full = fail(errno.ENOSPC)
        with inject(number, When.BEFORE, full, kinds=TAKING_SPACE, lasting=True):
            outcome = _outcome(self._operation, store)
            wrong = self._judge(root, outcome, is_a_lie=False)
        _count(outcome, detail)
        wrong += self._go_on(store, root, is_a_lie=False)
        return [f"{self._name} without space from call {number} on: {text}" for text in wrong]

    def run_without_locks(self, error: int) -> list[str]:
        """Where `flock` does not work nothing is written."""
        root = self._fresh()
        with _no_flock(error):
            outcome = _outcome(self._operation, NativeStore(root, lock_timeout_s=0.2))
        wrong = []
        if outcome in (_SUCCEEDED, _COMMITTED):
            wrong.append(f"{self._name} without a lock: {outcome}")
        if contents(root) != self.before:
            wrong.append(f"{self._name} without a lock changed the list to {contents(root)}")
        return wrong

    def _judge(self, root: Path, outcome: str, *, is_a_lie: bool) -> list[str]:
        found = contents(root)
        if outcome.startswith("untyped"):
            return [outcome]
        if outcome == _SUCCEEDED and is_a_lie:
            return []
        expected = self.after if outcome in (_SUCCEEDED, _COMMITTED) else self.before
        if found == expected:
            return []
        half = "" if found in (self.before, self.after) else "half: "
        return [f"{outcome}, yet the list is {half}{found}"]

    def _go_on(self, store: NativeStore, root: Path, *, is_a_lie: bool) -> list[str]:
        """The next operation of the same store finds the same list, and cleans up."""
        before = contents(root)
        list_id = NEW_LIST if self._name == "create in a new list" else LIST
        try:
            made = store.create_task(list_id, "next")
        except ColonytopError as error:
            return [f"the next operation fails: {error!r}"]
        after = contents(root)
        wrong = wrong_shape(root)
        offset = 1000 if list_id == NEW_LIST else 0
        rest = {n: row for n, row in after.rows.items() if n != offset + made.id}
        if Contents(rest, after.sessions) != before:
            wrong.append(f"the next operation made of {before} {after}")
        is_old = made.id <= HIGHEST and not offset and not is_a_lie
        if offset + made.id in before.rows or is_old:
            wrong.append(f"the id {made.id} was given again")
        return wrong

    def _fresh(self) -> Path:
        root = self._place / "tried"
        if root.exists():
            shutil.rmtree(root)
        shutil.copytree(self._place / "template", root)
        return root


def _count(outcome: str, detail: dict[str, int]) -> None:
    known = {_SUCCEEDED: "succeeded", _COMMITTED: "committed"}
    detail[known.get(outcome, "refused")] += 1


def _outcome(operation: Operation, store: NativeStore) -> str:
    """What became of a call: success, the kind of a typed error, or words about another one."""
    try:
        operation(store)
    except ColonytopError as error:
        return error.kind
    except Exception as error:
        return f"untyped {error!r}"
    return _SUCCEEDED


class _BrokenFlock:
    """`fcntl` whose `flock` does not work."""

    def __init__(self, error: int) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        return getattr(fcntl, name)

    def flock(self, descriptor: int, operation: int) -> None:
        raise OSError(self._error, os.strerror(self._error))


@contextmanager
def _no_flock(error: int) -> Iterator[None]:
    before = lock.__dict__["fcntl"]
    lock.__dict__["fcntl"] = _BrokenFlock(error)
    try:
        yield
    finally:
        lock.__dict__["fcntl"] = before

"""A writer of the plain layout, as another tool would be: JSON files, renames and the lock.

It knows nothing of transactions, of temporary names or of what the store remembers.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.invariants import Tree, list_directory, read_plainly, task_file
from tests.faults.model import Facts, State

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ForeignEdit:
    """An edit of the plain files. `make` gives the ids that it wrote or removed."""

    name: str
    make: Callable[[Path], set[int]]
    removes: bool = False

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the list was right before and right after a foreign edit."""

    touched: frozenset[int]
    before: State
    after: State

    def written(self, number: int) -> Facts | None:
        """What the foreign writer left under an id, None if it removed it."""
        return self.after.tasks.get(number)


def perform(edit: ForeignEdit, root: Path) -> Outcome | None:
    """Make an edit if the list's lock is free, None if it is not."""
    with list_is_free(root) as is_free:
        if not is_free:
            return None
        before = read_plainly(root).state
        touched = edit.make(root)
        after = read_plainly(root).state
        highest = max(before.highest, after.highest)  # what they remove is not given away again
        return Outcome(frozenset(touched), before, State(after.tasks, highest))


def edits_of(tasks: Mapping[int, Facts], old: Tree, *, new: int) -> Iterator[ForeignEdit]:
    """Edits of each of these tasks, of the one with the id `new` if it is there, and a new one.

    Args:
        tasks: by id.
        old: files to put back byte for byte.
        new: an id that an operation may have made.
    """
    yield ForeignEdit("adds a task", _add)
    for number in (*tasks, new):
        yield _rewrite(f"retitles {number}", number, _retitle)
        yield _rewrite(f"completes {number}", number, _complete)
        yield _rewrite(f"annotates {number}", number, _annotate)
        yield _rewrite(f"unblocks {number} on one side", number, _unblock)
        yield ForeignEdit(f"removes {number}", _remover(number), removes=True)
    for number in tasks:
        content = old[str(task_file(Path(), number))]
        assert content is not None
        yield ForeignEdit(f"restores {number}", _restorer(number, content))


def _rewrite(name: str, number: int, change: Callable[[Record], None]) -> ForeignEdit:
    def make(root: Path) -> set[int]:
        path = task_file(root, number)
        if not path.exists():
            return set()
        record = json.loads(path.read_bytes())
        change(record)
        _put(path, json.dumps(record, indent=2).encode())
        return {number}

    return ForeignEdit(name, make)


def _retitle(record: Record) -> None:
    record["subject"] += ", they say"


def _complete(record: Record) -> None:
    record["status"] = "completed"


def _annotate(record: Record) -> None:
    record["theirs"] = {"depth": 1.50}
    record["metadata"] = {**record["metadata"], "theirs": True}


def _unblock(record: Record) -> None:
    record["blocked_by"] = []


def _remover(number: int) -> Callable[[Path], set[int]]:
    def make(root: Path) -> set[int]:
        path = task_file(root, number)
        if not path.exists():
            return set()
        path.unlink()
        return {number}

    return make


def _restorer(number: int, content: bytes) -> Callable[[Path], set[int]]:
    def make(root: Path) -> set[int]:
        _put(task_file(root, number), content)
        return {number}

    return make


def _add(root: Path) -> set[int]:
    mark = list_directory(root) / ".highwatermark"
    highest = max(read_plainly(root).state.highest, int(mark.read_text() or "0"))
    record = {
        "id": highest + 1,
        "subject": "theirs",
        "description": "",
        "active_form": None,
        "owner": None,
        "status": "pending",
        "blocks": [],
        "blocked_by": [],
        "metadata": {},
        "created_at": 1.0,
        "updated_at": 1.0,
    }
    _put(task_file(root, highest + 1), json.dumps(record).encode())
    _put(mark, str(highest + 1).encode())
    return {highest + 1}


def _put(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)


@contextmanager
def list_is_free(root: Path) -> Iterator[bool]:
    """Whether the list's lock could be taken, as filelock does it; held while inside."""
    descriptor = os.open(list_directory(root) / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)

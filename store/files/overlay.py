"""Reading without the lock: a committed change is seen wholly or not at all.

While `.txn` is there, the files it names count as what they will hold. Whether the state that was
read is of one moment is told by what both directories and `.txn` looked like before and after.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from store.files import txn_record
from store.files.content import FileContent
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.reading import read_plain
from store.files.txn_record import TXN_NAME, InvalidTransaction, Op, Transaction
from store.model.errors import StorageFailure

ATTEMPTS = 5
"""Looks at a list that moves, before its lock is shared for one more."""
SHARED_WAIT_S = 0.05

_COARSE_NS = 10_000_000  # stamps of kernels before 6.13 stand still for up to so long


class Moment(NamedTuple):
    """What a list's directories looked like at one moment."""

    device: int
    inode: int
    beside_ns: int
    """When a name beside the tasks last came, went or was replaced, a pending change included."""
    tasks_ns: int

    @property
    def is_certain(self) -> bool:
        """Any change after this moment shows in the next one."""
        return _HAS_FINE_STAMPS or time.time_ns() - max(self.beside_ns, self.tasks_ns) > _COARSE_NS


def moment(directory: Directory, tasks: Directory) -> Moment:
    """The present moment of a list."""
    return Moment(*tasks.identity(), directory.mtime_ns(), tasks.mtime_ns())


def _has_fine_stamps(release: str) -> bool:
    numbers = release.split("-")[0].split(".")[:2]
    return all(n.isdecimal() for n in numbers) and tuple(map(int, numbers)) >= (6, 13)


_HAS_FINE_STAMPS = os.uname().sysname == "Linux" and _has_fine_stamps(os.uname().release)


class Overlay:
    """A change that is committed and perhaps not in place yet."""

    def __init__(self, directory: Directory, transaction: Transaction) -> None:
        self._directory = directory
        self._transaction = transaction
        self.ops: Mapping[str, Op] = {op.name: op for op in transaction.ops if op.is_task}
        """By the name of the task file."""

    def read(
        self, tasks: Directory, name: str, read: Callable[[Directory, str], FileContent]
    ) -> FileContent:
        """A task file as it is once the change is in place.

        Args:
            tasks: the tasks' directory.
            name: one of `ops`.
            read: reads any plain file.

        Raises:
            FileNotFoundError: it is not there then.
            UnreadableFile: it is there and cannot be read.
        """
        op = self.ops[name]
        coming: FileContent | None = None
        if op.tmp is not None:
            try:
                coming = read(self._directory, op.tmp)
            except (FileNotFoundError, UnreadableFile):
                return read(tasks, name)  # it is in place, and was so before this look at it
        elif self._directory.status(self._transaction.gone_name(op)) is not None:
            return read(tasks, name)
        try:
            present = read(tasks, name)
        except FileNotFoundError:
            if op.pre is None and coming is not None:
                return coming
            raise
        if txn_record.digest(present.content) != op.pre:
            return present  # somebody else wrote it: theirs will stay
        if coming is None:
            raise FileNotFoundError(tasks.path_of(name))
        return coming


def pending(directory: Directory) -> Overlay | None:
    """The committed change of a list that is not finished, None if there is none to believe."""
    if directory.status(TXN_NAME) is None:
        return None
    try:
        transaction = txn_record.read(directory)
    except (InvalidTransaction, StorageFailure):
        return None
    return Overlay(directory, transaction) if transaction is not None else None


def read_file(directory: Directory, name: str) -> FileContent:
    """Any plain file, the quick way where it can be."""
    return read_plain(directory, name) or directory.read(name)

"""Who writes SQLite databases at this moment, and who is connected to them, as far as the kernel
tells. Opens no database.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from store.files.holders import command_of
from store.model.errors import LockHolder

K = TypeVar("K", bound=Hashable)
_Ranges = dict[str, list["_Lock"]]

_NOBODY = LockHolder(None, None, None)
_LOCKS = "/proc/locks"
_WAL_WRITE = 120
"""The byte of `-shm` that the one writer of a database in WAL mode locks."""
_RESERVED = 0x40000001
"""The byte of the database itself that the one writer locks in the other modes."""


def write_lock_holder(path: Path) -> LockHolder:
    """The process that holds the write lock; all None where there is none or nothing tells."""
    return write_lock_holders({path: path}).get(path, _NOBODY)


def write_lock_holders(paths: Mapping[K, Path]) -> dict[K, LockHolder]:
    """Those of the databases whose write lock is held now, with who holds it."""
    held: dict[K, LockHolder] = {}
    ranges = _write_ranges() if paths else {}
    for key, path in paths.items() if ranges else ():
        pid = _writer_of(f"{path}-shm", _WAL_WRITE, ranges)
        if pid is None:
            pid = _writer_of(str(path), _RESERVED, ranges)
        if pid is not None:
            held[key] = LockHolder(pid, command_of(pid), None)
    return held


def is_shared(path: Path) -> bool:
    """Whether another process is connected to a database: in WAL mode each connection that has
    read or written keeps a lock on it.
    """
    place, me = _place(str(path)), os.getpid()
    return any(lock.place == place and lock.pid != me for lock in _locks()) if place else False


class _Lock(NamedTuple):
    """One range of a file that a process has locked."""

    place: str
    is_write: bool
    start: int
    end: float
    pid: int


def _writer_of(path: str, byte: int, ranges: _Ranges) -> int | None:
    """The process that has locked a byte of a file for writing."""
    place = _place(path)
    found = ranges.get(place, ()) if place else ()
    return next((lock.pid for lock in found if lock.start <= byte <= lock.end), None)


def _write_ranges() -> _Ranges:
    """File → the ranges of it that processes have locked for writing."""
    found: _Ranges = {}
    for lock in _locks():
        if lock.is_write:
            found.setdefault(lock.place, []).append(lock)
    return found


def _place(path: str) -> str | None:
    """A file as the kernel's table of locks names it."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"


def _locks() -> Iterator[_Lock]:
    try:
        lines = Path(_LOCKS).read_text().splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split()
        if len(fields) < 8 or fields[1] != "POSIX" or int(fields[4]) <= 0:
            continue
        end = float("inf") if fields[7] == "EOF" else int(fields[7])
        yield _Lock(fields[5], fields[3] == "WRITE", int(fields[6]), end, int(fields[4]))

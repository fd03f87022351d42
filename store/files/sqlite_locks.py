"""Who writes a SQLite database at this moment, as far as the kernel tells. Opens no database."""

from __future__ import annotations

import os
from pathlib import Path

from store.files.holders import command_of
from store.model.errors import LockHolder

_NOBODY = LockHolder(None, None, None)
_LOCKS = "/proc/locks"
_WAL_WRITE = 120
"""The byte of `-shm` that the one writer of a database in WAL mode locks."""
_RESERVED = 0x40000001
"""The byte of the database itself that the one writer locks in the other modes."""


def write_lock_holder(path: Path) -> LockHolder:
    """The process that holds the write lock; all None where there is none or nothing tells."""
    for name, byte in ((f"{path}-shm", _WAL_WRITE), (str(path), _RESERVED)):
        pid = _writer_of(name, byte)
        if pid is not None:
            return LockHolder(pid, command_of(pid), None)
    return _NOBODY


def _writer_of(path: str, byte: int) -> int | None:
    """The process that has locked a byte of a file for writing."""
    try:
        found = os.lstat(path)
        lines = Path(_LOCKS).read_text().splitlines()
    except OSError:
        return None
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in lines:
        fields = line.split()
        if len(fields) < 8 or fields[1] != "POSIX" or fields[3] != "WRITE" or fields[5] != place:
            continue
        last = float("inf") if fields[7] == "EOF" else int(fields[7])
        if int(fields[6]) <= byte <= last and int(fields[4]) > 0:
            return int(fields[4])
    return None

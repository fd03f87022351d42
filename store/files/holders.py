"""Who holds a lock, as far as the kernel tells."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from store.model.errors import LockHolder


def holder_of(identity: tuple[int, int]) -> LockHolder:
    """Who holds the lock of the file with this device and inode. Another namespace or a race may
    hide it: then all is None.
    """
    major, minor, inode = os.major(identity[0]), os.minor(identity[0]), identity[1]
    exact, near = f"{major:02x}:{minor:02x}:{inode}", f":{inode}"
    found: int | None = None
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if len(fields) < 6 or fields[1] != "FLOCK" or not fields[5].endswith(near):
                continue
            pid = int(fields[4])
            if fields[5] == exact:
                found = pid
                break
            found = found or pid
    if found is None or found <= 0:
        return LockHolder(None, None, None)
    return LockHolder(found, _command(found), None)


def _command(pid: int) -> str | None:
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip() or None
    except OSError:
        return None

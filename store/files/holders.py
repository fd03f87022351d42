"""Who holds a lock, as far as the kernel tells."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from store.model.errors import LockHolder

Name = TypeVar("Name", bound=Hashable)

Identity = tuple[int, int]
"""Device and inode of a lock file."""


def holder_of(identity: Identity) -> LockHolder:
    """Who holds the lock of the file with this device and inode. Another namespace or a race may
    hide it: then all is None.
    """
    return holders_of([identity]).get(identity) or LockHolder(None, None, None)


def holders_of(identities: Iterable[Identity]) -> dict[Identity, LockHolder]:
    """Those of the lock files that are held now, with what is known of who holds them."""
    exact: dict[str, int] = {}
    near: dict[str, int] = {}
    with suppress(OSError, ValueError):
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if len(fields) < 6 or fields[1] != "FLOCK":
                continue
            pid = int(fields[4])
            exact[fields[5]] = pid
            near.setdefault(fields[5].rpartition(":")[2], pid)
    found: dict[Identity, LockHolder] = {}
    for device, inode in identities:
        major, minor = os.major(device), os.minor(device)
        pid = exact.get(f"{major:02x}:{minor:02x}:{inode}", near.get(str(inode), 0))
        if pid > 0:
            found[device, inode] = LockHolder(pid, command_of(pid), None)
    return found


def holders_of_files(paths: Mapping[Name, str]) -> dict[Name, LockHolder]:
    """Those of the named lock files that are held now. Links are not followed."""
    identities = {name: found for name, path in paths.items() if (found := _identity(path))}
    holders = holders_of(identities.values()) if identities else {}
    return {name: holders[found] for name, found in identities.items() if found in holders}


def _identity(path: str) -> Identity | None:
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def command_of(pid: int) -> str | None:
    """The name of a process's program, None where it cannot be told."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(errors="replace").strip() or None
    except OSError:
        return None

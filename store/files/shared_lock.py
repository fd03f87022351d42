"""Sharing a list's lock for a moment, to read what never stands still. Creates nothing."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from store.files.fs import Directory
from store.files.lock import LOCK_NAME
from store.files.waiting import Patience, wait_for_flock


@contextmanager
def shared_lock(directory: Directory, wait_s: float) -> Iterator[bool]:
    """Keep writers out while other readers may come in.

    Yields:
        False if the lock is not there, does not work or stayed busy for `wait_s` seconds.
    """
    descriptor = _acquire(directory, wait_s)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _acquire(directory: Directory, wait_s: float) -> int | None:
    descriptor = directory.open_plain(LOCK_NAME)
    if descriptor is None:
        return None
    status = os.fstat(descriptor)
    # The sign keeps this wait apart from those for the lock alone.
    key = status.st_dev, -status.st_ino
    waiter = wait_for_flock(descriptor, key, Patience(wait_s), fcntl.LOCK_SH)
    if waiter is None:
        return None
    if waiter.error is not None:
        os.close(waiter.descriptor)
        return None
    return waiter.descriptor

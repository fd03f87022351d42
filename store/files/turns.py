"""Turns of colonytop's own processes at a directory whose owner knows no lock."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from store.files import flags
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.holders import holder_of
from store.files.waiting import Patience, wait_for_flock
from store.model.errors import LockTimeout


@contextmanager
def directory_turn(directory: Directory, list_id: str, patience: Patience) -> Iterator[None]:
    """Hold the directory itself, by `flock`: nothing is made for it, and nobody else minds.

    Raises:
        LockTimeout: another of us was at it all the time; `list_id` is named.
    """
    with storage_failures(directory):
        waiting = os.open(".", flags.DIRECTORY, dir_fd=directory.fileno())
        waiter = wait_for_flock(waiting, directory.identity(), patience)
        if waiter is None:
            holder = holder_of(directory.identity())
            raise LockTimeout(list_id, patience.waited_s(), holder)
        descriptor = waiter.descriptor
        if waiter.error is not None:
            os.close(descriptor)
            raise waiter.error
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

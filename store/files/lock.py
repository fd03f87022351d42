"""List locks: `flock` on `.lock`, or on the file that another tool takes, exclusive with every
user of the same file through filelock or the system call.

Raw `flock` rather than filelock's own classes, for three reasons: the file is opened below an open
directory, so a directory that is swapped for a link cannot move the lock; waiting by a blocking
`flock` hands over in 1 ms where polling takes up to 50 and starves; and importing filelock costs
a short command a third of its time. The system call on the file is the very one that filelock
makes, so the two exclude each other both ways. There is no fallback: where `flock` does not work,
nothing is written. So that those neighbours get their turn, see `calm`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from store.files.calm import (
    Identity,
    Traffic,
    forget_traffic,
    gather,
    keep_quiet,
    quiet_left,
    traffic_of,
)
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.holders import holder_of
from store.files.waiting import GivenUp, Patience, Waiter, forget_after_fork, wait_for_flock
from store.model.errors import ListGone, LockReentered, LockTimeout, StorageFailure

__all__ = ["LOCK_NAME", "GivenUp", "HeldLock", "Patience", "gather", "list_lock"]

LOCK_NAME = ".lock"
_SPLIT_PAUSE_S = 0.005
_MOMENTS_S = (0.0001, 0.0002)


@dataclass(slots=True)
class HeldLock:
    """The lock while it is held. `verify` just before the first write."""

    list_id: str
    directory: Directory
    descriptor: int
    name: str = LOCK_NAME
    taken_at: float = field(default_factory=time.monotonic)

    def verify(self) -> None:
        """Raise `ListGone` if the list or its lock file was replaced after the lock was taken."""
        if not _is_current(self.directory, self.descriptor, self.name):
            raise ListGone(self.list_id, str(self.directory.path.parent))


_owners: dict[Identity, int] = {}
_held: dict[int, int] = {}
"""Descriptor of each lock held → that of its directory, to close in a forked child."""


@contextmanager
def list_lock(
    directory: Directory, list_id: str, patience: Patience, name: str = LOCK_NAME
) -> Iterator[HeldLock]:
    """Hold a list's lock.

    Args:
        directory: the list's directory, opened for this call only.
        list_id: named in errors.
        patience: how long to wait, counted from when it was made.
        name: the lock file in that directory.

    Raises:
        LockTimeout: it stayed busy; names what is known of the holder.
        LockReentered: this thread holds it already.
        ListGone: the directory was removed or replaced meanwhile.
        StorageFailure: the lock file is not a plain writable file, or `flock` does not work.
        GivenUp: `patience.give_up()` was called from another thread.
    """
    identity = directory.identity()
    if _owners.get(identity) == threading.get_ident():
        raise LockReentered(f"this thread already holds the lock of {list_id}")
    traffic = traffic_of(identity)
    started = time.monotonic()
    with storage_failures(directory):
        held = _acquire(directory, list_id, patience, traffic, name)
    traffic.waited_s = held.taken_at - started
    _owners[identity] = threading.get_ident()
    _held[held.descriptor] = directory.fileno()
    try:
        yield held
    finally:
        del _held[held.descriptor], _owners[identity]
        _release(held.directory, held.descriptor)
        now = time.monotonic()
        traffic.add(now, now - held.taken_at)


def _acquire(
    directory: Directory, list_id: str, patience: Patience, traffic: Traffic, name: str
) -> HeldLock:
    while True:
        keep_quiet(traffic, patience)
        descriptor = _open(directory, name)
        if not _try_briefly(descriptor, patience):
            traffic.contended_at = time.monotonic()
            descriptor = _wait(directory, descriptor, list_id, patience)
            if quiet_left(time.monotonic(), patience):
                os.close(descriptor)
                continue
        if _is_current_or_closed(directory, descriptor, name):
            if _lock_directory(directory):
                return HeldLock(list_id, directory, descriptor, name)
            # Somebody of ours is inside through a lock file that was unlinked under it.
            os.close(descriptor)
            if patience.left_s() <= 0:
                raise LockTimeout(list_id, patience.waited_s(), holder_of(directory.identity()))
            patience.sleep(_SPLIT_PAUSE_S)
            continue
        os.close(descriptor)
        if not _is_at_path(directory):
            raise ListGone(list_id, str(directory.path.parent))


def _open(directory: Directory, name: str) -> int:
    descriptor = directory.open_lock(name)
    mode = os.fstat(descriptor).st_mode
    problem = None
    if not stat.S_ISREG(mode):
        problem = "not a plain file, so it cannot be the list's lock"
    elif not mode & stat.S_IWUSR:
        problem = "its owner may not write it, so whoever set it so wants no writers here"
    if problem:
        os.close(descriptor)
        raise StorageFailure(directory.path_of(name), problem)
    return descriptor


def _try_briefly(descriptor: int, patience: Patience) -> bool:
    """Try, and try again after moments as long as a short edit holds the lock."""
    for pause_s in _MOMENTS_S:
        if _try(descriptor):
            return True
        if patience.left_s() <= pause_s:
            return False
        time.sleep(pause_s)
    return _try(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        os.close(descriptor)
        raise
    return True


def _wait(directory: Directory, descriptor: int, list_id: str, patience: Patience) -> int:
    """The descriptor that holds the lock: this one, or that of a wait taken over."""
    status = os.fstat(descriptor)
    waiter: Waiter | None = wait_for_flock(descriptor, (status.st_dev, status.st_ino), patience)
    if waiter is None:
        holder = holder_of((status.st_dev, status.st_ino))
        raise LockTimeout(list_id, patience.waited_s(), holder)
    if waiter.error is not None:
        os.close(waiter.descriptor)
        raise waiter.error
    return waiter.descriptor


def _lock_directory(directory: Directory) -> bool:
    """Whether no process of ours is inside through another lock file. A directory cannot be
    unlinked under its lock as a lock file can.
    """
    try:
        fcntl.flock(directory.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Where directories cannot be locked (NFS), the lock file alone counts.
        return error.errno not in (errno.EAGAIN, errno.EACCES)
    return True


def _release(directory: Directory, descriptor: int) -> None:
    with suppress(OSError):
        fcntl.flock(directory.fileno(), fcntl.LOCK_UN)
    os.close(descriptor)


def _is_current(directory: Directory, descriptor: int, name: str) -> bool:
    """Whether the locked file is the one that everybody else would lock now."""
    locked = os.fstat(descriptor)
    named = directory.status(name)
    return (
        locked.st_nlink > 0
        and named is not None
        and (named.st_dev, named.st_ino) == (locked.st_dev, locked.st_ino)
        and _is_at_path(directory)
    )


def _is_current_or_closed(directory: Directory, descriptor: int, name: str) -> bool:
    try:
        return _is_current(directory, descriptor, name)
    except BaseException:
        os.close(descriptor)
        raise


def _is_at_path(directory: Directory) -> bool:
    try:
        found = os.stat(directory.location)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == directory.identity()


def _forget_in_child() -> None:
    """A forked child has copies of the descriptors: it must not keep the parent's locks alive."""
    for descriptor, directory in list(_held.items()):
        for copy in (descriptor, directory):
            with suppress(OSError):
                os.close(copy)
    _held.clear()
    _owners.clear()
    forget_traffic()
    forget_after_fork()


os.register_at_fork(after_in_child=_forget_in_child)

"""List locks: `flock` on `.lock`, exclusive with every filelock user of the same file.

Raw `flock` rather than filelock's own classes, for three reasons: the file is opened below an open
directory, so a directory that is swapped for a link cannot move the lock; waiting by a blocking
`flock` hands over in 1 ms where polling takes up to 50 and starves; and importing filelock costs
a short command a third of its time. The system call on the file is the very one that filelock
makes, so the two exclude each other both ways. There is no fallback: where `flock` does not work,
nothing is written.

A blocking `flock` is always quicker than a 50 ms poller, so a busy list would shut out its
filelock neighbours. Therefore all processes here stay off a list that they keep busy for 60 ms of
every 1.5 seconds of the machine's monotonic clock. An occasional edit never waits for that, and a
neighbour with filelock's usual 3 seconds gets at least one moment of calm, mostly two.
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
from pathlib import Path

from store.files.fs import Directory, storage_failures
from store.files.waiting import GivenUp, Patience, Waiter, forget_after_fork, wait_for_flock
from store.model.errors import ListGone, LockHolder, LockReentered, LockTimeout, StorageFailure

__all__ = ["LOCK_NAME", "GivenUp", "HeldLock", "Patience", "list_lock"]

LOCK_NAME = ".lock"
PERIOD_S = 1.5
QUIET_S = 0.06
"""Longer than one polling interval of filelock, with room for a late wake-up."""

BUSY_SHARE = 0.3
"""Of a period: a process that holds a list's lock longer keeps the quiet time."""

GATHER_S = 0.0025
"""The step at which the processes on a crowded list sync: crowded means to wait longer than it."""

_SPLIT_PAUSE_S = 0.005
_MOMENTS_S = (0.0001, 0.0002)
_MEMORY = 512

Identity = tuple[int, int]


@dataclass(slots=True)
class _Traffic:
    """What this process saw of one list's lock lately."""

    contended_at: float = float("-inf")
    waited_s: float = 0.0
    """The last wait for the lock."""
    period: int = 0
    held_s: float = 0.0
    held_before_s: float = 0.0

    def is_busy(self, now: float) -> bool:
        self._turn(now)
        if now - self.contended_at < PERIOD_S:
            return True
        return max(self.held_s, self.held_before_s) > BUSY_SHARE * PERIOD_S

    def add(self, now: float, held_s: float) -> None:
        self._turn(now)
        self.held_s += held_s

    def _turn(self, now: float) -> None:
        period = int(now // PERIOD_S)
        if period != self.period:
            self.held_before_s = self.held_s if period == self.period + 1 else 0.0
            self.period, self.held_s = period, 0.0


@dataclass(slots=True)
class HeldLock:
    """The lock while it is held. `verify` just before the first write."""

    list_id: str
    directory: Directory
    descriptor: int
    taken_at: float = field(default_factory=time.monotonic)

    def verify(self) -> None:
        """Raise `ListGone` if the list or its lock file was replaced after the lock was taken."""
        if not _is_current(self.directory, self.descriptor):
            raise ListGone(self.list_id, str(self.directory.path.parent))


_owners: dict[Identity, int] = {}
_traffic: dict[Identity, _Traffic] = {}
_held: dict[int, int] = {}
"""Descriptor of each lock held → that of its directory, to close in a forked child."""


@contextmanager
def list_lock(directory: Directory, list_id: str, patience: Patience) -> Iterator[HeldLock]:
    """Hold a list's lock.

    Args:
        directory: the list's directory, opened for this call only.
        list_id: named in errors.
        patience: how long to wait, counted from when it was made.

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
    traffic = _traffic_of(identity)
    started = time.monotonic()
    with storage_failures(directory):
        held = _acquire(directory, list_id, patience, traffic)
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


def gather(directory: Directory) -> None:
    """Let syncs of a crowded list happen together: call it before each.

    A file system writes its journal for the first sync and makes the next rename wait for that,
    with the list locked. Syncs that start at the same moment share one such wait.
    """
    traffic = _traffic_of(directory.identity())
    now = time.monotonic()
    if traffic.waited_s > GATHER_S and now - traffic.contended_at < PERIOD_S:
        time.sleep(GATHER_S - now % GATHER_S)


def _acquire(directory: Directory, list_id: str, patience: Patience, traffic: _Traffic) -> HeldLock:
    while True:
        _keep_quiet(traffic, patience)
        descriptor = _open(directory)
        if not _try_briefly(descriptor, patience):
            traffic.contended_at = time.monotonic()
            descriptor = _wait(directory, descriptor, list_id, patience)
            if _quiet_left(time.monotonic(), patience):
                os.close(descriptor)
                continue
        if _is_current_or_closed(directory, descriptor):
            if _lock_directory(directory):
                return HeldLock(list_id, directory, descriptor)
            # Somebody of ours is inside through a lock file that was unlinked under it.
            os.close(descriptor)
            if patience.left_s() <= 0:
                raise LockTimeout(list_id, patience.waited_s(), _holder(directory.identity()))
            patience.sleep(_SPLIT_PAUSE_S)
            continue
        os.close(descriptor)
        if not _is_at_path(directory):
            raise ListGone(list_id, str(directory.path.parent))


def _keep_quiet(traffic: _Traffic, patience: Patience) -> None:
    now = time.monotonic()
    if traffic.is_busy(now) and (pause := _quiet_left(now, patience)):
        patience.sleep(pause)


def _quiet_left(now: float, patience: Patience) -> float:
    """Seconds until foreign pollers have had their time; 0 for who cannot wait so long."""
    left = QUIET_S - now % PERIOD_S
    return left if 0 < left < patience.left_s() else 0.0


def _open(directory: Directory) -> int:
    descriptor = directory.open_lock(LOCK_NAME)
    mode = os.fstat(descriptor).st_mode
    problem = None
    if not stat.S_ISREG(mode):
        problem = "not a plain file, so it cannot be the list's lock"
    elif not mode & stat.S_IWUSR:
        problem = "its owner may not write it, so whoever set it so wants no writers here"
    if problem:
        os.close(descriptor)
        raise StorageFailure(directory.path_of(LOCK_NAME), problem)
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
        holder = _holder((status.st_dev, status.st_ino))
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


def _is_current(directory: Directory, descriptor: int) -> bool:
    """Whether the locked file is the one that everybody else would lock now."""
    locked = os.fstat(descriptor)
    named = directory.status(LOCK_NAME)
    return (
        locked.st_nlink > 0
        and named is not None
        and (named.st_dev, named.st_ino) == (locked.st_dev, locked.st_ino)
        and _is_at_path(directory)
    )


def _is_current_or_closed(directory: Directory, descriptor: int) -> bool:
    try:
        return _is_current(directory, descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def _is_at_path(directory: Directory) -> bool:
    try:
        found = os.stat(directory.location)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == directory.identity()


def _traffic_of(identity: Identity) -> _Traffic:
    found = _traffic.get(identity)
    if found is None:
        if len(_traffic) >= _MEMORY:
            _traffic.clear()
        found = _traffic[identity] = _Traffic()
    return found


def _holder(identity: Identity) -> LockHolder:
    """Who holds the lock, as the kernel tells. Another namespace or a race may hide it."""
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


def _forget_in_child() -> None:
    """A forked child has copies of the descriptors: it must not keep the parent's locks alive."""
    for descriptor, directory in list(_held.items()):
        for copy in (descriptor, directory):
            with suppress(OSError):
                os.close(copy)
    _held.clear()
    _owners.clear()
    _traffic.clear()
    forget_after_fork()


os.register_at_fork(after_in_child=_forget_in_child)

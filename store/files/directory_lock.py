"""Directory locks: whoever makes the directory `{file}.lock` holds the lock of that file.

The protocol is that of the npm package proper-lockfile, which excludes us and is excluded by us. A
lock whose directory was not touched for ten seconds is stale and may be taken over. Taking over by
removing and making anew lets two in when two do so at once, so here the stale directory is first
moved aside and looked at, and the new one is looked at again after a moment.

The directory is known by its inode, which cannot be given away while it is open here. Nothing is
ever put into it: a lock directory that is not empty can be reclaimed by nobody.
"""

from __future__ import annotations

import fcntl
import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from store.files import flags
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.held_locks import (
    HeldDirectory,
    LockLost,
    guarded,
    hold,
    let_go,
    uninterrupted,
)
from store.files.temporaries import is_temporary, temporary_name
from store.files.waiting import Patience
from store.model.errors import ListGone, LockHolder, LockReentered, LockTimeout, StorageFailure

__all__ = [
    "LOCK_SUFFIX",
    "STALE_S",
    "HeldDirectory",
    "LockLost",
    "directory_lock",
    "flocked",
    "held_in",
    "is_stale",
    "remove_stale",
    "stale_in",
]

LOCK_SUFFIX = ".lock"
STALE_S = 10.0
"""Seconds after which a lock that nobody refreshed is nobody's."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.005, 0.1
_SETTLING_S = 0.03  # after a take-over: whoever saw the stale lock too has acted by then
_LONGEST_ENTRY_S = STALE_S / 2
_FLOCK_WAIT_S, _FLOCK_PAUSE_S = 0.05, 0.005

_ENTER = flags.DIRECTORY | os.O_NOFOLLOW

_owners: dict[tuple[int, int, str], int] = {}
"""Device and inode of a directory and a file's name in it → the thread that holds its lock."""


@contextmanager
def directory_lock(
    directory: Directory, target: str, list_id: str, patience: Patience
) -> Iterator[HeldDirectory]:
    """Hold the lock of one file.

    Args:
        directory: where the file is, opened for this call only.
        target: the file's name; it has to be there.
        list_id: named in errors.
        patience: how long to wait, counted from when it was made.

    Raises:
        FileNotFoundError: the file is not there.
        LockTimeout: the lock stayed busy. Who holds it is not to be known.
        LockReentered: this thread holds it already.
        StorageFailure: what stands in the lock's place is no lock, or cannot be made.
        GivenUp: `patience.give_up()` was called from another thread.
    """
    place = (*directory.identity(), target)
    if _owners.get(place) == threading.get_ident():
        raise LockReentered(f"this thread already holds the lock of {target} in {list_id}")
    if directory.status(target) is None:
        raise FileNotFoundError(directory.path_of(target))
    with guarded():
        with storage_failures(directory):
            held = _acquire(directory, target + LOCK_SUFFIX, list_id, patience)
        _owners[place] = threading.get_ident()
        try:
            yield held
        finally:
            _owners.pop(place, None)
            let_go(held)


@contextmanager
def flocked(directory: Directory, name: str) -> Iterator[bool]:
    """Hold the `flock` on a file too, for neighbours who take that for its lock. It is never
    waited for longer than 50 ms, and what is done does not depend on it.

    Yields:
        Whether it was got.
    """
    descriptor = directory.open_plain(name)
    try:
        yield descriptor is not None and _flock_briefly(descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_stale(found: os.stat_result) -> bool:
    """Whether a lock directory with this status may be taken over. A time in the near future is
    usual: proper-lockfile sets one to find out how exact the file system's times are.
    """
    return found.st_mtime_ns // 1_000_000 < (time.time() - STALE_S) * 1000


def held_in(directory: Directory) -> list[str]:
    """The files here whose lock somebody holds, as far as can be seen without taking it."""
    return [
        name.removesuffix(LOCK_SUFFIX)
        for name, found in _lock_directories(directory)
        if not is_stale(found)
    ]


def stale_in(directory: Directory) -> list[str]:
    """The names of locks here that were left behind, and of what a take-over left."""
    return [name for name, found in _lock_directories(directory) if is_stale(found)]


def remove_stale(directory: Directory, name: str) -> bool:
    """Remove one of those, if it is one still.

    Raises:
        StorageFailure: there is something in it.
    """
    seen = directory.status(name)
    if seen is None or not stat.S_ISDIR(seen.st_mode) or not is_stale(seen):
        return False
    return _has_precedence(directory) and _removed(directory, name, seen)


def _lock_directories(directory: Directory) -> Iterator[tuple[str, os.stat_result]]:
    for name in directory.names():
        if name.endswith(LOCK_SUFFIX) or is_temporary(name):
            found = directory.status(name)
            if found is not None and stat.S_ISDIR(found.st_mode):
                yield name, found


def _acquire(directory: Directory, name: str, list_id: str, patience: Patience) -> HeldDirectory:
    pause_s = _FIRST_PAUSE_S
    while True:
        held = _make(directory, name, list_id) or _take_over_stale(directory, name, list_id)
        if held is not None:
            return held
        left_s = patience.left_s()
        if left_s <= 0:
            raise LockTimeout(list_id, patience.waited_s(), LockHolder(None, None, None))
        patience.sleep(min(left_s, random.uniform(pause_s / 2, pause_s)))
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _make(directory: Directory, name: str, list_id: str) -> HeldDirectory | None:
    """The lock, if there was none."""
    here = directory.fileno()
    with uninterrupted():
        began = time.monotonic()
        try:
            os.mkdir(name, dir_fd=here)
        except FileExistsError:
            return None
        except FileNotFoundError as error:
            raise ListGone(list_id, str(directory.path.parent)) from error
        try:
            held = HeldDirectory(directory, name, os.open(name, _ENTER, dir_fd=here))
        except FileNotFoundError:  # taken for the stale one that somebody was about to remove
            return None
        except OSError:
            with suppress(OSError):
                os.rmdir(name, dir_fd=here)
            raise
        if time.monotonic() - began > _LONGEST_ENTRY_S:
            # So long asleep that what was opened may be the lock of somebody who took over.
            held.forget()
            return None
        hold(held)
    return held


def _take_over_stale(directory: Directory, name: str, list_id: str) -> HeldDirectory | None:
    """The lock, if the one that is there is stale and nobody else takes it over now."""
    seen = directory.status(name)
    if seen is None:
        return None
    if not stat.S_ISDIR(seen.st_mode):
        raise StorageFailure(directory.path_of(name), "no lock directory, so it locks for ever")
    if not is_stale(seen) or not _has_precedence(directory):
        return None
    held = _make(directory, name, list_id) if _removed(directory, name, seen) else None
    if held is None:
        return None
    time.sleep(_SETTLING_S)
    if held.is_ours():
        return held
    let_go(held)
    return None


def _has_precedence(directory: Directory) -> bool:
    """Of our own processes one at a time takes over in a directory."""
    try:
        fcntl.flock(directory.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return not isinstance(error, BlockingIOError)  # no such locks here: then all may
    return True


def _removed(directory: Directory, name: str, seen: os.stat_result) -> bool:
    """Remove it, and give up the precedence."""
    try:
        return _remove_as_seen(directory, name, seen)
    finally:
        with suppress(OSError):
            fcntl.flock(directory.fileno(), fcntl.LOCK_UN)


def _remove_as_seen(directory: Directory, name: str, seen: os.stat_result) -> bool:
    """Move the lock aside, and remove it if it is the one that was seen; else put it back."""
    again = directory.status(name)
    if again is None or _version(again) != _version(seen):
        return False
    try:
        with directory.subdirectory(name) as inside:
            is_empty = not inside.names()
    except (FileNotFoundError, NotADirectoryError):  # somebody else is taking it over
        return False
    if not is_empty:
        reason = "left behind and not empty, so nobody can take it over; remove it by hand"
        raise StorageFailure(directory.path_of(name), reason)
    aside = temporary_name(name)
    here = directory.fileno()
    with uninterrupted():
        try:
            os.rename(name, aside, src_dir_fd=here, dst_dir_fd=here)
        except FileNotFoundError:
            return False
        moved = directory.status(aside)
        if moved is None or _version(moved) != _version(seen):
            with suppress(OSError):
                os.rename(aside, name, src_dir_fd=here, dst_dir_fd=here)
            return False
        os.rmdir(aside, dir_fd=here)
    return True


def _version(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_dev, found.st_ino, found.st_mtime_ns


def _flock_briefly(descriptor: int) -> bool:
    deadline = time.monotonic() + _FLOCK_WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_FLOCK_PAUSE_S)
        except OSError:
            return False
        else:
            return True


def _forget_in_child() -> None:
    _owners.clear()


os.register_at_fork(after_in_child=_forget_in_child)

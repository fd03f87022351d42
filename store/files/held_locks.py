"""Directory locks while they are held: kept fresh, and given back however the process ends.

A lock that is left behind keeps every writer out for ten seconds. So those that are held are given
back at exit, and before a signal ends the process where nobody else takes care of that signal. A
process that is killed leaves them to be taken over.
"""

from __future__ import annotations

import atexit
import os
import random
import signal
import threading
import time
from _thread import start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from store.files.fs import Directory
from store.model.errors import ColonytopError

BEAT_S = 3.0
"""A lock that is held is refreshed so often: whoever is silent for ten seconds has lost it."""

_LOOK_S = 1.0
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class LockLost(ColonytopError):
    """The lock was taken over by somebody else while it was held; what follows is not written."""

    kind = "lock_lost"


class HeldDirectory:
    """One lock directory that was made here. `verify` just before each write."""

    __slots__ = ("_at", "_descriptor", "_directory", "_identity", "_mutex", "beaten_at", "name")

    def __init__(self, directory: Directory, name: str, descriptor: int) -> None:
        self.name = name
        self.beaten_at = 0.0
        self._directory = directory
        self._at = directory.fileno()
        self._descriptor = descriptor
        self._mutex = threading.Lock()
        found = os.fstat(descriptor)
        self._identity = found.st_dev, found.st_ino

    def is_ours(self) -> bool:
        """Whether the lock's name still leads to the directory that was made here."""
        try:
            found = os.stat(self.name, dir_fd=self._at, follow_symlinks=False)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == self._identity

    def verify(self) -> None:
        """Raise `LockLost` if somebody took the lock over meanwhile, or gave it back for us."""
        if self._descriptor < 0 or not self.is_ours():
            raise LockLost(f"{self._directory.path_of(self.name)}: somebody took the lock over")

    def beat(self) -> None:
        """Say that it is still held. Only the directory that was made here is ever touched."""
        with self._mutex:
            if self._descriptor >= 0 and self.is_ours():
                # Digits below the millisecond, which Node never sets, tell whose time it is.
                now = time.time_ns() // 1_000_000 * 1_000_000 + random.randrange(1, 1_000_000)
                os.utime(self._descriptor, ns=(now, now))
                self.beaten_at = time.monotonic()

    def release(self) -> None:
        """Remove it, if it is still this one."""
        with self._mutex:
            if self._descriptor < 0:
                return
            if self.is_ours():
                with suppress(OSError):
                    os.rmdir(self.name, dir_fd=self._at)
            self.forget()

    def forget(self) -> None:
        """Close it and leave it as it is."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with suppress(OSError):
                os.close(descriptor)


_held: dict[int, HeldDirectory] = {}
"""Every lock that is held, by its identity as an object."""


def hold(lock: HeldDirectory) -> None:
    """From now on it is kept fresh, and given back when the process ends."""
    _held[id(lock)] = lock
    lock.beat()
    _heart.wake()


def let_go(lock: HeldDirectory) -> None:
    """Give a lock back."""
    with uninterrupted():
        lock.release()
        _held.pop(id(lock), None)


def release_all() -> None:
    """Give every lock back: nobody who holds one passes `verify` any more."""
    for lock in list(_held.values()):
        lock.release()


class _Heart:
    """One daemon thread that refreshes what is held for long."""

    def __init__(self) -> None:
        self._some = threading.Event()
        self._is_begun = False

    def wake(self) -> None:
        if not self._is_begun:
            self._is_begun = True
            try:
                start_new_thread(self._serve, ())
            except RuntimeError:  # no thread to be had: an edit is over long before it matters
                self._is_begun = False
        if not self._some.is_set():
            self._some.set()

    def _serve(self) -> None:
        while True:
            self._some.wait()
            time.sleep(_LOOK_S)
            self._some.clear()
            for lock in list(_held.values()):
                self._some.set()
                if time.monotonic() - lock.beaten_at >= BEAT_S:
                    with suppress(OSError):
                        lock.beat()


class _Signals:
    """Gives locks back before a signal ends the process, while its main thread holds some.

    Only signals that nobody else takes care of are taken, and only for as long.
    """

    def __init__(self) -> None:
        self.busy = 0
        self.depth = 0
        self._pending: int | None = None
        self._taken: dict[int, Any] = {}

    def watch(self) -> None:
        for number in _ENDING:
            handler = signal.getsignal(number)
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                self._taken[number] = handler
                signal.signal(number, self._end)

    def unwatch(self) -> None:
        for number, handler in self._taken.items():
            if signal.getsignal(number) == self._end:
                signal.signal(number, handler)
        self._taken.clear()

    def settle(self) -> None:
        """Do what a signal asked for in the midst of something that had to be finished."""
        if self._pending is not None and not self.busy:
            number, self._pending = self._pending, None
            self._act(number)

    def _end(self, number: int, _: FrameType | None) -> None:
        if self.busy:
            self._pending = number
        else:
            self._act(number)

    def _act(self, number: int) -> None:
        if number == signal.SIGINT:
            raise KeyboardInterrupt  # what holds a lock lets it go on the way out
        release_all()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


@contextmanager
def guarded() -> Iterator[None]:
    """What is held inside by the main thread is given back before a signal ends the process."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = _signals
    if signals.depth == 0:
        signals.watch()
    signals.depth += 1
    try:
        yield
    finally:
        signals.depth -= 1
        if signals.depth == 0:
            signals.unwatch()


@contextmanager
def uninterrupted() -> Iterator[None]:
    """What is done inside is finished before a signal ends the process. Keep it short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = _signals
    signals.busy += 1
    try:
        yield
    finally:
        signals.busy -= 1
        signals.settle()


_heart = _Heart()
_signals = _Signals()
atexit.register(release_all)


def _forget_in_child() -> None:
    """The locks are the parent's: a forked child neither refreshes nor removes them."""
    global _heart, _signals
    for lock in _held.values():
        lock.forget()
    _held.clear()
    _heart = _Heart()
    if threading.current_thread() is threading.main_thread():
        _signals.unwatch()
    _signals = _Signals()


os.register_at_fork(after_in_child=_forget_in_child)

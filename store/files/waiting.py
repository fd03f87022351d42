"""Waiting for a `flock` with a deadline, which the system call itself does not have.

The call is made in a lock thread. Who stops waiting leaves the thread behind; it releases the
lock the moment it gets it, unless a later caller of this process has taken its place over.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque
from contextlib import suppress

from store.model.errors import ColonytopError

_IDLE_S = 5.0


class GivenUp(ColonytopError):
    """The caller stopped waiting; nothing was written."""

    kind = "given_up"


class Signal:
    """An event that can be waited for once. Cheaper than `threading.Event`."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self) -> None:
        with suppress(RuntimeError):  # set already
            self._lock.release()

    def wait(self, timeout_s: float) -> bool:
        return self._lock.acquire(timeout=max(timeout_s, 0.0))


class Patience:
    """How long one caller waits, counted from when it was made, and whether it still does."""

    def __init__(self, timeout_s: float) -> None:
        self._started = time.monotonic()
        self._deadline = self._started + timeout_s
        self._mutex = threading.Lock()
        self._given_up = False
        self._begun = False
        self._signal: Signal | None = None

    def left_s(self) -> float:
        return self._deadline - time.monotonic()

    def waited_s(self) -> float:
        return time.monotonic() - self._started

    def give_up(self) -> bool:
        """Stop waiting. False: too late, the write has begun and will finish."""
        with self._mutex:
            if self._begun:
                return False
            self._given_up = True
            signal = self._signal
        if signal is not None:
            signal.set()
        return True

    def begin(self) -> None:
        """From here on the caller cannot give up any more."""
        with self._mutex:
            if self._given_up:
                raise GivenUp("the caller stopped waiting")
            self._begun = True

    def wait(self, signal: Signal, timeout_s: float) -> bool:
        """Wait for a signal; False after the time.

        Raises:
            GivenUp: the caller gave up meanwhile.
        """
        with self._mutex:
            if not self._given_up:
                self._signal = signal
            given_up = self._given_up
        arrived = not given_up and signal.wait(timeout_s)
        with self._mutex:
            self._signal = None
            if self._given_up:
                raise GivenUp("the caller stopped waiting")
        return arrived

    def sleep(self, seconds: float) -> None:
        self.wait(Signal(), seconds)


class Waiter:
    """One blocking `flock`, waited for in a lock thread."""

    __slots__ = (
        "_abandoned", "_mutex", "_over", "descriptor", "error", "key", "operation", "settled"
    )  # fmt: skip

    def __init__(self, descriptor: int, key: tuple[int, int], operation: int) -> None:
        self.descriptor = descriptor
        self.key = key
        self.operation = operation
        self.error: OSError | None = None
        self.settled = Signal()
        self._mutex = threading.Lock()
        self._over = False
        self._abandoned = False

    def run(self) -> None:
        try:
            fcntl.flock(self.descriptor, self.operation)
        except OSError as error:
            self.error = error
        with self._mutex:
            self._over = True
            if self._abandoned:
                os.close(self.descriptor)
                if _abandoned.get(self.key) is self:
                    del _abandoned[self.key]
                return
        self.settled.set()

    def abandon(self) -> bool:
        """Leave it to the thread to release. False: it is over, the descriptor is the caller's."""
        with self._mutex:
            if self._over:
                return False
            self._abandoned = True
            _abandoned[self.key] = self
            return True

    def adopt(self) -> bool:
        """Wait for this one again, if it is still waiting."""
        with self._mutex:
            if self._over or not self._abandoned:
                return False
            self._abandoned = False
            self.settled = Signal()
            return True


def wait_for_flock(
    descriptor: int, key: tuple[int, int], patience: Patience, operation: int = fcntl.LOCK_EX
) -> Waiter | None:
    """Wait for the lock on an open file until patience ends.

    Args:
        descriptor: given away: it is held by the waiter that comes back, or closed.
        key: device and inode of the file, for waits of the same kind.

    Returns:
        The settled waiter, None after the deadline.

    Raises:
        GivenUp: the caller gave up.
    """
    left = _abandoned.pop(key, None)
    if left is not None and left.adopt():
        os.close(descriptor)
        waiter = left
    else:
        waiter = Waiter(descriptor, key, operation)
        _threads.run(waiter)
    try:
        arrived = patience.wait(waiter.settled, patience.left_s())
    except GivenUp:
        if not waiter.abandon():
            os.close(waiter.descriptor)
        raise
    return waiter if arrived or not waiter.abandon() else None


class _LockThreads:
    """Daemon threads that block in `flock`, one per wait, kept a moment for the next one."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting: deque[Waiter] = deque()
        self._idle = 0

    def run(self, waiter: Waiter) -> None:
        with self._condition:
            self._waiting.append(waiter)
            if self._idle >= len(self._waiting):
                self._condition.notify()
                return
        threading.Thread(target=self._serve, name="store-lock", daemon=True).start()

    def _serve(self) -> None:
        while (waiter := self._next()) is not None:
            waiter.run()

    def _next(self) -> Waiter | None:
        with self._condition:
            if not self._waiting:
                self._idle += 1
                self._condition.wait(_IDLE_S)
                self._idle -= 1
            return self._waiting.popleft() if self._waiting else None


_abandoned: dict[tuple[int, int], Waiter] = {}
_threads = _LockThreads()


def forget_after_fork() -> None:
    """The threads did not come along into a forked child."""
    global _threads
    for waiter in list(_abandoned.values()):
        with suppress(OSError):
            os.close(waiter.descriptor)
    _abandoned.clear()
    _threads = _LockThreads()

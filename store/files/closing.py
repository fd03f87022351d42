"""Letting go of files that were replaced or removed, beside whoever did that.

A file system frees a file without a name when it is closed last, and on a disk that is told of
every freed block that takes as long as a sync. So such a file is held open while its name goes,
and closed in a thread: nobody waits for that, least of all under a list's lock.
"""

from __future__ import annotations

import os
import threading
from _thread import start_new_thread
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue

MOST_HELD = 8
"""Files held at once. Beyond that, who lets one go waits for it: descriptors are few."""


class _Closer:
    """One daemon thread, begun when it is first needed."""

    def __init__(self) -> None:
        self._held: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self._mutex = threading.Lock()
        self._is_begun = False

    def let_go(self, descriptor: int) -> None:
        if self._held.qsize() >= MOST_HELD:
            _close(descriptor)
            return
        if self._is_begun or self._begin():
            self._held.put(partial(_close, descriptor))
        else:
            _close(descriptor)

    def settle(self) -> None:
        if self._is_begun:
            over = threading.Event()
            self._held.put(over.set)
            over.wait()

    def forget(self) -> None:
        """Close what is held, in a child where the thread does not run."""
        while not self._held.empty():
            self._held.get()()

    def _begin(self) -> bool:
        """False: the system gives no thread now. What was renamed or removed already stands, so
        that is no error.
        """
        with self._mutex:
            if not self._is_begun:
                # `threading.Thread` would wait here until it runs, with a list locked perhaps.
                with suppress(RuntimeError):
                    start_new_thread(self._serve, ())
                    self._is_begun = True
            return self._is_begun

    def _serve(self) -> None:
        while True:
            self._held.get()()


def _close(descriptor: int) -> None:
    with suppress(OSError):
        os.close(descriptor)


def let_go(descriptor: int | None) -> None:
    """Close a descriptor that was opened to hold a file, soon."""
    if descriptor is not None:
        _closer.let_go(descriptor)


def settle() -> None:
    """Wait until all that was let go before is closed, so that its space is free."""
    _closer.settle()


_closer = _Closer()


def _forget_in_child() -> None:
    global _closer
    left, _closer = _closer, _Closer()
    left.forget()


os.register_at_fork(after_in_child=_forget_in_child)

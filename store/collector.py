"""The garbage collector during large loads and in short programs, where it only costs time."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = 50_000
"""New objects until a collection; what a short command makes and loads stays below it."""

_usual = gc.get_threshold()
_lock = threading.Lock()
_pauses = 0
_was_enabled = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """No collection inside. Several threads may be inside at once."""
    global _pauses, _was_enabled
    with _lock:
        if _pauses == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_enabled:
                gc.enable()


def collect_rarely() -> None:
    """From here on: what a command imports is here to stay, so there is little to find."""
    gc.set_threshold(RARELY, *_usual[1:])


def collect_as_usual() -> None:
    """For a program that stays: a rare collection would be a long one."""
    gc.set_threshold(*_usual)


def spare_what_is_loaded() -> None:
    """Leave what exists now out of every later collection: tasks live long and hold no cycles."""
    gc.freeze()

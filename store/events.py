"""Kernel events about directories, as hints in an inbox. They may be late, doubled or missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles._rust_notify import RustNotify

Wanted = Callable[[str], bool]


@dataclass(slots=True)
class Letter:
    """What has come in since the inbox was last emptied."""

    paths: set[Path]
    everything: bool = False
    """Somebody asked for a look at everything."""
    failure: str | None = None
    """The event source has ended, and why."""

    def __bool__(self) -> bool:
        return bool(self.paths) or self.everything or self.failure is not None


class Inbox:
    """Where hints wait for the scanning thread. Thread-safe."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._letter = Letter(set())

    def put(self, paths: Iterable[Path] = (), *, everything: bool = False) -> None:
        with self._condition:
            self._letter.paths.update(paths)
            self._letter.everything = self._letter.everything or everything
            self._condition.notify()

    def fail(self, reason: str) -> None:
        """Say that the event source has ended."""
        with self._condition:
            self._letter.failure = reason
            self._condition.notify()

    def wake(self) -> None:
        with self._condition:
            self._condition.notify()

    def take(self, timeout_s: float) -> Letter:
        """Everything that came in, after a wait for the first of it."""
        with self._condition:
            if not self._letter and timeout_s > 0:
                self._condition.wait(timeout_s)
            letter, self._letter = self._letter, Letter(set())
        return letter


class EventSource:
    """Watches some directories, not what is below them, until closed."""

    def __init__(
        self,
        directories: Sequence[Path],
        inbox: Inbox,
        stop: threading.Event,
        wanted: Wanted,
        *,
        debounce_ms: int,
        step_ms: int,
    ) -> None:
        """Start watching; everything written after this returns is told.

        Raises:
            OSError: a directory is not there (any more), or the machine's limit is reached.
        """
        self.directories = frozenset(directories)
        self._inbox = inbox
        self._stop = stop
        self._closed = False
        self._wanted = wanted
        self._notify = RustNotify([str(d) for d in directories], False, False, 0, False, False)
        timing = (debounce_ms, step_ms)
        self._thread = threading.Thread(
            target=self._run, args=timing, name="store-events", daemon=True
        )
        self._thread.start()

    def is_set(self) -> bool:
        """Asked by the notifier at each step: whether to end."""
        return self._closed or self._stop.is_set()

    def close(self) -> None:
        """End the watch; does not wait for it."""
        self._closed = True

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self, debounce_ms: int, step_ms: int) -> None:
        try:
            while True:
                # A time-out would drop events that came in together with it: there is none.
                found = self._notify.watch(debounce_ms, step_ms, 0, self)
                if isinstance(found, str):
                    break
                paths = {Path(path) for _, path in found if self._wanted(path)}
                if paths:
                    self._inbox.put(paths)
        except Exception as error:  # whatever ends it, polling takes over
            if not self._closed:
                self._inbox.fail(str(error) or type(error).__name__)
        finally:
            self._notify.close()
            self._inbox.wake()

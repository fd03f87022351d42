"""Work on lists in threads: in order within a list, side by side across lists, bounded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from textual.message import Message

from store.model.errors import ColonytopError, EditRefused

MAX_LANES = 16  # lists edited at the same time; each is one thread
MAX_WAITING = 100  # pieces of work on one list that wait for their turn

Post = Callable[[Message], object]
"""Must be safe to call from any thread, as Textual's `post_message` is."""

_ALL = object()
"""The lane of work on whatever list: what is added after it waits for it."""


@dataclass(frozen=True, eq=False)
class Work:
    """One piece of work, and the lanes in which it has its place."""

    run: Callable[[], Message]
    lanes: tuple[Hashable, ...]


class Lanes:
    """Does work, that of one list in order, and no list waits for another's lock."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._lock = threading.Lock()
        self._waiting: dict[Hashable, deque[Work]] = {}
        self._running: set[Work] = set()
        self._threads: set[threading.Thread] = set()
        self._closed = False

    def add(self, run: Callable[[], Message], lists: Iterable[Hashable]) -> ColonytopError | None:
        """Do something soon and post what it returns.

        Args:
            run: must not raise.
            lists: in whose lanes it waits for its turn.

        Returns:
            Why it will not be done, if so.
        """
        with self._lock:
            lanes = tuple(dict.fromkeys(lists))
            if _ALL in self._waiting:
                lanes = (*lanes, _ALL)
            return self._add(Work(run, lanes))

    def add_after_all(self, run: Callable[[], Message]) -> ColonytopError | None:
        """Do something after all that was added before, and before all that is added later."""
        with self._lock:
            return self._add(Work(run, tuple(dict.fromkeys((*self._waiting, _ALL)))))

    def pending(self) -> int:
        """Pieces of work that are asked for and not yet done."""
        with self._lock:
            return len({work for lane in self._waiting.values() for work in lane})

    def close(self) -> None:
        """Drop what has not begun; what has begun ends on its own."""
        with self._lock:
            self._closed = True
            for name, lane in list(self._waiting.items()):
                kept = deque(work for work in lane if work in self._running)
                self._waiting[name] = kept
                if not kept:
                    del self._waiting[name]

    def join(self, deadline: float) -> bool:
        """Wait until `deadline` (monotonic seconds); True if no thread is left."""
        with self._lock:
            threads = list(self._threads)
        return join(threads, deadline)

    def _add(self, work: Work) -> ColonytopError | None:
        if self._closed:
            return EditRefused("colonytop is ending")
        new = [name for name in work.lanes if name not in self._waiting]
        if new and len(self._waiting) + len(new) > max(MAX_LANES, len(work.lanes)):
            return EditRefused(f"{MAX_LANES} lists are being edited; try again")
        if any(len(self._waiting.get(name, ())) >= MAX_WAITING for name in work.lanes):
            return EditRefused(f"{MAX_WAITING} edits of this list wait already")
        for name in work.lanes:
            self._waiting.setdefault(name, deque()).append(work)
        if self._is_first(work):
            self._start(work)
        return None

    def _is_first(self, work: Work) -> bool:
        return all(self._waiting[name][0] is work for name in work.lanes)

    def _start(self, work: Work) -> None:
        self._running.add(work)
        thread = threading.Thread(target=self._serve, args=(work,), name="edits", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _serve(self, work: Work | None) -> None:
        while work is not None:
            outcome = work.run()
            with self._lock:
                following = self._end(work)
                work = following.pop(0) if following else None
                if work is not None:
                    self._running.add(work)
                for other in following:
                    self._start(other)
            self._post(outcome)
        with self._lock:
            self._threads.discard(threading.current_thread())

    def _end(self, work: Work) -> list[Work]:
        """Take it out of its lanes; what has come to the front of all of its own may begin."""
        self._running.discard(work)
        for name in work.lanes:
            lane = self._waiting[name]
            lane.popleft()
            if not lane:
                del self._waiting[name]
        heads = (self._waiting[name][0] for name in work.lanes if name in self._waiting)
        return [head for head in dict.fromkeys(heads) if self._is_first(head)]


def join(threads: list[threading.Thread], deadline: float) -> bool:
    """Wait for threads until `deadline` (monotonic seconds); True if they have all ended."""
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)

"""Daemon threads of the store's own that carry its calls for event loops.

Writes to one list go through one lane, first come, first served; each list has its own. So a list
whose lock is busy holds up nobody else, and the loop's default threads stay free.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, TypeVar

IDLE_S = 2.0

Result = TypeVar("Result")
Job = tuple["Future[Any]", Callable[[], Any]]


class Lanes:
    """Queues by key, each served by at most `width` threads while there is work."""

    def __init__(self, width: int = 1) -> None:
        self._width = width
        self._mutex = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    def submit(self, key: Hashable, work: Callable[[], Result]) -> Future[Result]:
        """Run `work` in the lane of `key` after what was submitted before."""
        future: Future[Result] = Future()
        with self._mutex:
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = _Lane(threading.Condition(self._mutex))
            lane.jobs.append((future, work))
            if lane.idle >= len(lane.jobs):
                lane.arrival.notify()
                return future
            starts = lane.threads < self._width
            lane.threads += starts
        if starts:
            name = f"store-{key}"[:60]
            threading.Thread(target=self._serve, args=(key, lane), name=name, daemon=True).start()
        return future

    def _serve(self, key: Hashable, lane: _Lane) -> None:
        while (job := self._next(key, lane)) is not None:
            _run(*job)
            del job  # keep no result alive while idle

    def _next(self, key: Hashable, lane: _Lane) -> Job | None:
        with self._mutex:
            if not lane.jobs:
                lane.idle += 1
                lane.arrival.wait_for(lambda: bool(lane.jobs), IDLE_S)
                lane.idle -= 1
            if lane.jobs:
                return lane.jobs.popleft()
            lane.threads -= 1
            if not lane.threads and self._lanes.get(key) is lane:
                del self._lanes[key]
            return None


class _Lane:
    """One queue. Everything in it is guarded by the mutex of all lanes."""

    def __init__(self, arrival: threading.Condition) -> None:
        self.arrival = arrival
        self.jobs: deque[Job] = deque()
        self.threads = 0
        self.idle = 0


def _run(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)

"""Which lists' locks are held at look after look. Takes none: each system tells of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Mapping

from store.model.errors import LockHolder
from store.model.snapshot import LockHold
from store.model.task import ListKey

LEAST_HELD_S = 5.0
"""A lock that is not seen free for so long is told of; what is held for an edit is not news."""
LOOK_EVERY_S = 1.0

Holders = Callable[[Collection[ListKey]], Mapping[ListKey, LockHolder]]
"""Those of the lists whose lock is held now; see `System.lock_holders`."""


class LockWatch:
    """Remembers since when each lock was not seen free. Not thread-safe."""

    def __init__(self, holders: Holders, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._holders = holders
        self._next = 0.0
        self._held: dict[ListKey, LockHold] = {}
        self._told: dict[ListKey, LockHold] = {}

    def look(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHold]:
        """The locks that were not seen free for long; the same values while that holds.

        Args:
            keys: the lists. Asked about once a second at most.
        """
        now = self._clock()
        if self._next - LOOK_EVERY_S <= now < self._next:
            return self._told
        self._next = now + LOOK_EVERY_S
        held: dict[ListKey, LockHold] = {}
        for key, holder in self._holders(keys).items() if keys else ():
            if holder.pid == os.getpid():
                continue
            before = self._held.get(key)
            is_same = before is not None and before.holder.pid == holder.pid
            held[key] = before if before is not None and is_same else LockHold(holder, now)
        self._held = held
        self._told = {k: one for k, one in held.items() if now - one.since >= LEAST_HELD_S}
        return self._told

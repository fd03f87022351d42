"""Which lists' locks are held at look after look. It takes no lock, and asks only the kernel."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping

from store.files.holders import Identity, holders_of
from store.files.lock import LOCK_NAME
from store.model.errors import LockHolder
from store.model.snapshot import LockHold
from store.model.task import ListKey

LEAST_HELD_S = 5.0
"""A lock that is not seen free for so long is told of; what is held for an edit is not news."""
LOOK_EVERY_S = 1.0


class LockWatch:
    """Remembers since when each lock was not seen free. Not thread-safe."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        holders: Callable[[list[Identity]], Mapping[Identity, LockHolder]] = holders_of,
    ) -> None:
        self._clock = clock
        self._holders = holders
        self._next = 0.0
        self._held: dict[ListKey, LockHold] = {}
        self._told: dict[ListKey, LockHold] = {}

    def look(self, paths: Mapping[ListKey, str]) -> Mapping[ListKey, LockHold]:
        """The locks that were not seen free for long; the same values while that holds.

        Args:
            paths: the directory of each list. Looked at once a second at most.
        """
        now = self._clock()
        if self._next - LOOK_EVERY_S <= now < self._next:
            return self._told
        self._next = now + LOOK_EVERY_S
        identities = {key: found for key, path in paths.items() if (found := _identity(path))}
        holders = self._holders(list(identities.values())) if identities else {}
        held: dict[ListKey, LockHold] = {}
        for key, identity in identities.items():
            holder = holders.get(identity)
            if holder is None or holder.pid == os.getpid():
                continue
            before = self._held.get(key)
            is_same = before is not None and before.holder.pid == holder.pid
            held[key] = before if before is not None and is_same else LockHold(holder, now)
        self._held = held
        self._told = {k: one for k, one in held.items() if now - one.since >= LEAST_HELD_S}
        return self._told


def _identity(path: str) -> Identity | None:
    try:
        found = os.lstat(os.path.join(path, LOCK_NAME))
    except OSError:
        return None
    return found.st_dev, found.st_ino

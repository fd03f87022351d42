"""Lists that were put away as a whole: left out of what is merged and counted, but not forgotten.

Pure. One of them is shown where it is asked for by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot, TaskList
from store.model.task import ListKey


class PutAway:
    """Tells the lists in use from the others, once for each snapshot."""

    def __init__(self) -> None:
        self.lists: Mapping[ListKey, TaskList] = {}
        """Those of the last snapshot that were put away."""
        self._of: tuple[Snapshot, ListKey | None] = (EMPTY_SNAPSHOT, None)
        self._in_use = EMPTY_SNAPSHOT

    def without(self, snapshot: Snapshot, only: ListKey | None) -> Snapshot:
        """The snapshot with the lists in use, and with the one that is to be shown alone. The
        same object for the same question; the very snapshot where nothing was put away.
        """
        if (snapshot, only) != self._of:
            self._of = (snapshot, only)
            lists = snapshot.lists
            away = {k: one for k, one in lists.items() if one.info.archived_at is not None}
            self.lists = away
            if away:
                kept = {k: one for k, one in lists.items() if k not in away or k == only}
                snapshot = replace(snapshot, lists=kept)
            self._in_use = snapshot
        return self._in_use

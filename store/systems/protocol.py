"""What a system that owns task lists must offer. The contract tests hold every system to it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from store.model.edits import Edit, EditResult
from store.model.snapshot import TaskList
from store.model.task import ListKey


class System(Protocol):
    """One tool's lists. All calls are synchronous, may block up to the lock wait, and are made
    from worker threads; reading never writes, locks or creates anything.
    """

    name: str

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The lists under a root, in name order. A root that is not there has none."""
        ...

    def load(self, key: ListKey, previous: TaskList | None = None) -> TaskList:
        """Scan one list; reuse every `Task` of `previous` whose revision did not move.

        Returns `previous` itself when nothing moved.

        Raises:
            ListGone: the directory is no longer there.
        """
        ...

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The list that a changed path belongs to, None if it may be a new or foreign one."""
        ...

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit under the owner's lock, all or nothing.

        Raises:
            ColonytopError: one of `store.model.errors`; nothing was written.
        """
        ...

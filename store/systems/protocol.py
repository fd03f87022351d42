"""What a system that owns task lists must offer. The contract tests hold every system to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import LockHolder
from store.model.facts import SystemFacts
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId


class System(Protocol):
    """One tool's lists. All calls are synchronous, may block up to the lock wait, and are made
    from worker threads; reading never writes, locks or creates anything.
    """

    @property
    def name(self) -> str:
        """As in `ListKey.system`."""
        ...

    @property
    def facts(self) -> SystemFacts:
        """What is said of it."""
        ...

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and the id of the one list whose own directory or file a path is; None: it is
        none of this system, so a path that is given as a root is a root. Looks, changes nothing.
        """
        ...

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The lists under a root, in name order. A root that is not there has none."""
        ...

    def problems(self, root: Path) -> Sequence[Problem]:
        """What under a root was passed over when lists were last discovered, and why."""
        ...

    def load(
        self,
        key: ListKey,
        previous: TaskList | None = None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> TaskList:
        """Scan one list; reuse every `Task` of `previous` whose revision did not move.

        Returns `previous` itself when nothing moved.

        Args:
            key: the list.
            previous: what the last load of this list returned.
            changed: look only at these paths; None looks at all records.
            quick: look at what is cheap to see, and at the rest in turn, a part with each call.
            limit: read at most so many records that were never read (see `is_settled`).

        Raises:
            ListGone: the directory is no longer there.
        """
        ...

    def is_settled(self, key: ListKey) -> bool:
        """False: a record is half written or was not read yet; load again soon."""
        ...

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a list may appear or a record change, as last discovered."""
        ...

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The list that a changed path belongs to, None if it may be a new or foreign one."""
        ...

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """Those of the lists whose lock is held now, with what is known of who holds it. Takes no
        lock; {} where the system has none on disk.
        """
        ...

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit under the owner's lock, all or nothing.

        The result holds in `before` what was read under that lock, for an inverse.

        Raises:
            CommittedPending: it is made, and the next writer finishes what is left of it;
                `result` is what this would have returned.
            ColonytopError: any other of `store.model.errors`; nothing was written.
        """
        ...

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list in one commit under one lock; later ones see the earlier ones.

        Args:
            edits: all of the same list, in the order in which they are made.
            all_or_none: make none if one is refused; else make those that can be made and name
                the others as failures.

        Raises:
            BatchRefused: with each edit that was refused; nothing was written.
            CommittedPending: what `result` says is made, the next writer finishes what is left.
            ColonytopError: any other of `store.model.errors`; nothing was written.
        """
        ...

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Mend what is wrong with one list on disk, or say what that would do.

        Raises:
            ColonytopError: it could not be mended, or not all of it.
        """
        ...

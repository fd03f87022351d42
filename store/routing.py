"""The way of edits through a workspace: what may be written at all, and which system writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from store.model.edits import BatchRefused, BatchResult, Edit, EditFailure, EditResult
from store.model.errors import EditRefused, ListNotFound
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey
from store.systems.protocol import System


class EditRouter:
    """The writing half of a workspace. Thread-safe."""

    read_only: bool
    _systems: dict[str, System]
    _shown: Mapping[ListKey, TaskList]

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit through the system that owns the list.

        Raises `ColonytopError`: nothing was written, unless it is `CommittedPending`.
        """
        if (refusal := self.refusal(edit)) is not None:
            raise EditRefused(refusal)
        return self._system(edit.list).apply(edit)

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list in one commit; see `System.apply_all`.

        Raises:
            BatchRefused: all or none were asked for and some cannot be made; nothing was written.
            CommittedPending: made, and its `result` is the `BatchResult`; the next writer in the
                list finishes what is left of it.
            ColonytopError: nothing was written.
            ValueError: the edits are not all of one list.
        """
        if len({edit.list for edit in edits}) > 1:
            raise ValueError("the edits of one batch belong to one list")
        failures = [
            EditFailure(edit, EditRefused(refusal))
            for edit in edits
            if (refusal := self.refusal(edit)) is not None
        ]
        if failures and all_or_none:
            raise BatchRefused(failures, len(edits))
        refused = {id(failure.edit) for failure in failures}
        allowed = [edit for edit in edits if id(edit) not in refused]
        if not allowed:
            return BatchResult((), tuple(failures))
        made = self._system(edits[0].list).apply_all(allowed, all_or_none=all_or_none)
        places = {id(edit): place for place, edit in enumerate(edits)}
        failures = sorted([*failures, *made.failures], key=lambda f: places[id(f.edit)])
        return BatchResult(made.results, tuple(failures))

    def refusal(self, edit: Edit) -> str | None:
        """The sentence that says why an edit is not allowed here, as far as can be told ahead."""
        if self.read_only:
            return "colonytop was opened read-only"
        known = self._shown.get(edit.list)
        return known.info.capabilities.refusal(edit.verb) if known else None

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Mend what is wrong with one list on disk, or say what that would do; see `System`."""
        if self.read_only and not dry_run:
            raise EditRefused("colonytop was opened read-only")
        return self._system(key).repair(key, dry_run=dry_run)

    def _system(self, key: ListKey) -> System:
        system = self._systems.get(key.system)
        if system is None:
            raise ListNotFound(key.id, f"the system {key.system!r}, which is not known here")
        return system

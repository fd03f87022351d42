"""Edits as values → changes of the native lists, and what came of them → tasks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from store.files.paths import locate
from store.files.places import stamp
from store.files.transaction import Durability
from store.model.edits import BatchResult, CreateTask, DeleteTask, Edit, EditResult, RestoreTask
from store.model.errors import ColonytopError, ListGone
from store.systems.hive.batch import Stepped, plan_batch, plan_one
from store.systems.hive.steps import stepper_of
from store.systems.hive.writing import ListWriter


class Editor(ListWriter):
    """Makes edits in the lists under one root. Safe to share between threads."""

    def __init__(
        self, root: Path, lock_timeout_s: float, durability: Durability = Durability.POWER
    ) -> None:
        super().__init__(root, lock_timeout_s, durability)

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit. A list that is gone is not made again, unless the edit says so.

        Raises:
            CommittedPending: it is made, and the next writer finishes what is left of it;
                `result` is what this would have returned.
            ColonytopError: why it was not made; nothing was written.
        """
        self._refuse_gone([edit])
        stepper = stepper_of(edit)
        plan = partial(plan_one, edit=edit, stepper=stepper)
        list_id = edit.list.id
        if _may_need_directories(edit):
            return self._make(list_id, plan, None)
        if isinstance(edit, (CreateTask, DeleteTask, RestoreTask)):
            made = self._change(list_id, plan, None, None)
        else:
            made = self._staged(list_id, plan, None, None)
        if made is None:
            raise ListGone(list_id, str(self.root))
        return made

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list in one change; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        if len({edit.list for edit in edits}) > 1:
            raise ValueError("the edits of one batch belong to one list")
        self._refuse_gone(edits)
        steps = [_stepped(edit) for edit in edits]
        plan = partial(plan_batch, steps=steps, all_or_none=all_or_none)
        list_id = edits[0].list.id
        if any(_may_need_directories(edit) for edit, stepper in steps if callable(stepper)):
            return self._make(list_id, plan, None)
        made = self._change(list_id, plan, None, None)
        if made is None:
            raise ListGone(list_id, str(self.root))
        return made

    def _refuse_gone(self, edits: Sequence[Edit]) -> None:
        if any(isinstance(edit, CreateTask) and edit.starts_list for edit in edits):
            return
        list_id = edits[0].list.id
        if stamp(self.root.joinpath(*locate(self.root, list_id))) is None:
            raise ListGone(list_id, str(self.root))


def _may_need_directories(edit: Edit) -> bool:
    """Whether it can be the first of its list: a task that names a blocker never is."""
    return isinstance(edit, CreateTask) and not edit.blocked_by


def _stepped(edit: Edit) -> Stepped:
    try:
        return edit, stepper_of(edit)
    except ColonytopError as error:
        return edit, error

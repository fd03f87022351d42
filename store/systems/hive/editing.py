"""Edits as values → changes of the native lists, and what came of them → tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from store.files.paths import locate
from store.files.places import stamp
from store.files.transaction import Durability
from store.files.txn_record import MAX_OPS
from store.model.edits import BatchResult, CreateTask, DeleteTask, Edit, EditResult, RestoreTask
from store.model.errors import ColonytopError, ListGone
from store.model.task import TaskId
from store.systems.hive.batch import Stepped, plan_batch, plan_one
from store.systems.hive.deleting import Deleted, strip_rest
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
        return self._without_edges(made) if isinstance(edit, DeleteTask) else made

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
        return replace(made, results=tuple(map(self._without_edges, made.results)))

    def _without_edges(self, made: EditResult) -> EditResult:
        """What a delete did, after the edges are gone too that one change had no room for."""
        if not isinstance(made.edit, DeleteTask) or len(made.stripped) < MAX_OPS - 1:
            return made
        list_id = made.edit.list.id
        more = strip_rest(
            list_id,
            int(made.edit.key.id),
            Deleted(True, has_more=True),
            lambda strip: self._change(list_id, strip, None, Deleted(True)),
        )
        rest = tuple(TaskId(str(number)) for number in more.stripped)
        return replace(made, stripped=made.stripped + rest)

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

"""Which dialog a steering key opens. Each is imported when it is asked for: the first paint does
without them.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.screen import ModalScreen

from store.model.edits import Edit, EditBatch
from store.model.task import TaskKey, Verb
from tui.view_state import Frame

BULK_VERBS = frozenset({Verb.UNBLOCK, Verb.ASSIGN, Verb.STATUS, Verb.RELEASE, Verb.DELETE})
"""What can be done to all marked tasks in one step."""


def dialog_on_task(
    verb: Verb, frame: Frame, key: TaskKey, operator: str | None = None
) -> ModalScreen[Edit | None]:
    """The dialog of a verb on one task.

    Args:
        operator: who is named where the system keeps who did it.
    """
    if verb is Verb.UNBLOCK:
        from tui.screens.unblock import UnblockScreen

        return UnblockScreen(frame, key)
    if verb is Verb.ASSIGN:
        from tui.screens.assign import AssignScreen

        return AssignScreen(frame, key)
    if verb is Verb.STATUS:
        from tui.screens.status import StatusScreen

        return StatusScreen(frame, key)
    if verb is Verb.EDIT:
        from tui.screens.edit_task import EditScreen

        return EditScreen(frame, key)
    if verb is Verb.RELEASE:
        from tui.screens.release import ReleaseScreen

        return ReleaseScreen(frame, key)
    if verb is Verb.DELETE:
        from tui.screens.delete import DeleteScreen

        return DeleteScreen(frame, key)
    if verb is Verb.TICK:
        from tui.screens.tick import TickScreen

        return TickScreen(frame, key, operator)
    if verb is Verb.RETRIES:
        from tui.screens.retries import RetriesScreen

        return RetriesScreen(frame, key)
    raise ValueError(f"no dialog for {verb.value}")


def dialog_on_tasks(
    verb: Verb, frame: Frame, keys: Iterable[TaskKey]
) -> ModalScreen[EditBatch | None]:
    """The dialog of one of `BULK_VERBS` on several tasks."""
    from tui.screens import bulk_confirm, bulk_pickers

    if verb is Verb.UNBLOCK:
        return bulk_pickers.BulkUnblockScreen(frame, keys)
    if verb is Verb.ASSIGN:
        return bulk_pickers.BulkAssignScreen(frame, keys)
    if verb is Verb.STATUS:
        return bulk_pickers.BulkStatusScreen(frame, keys)
    if verb is Verb.RELEASE:
        return bulk_confirm.BulkReleaseScreen(frame, keys)
    if verb is Verb.DELETE:
        return bulk_confirm.BulkDeleteScreen(frame, keys)
    raise ValueError(f"{verb.value} is done to one task at a time")

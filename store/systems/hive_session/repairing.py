"""Mending a document's list: edges that do not agree, and what interrupted edits left behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.model.edits import EditFailure, UpdateTask
from store.model.mending import edge_mendings, mended
from store.model.planning import plan_edits
from store.model.repairs import Repair, RepairKind
from store.model.task import TaskId
from store.systems.hive_session.document import DOCUMENT_LIMIT
from store.systems.hive_session.layouts import DOCUMENT
from store.systems.hive_session.loading import DocumentLoader, leftovers

if TYPE_CHECKING:
    from store.systems.hive_session.editing import DocumentEditor


def repair_list(
    loader: DocumentLoader, editor: DocumentEditor | None, kept: Collection[bytes]
) -> list[Repair]:
    """Mend one list, or say what that would do.

    Args:
        loader: the list.
        editor: makes the edits; None: nothing is written.
        kept: copies of the document that are kept elsewhere.

    Raises:
        ColonytopError: nothing was mended, or not all; it can be tried again.
    """
    task_list = loader.now()

    def make(edits: Sequence[UpdateTask]) -> Sequence[EditFailure]:
        if editor is not None:
            return editor.make(edits, all_or_none=False).failures
        return plan_edits(task_list, edits, all_or_none=False, new_id=_none_is_new).failures

    highest = max([task_list.highest_id or 0, *map(int, task_list.tasks)])
    mendings = list(edge_mendings(loader.key, task_list.tasks, highest))
    with open_directory(loader.directory) as directory:
        beside = list(_leftovers(directory, kept, is_dry_run=editor is None))
    return [*beside, *mended(mendings, make)]


def _leftovers(
    directory: Directory, kept: Collection[bytes], *, is_dry_run: bool
) -> Iterator[Repair]:
    """Only what holds nothing that is not held elsewhere too goes away."""
    for name in leftovers(directory):
        try:
            content = directory.read_bytes(name, DOCUMENT_LIMIT)
            is_same = content in (*kept, directory.read_bytes(DOCUMENT, DOCUMENT_LIMIT))
        except (OSError, UnreadableFile):
            is_same = False
        place = directory.path_of(name)
        if is_same:
            if not is_dry_run:
                directory.unlink(name)
            text = f"the temporary file {name} is removed"
            yield Repair(RepairKind.REMOVE_LEFTOVER, text, path=place)
        else:
            text = f"{name} is no document that is known: look at it, then remove it yourself"
            yield Repair(RepairKind.LEAVE, text, path=place)


def _none_is_new(*_: object) -> TaskId:
    raise AssertionError("mending creates no task")

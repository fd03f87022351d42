"""The tray of collected edits: nothing that was decided on gets lost between two drafts."""

from __future__ import annotations

from typing import cast

from store.model.edits import BatchResult, EditFailure, UpdateTask
from store.model.errors import EditRefused
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from tui.drafting import Draft
from tui.safe_text import one_line
from tui.screens.colony import ColonyScreen
from tui.tray import Tray

LIST = ListKey("hive", "/root", TaskListId("demo"))
ONE, TWO, THREE = (UpdateTask(TaskKey(LIST, TaskId(i)), owner="zoe") for i in "123")


class Silent:
    """A screen on which nothing is looked at."""

    def say(self, *_: object) -> None: ...

    def show_frame(self) -> None: ...


def a_tray_while_its_first_draft_is_written() -> tuple[Tray, Draft]:
    """The tray and its second draft, opened before the first one came back unmade."""
    tray = Tray(cast(ColonyScreen, Silent()))
    tray.collect([ONE], one_line("collected"))
    batch = tray.leave(tray.draft, tray.draft, is_to_be_made=True)
    assert batch is not None
    assert batch.edits == (ONE,)
    tray.collect([TWO, THREE], one_line("collected"))
    opened = tray.draft
    assert tray.settle(batch, BatchResult((), (EditFailure(ONE, EditRefused("no")),)))
    return tray, opened


def test_leave_keeps_what_came_back_while_the_draft_was_open() -> None:
    tray, opened = a_tray_while_its_first_draft_is_written()
    assert tray.leave(opened, opened.without(0), is_to_be_made=False) is None
    assert tray.draft.edits == (ONE, THREE)


def test_leave_writes_only_what_was_seen_in_the_open_draft() -> None:
    tray, opened = a_tray_while_its_first_draft_is_written()
    batch = tray.leave(opened, opened, is_to_be_made=True)
    assert batch is not None
    assert batch.edits == (TWO, THREE)
    assert tray.draft.edits == (ONE,)

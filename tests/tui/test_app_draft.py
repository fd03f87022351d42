"""Collecting edits on a real root: nothing is written before the draft is."""

from __future__ import annotations

from tests.tui.conftest import Colony, OpenSession
from tui.screens.bulk_failures import FailuresScreen
from tui.screens.draft import DraftScreen
from tui.screens.quit import QuitScreen
from tui.screens.status import StatusScreen


async def test_edits_are_collected_until_the_draft_is_written_as_one_step(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("d", "a", *"zoe", "enter")
        await session.until(lambda: session.frame.draft_count == 1)
        assert "DRAFT 1" in session.text().splitlines()[0]
        await session.press("s", "i", "enter")
        await session.until(lambda: session.frame.draft_count == 2)
        assert colony.read(6)["owner"] is None
        await session.press("X", "y")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        assert colony.read(6)["status"] == "in_progress"
        await session.until(lambda: "draft of 2 edits: done" in session.text().splitlines()[-2])
        assert session.frame.draft_count == 0
        assert "DRAFT 0" in session.text().splitlines()[0], "it still collects"


async def test_next_dialog_shows_the_task_as_the_draft_leaves_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("d", "s", "d", "enter")
        await session.until(lambda: session.frame.draft_count == 1)
        await session.press("s")
        await session.until(lambda: isinstance(session.app.screen, StatusScreen))
        assert session.app.screen.target.native_status == "completed"
        await session.press("p", "enter")
        await session.until(lambda: session.frame.draft_count == 2)
        assert session.app.main.steering.tray.draft.edits[1].expected == {"status": "completed"}


async def test_draft_that_grew_old_is_refused_whole_and_stays(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40), goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("d", "a", *"zoe", "enter", "j", "a", *"zoe", "enter")
        await session.until(lambda: session.frame.draft_count == 2)
        colony.write(6, owner="dee")
        await session.press("X", "y")
        await session.until(lambda: isinstance(session.app.screen, FailuresScreen))
        assert "in the draft again" in session.text()
        await session.press("escape")
        await session.until(lambda: session.frame.draft_count == 2)
        owners = {colony.read(n)["owner"] for n in range(1, 8)}
        assert "zoe" not in owners, "all or none"


async def test_bulk_edit_is_collected_edit_by_edit_and_one_can_be_taken_out(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/1") as session:
        await session.until_selected(1)
        await session.press("d", "@", "R", "y")
        await session.until(lambda: session.frame.draft_count == 2)
        await session.press("X")
        await session.until(lambda: isinstance(session.app.screen, DraftScreen))
        await session.press("x", "y")
        await session.until(lambda: colony.read(7)["owner"] is None)
        assert colony.read(1)["owner"] == "ann"


async def test_undo_in_a_draft_takes_out_the_last_edit_and_writes_nothing(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("a", *"zoe", "enter")
        await session.until(lambda: colony.read(6)["owner"] == "zoe")
        await session.press("d", "s", "i", "enter")
        await session.until(lambda: session.frame.draft_count == 1)
        await session.press("z")
        await session.until(lambda: session.frame.draft_count == 0)
        assert "out of the draft: #6 status" in session.text().splitlines()[-2]
        await session.press("z", "Z", "d", "z")
        await session.until(lambda: colony.read(6)["owner"] is None)


async def test_quit_with_a_draft_asks_first(colony: Colony, open_session: OpenSession) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("d", "a", *"zoe", "enter")
        await session.until(lambda: session.frame.draft_count == 1)
        await session.press("q")
        await session.until(lambda: isinstance(session.app.screen, QuitScreen))
        await session.press("n")


async def test_d_again_writes_at_once_and_keeps_what_is_collected(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        await session.press("d", "a", *"zoe", "enter")
        await session.until(lambda: session.frame.draft_count == 1)
        await session.press("d", "s", "i", "enter")
        await session.until(lambda: colony.read(6)["status"] == "in_progress")
        assert colony.read(6)["owner"] is None
        assert "DRAFT 1" in session.text().splitlines()[0]

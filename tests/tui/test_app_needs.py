"""The queue in the app: the lens, what it selects, and the keys that answer it."""

from __future__ import annotations

import time
from pathlib import Path

from store.model.task import TaskKey
from tests.tui.conftest import Colony, OpenSession, Session
from tui.screens.release import ReleaseScreen
from tui.screens.status import StatusScreen
from tui.screens.unblock import UnblockScreen
from tui.settings import Settings
from tui.view_state import Lens
from tui.widgets.header_bar import HeaderBar
from tui.widgets.lens_bar import LensBar
from tui.widgets.needs_pane import NeedsPane
from tui.widgets.task_table import TaskTable


def stuck(root: Path) -> Colony:
    """#1 silent and holding #2 and #3; #4 waits on what is not there; #5 is calm."""
    colony = Colony(root, "stuck")
    long_ago = time.time() - 7200
    colony.write(1, "Held by cy", owner="cy", status="in_progress", updated_at=long_ago)
    colony.write(2, "Waits", owner="ann", blocked_by=[1])
    colony.write(3, "Waits too", owner="ann", blocked_by=[2])
    colony.write(4, "Never", owner="bo", blocked_by=[2, 77])
    colony.write(5, "Calm", owner="bo", status="in_progress")
    colony.write(6, "For ever", owner="bo", blocked_by=[99])
    return colony


def selected(session: Session) -> str | None:
    key: TaskKey | None = session.frame.selected
    return key.id if key else None


async def test_lens_6_shows_the_queue_and_all_counts_agree_with_its_rows(
    tmp_path: Path, open_session: OpenSession
) -> None:
    async with open_session(stuck(tmp_path), size=(160, 48)) as session:
        await session.press("6")
        await session.until(lambda: session.app.main.needs is not None)
        pane = session.app.main.query_one(NeedsPane)
        assert pane.display
        assert not session.app.main.query_one(TaskTable).display
        assert session.app.focused is pane
        rows = len(pane.rows)
        assert rows == len(pane.queue) == 2
        assert session.app.main.query_one(LensBar).counts[Lens.NEEDS_YOU] == rows
        assert f"⚑ {rows} " in session.app.main.query_one(HeaderBar).render().plain
        await session.press("1")
        await session.until(lambda: session.app.main.query_one(TaskTable).display)
        assert session.app.focused is session.app.main.query_one(TaskTable)


async def test_what_holds_most_is_freed_in_three_keys(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = stuck(tmp_path)
    async with open_session(colony) as session:
        await session.press("6", "R", "y")
        await session.until(lambda: colony.read(1)["owner"] is None, "the release")
        assert colony.read(1)["status"] == "pending"


async def test_enter_opens_the_picker_that_answers_the_need_of_that_task(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = stuck(tmp_path)
    async with open_session(colony) as session:
        await session.press("6", "enter")
        await session.until(lambda: isinstance(session.app.screen, ReleaseScreen))
        await session.press("escape", "j")
        await session.until(lambda: selected(session) == "6")
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, UnblockScreen))
        await session.press("enter")
        await session.until(lambda: colony.read(6)["blocked_by"] == [])


async def test_failed_task_is_retried_from_the_queue_with_two_keys(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = Colony(tmp_path, "failed")
    kept = {"compound": {"state": "failed", "attempts": 2, "error": "no oven"}}
    colony.write(1, "Smelt it", status="in_progress", metadata=kept)
    colony.write(2, "Next", owner="ann", status="in_progress", blocked_by=[1])
    async with open_session(colony) as session:
        await session.press("6")
        await session.until(lambda: session.app.main.needs is not None)
        (need,) = session.app.main.query_one(NeedsPane).queue.needs()
        assert need.text == "failed, attempt 2: no oven"
        await session.press("enter")
        await session.until(lambda: isinstance(session.app.screen, StatusScreen))
        await session.press("enter")
        await session.until(lambda: colony.read(1)["status"] == "pending", "the retry")


async def test_standstill_of_a_list_leads_to_the_task_that_holds_most(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = stuck(tmp_path)
    colony.write(5, "Calm", owner="bo", status="completed")
    async with open_session(colony) as session:
        await session.press("6")
        await session.until(lambda: session.app.main.needs is not None)
        pane = session.app.main.query_one(NeedsPane)
        assert pane.rows[0].facts.need.task is None
        assert selected(session) is None
        await session.press("enter")
        await session.until(lambda: selected(session) == "1")
        assert session.frame.view.lens is Lens.ALL
        assert session.app.main.has_class("-detail")


async def test_need_of_a_whole_list_is_told_whole_where_its_row_has_no_room(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = stuck(tmp_path)
    colony.write(5, "Calm", owner="bo", status="completed")
    async with open_session(colony) as session:
        await session.press("6")
        told = "⚑ nothing can start: 4 blocked, 1 of them for ever"
        await session.until(lambda: told in session.text().splitlines()[-2], session.text())
        await session.press("w")
        await session.until(lambda: session.text().count(told) == 2, "also in the detail")
        await session.press("escape", "j")
        await session.until(lambda: " #1 ⚑" in session.text().splitlines()[-2])


async def test_keys_that_a_keymap_moved_are_told_as_they_are_now(
    tmp_path: Path, open_session: OpenSession
) -> None:
    settings = Settings(keymap={"task.release": "f8", "task.unblock": "f9"})
    async with open_session(stuck(tmp_path), settings=settings, goto="stuck/1") as session:
        await session.until_selected(1)
        await session.press("w")

        def rows() -> list[str]:
            found: list[str] = session.text().splitlines()
            return found[:-2]

        await session.until(lambda: any("f8" in row for row in rows()), "in the detail")
        assert "silent (f8)" in session.text().splitlines()[-2]
        await session.press("escape", "6")
        await session.until(lambda: session.app.main.needs is not None)
        await session.until(lambda: any(" f8 " in row for row in rows()), "in the queue")
        await session.press("f8")
        await session.until(lambda: isinstance(session.app.screen, ReleaseScreen))


async def test_read_only_queue_opens_the_detail_instead(
    tmp_path: Path, open_session: OpenSession
) -> None:
    colony = stuck(tmp_path)
    async with open_session(colony, read_only=True) as session:
        await session.press("6", "enter")
        await session.until(lambda: session.app.main.has_class("-detail"))
        assert colony.read(1)["owner"] == "cy"


async def test_search_and_back_keep_the_focus_on_the_queue(
    tmp_path: Path, open_session: OpenSession
) -> None:
    async with open_session(stuck(tmp_path)) as session:
        pane = session.app.main.query_one(NeedsPane)
        await session.press("6", "/", *"ever", "enter")
        await session.until(lambda: len(pane.rows) == 1)
        await session.until(lambda: session.app.focused is pane)
        await session.until(lambda: selected(session) == "6")
        await session.press("escape")
        await session.until(lambda: len(pane.rows) == 2)
        await session.press("M")
        await session.until(lambda: pane.has_class("-zoom"))
        assert pane.display
        await session.press("escape")
        assert session.app.focused is pane

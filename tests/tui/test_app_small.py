"""The main screen where room is scarce, and where the keys belong to something else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tui.conftest import Colony, OpenSession
from tui.screens.status import StatusScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.lens_bar import SearchInput

NOTE = "small: 80x24 shows more"


def panes_shown(session: Any) -> set[str]:
    return {pane.id for pane in session.app.main.query(".pane") if pane.region}


async def test_main_at_20x5_is_the_header_and_the_list(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(20, 5)) as session:
        await session.until(lambda: "live" in session.text().splitlines()[0])
        assert panes_shown(session) == {"tasks"}
        assert session.app.main.table.region.height == 4
        lines = session.text().splitlines()
        assert "Subject" in lines[1]
        assert "1 ▸ Crawl" in lines[3]
        assert "ann" not in session.text()


@pytest.mark.parametrize("size", [(40, 10), (79, 24), (80, 23)])
async def test_main_below_80x24_keeps_the_list_and_says_that_there_is_more(
    colony: Colony, open_session: OpenSession, size: tuple[int, int]
) -> None:
    async with open_session(colony, size=size) as session:
        await session.until(lambda: "live" in session.text().splitlines()[0])
        assert panes_shown(session) == {"tasks"}
        assert NOTE in session.text().splitlines()[-1]
        assert "Crawl" in session.text()


async def test_main_resized_to_small_and_back_says_so_only_while_it_is(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        assert NOTE not in session.text()
        await session.pilot.resize_terminal(40, 10)
        await session.until(lambda: NOTE in session.text().splitlines()[-1])
        await session.pilot.resize_terminal(20, 5)
        await session.until(lambda: session.app.main.table.region.height == 4)
        assert "live" in session.text().splitlines()[0]
        await session.pilot.resize_terminal(80, 24)
        await session.until(lambda: "owners" in panes_shown(session))
        await session.until(lambda: NOTE not in session.text())


async def test_key_bar_note_moves_the_places_that_answer_a_click(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(79, 23)) as session:
        await session.until(lambda: "status" in session.app.main.query_one(KeyBar).words)
        place = session.text().splitlines()[-1].index("s status")
        await session.pilot.click("#key-bar", offset=(place, 0))
        await session.until(lambda: isinstance(session.app.screen, StatusScreen))
        await session.press("escape")


async def test_key_bar_says_nothing_while_a_dialog_has_the_keys(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, goto="demo/6") as session:
        await session.until_selected(6)
        bar = session.app.main.query_one(KeyBar)
        assert "assign" in bar.words
        await session.press("s")
        await session.until(lambda: isinstance(session.app.screen, StatusScreen))
        await session.until(lambda: not session.text().split("\n")[-1].strip())
        assert bar.words == []
        await session.press("escape")
        await session.until(lambda: "assign" in session.text().splitlines()[-1])


async def test_tab_goes_through_the_panes_and_never_into_the_search_line(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        seen = []
        for _ in range(6):
            await session.press("tab")
            seen.append(session.app.main.focused.id)
        assert {"tasks", "blockers", "owners", "activity"} <= set(seen)
        assert "search" not in seen


@pytest.mark.parametrize("way", ["slash", "click"])
async def test_search_line_takes_the_focus_when_asked_and_tab_leaves_it(
    colony: Colony, open_session: OpenSession, way: str
) -> None:
    async with open_session(colony) as session:
        if way == "slash":
            await session.press("slash")
        else:
            await session.pilot.click("#search")
        await session.until(lambda: isinstance(session.app.main.focused, SearchInput))
        await session.press("c", "r", "tab")
        assert session.frame.view.query == "cr"
        assert not isinstance(session.app.main.focused, SearchInput)

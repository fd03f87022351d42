"""The app on a real root: the search line's grammar, the order menu, saved views."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Static

from tests.tui.conftest import Colony, OpenSession
from tui.saved_views import SavedViews
from tui.screens.views import ViewsScreen
from tui.view_state import Grouping, Lens, SortKey, ViewState
from tui.widgets.lens_bar import SearchInput
from tui.widgets.status_line import StatusLine


def rows(session: Any) -> list[str]:
    projection = session.app.main.table.projection
    keys = [projection.key_at(row) for row in range(len(projection))]
    return [key.id for key in keys if key is not None]


def titles(session: Any) -> list[str]:
    return [group.title for group in session.app.main.table.projection.groups]


async def test_search_not_understood_keeps_the_last_good_one_and_says_where(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        await session.press("/", *"owner:bo")
        await session.until(lambda: sorted(rows(session)) == ["2", "4"])
        await session.press("|")
        await session.until(lambda: session.frame.query_error_at == 8)
        assert "nothing stands after |" in session.frame.query_error
        assert session.frame.view.query == "owner:bo"
        assert sorted(rows(session)) == ["2", "4"]
        await session.until(lambda: "nothing stands after |; at character 9" in session.text())
        await session.press("enter")
        assert isinstance(session.app.focused, SearchInput), "so that it can be mended"
        await session.press(*"#6", "enter")
        await session.until(lambda: sorted(rows(session)) == ["2", "4", "6"])
        assert session.frame.query_error is None
        assert session.app.focused is session.app.main.table


async def test_search_field_in_the_making_goes_back_to_what_was_in_force_before_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("/", *"owner:bo wave")
        await session.until(lambda: rows(session) == [])
        await session.press(":")
        await session.until(lambda: sorted(rows(session)) == ["2", "4"])
        assert session.frame.query_error is not None
        assert session.app.main.query_one(SearchInput).value == "owner:bo wave:"
        await session.press("2")
        await session.until(lambda: rows(session) == ["2"])


async def test_search_not_understood_typed_back_to_the_one_in_force_is_forgiven(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("/", "a", "|")
        await session.until(lambda: session.frame.query_error_at == 1)
        await session.press("backspace")
        await session.until(lambda: session.frame.query_error is None)
        await session.press("|", "escape")
        await session.until(lambda: session.frame.view.query == "")
        assert session.frame.query_error is None


async def test_search_about_time_follows_the_clock(
    colony: Colony, open_session: OpenSession
) -> None:
    written = colony.read(6)["updated_at"]
    colony.write(7, updated_at=written - 290)
    now = [written + 1]
    async with open_session(colony, clock=lambda: now[0]) as session:
        await session.press("/", *"changed<5m #7 | changed<5m #6", "enter")
        await session.until(lambda: sorted(rows(session)) == ["6", "7"])
        now[0] = written + 20
        await session.until(lambda: rows(session) == ["6"])


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("O", ["ann", "bo", "cy", "nobody"]),
        ("L", ["demo"]),
        ("S", ["active", "phantom", "blocked", "ready", "done"]),
        ("F", []),
    ],
)
async def test_order_menu_groups_by_a_letter(
    colony: Colony, open_session: OpenSession, key: str, expected: list[str]
) -> None:
    async with open_session(colony) as session:
        await session.press("o")
        await session.press(key)
        await session.until(lambda: titles(session) == expected, str(expected))


async def test_palette_groups_sorts_saves_and_shows_views(
    colony: Colony, open_session: OpenSession, tmp_path: Path
) -> None:
    saved = SavedViews(tmp_path / "views.json")
    async with open_session(colony, saved_views=saved) as session:

        async def run(text: str) -> None:
            await session.press(":")
            await session.until(lambda: session.app.screen is not session.app.main)
            await session.press(*text)
            await session.pilot.pause(0.5)
            await session.press("enter")

        await run("group owner")
        await session.until(lambda: session.frame.view.grouping is Grouping.OWNER)
        await session.press("2")
        await run("save mine")
        await session.until(lambda: "mine" in saved.views, "the view is saved")
        await session.press("1", "t")
        await session.until(lambda: session.frame.view.lens is Lens.ALL)
        await run("view mine")
        await session.until(lambda: session.frame.view.lens is Lens.READY)
        assert session.frame.view.grouping is Grouping.OWNER
    again = SavedViews(tmp_path / "views.json").find("mine")
    assert again == ViewState(lens=Lens.READY, grouping=Grouping.OWNER)


async def test_views_menu_saves_shows_and_forgets(
    colony: Colony, open_session: OpenSession, tmp_path: Path
) -> None:
    saved = SavedViews(tmp_path / "views.json")
    async with open_session(colony, saved_views=saved) as session:
        await session.press("4", "V", "s", *"stuck", "enter")
        await session.until(lambda: "stuck" in saved.views, "the view is saved")
        assert session.app.screen is session.app.main
        await session.press("1", "V", "enter")
        await session.until(lambda: session.frame.view.lens is Lens.BLOCKED)
        await session.press("V", "s", "enter")
        await session.until(lambda: "needs a name" in session.text(), "why it is not saved")
        await session.press("escape", "V", "D")
        await session.until(lambda: not saved.views, "the view is gone")


async def test_views_menu_shows_a_standard_view_by_its_letter_and_never_forgets_it(
    colony: Colony, open_session: OpenSession
) -> None:
    for number in (1, 2, 4, 5, 6):
        colony.write(number, updated_at=time.time() - 600)
    colony.write(7, updated_at=time.time() - 60)
    async with open_session(colony, size=(120, 40)) as session:
        await session.press("2", "V", "c")
        await session.until(lambda: rows(session) == ["3", "7"], "the newest first")
        assert session.frame.view.lens is Lens.ALL
        await session.press("V", "p", "escape")
        await session.until(lambda: session.frame.view == ViewState(lens=Lens.READY))
        await session.press("V", "c", "O", "escape")
        await session.until(lambda: session.frame.view.query == "")
        assert session.frame.view.sort is SortKey.AGE, "it was changed, so it is a view of its own"
        await session.press("V", "a")
        await session.until(lambda: session.frame.view == ViewState())
        await session.press("V", "D")
        await session.until(lambda: "always there" in session.text())
        await session.press("down", "enter")
        await session.until(lambda: session.frame.view.query == "is:root")
        await session.until(lambda: "view roots" in session.text())


async def test_palette_shows_a_standard_view(colony: Colony, open_session: OpenSession) -> None:
    async with open_session(colony) as session:
        await session.press(":")
        await session.until(lambda: session.app.screen is not session.app.main)
        await session.press(*"last five min")
        await session.until(lambda: "View: changed" in session.text())
        await session.press("enter")
        await session.until(lambda: session.frame.view.query == "changed<5m")


async def test_views_that_cannot_be_read_are_told_and_left_alone(
    colony: Colony, open_session: OpenSession, tmp_path: Path
) -> None:
    path = tmp_path / "views.json"
    path.write_text("{")
    saved = SavedViews(path)
    saved.try_load()
    async with open_session(colony, saved_views=saved, size=(120, 40)) as session:
        await session.press("V")
        await session.until(lambda: isinstance(session.app.screen, ViewsScreen))
        assert "not JSON" in str(session.app.screen.query_one("#hint", Static).render())
        await session.press("s", *"mine", "enter")
        await session.until(lambda: session.app.screen is session.app.main)
        told = session.app.main.query_one(StatusLine)
        await session.until(lambda: "not JSON" in told.message, "that it is not saved")
    assert path.read_text() == "{"


async def test_start_view_is_what_is_shown_first(colony: Colony, open_session: OpenSession) -> None:
    view = ViewState(query="owner:ann", sort=SortKey.ID, grouping=Grouping.FLAT)
    async with open_session(colony, view=view) as session:
        assert rows(session) == ["1", "7"]
        assert "owner:ann" in session.text()

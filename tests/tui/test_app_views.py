"""The app on a real root: panes by size, lenses, search, selection, pause, help, palette."""

from __future__ import annotations

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, Static

from tests.tui.conftest import Colony, OpenSession, Session
from tui.commands import COMMANDS
from tui.screens.help import HelpScreen
from tui.settings import Settings
from tui.view_state import ChangeSign, Grouping, Lens, SortKey
from tui.widgets.key_bar import KeyBar

FOUR = {"tasks", "blockers", "owners", "activity"}


@pytest.mark.parametrize(
    ("size", "panes"),
    [
        ((60, 24), {"tasks"}),
        ((100, 20), {"tasks"}),
        ((80, 24), FOUR),
        ((120, 40), FOUR),
        ((200, 60), FOUR | {"lists", "detail"}),
    ],
)
async def test_main_screen_at_a_size_shows_its_panes_whole_and_apart(
    colony: Colony, open_session: OpenSession, size: tuple[int, int], panes: set[str]
) -> None:
    async with open_session(colony, size=size) as session:
        shown = {w.id: w.region for w in session.app.screen.query(".pane") if w.region.area}
        assert set(shown) == panes
        whole = session.app.screen.region
        regions = list(shown.values())
        assert all(whole.contains_region(region) for region in regions)
        for place, region in enumerate(regions):
            assert not any(region.overlaps(other) for other in regions[place + 1 :])
        for name in ("header", "lenses", "status", "key-bar"):
            row = session.app.screen.query_one(f"#{name}").region
            assert (row.width, row.height) == (size[0], 1)


async def test_lens_keys_show_their_tasks_alone(colony: Colony, open_session: OpenSession) -> None:
    async with open_session(colony) as session:
        await session.press("2")
        assert session.frame.view.lens is Lens.READY
        table = session.app.main.table
        rows = [table.shows(session.task(number).key) for number in range(1, 8)]
        assert rows == [False, False, False, False, False, True, True]
        await session.press("1")
        assert table.shows(session.task(1).key)


async def test_search_filters_as_typed_and_escape_gives_all_back(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("slash", *"report")
        await session.until(lambda: session.frame.view.query == "report")
        await session.until_selected(3)
        assert not session.app.main.table.shows(session.task(1).key)
        await session.press("enter")
        await session.until(lambda: not isinstance(session.app.focused, Input))
        await session.press("escape")
        assert session.frame.view.query == ""
        assert session.app.main.table.shows(session.task(1).key)


async def test_search_next_goes_round_the_matches(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("slash", *"ann", "enter")
        await session.until(lambda: session.frame.view.query == "ann")
        await session.until_selected(1)
        order = []
        for _ in range(3):
            await session.press("n")
            order.append(session.frame.selected.id)
        assert order[0] != "1"
        assert "1" in order
        await session.press("N")
        assert session.frame.selected.id == order[1]


async def test_selection_follows_the_task_when_rows_come_and_go(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("t", "O")
        await session.press("G")
        key = session.frame.selected
        colony.write(8, "A task that sorts before it", status="in_progress", owner="bo")
        await session.until(lambda: session.task(8), "the new task")
        assert session.frame.selected == key
        assert session.app.main.table.cursor == key


async def test_change_on_disk_is_shown_with_a_mark_and_told_in_the_activity(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        colony.write(6, owner="dee")
        await session.until(lambda: session.task(6).owner == "dee")
        assert session.frame.marks[session.task(6).key].sign is ChangeSign.CHANGED
        await session.until(lambda: "#6" in session.text().split("Activity")[-1])
        await session.until(lambda: not session.frame.marks, "the mark ends")


async def test_pause_freezes_the_view_counts_what_arrives_and_shows_it_afterwards(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("p")
        colony.write(6, owner="dee")
        await session.until(lambda: session.frame.unseen_changes)
        assert session.task(6).owner is None
        await session.press("p")
        assert session.task(6).owner == "dee"
        assert session.frame.unseen_changes == 0


async def test_edge_keys_go_to_the_blocker_and_back_to_the_dependent(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.until_selected(1)
        await session.press("greater_than_sign")
        await session.until_selected(2)
        await session.press("greater_than_sign")
        await session.until_selected(3)
        await session.press("less_than_sign", "less_than_sign")
        await session.until_selected(1)


async def test_enter_opens_the_detail_and_escape_closes_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        detail = session.app.screen.query_one("#detail")
        assert not detail.display
        await session.press("enter")
        await session.until(lambda: detail.region.area)
        await session.press("escape")
        await session.until(lambda: not detail.display)


async def test_zoom_shows_the_focused_pane_alone_and_escape_all_again(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("tab")
        focused = session.app.focused
        await session.press("M")
        await session.until(lambda: focused.region.width == 80)
        assert [w.id for w in session.app.screen.query(".pane") if w.region.area] == [focused.id]
        await session.press("escape")
        await session.until(lambda: session.app.main.table.region.area)


async def test_lists_key_shows_the_lists_and_picking_one_narrows_the_table(
    colony: Colony, open_session: OpenSession
) -> None:
    other = Colony(colony.root, "other")
    other.write(1, "Another list's task")
    async with open_session(colony) as session:
        await session.press("L")
        lists = session.app.screen.query_one("#lists")
        await session.until(lambda: lists.has_focus)
        await session.press("down", "enter")
        await session.until(lambda: session.frame.view.list_key is not None)
        keys = session.app.main.table.projection.list_count
        assert keys == 1


async def test_sort_menu_and_grouping_keys_change_the_view(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("o", "s")
        await session.until(lambda: session.frame.view.sort is SortKey.STATUS)
        await session.press("O", "t")
        assert session.frame.view.descending
        assert session.frame.view.grouping is Grouping.FLAT


async def test_help_lists_the_live_keys_and_the_focused_panes_own_help(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 120)) as session:
        await session.press("question_mark")
        await session.until(lambda: isinstance(session.app.screen, HelpScreen))
        await session.until(lambda: "Pick the edges to cut." in session.text())
        assert "Steer" in session.text()
        await session.press("escape")
        await session.until(lambda: not session.app.main.has_dialog)


async def test_palette_finds_a_command_and_runs_it(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony) as session:
        await session.press("colon")
        await session.until(lambda: isinstance(session.app.screen, CommandPalette))
        await session.press(*"pause")
        await session.until(lambda: "View: pause" in session.text())
        await session.press("enter")
        await session.until(lambda: session.frame.paused)


async def test_palette_finds_a_task_whose_subject_is_markup_and_goes_there(
    colony: Colony, open_session: OpenSession
) -> None:
    colony.write(8, "[/nope] zebra [@click=app.quit]x[/] \x1b]52;c;aGk=\x07")
    async with open_session(colony) as session:
        await session.press("ctrl+p")
        await session.until(lambda: isinstance(session.app.screen, CommandPalette))
        await session.press(*"zebra")
        await session.until(lambda: "[/nope] zebra" in session.text())
        await session.press("enter")
        await session.until_selected(8)
        assert "\x1b" not in session.text()


async def test_goto_starts_on_the_task_named(colony: Colony, open_session: OpenSession) -> None:
    async with open_session(colony, goto="demo/3") as session:
        await session.until_selected(3)


async def test_keymap_of_the_settings_moves_a_key_in_footer_and_use(
    colony: Colony, open_session: OpenSession
) -> None:
    settings = Settings(keymap={"view.pause": "f7", "task.unblock": "U"})
    async with open_session(colony, settings=settings) as session:
        await session.press("p")
        assert not session.frame.paused
        await session.press("f7")
        await session.until(lambda: session.frame.paused)
        await session.until(lambda: " U unblock" in session.text().splitlines()[-1])


@pytest.mark.parametrize("width", [60, 80, 120, 200])
async def test_footer_at_a_width_shows_whole_words_best_ranked_first(
    colony: Colony, open_session: OpenSession, width: int
) -> None:
    async with open_session(colony, size=(width, 30)) as session:
        bar = session.app.screen.query_one(KeyBar)
        await session.until(lambda: bar.words)
        assert bar.words[:3] == ["help", "find", "open"]
        assert session.text().splitlines()[-1].endswith(bar.words[-1])
        assert ("quit" in bar.words) is (width == 200)


async def test_click_on_a_footer_word_does_what_its_key_does(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        column = session.text().splitlines()[-1].index("pause")
        await session.pilot.click("#key-bar", offset=(column, 0))
        await session.until(lambda: session.frame.paused)


async def test_hostile_text_in_every_field_reaches_no_pane_as_an_escape(
    colony: Colony, open_session: OpenSession
) -> None:
    evil = "[/x] \x1b[31m\x9b2J\u202e [link=http://x]a[/link] \\"
    colony.write(8, evil, owner=evil, description=evil, metadata={evil: evil}, active_form=evil)
    colony.block(3, by=8)
    async with open_session(colony, size=(200, 60), goto="demo/8") as session:
        await session.until_selected(8)
        await session.press("w", "question_mark", "escape", "tab", "tab")
        colony.write(8, evil + "again", owner=evil * 2)
        await session.until(lambda: session.task(8).subject.endswith("again"))
        shown = session.text()
        assert "[/x]" in shown
        assert not {"\x1b", "\x9b", "\u202e"} & set(shown)


async def test_click_on_an_owner_shows_exactly_his_tasks_and_again_everybodys(
    colony: Colony, open_session: OpenSession
) -> None:
    colony.write(8, "Ask ann about the index", owner="hannah")
    async with open_session(colony, size=(120, 40)) as session:
        table = session.app.main.table
        await session.until(lambda: "ann" in _pane_rows(session, "owners"))
        row = _pane_rows(session, "owners").index("ann")
        await session.pilot.click("#owners", offset=(3, row + 1))
        await session.until(lambda: session.frame.view.query == "owner:ann")
        shown = [n for n in range(1, 9) if table.shows(session.task(n).key)]
        assert shown == [n for n in range(1, 9) if session.task(n).owner == "ann"]
        await session.pilot.click("#owners", offset=(3, row + 1))
        await session.until(lambda: session.frame.view.query == "")
        row = _pane_rows(session, "owners").index("-")
        await session.pilot.click("#owners", offset=(3, row + 1))
        await session.until(lambda: session.frame.view.query == "owner:-")
        shown = [n for n in range(1, 9) if table.shows(session.task(n).key)]
        assert shown == [n for n in range(1, 9) if session.task(n).owner is None]


def _pane_rows(session: Session, pane: str) -> list[str]:
    """The first word of each line inside a pane's border."""
    region = session.app.screen.query_one(f"#{pane}").content_region
    lines = session.text().splitlines()[region.y : region.bottom]
    return [(line[region.x : region.right].split() or [""])[0] for line in lines]


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (160, 48)])
async def test_help_keys_stand_in_one_column_and_wrapped_words_under_their_own(
    colony: Colony, open_session: OpenSession, size: tuple[int, int]
) -> None:
    async with open_session(colony, size=size) as session:
        await session.press("question_mark")
        await session.until(lambda: isinstance(session.app.screen, HelpScreen))
        texts = [str(widget.render()) for widget in session.app.screen.query(Static)]
        rows = [row for text in texts for row in text.splitlines()[1:] if row.startswith("  ")]
        assert any(row.startswith("  PgUp PgDn   ") for row in rows)
        assert len(rows) > 30
        assert all(row[13] == " " and row[14] != " " for row in rows)
        assert max(map(len, rows)) <= size[0] - 4


@pytest.mark.parametrize("first", [80, 120, 160])
async def test_footer_at_any_width_cuts_no_entry(
    colony: Colony, open_session: OpenSession, first: int
) -> None:
    words = {command.footer for command in COMMANDS if command.footer}
    async with open_session(colony, size=(first, 24)) as session:
        bar = session.app.screen.query_one(KeyBar)
        await session.until(lambda: bar.words)
        for width in range(first, first + 40, 3):
            await session.pilot.resize_terminal(width, 24)
            await session.until(lambda w=width: bar.size.width == w)
            row = session.text().splitlines()[-1]
            assert [word for word in row.split() if word in words] == bar.words
            assert row.endswith(bar.words[-1])
            assert len(row) <= width


async def test_click_on_a_column_title_sorts_by_it_and_again_turns_it_round(
    colony: Colony, open_session: OpenSession
) -> None:
    async with open_session(colony, size=(120, 40)) as session:
        table = session.app.main.table.region
        column = session.text().splitlines()[table.y + 1].index("Owner")
        await session.pilot.click(offset=(column, table.y + 1))
        await session.until(lambda: session.frame.view.sort is SortKey.OWNER)
        assert not session.frame.view.descending
        await session.pilot.click(offset=(column, table.y + 1))
        await session.until(lambda: session.frame.view.descending)


async def test_click_on_a_lens_a_list_a_blocker_does_what_its_key_does(
    colony: Colony, open_session: OpenSession
) -> None:
    other = Colony(colony.root, "other")
    other.write(1, "Another list's task")
    async with open_session(colony, size=(160, 48)) as session:
        await session.pilot.click(offset=(session.text().splitlines()[1].index("Ready"), 1))
        await session.until(lambda: session.frame.view.lens is Lens.READY)
        await _click_text(session, "blockers", "#1 ")
        await session.until_selected(1)
        await _click_text(session, "lists", "other")
        await session.until(lambda: session.frame.view.list_key is not None)
        assert session.frame.view.list_key.id == "colony:other"


async def _click_text(session: Session, pane: str, text: str) -> None:
    region = session.app.screen.query_one(f"#{pane}").content_region
    for y, line in enumerate(session.text().splitlines()):
        x = line.find(text, region.x, region.right)
        if region.y <= y < region.bottom and x >= 0:
            await session.pilot.click(offset=(x, y))
            return
    raise AssertionError(f"{text!r} is not in {pane}")

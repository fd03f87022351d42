"""The lens bar: counts, the active lens, and a search line that reports as one types."""

from __future__ import annotations

import pytest

from tests.tui.colony import demo_snapshot
from tests.tui.pane_host import SIZES, PaneHost, frame_of, screen_lines, show
from tui.view_state import Lens, ViewState
from tui.widgets.lens_bar import LensBar, LensTabs, SearchInput

COUNTS = dict(zip(Lens, (51, 6, 4, 9, 1, 2), strict=True))


@pytest.mark.parametrize("size", SIZES)
async def test_lens_bar_all_lenses_with_counts_fit(size: tuple[int, int]) -> None:
    bar = LensBar()
    async with PaneHost(bar).run_test(size=size) as pilot:
        bar.counts = COUNTS
        show([bar], frame_of(demo_snapshot(), view=ViewState(lens=Lens.BLOCKED)))
        await pilot.pause()
        line = screen_lines(bar.app)[0]
        for part in ("1 All 51", "2 Ready 6", "3 Active 4", "4 Blocked 9", "5 Stale 1"):
            assert part in line
        assert "6 Needs you 2" in line
        assert "/ find" in line
        assert len(line) == size[0]


async def test_lens_bar_huge_counts_fall_back_to_signs() -> None:
    bar = LensBar()
    async with PaneHost(bar).run_test(size=(80, 24)) as pilot:
        bar.counts = dict.fromkeys(Lens, 123_456)
        show([bar], frame_of(demo_snapshot()))
        await pilot.pause()
        line = screen_lines(bar.app)[0]
        assert "⊘123k" in line
        assert "⚑123k" in line


async def test_lens_bar_click_picks_the_lens_under_the_mouse() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(size=(120, 24), message_hook=app.hear) as pilot:
        bar.counts = COUNTS
        await pilot.pause()
        column = screen_lines(app)[0].index("Blocked")
        await pilot.click(LensTabs, offset=(column, 0))
        assert [m.lens for m in app.said_of(LensBar.LensPicked)] == [Lens.BLOCKED]


async def test_lens_bar_typing_reports_each_query_enter_keeps_it() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(message_hook=app.hear) as pilot:
        bar.open_search()
        for key in ("a", "n"):
            await pilot.press(key)
            await pilot.pause()
        await pilot.press("enter")
        assert [m.query for m in app.said_of(LensBar.QueryChanged)] == ["a", "an"]
        assert [m.kept for m in app.said_of(LensBar.SearchDone)] == [True]
        assert bar.query_one(SearchInput).value == "an"


async def test_lens_bar_escape_clears_the_query() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(message_hook=app.hear) as pilot:
        bar.open_search()
        await pilot.press("x")
        await pilot.pause()
        show([bar], frame_of(demo_snapshot(), view=ViewState(query="x")))
        await pilot.press("escape")
        await pilot.pause()
        assert [m.query for m in app.said_of(LensBar.QueryChanged)] == ["x", ""]
        assert [m.kept for m in app.said_of(LensBar.SearchDone)] == [False]


async def test_lens_bar_query_set_elsewhere_is_shown_without_an_echo() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(message_hook=app.hear) as pilot:
        bar.query_one(LensTabs).can_focus = True
        bar.query_one(LensTabs).focus()
        await pilot.pause()
        show([bar], frame_of(demo_snapshot(), view=ViewState(query="crawl")))
        await pilot.pause()
        assert "crawl" in screen_lines(app)[0]
        assert app.said_of(LensBar.QueryChanged) == []


async def test_lens_bar_pasted_escape_is_shown_not_sent() -> None:
    bar = LensBar()
    async with PaneHost(bar).run_test() as pilot:
        search = bar.query_one(SearchInput)
        search.insert_text_at_cursor("\x1b]52;c;aGk=\x07\u202e")
        await pilot.pause()
        assert search.value == "␛]52;c;aGk=␇�"


async def test_lens_bar_query_not_understood_is_told_with_the_place_in_the_line() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(size=(80, 24), message_hook=app.hear) as pilot:
        bar.counts = COUNTS
        bar.open_search()
        await pilot.press(*"a is:x")
        wrong = frame_of(demo_snapshot(), query_error="is: takes one of ready", query_error_at=5)
        show([bar], wrong)
        await pilot.pause()
        line = screen_lines(app)[0]
        assert "is: takes one of ready" in line
        assert "1 All" not in line
        strips = bar.query_one(SearchInput).render_lines(bar.query_one(SearchInput).size.region)
        reversed_text = "".join(s.text for s in strips[0] if s.style and s.style.reverse)
        assert reversed_text.startswith("x")
        show([bar], frame_of(demo_snapshot()))
        await pilot.pause()
        assert "1 All 51" in screen_lines(app)[0]


async def test_lens_bar_wrong_query_that_is_left_goes_back_to_the_one_in_force() -> None:
    bar = LensBar()
    app = PaneHost(bar)
    async with app.run_test(message_hook=app.hear) as pilot:
        bar.query_one(LensTabs).can_focus = True
        bar.open_search()
        await pilot.press(*"is:")
        view = ViewState(query="good")
        show([bar], frame_of(demo_snapshot(), view=view, query_error="no", query_error_at=2))
        bar.query_one(LensTabs).focus()
        await pilot.pause()
        assert [m.query for m in app.said_of(LensBar.QueryChanged)][-1] == "good"

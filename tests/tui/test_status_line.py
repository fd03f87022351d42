"""The status line: what the selected task means for others, messages, the mode."""

from __future__ import annotations

import pytest

from store.model.snapshot import Snapshot
from store.model.task import TaskId, TaskKey
from tests.tui.colony import CRAWL, DEMO, PENDING, demo_list, task, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, screen_lines, show
from tui.view_state import ViewState
from tui.widgets.status_line import StatusLine


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("task_id", "said"),
    [
        ("7", "#7 holds 12 16 18 · if done: 12 becomes ready"),
        ("12", "#12 waits on 7 · holds 16 18"),
        ("10", "#10 ⚑ in progress, silent (R) · holds 16 18"),
        ("13", "#13 Score companies"),
    ],
)
async def test_status_line_selected_task_says_its_consequence(
    size: tuple[int, int], task_id: str, said: str
) -> None:
    line = StatusLine()
    async with PaneHost(line).run_test(size=size) as pilot:
        show([line], frame_of(Snapshot({DEMO: demo_list()}), TaskKey(DEMO, TaskId(task_id))))
        await pilot.pause()
        text = screen_lines(line.app)[0]
        assert text.strip().startswith(said)
        assert text.endswith(" rw ")


async def test_status_line_many_held_are_counted_not_listed() -> None:
    waiting = [task(DEMO, n, "Waits", PENDING, None, (1,)) for n in range(2, 5000)]
    one = task_list(DEMO, task(DEMO, 1, "Root", PENDING, "ann"), *waiting)
    line = StatusLine()
    async with PaneHost(line).run_test() as pilot:
        show([line], frame_of(Snapshot({DEMO: one}), TaskKey(DEMO, TaskId("1"))))
        await pilot.pause()
        assert "holds 2 3 4 5 6 7 8 9 +4990" in screen_lines(line.app)[0]


async def test_status_line_message_is_shown_beside_the_mode_and_goes() -> None:
    line = StatusLine()
    async with PaneHost(line).run_test() as pilot:
        show([line], frame_of(Snapshot(), read_only=True))
        line.say("the list is busy: held by ann", "warn")
        await pilot.pause()
        text = screen_lines(line.app)[0]
        assert "the list is busy: held by ann" in text
        assert text.endswith(" RO ")
        line.clear_message()
        await pilot.pause()
        assert "busy" not in screen_lines(line.app)[0]


async def test_status_line_what_is_under_way_stays_until_it_is_released() -> None:
    line = StatusLine()
    first, second = object(), object()
    async with PaneHost(line).run_test() as pilot:
        show([line], frame_of(Snapshot()))
        line.say("older news")
        line.hold("#1: writing", first)
        line.hold("#2: writing", second)
        assert line.message == "#2: writing"
        line.say("copied #1")
        assert line.message == "copied #1"
        line.clear_message()
        await pilot.pause()
        assert "#2: writing" in screen_lines(line.app)[0]
        line.release(second)
        assert line.message == "#1: writing"
        line.release(first)
        await pilot.pause()
        assert "writing" not in screen_lines(line.app)[0]


async def test_status_line_read_only_needs_are_told_without_a_key() -> None:
    line = StatusLine()
    async with PaneHost(line).run_test() as pilot:
        chosen = TaskKey(DEMO, TaskId("10"))
        show([line], frame_of(Snapshot({DEMO: demo_list()}), chosen, read_only=True))
        await pilot.pause()
        assert "⚑ in progress, silent · holds 16 18" in screen_lines(line.app)[0]


async def test_status_line_message_with_markup_and_escapes_is_literal() -> None:
    line = StatusLine()
    async with PaneHost(line).run_test() as pilot:
        line.say("[/nope] \x1b[31m" + "x" * 500, "error")
        await pilot.pause()
        text = screen_lines(line.app)[0]
        assert "[/nope] ␛[31m" in text
        assert len(text) == 80


async def test_status_line_of_merged_lists_names_the_list_of_the_task() -> None:
    line = StatusLine()
    async with PaneHost(line).run_test() as pilot:
        lists = {DEMO: demo_list(), CRAWL: task_list(CRAWL, task(CRAWL, 12, "Fetch"))}
        key = TaskKey(DEMO, TaskId("12"))
        show([line], frame_of(Snapshot(lists), key))
        await pilot.pause()
        assert screen_lines(line.app)[0].strip().startswith("demo-colony #12 waits on 7 · ")
        show([line], frame_of(Snapshot(lists), key, view=ViewState(list_key=DEMO)))
        await pilot.pause()
        assert screen_lines(line.app)[0].strip().startswith("#12 waits on 7 · ")

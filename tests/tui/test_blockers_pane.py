"""The blockers pane: roots by what they hold, trees below, the selected task's chain on top."""

from __future__ import annotations

import time

import pytest

from store.model.snapshot import Snapshot
from store.model.task import TaskId, TaskKey
from tests.tui.colony import ACTIVE, DEMO, PENDING, demo_list, demo_snapshot, task, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, screen_lines, show
from tui.widgets.blockers_pane import MOST_ROWS, BlockersPane


def key(task_id: str) -> TaskKey:
    return TaskKey(DEMO, TaskId(task_id))


@pytest.mark.parametrize("size", [*SIZES, (27, 9)])
async def test_blockers_pane_root_that_holds_most_is_on_top(size: tuple[int, int]) -> None:
    pane = BlockersPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()})))
        await pilot.pause()
        lines = lines_of(pane)
        assert "Blockers · 5 roots" in lines[0]
        assert "#7 ▸" in lines[1]
        assert "holds 3" in lines[1]
        assert "└⊘ 12 Build search" in lines[2]
        assert all(len(line) == size[0] for line in lines)


async def test_blockers_pane_roots_say_what_kind_they_are() -> None:
    pane = BlockersPane()
    async with PaneHost(pane).run_test(size=(100, 40)) as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        shown = "\n".join(screen_lines(pane.app))
        assert "#4 ⌀ archived, never frees" in shown
        assert "#99 ⌀ not in the list" in shown
        assert "#31 ⌀ cycle #31 → #32 → #31" in shown
        assert "#10 ◷ Dedup leads" in shown


async def test_blockers_pane_of_equal_roots_the_dearer_comes_first_with_its_cost() -> None:
    pane = BlockersPane()
    tasks = [
        task(DEMO, 1, "Young trouble", PENDING, None, minutes=5),
        task(DEMO, 2, "Old trouble", PENDING, None, minutes=90),
        task(DEMO, 3, "Waits", PENDING, "ann", (1,), minutes=40),
        task(DEMO, 4, "Waits too", PENDING, "bo", (2,), minutes=30),
    ]
    async with PaneHost(pane).run_test(size=(100, 20)) as pilot:
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, *tasks)})))
        await pilot.pause()
        lines = lines_of(pane)
        assert "#2 ◦ Old trouble" in lines[1]
        assert "holds 1, 30m lost" in lines[1]
        assert "#1 ◦ Young trouble" in lines[3]
        assert "holds 1, 5m lost" in lines[3]


async def test_blockers_pane_selected_task_shows_its_chain_to_the_roots() -> None:
    pane = BlockersPane()
    async with PaneHost(pane).run_test(size=(100, 40)) as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), key("16")))
        await pilot.pause()
        chain = [row.facts.id for row in pane.rows[1:4]]
        assert pane.rows[0].facts.title == "#16 waits on"
        assert chain == ["10", "12", "7"]
        assert pane.rows[4].facts.title == "all roots"


async def test_blockers_pane_enter_picks_the_task_and_titles_are_skipped() -> None:
    pane = BlockersPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        show([pane], frame_of(Snapshot({DEMO: demo_list()}), key("16")))
        pane.focus()
        await pilot.press("down", "enter", "down", "down", "down", "enter")
        assert [m.key for m in app.said_of(BlockersPane.Picked)] == [key("10"), key("7")]


async def test_blockers_pane_nothing_blocked_says_so() -> None:
    pane = BlockersPane()
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(Snapshot({DEMO: task_list(DEMO, task(DEMO, 1, "Alone"))})))
        await pilot.pause()
        assert "nothing is blocked" in lines_of(pane)[1]
        pane.focus()
        await pilot.press("down", "enter")


async def test_blockers_pane_missing_root_can_be_picked() -> None:
    pane = BlockersPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        one = task_list(DEMO, task(DEMO, 1, "Orphan", PENDING, None, (99,)))
        show([pane], frame_of(Snapshot({DEMO: one})))
        pane.focus()
        await pilot.press("enter")
        assert [m.key for m in app.said_of(BlockersPane.Picked)] == [key("99")]


async def test_blockers_pane_wide_and_deep_graphs_stay_bounded() -> None:
    chain = [task(DEMO, n, f"Step {n}", PENDING, None, (n - 1,)) for n in range(2, 3000)]
    fan = [task(DEMO, 5000 + n, "Leaf", PENDING, None, (1,)) for n in range(3000)]
    one = task_list(DEMO, task(DEMO, 1, "Root", ACTIVE, "ann"), *chain, *fan)
    pane = BlockersPane()
    async with PaneHost(pane).run_test() as pilot:
        frame = frame_of(Snapshot({DEMO: one}), key("2999"))
        show([pane], frame)
        await pilot.pause()
        assert len(pane.rows) <= MOST_ROWS + 40
        start = time.thread_time()
        pane.rearrange()
        assert time.thread_time() - start < 5.0  # a walk of all paths would take for ever

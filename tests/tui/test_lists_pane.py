"""The lists pane: worst first, counts that agree with the tasks, a pick that names its list."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.snapshot import Snapshot, TaskList
from store.model.task import ListKey, Problem, ProblemKind, TaskListId, TaskListInfo
from store.systems.hive.facts import FACTS as HIVE
from store.systems.progress.facts import FACTS as PROGRESS
from tests.tui.colony import CRAWL, DEMO, REPORT, demo_list, demo_snapshot
from tests.tui.pane_host import SIZES, PaneHost, frame_of, lines_of, screen_lines, show
from tui.view_state import ViewState
from tui.widgets.lists_pane import ListsPane
from tui.widgets.lists_rows import note_of


@pytest.mark.parametrize("size", SIZES)
async def test_lists_pane_worst_list_comes_first(size: tuple[int, int]) -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test(size=size) as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        assert [row.key for row in pane.rows] == ["all lists", DEMO, REPORT, CRAWL]
        lines = lines_of(pane)
        assert "Lists · 3" in lines[0]
        assert [word in line for word, line in zip(("all lists", "demo"), lines[2:4], strict=True)]
        assert "ro" in next(line for line in lines if "report-qa" in line)


async def test_lists_pane_counts_agree_with_the_tasks() -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        facts = pane.counted[DEMO]
        assert (facts.active, facts.ready, facts.blocked, facts.stale) == (2, 2, 7, 1)
        assert (facts.done, facts.total) == (8, 21)
        every, *lists = pane.counted.values()
        assert every.done == 16
        assert every.total == sum(facts.total for facts in lists)


async def test_lists_pane_enter_picks_the_list_under_the_cursor() -> None:
    pane = ListsPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        show([pane], frame_of(demo_snapshot()))
        pane.focus()
        await pilot.press("enter", "down", "enter")
        assert [m.list_key for m in app.said_of(ListsPane.Picked)] == [None, DEMO]


async def test_lists_pane_click_picks_the_row_clicked() -> None:
    pane = ListsPane()
    app = PaneHost(pane)
    async with app.run_test(message_hook=app.hear) as pilot:
        show([pane], frame_of(demo_snapshot()))
        await pilot.pause()
        await pilot.click(pane, offset=(6, 5))
        await pilot.click(pane, offset=(6, 1))
        assert [m.list_key for m in app.said_of(ListsPane.Picked)] == [CRAWL]


async def test_lists_pane_cursor_stays_on_its_list_when_rows_move() -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test() as pilot:
        show([pane], frame_of(demo_snapshot()))
        pane.focus()
        await pilot.press("end")
        assert pane.rows[pane.cursor].key == CRAWL
        lists = {key: one for key, one in demo_snapshot().lists.items() if key != REPORT}
        show([pane], frame_of(Snapshot(lists)))
        await pilot.pause()
        assert pane.rows[pane.cursor].key == CRAWL


async def test_lists_pane_chosen_list_is_marked() -> None:
    pane = ListsPane()
    async with PaneHost(pane).run_test() as pilot:
        view = ViewState(list_key=CRAWL)
        show([pane], frame_of(demo_snapshot(), view=view))
        await pilot.pause()
        assert "▸ crawl-workers" in "\n".join(screen_lines(pane.app))


async def test_lists_pane_same_name_under_two_roots_says_which_root() -> None:
    one = demo_list()
    other = DEMO._replace(root="/srv/other")
    pane = ListsPane()
    async with PaneHost(pane).run_test() as pilot:
        info = type(one.info)(other, "/srv/other/x")
        twin = type(one)(info, one.tasks, one.graph)
        show([pane], frame_of(Snapshot({DEMO: one, other: twin})))
        await pilot.pause()
        names = {facts.name for facts in list(pane.counted.values())[1:]}
        assert names == {"demo-colony · .hive", "demo-colony · other"}


async def test_lists_pane_counts_the_problems_of_lists_and_of_tasks() -> None:
    bad = (Problem(ProblemKind.UNKNOWN_STATUS, "odd"),)
    task_list = demo_list()
    first, second, *_ = task_list.tasks
    tasks = {
        i: replace(t, problems=bad if i in (first, second) else ())
        for i, t in task_list.tasks.items()
    }
    edge = Problem(ProblemKind.HALF_EDGE, "half")
    pane = ListsPane()
    async with PaneHost(pane).run_test(size=(120, 40)) as pilot:
        found = replace(task_list, tasks=tasks, problems=(edge,))
        show([pane], frame_of(Snapshot({DEMO: found})))
        await pilot.pause()
        assert "3 problems" in "\n".join(screen_lines(pane.app))


@pytest.mark.parametrize(
    ("kind", "note"), [(ProblemKind.GONE, "gone"), (ProblemKind.UNREADABLE, "bad")]
)
def test_note_of_a_list_that_is_not_there_differs_from_one_that_cannot_be_read(
    kind: ProblemKind, note: str
) -> None:
    stale = replace(demo_list(), is_stale=True, problems=(Problem(kind, "so it is"),))
    assert note_of(stale) == note


@pytest.mark.parametrize("width", [30, 34, 40, 100])
async def test_lists_pane_what_tells_lists_of_one_name_apart_is_cut_last(width: int) -> None:
    def named(key: ListKey) -> TaskList:
        return replace(demo_list(), info=TaskListInfo(key, f"{key.root}/x"))

    shared = TaskListId("colony:shared-work")
    plain = [ListKey("hive", root, shared) for root in ("/a/one", "/b/two")]
    badged = [plain[0], ListKey("progress", "/a/one", TaskListId("queue:shared-work"))]
    pane = ListsPane()
    async with PaneHost(pane).run_test(size=(width, 20)) as pilot:
        show([pane], frame_of(Snapshot({key: named(key) for key in plain})))
        await pilot.pause()
        rows = [line for line in lines_of(pane) if " sh" in line]
        assert [any(root in row for row in rows) for root in ("one", "two")] == [True, True]
        systems = {"hive": HIVE, "progress": PROGRESS}
        mixed = Snapshot({key: named(key) for key in badged}, systems=systems)
        show([pane], frame_of(mixed))
        await pilot.pause()
        rows = [line for line in lines_of(pane) if " sh" in line]
        for facts in systems.values():
            assert [facts.badge in row for row in rows].count(True) == 1

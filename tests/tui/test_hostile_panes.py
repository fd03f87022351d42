"""Hostile text in every field of every pane: no crash, no escape, no action, no broken column."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from store.model.list_events import recorded_since
from store.model.snapshot import EMPTY_SNAPSHOT, Change, ChangeKind, Snapshot, diff
from store.model.task import TaskKey
from tests.tui.colony import ACTIVE, DEMO, HOSTILE, NOW, PENDING, hostile_snapshot, task, task_list
from tests.tui.pane_host import SIZES, PaneHost, frame_of, screen_lines, show
from tui.put_away import PutAway
from tui.safe_text import width
from tui.view_state import Frame
from tui.widgets.activity_pane import ActivityPane
from tui.widgets.blockers_pane import BlockersPane
from tui.widgets.detail_pane import DetailPane
from tui.widgets.header_bar import HeaderBar
from tui.widgets.lens_bar import LensBar
from tui.widgets.lists_pane import ListsPane
from tui.widgets.owners_pane import OwnersPane
from tui.widgets.pane import RowsPane
from tui.widgets.status_line import StatusLine

SCROLLBARS = "▁▂▃▄▅▆▇█"
"""What Textual itself draws the end of a scrollbar with."""


class EveryPane(PaneHost):
    """All panes at once, as the main screen has them."""

    def compose(self) -> ComposeResult:
        header, lenses, lists, blockers, owners, detail, activity, status = self.panes
        yield header
        yield lenses
        with Horizontal():
            with Vertical():
                yield lists
                yield owners
            with Vertical():
                yield blockers
                yield activity
            yield detail
        yield status


def every_pane(theme: str = "colonytop-dark") -> EveryPane:
    kinds = (
        *(HeaderBar, LensBar, ListsPane, BlockersPane),
        *(OwnersPane, DetailPane, ActivityPane, StatusLine),
    )
    return EveryPane(*(kind() for kind in kinds), theme=theme)


def assert_inert(app: PaneHost) -> None:
    for line in screen_lines(app):
        assert width(line) == app.size.width
        for character in line:
            assert character == " " or character.isprintable(), ascii(character)
        line.encode("utf-8")
    for strip in app.screen._compositor.render_strips(app.size):
        for segment in strip:
            assert segment.style is None or not segment.style.link
            assert segment.style is None or "@click" not in segment.style.meta


def hostile_changes() -> list[Change]:
    snapshot = hostile_snapshot()
    found = diff(EMPTY_SNAPSHOT, snapshot)
    first = next(iter(snapshot.lists.values()))
    for text in HOSTILE:
        task = replace(first.tasks[next(iter(first.tasks))], subject=text)
        for name in ("status", "owner", "subject", "active_form", "description", "priority"):
            found.append(
                Change(
                    ChangeKind.CHANGED, *task.key, name, text, text + "!", NOW, text, task.subject
                )
            )
        edges = Change(
            ChangeKind.CHANGED, *task.key, "blocked_by", (text,), (text + "2",), NOW, text, text
        )
        meta = replace(edges, field="metadata", old={text: 1}, new={text: 2, text + "x": text})
        found += [edges, meta]
    return found


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("size", SIZES)
async def test_panes_hostile_text_everywhere_stays_inert(
    size: tuple[int, int], ascii: bool
) -> None:
    app = every_pane()
    async with app.run_test(size=size, notifications=True, tooltips=True) as pilot:
        snapshot = hostile_snapshot()
        activity = app.query_one(ActivityPane)
        activity.add(hostile_changes(), "derived")
        for text in HOSTILE:
            activity.add_line(text, at=NOW, severity="error")
        activity.add_recorded(recorded_since(EMPTY_SNAPSHOT, snapshot, 100))
        for number, task_list in enumerate(list(snapshot.lists.values())[::3]):
            key = list(task_list.tasks.values())[-1].key
            only = task_list.key if number % 2 else None  # else all of them are in view
            view = replace(Frame().view, query=task_list.info.name[:50], list_key=only)
            away = PutAway()
            shown = away.without(snapshot, only)
            frame = frame_of(shown, key, ascii=ascii, view=view, read_only=True)
            show(app.panes, replace(frame, put_away=away.lists))
            app.query_one(StatusLine).say(task_list.info.name, "error")
            await pilot.pause()
            assert_inert(app)


async def test_panes_hostile_rows_can_all_be_walked_and_picked() -> None:
    app = every_pane()
    async with app.run_test(size=(80, 24), notifications=True, tooltips=True) as pilot:
        app.query_one(ActivityPane).add(hostile_changes(), "derived")
        show(app.panes, frame_of(hostile_snapshot()))
        await pilot.pause()
        for pane in app.query(RowsPane):
            pane.focus()
            for where in ("bottom", "half_up", "page_up", "up", "top", "down"):
                pane.move_cursor(where)
                pane.action_pick()
                await pilot.pause()
                assert_inert(app)


async def test_panes_every_hostile_task_in_detail_stays_inert() -> None:
    detail, status = DetailPane(), StatusLine()
    app = PaneHost(detail, status)
    async with app.run_test(size=(60, 20), notifications=True, tooltips=True) as pilot:
        snapshot = hostile_snapshot()
        for task_list, task in list(snapshot.all_tasks())[::2]:
            show(app.panes, frame_of(snapshot, TaskKey(task_list.key, task.id)))
            detail.move_cursor("bottom")
            await pilot.pause()
            assert_inert(app)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (10, 4), (500, 100)])
async def test_panes_odd_sizes_do_not_raise(size: tuple[int, int]) -> None:
    app = every_pane()
    async with app.run_test(size=size) as pilot:
        snapshot = hostile_snapshot()
        show(app.panes, frame_of(snapshot, next(snapshot.all_tasks())[1].key))
        app.query_one(ActivityPane).add(hostile_changes(), "you")
        await pilot.pause()
        assert len(screen_lines(app)) == size[1]


@pytest.mark.parametrize("theme", ["colonytop-light", "colonytop-cvd", "ansi-dark", "nord"])
async def test_panes_any_theme_draws_every_pane(theme: str) -> None:
    app = every_pane(theme)
    async with app.run_test(size=(120, 40)) as pilot:
        snapshot = hostile_snapshot()
        show(app.panes, frame_of(snapshot, next(snapshot.all_tasks())[1].key))
        await pilot.pause()
        assert_inert(app)


async def test_panes_ascii_mode_draws_nothing_but_ascii() -> None:
    app = every_pane()
    async with app.run_test(size=(80, 24)) as pilot:
        demo = task_list(
            DEMO,
            task(DEMO, 1, "Crawl the target sites of every lead in the list", ACTIVE, "ann"),
            task(DEMO, 2, "Build", PENDING, "bo", (1, 99), minutes=90),
            task(DEMO, 3, "Ship", PENDING, None, (2, 4)),
            task(DEMO, 4, "Sign", PENDING, None, (3,)),
        )
        snapshot = Snapshot({DEMO: demo})
        app.query_one(ActivityPane).frame = frame_of(snapshot, ascii=True)
        app.query_one(ActivityPane).add(diff(EMPTY_SNAPSHOT, snapshot), "derived")
        for task_id in demo.tasks:
            show(app.panes, frame_of(snapshot, TaskKey(DEMO, task_id), ascii=True))
            await pilot.pause()
            for row in screen_lines(app):
                assert set(row) - set(SCROLLBARS) <= set(map(chr, range(32, 127))), row

"""The task table, driven as a person drives it, in three sizes of terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from store.model.snapshot import RootState, Snapshot, TaskList
from store.model.task import Problem, ProblemKind, Task, TaskId, TaskKey, TaskStatus
from tests.model.colony import DEMO, NOW, OTHER, changed, edited, snapshot, task, task_list
from tui.glyphs import signs
from tui.themes import DEFAULT_THEME, THEMES, variable_defaults
from tui.view_state import (
    ChangeMark,
    ChangeSign,
    Frame,
    Grouping,
    Lens,
    SortKey,
    ViewState,
)
from tui.widgets.task_table import TaskTable

SIZES = [(80, 24), (120, 40), (200, 60)]
FLAT = ViewState(sort=SortKey.ID, grouping=Grouping.FLAT)


class TableApp(App[None]):
    """A table and nothing else, in the program's own theme."""

    def __init__(
        self, frame: Frame, theme: str = DEFAULT_THEME, *, no_colour: bool = False
    ) -> None:
        super().__init__(ansi_color=True if no_colour else None)
        for one in THEMES:
            self.register_theme(one)
        self.theme = theme
        self.first = frame
        self.told: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        table = TaskTable()
        table.frame = self.first
        yield table

    def on_mount(self) -> None:
        self.table.focus()

    def on_task_table_highlighted(self, message: TaskTable.Highlighted) -> None:
        self.told.append(message)

    def on_task_table_opened(self, message: TaskTable.Opened) -> None:
        self.told.append(message)

    def on_task_table_vanished(self, message: TaskTable.Vanished) -> None:
        self.told.append(message)

    @property
    def table(self) -> TaskTable:
        return self.query_one(TaskTable)


class Session:
    """A running table: what it is shown, what it shows."""

    def __init__(self, app: TableApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def table(self) -> TaskTable:
        return self.app.table

    async def show(self, frame: Frame) -> None:
        self.table.frame = frame
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def lines(self) -> list[str]:
        """The text of each line of the table as it is painted."""
        region = self.table.size.region
        return ["".join(s.text for s in strip) for strip in self.table.render_lines(region)]

    def line_of(self, task_id: str) -> int:
        """The line of the screen on which a task's row stands."""
        row = self.table.projection.row_of(TaskKey(DEMO, TaskId(task_id)))
        assert row is not None
        return row - self.table.scroll_offset.y + 1

    @property
    def cursor(self) -> str | None:
        return self.table.cursor.id if self.table.cursor else None

    def told(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.app.told if isinstance(message, kind)]


@asynccontextmanager
async def session(
    frame: Frame, size: tuple[int, int] = (80, 24), **choices: Any
) -> AsyncIterator[Session]:
    app = TableApp(frame, **choices)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Session(app, pilot)


def frame_of(whole: TaskList, view: ViewState = FLAT, **facts: Any) -> Frame:
    return Frame(snapshot=snapshot(whole), view=view, **{"now": NOW, **facts})


def numbered(count: int) -> TaskList:
    return task_list(task(number) for number in range(10, 10 + count))


@pytest.mark.parametrize("size", SIZES)
async def test_table_rows_inserted_above_cursor_stays_on_task_and_line(
    size: tuple[int, int],
) -> None:
    whole = numbered(100)
    async with session(frame_of(whole), size) as run:
        await run.press("pagedown", "pagedown", "down")
        cursor, line = run.cursor, run.line_of(run.cursor or "")
        added = edited(whole, {TaskId(str(i)): task(i) for i in range(1, 8)})
        await run.show(frame_of(added))
        assert (run.cursor, run.line_of(cursor or "")) == (cursor, line)
        gone = edited(added, {TaskId(str(i)): None for i in range(1, 14)})
        await run.show(frame_of(gone))
        assert (run.cursor, run.line_of(cursor or "")) == (cursor, line)


async def test_table_sort_turned_round_cursor_stays_on_task_in_sight() -> None:
    whole = numbered(200)
    async with session(frame_of(whole)) as run:
        await run.press("pagedown", "pagedown", "pagedown", "pagedown", "down")
        cursor = run.cursor
        await run.show(frame_of(whole, replace(FLAT, descending=True)))
        assert run.cursor == cursor
        assert 1 <= run.line_of(cursor or "") < run.table.size.height


async def test_table_selected_task_vanishes_cursor_takes_nearest_and_tells() -> None:
    whole = numbered(5)
    async with session(frame_of(whole)) as run:
        await run.press("down", "down")
        assert run.cursor == "12"
        await run.show(frame_of(edited(whole, {TaskId("12"): None})))
        assert run.cursor == "13"
        (vanished,) = run.told(TaskTable.Vanished)
        assert (vanished.key.id, vanished.subject) == ("12", "Task 12")
        assert run.told(TaskTable.Highlighted)[-1].key.id == "13"


async def test_table_last_task_vanishes_cursor_goes_up_then_to_none() -> None:
    whole = numbered(2)
    async with session(frame_of(whole)) as run:
        await run.press("end")
        await run.show(frame_of(edited(whole, {TaskId("11"): None})))
        assert run.cursor == "10"
        await run.show(frame_of(task_list([])))
        assert run.table.cursor is None
        assert run.told(TaskTable.Highlighted)[-1].key is None


async def test_table_task_hidden_by_lens_is_not_told_as_vanished() -> None:
    whole = task_list([task(1), task(2, 1), task(3)])
    async with session(frame_of(whole)) as run:
        await run.press("down")
        await run.show(frame_of(whole, replace(FLAT, lens=Lens.READY)))
        assert run.cursor == "3"
        assert not run.told(TaskTable.Vanished)


async def test_table_untouched_cursor_stays_on_first_row_while_lists_load() -> None:
    async with session(frame_of(task_list([task(50)]))) as run:
        assert run.cursor == "50"
        await run.show(frame_of(numbered(60)))
        assert run.cursor == "10"
        assert run.table.scroll_offset.y == 0


async def test_table_frozen_rows_change_in_place_and_do_not_move() -> None:
    whole = task_list([task(1), task(2), task(3)])
    by_subject = replace(FLAT, sort=SortKey.SUBJECT)
    async with session(frame_of(whole, by_subject)) as run:
        await run.press("down")
        run.table.order_frozen = True
        whole = changed(whole, 3, subject="A new name")
        whole = edited(whole, {TaskId("1"): None, TaskId("0"): task(0, subject="AA")})
        await run.show(frame_of(whole, by_subject))
        lines = run.lines()
        assert "#1 is no longer in the list" in lines[1]
        assert "Task 2" in lines[2]
        assert "A new name" in lines[3]
        assert run.cursor == "2"
        run.table.order_frozen = False
        await run.pilot.pause()
        assert [line.split()[0] for line in run.lines()[1:4]] == ["3", "0", "2"]
        assert run.cursor == "2"


@pytest.mark.parametrize(
    ("keys", "cursor"),
    [
        (["down"], "11"),
        (["down", "down", "up"], "11"),
        (["end"], "109"),
        (["end", "home"], "10"),
        (["pagedown"], "33"),
        (["pagedown", "pageup"], "10"),
        (["up"], "10"),
    ],
)
async def test_table_keys_move_cursor_and_tell(keys: list[str], cursor: str) -> None:
    async with session(frame_of(numbered(100))) as run:
        await run.press(*keys)
        assert run.cursor == cursor
        assert run.told(TaskTable.Highlighted)[-1].key.id == cursor
        assert 1 <= run.line_of(cursor) < run.table.size.height


async def test_table_half_pages_and_wrapping_steps_move() -> None:
    async with session(frame_of(numbered(100))) as run:
        run.table.action_half_page_down()
        assert run.cursor == "21"
        run.table.action_half_page_up()
        run.table.move_by(-1, wrap=True)
        assert run.cursor == "109"
        run.table.move_by(1, wrap=True)
        assert run.cursor == "10"


async def test_table_cursor_skips_headings_and_first_heading_stays_in_sight() -> None:
    whole = task_list([task(1), task(2, 1), *(task(i) for i in range(10, 60))])
    async with session(frame_of(whole, ViewState())) as run:
        await run.press("end")
        assert run.cursor == "2"
        await run.press("home")
        assert run.cursor == "1"
        assert run.table.scroll_offset.y == 0
        assert "wave 1" in run.lines()[1]


async def test_table_enter_and_double_click_open_and_click_selects() -> None:
    async with session(frame_of(numbered(10))) as run:
        await run.press("enter")
        assert run.told(TaskTable.Opened)[-1].key.id == "10"
        await run.pilot.click(TaskTable, offset=(10, 4))
        assert run.cursor == "13"
        assert len(run.told(TaskTable.Opened)) == 1
        await run.pilot.click(TaskTable, offset=(10, 6), times=2)
        assert run.told(TaskTable.Opened)[-1].key.id == "15"
        await run.pilot.click(TaskTable, offset=(10, 0))
        assert run.cursor == "15"


async def test_table_header_stays_while_rows_scroll() -> None:
    async with session(frame_of(numbered(100))) as run:
        header = run.lines()[0]
        assert "Subject" in header
        await run.press("pagedown", "pagedown")
        assert run.table.scroll_offset.y > 0
        assert run.lines()[0] == header


async def test_table_scrolled_away_by_wheel_new_rows_do_not_move_the_view() -> None:
    whole = numbered(100)
    async with session(frame_of(whole)) as run:
        run.table.scroll_to(y=50, animate=False)
        await run.pilot.pause()
        before = run.lines()
        await run.show(frame_of(edited(whole, {TaskId("1"): task(1)})))
        assert run.lines() == before


async def test_table_selected_by_another_pane_is_followed_and_own_echo_is_not() -> None:
    frame = frame_of(numbered(100))
    async with session(frame) as run:
        await run.show(replace(frame, selected=TaskKey(DEMO, TaskId("77"))))
        assert run.cursor == "77"
        await run.press("down")
        await run.press("down")
        await run.show(replace(frame, selected=TaskKey(DEMO, TaskId("78"))))
        assert run.cursor == "79"


async def test_table_select_hidden_task_refuses() -> None:
    async with session(frame_of(numbered(3))) as run:
        assert not run.table.select(TaskKey(OTHER, TaskId("10")))
        assert run.table.select(TaskKey(DEMO, TaskId("12")))
        assert run.table.shows(TaskKey(DEMO, TaskId("12")))
        assert run.cursor == "12"


async def test_table_changed_row_has_sign_and_tint_until_its_time_is_over() -> None:
    whole = numbered(3)
    marks = {TaskKey(DEMO, TaskId("11")): ChangeMark(ChangeSign.CHANGED, NOW + 2)}
    async with session(frame_of(whole, marks=marks)) as run:
        assert run.lines()[2].startswith("~")
        tinted, plain = backgrounds(run, 2), backgrounds(run, 3)
        assert tinted != plain
        await run.show(frame_of(whole, marks=marks, now=NOW + 2))
        assert run.lines()[2].startswith(" ")
        assert backgrounds(run, 2) == plain


def backgrounds(run: Session, line: int) -> set[Any]:
    (strip,) = run.table.render_lines(run.table.size.region.crop_size((999, 999)))[line : line + 1]
    return {s.style.bgcolor for s in strip if s.style}


async def test_table_only_changed_lines_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = numbered(50)
    async with session(frame_of(whole)) as run:
        drawn: list[int] = []
        draw = run.table.render_line

        def noted(y: int) -> Any:
            drawn.append(y)
            return draw(y)

        monkeypatch.setattr(run.table, "render_line", noted)
        await run.show(frame_of(changed(whole, 14, owner="bo")))
        assert drawn == [5]
        drawn.clear()
        await run.show(frame_of(changed(whole, 55, owner="bo")))
        assert drawn == [5]  # the first change is taken back; the second is out of sight
        drawn.clear()
        await run.show(frame_of(changed(whole, 55, owner="bo"), now=NOW + 1))
        assert drawn == []


@pytest.mark.parametrize("size", [*SIZES, (20, 8), (44, 10)])
async def test_table_any_size_every_line_has_exact_width(size: tuple[int, int]) -> None:
    tasks = [task("crawl-1", subject="宽" * 200, owner="ÄÖ宽宽宽宽宽宽宽"), *hostile_tasks()]
    both = (task_list(tasks), task_list([task(1, at=OTHER)], OTHER))
    async with session(Frame(snapshot=snapshot(*both), now=NOW), size) as run:
        strips = run.table.render_lines(run.table.size.region)
        assert {strip.cell_length for strip in strips} == {run.table.size.width}


HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]52;c;ZXZpbA==\x07",
    "[@click=app.bell()]x[/]",
    "[/nope]",
    "\u202egnp.exe",
    "👩‍👩‍👧‍👦 family 🏳️‍🌈",
    "e\u0301\u0301\u0301\u0301\u0301\u0301z\u0335",
    "line\nbreak\r\nand\ttab\x00",
    "\x9b31m c1 \x85",
    "back\\",
    "宽" * 300,
    "x" * 2**20,
    "\u200b\ufeff",
    "",
]


def hostile_tasks() -> list[Task]:
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    return [
        task(number, text[:40] or "?", subject=text or " ", owner=text[:2000], status=status)
        for number, text in enumerate(texts, 1)
        for status in [TaskStatus.PENDING if number % 2 else TaskStatus.IN_PROGRESS]
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("grouping", Grouping)
async def test_table_hostile_text_is_shown_and_never_obeyed(
    size: tuple[int, int], grouping: Grouping
) -> None:
    whole = task_list(hostile_tasks())
    frame = Frame(snapshot=snapshot(whole), view=ViewState(grouping=grouping), now=NOW)
    async with session(frame, size) as run:
        strips = run.table.render_lines(run.table.size.region)
        text = "\n".join(segment.text for strip in strips for segment in strip)
        assert all(c == "\n" or c.isprintable() for c in text)
        assert "[@click=app.bell()]x[/]" in text.replace("\n", "") or size[0] == 80
        assert {strip.cell_length for strip in strips} == {run.table.size.width}
        assert all("@" not in (s.style.meta if s.style else {}) for strip in strips for s in strip)


async def test_table_hostile_id_and_list_name_are_safe() -> None:
    key = DEMO._replace(id=type(DEMO.id)("colony:\x1b[2Jx"))
    whole = task_list([task("\x1b[H1", at=key), task("b", "\x1b[H1", at=key)], key)
    frame = Frame(snapshot=snapshot(whole, task_list([task(1)])), now=NOW)
    async with session(frame, (200, 60)) as run:
        assert not any("\x1b" in line for line in run.lines())


ODD_ROOT = RootState(
    "/odd",
    "argument",
    False,
    problem="not a directory",
    problems=(Problem(ProblemKind.SKIPPED_DIRECTORY, "'x' is passed over"),),
)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (Frame(), ["Reading the lists"]),
        (
            Frame(
                snapshot=Snapshot(number=1, roots=(RootState("/no/such", "argument", False),)),
                scan_age_s=0.1,
            ),
            ["No list yet at /no/such"],
        ),
        (
            Frame(snapshot=Snapshot(number=1, roots=(ODD_ROOT,)), scan_age_s=0.1),
            ["No list yet at /odd: not a directory", "  'x' is passed over"],
        ),
        (frame_of(task_list([])), ["No task in any list yet"]),
        (frame_of(numbered(3), replace(FLAT, query="zebra")), ['Nothing matches "zebra"', "Esc"]),
        (frame_of(numbered(3), replace(FLAT, lens=Lens.STALE)), ["gone silent", "1 shows all"]),
    ],
)
async def test_table_empty_view_says_why(frame: Frame, words: list[str]) -> None:
    async with session(frame) as run:
        text = "\n".join(run.lines())
        assert all(word in text for word in words), text
        assert run.cursor is None


async def test_table_without_colours_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with session(frame_of(numbered(3)), theme="ansi-dark", no_colour=True) as run:
        strips = run.table.render_lines(run.table.size.region)
        assert all(s.style and s.style.reverse for s in strips[1])
        assert not any(s.style and s.style.reverse for s in strips[2])


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_table_themes_cursor_row_has_its_own_ground(theme: str) -> None:
    async with session(frame_of(numbered(3)), theme=theme) as run:
        assert backgrounds(run, 1) != backgrounds(run, 2)


async def test_table_theme_changed_rows_are_drawn_in_its_colours() -> None:
    async with session(frame_of(numbered(3))) as run:
        before = backgrounds(run, 2)
        run.app.theme = "colonytop-light"
        await run.pilot.pause()
        assert backgrounds(run, 2) != before


async def test_table_ascii_draws_only_ascii() -> None:
    tasks = [task(1), task(2, 1), task(3, 9), task(4, status=TaskStatus.COMPLETED)]
    frame = replace(frame_of(task_list(tasks), ViewState()), ascii=True)
    async with session(frame, (120, 40)) as run:
        assert [line for line in run.lines() if not line.replace("·", "").isascii()] == []


@pytest.mark.parametrize("ascii", [False, True])
async def test_table_marked_row_has_a_sign_that_no_change_has(ascii: bool) -> None:
    marked = frozenset({TaskKey(DEMO, TaskId("10")), TaskKey(DEMO, TaskId("11"))})
    marks = {key: ChangeMark(sign, NOW + 5) for key, sign in zip(marked, ChangeSign, strict=False)}
    frame = replace(frame_of(numbered(3), marks=marks), ascii=ascii)
    async with session(frame) as run:
        assert {line[0] for line in run.lines()[1:3]} == {"+", "~"}
        await run.show(replace(frame, marked=marked))
        signs_shown = [line[0] for line in run.lines()[1:4]]
        assert signs_shown == [signs(ascii).marked, signs(ascii).marked, " "]
        assert signs(ascii).marked not in set(ChangeSign)
        await run.show(frame)
        assert {line[0] for line in run.lines()[1:3]} == {"+", "~"}


@pytest.mark.parametrize("ascii", [False, True])
async def test_table_critical_path_has_a_sign_that_marks_and_changes_go_before(ascii: bool) -> None:
    chain = task_list([task(1), task(2, 1), task(3, 2), task(4, 1)])
    frame = replace(frame_of(chain), ascii=ascii)
    critical = signs(ascii).critical
    async with session(frame) as run:
        assert [line[0] for line in run.lines()[1:5]] == [critical, critical, critical, " "]
        one, two = (TaskKey(DEMO, TaskId(i)) for i in ("1", "2"))
        marks = {two: ChangeMark(ChangeSign.CHANGED, NOW + 5)}
        await run.show(replace(frame, marked=frozenset({one}), marks=marks))
        assert [line[0] for line in run.lines()[1:4]] == [signs(ascii).marked, "~", critical]


async def test_table_marked_row_without_colour_is_told_by_its_sign_alone() -> None:
    frame = frame_of(numbered(3), marked=frozenset({TaskKey(DEMO, TaskId("12"))}))
    async with session(frame, theme="ansi-dark", no_colour=True) as run:
        first = next(iter(run.table.render_lines(run.table.size.region)[3]))
        assert first.text == signs(False).marked
        assert first.style
        assert first.style.reverse

"""The task table: as many rows as there are tasks, drawn only where they are seen.

The cursor is a task's key, never a row number: rows may come, go and move around it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from store.model.task import TaskKey
from tui.columns import Layout, Row, age_text, layout, row_of
from tui.projection import EMPTY_PROJECTION, Projection, Projector
from tui.safe_text import one_line
from tui.view_state import EMPTY_FRAME, Frame
from tui.widgets.table_render import group_strip, header_strip, message_strip, task_strip
from tui.widgets.table_styles import COMPONENTS, CSS, TableStyles
from tui.widgets.table_words import gone_text, reason_for_nothing, summary

_CACHED_LINES = 2048
_HEADER_LINES = 1


class TaskTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Tasks by wave or in one run, with a header that stays."""

    DEFAULT_CSS = CSS
    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)
    ALLOW_SELECT = False
    BINDING_GROUP_TITLE = "Tasks"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor_up", "Up", show=False),
        Binding("down", "cursor_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home", "cursor_top", "Top", show=False),
        Binding("end", "cursor_bottom", "Bottom", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)
    """What to draw. A new `selected` that the table has not reported itself moves the cursor."""
    order_frozen: reactive[bool] = reactive(False, repaint=False)
    """While True rows change in place and none moves: somebody is deciding about one of them."""

    @dataclass
    class Highlighted(Message):
        """The cursor is on this task now, or on none."""

        table: TaskTable
        key: TaskKey | None

        @property
        def control(self) -> TaskTable:
            return self.table

    @dataclass
    class Opened(Message):
        """The operator wants to see all of this task."""

        table: TaskTable
        key: TaskKey

        @property
        def control(self) -> TaskTable:
            return self.table

    @dataclass
    class Vanished(Message):
        """The task under the cursor is no longer in its list; the cursor went to the nearest."""

        table: TaskTable
        key: TaskKey
        subject: str
        """As it was last seen. Untrusted."""

        @property
        def control(self) -> TaskTable:
            return self.table

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._projector = Projector()
        self._projection = EMPTY_PROJECTION
        self._cursor: TaskKey | None = None
        self._is_placed = False
        """Somebody has put the cursor where it is; until then it stays on the first row."""
        self._reported: deque[TaskKey | None] = deque(maxlen=64)
        self._strips: LRUCache[TaskKey, tuple[Any, Strip]] = LRUCache(_CACHED_LINES)
        self._drawn: dict[int, Any] = {}
        self._layout: tuple[Any, Layout] | None = None
        self._styles = TableStyles(self)
        self._subtitle = ""
        self.border_title = "Tasks"

    # What others ask

    @property
    def projection(self) -> Projection:
        """The rows as they are shown."""
        return self._projection

    @property
    def cursor(self) -> TaskKey | None:
        """The task under the cursor."""
        return self._cursor

    def shows(self, key: TaskKey) -> bool:
        """Whether the task has a row in this view."""
        return self._projection.row_of(key) is not None

    def select(self, key: TaskKey) -> bool:
        """Put the cursor on a task and bring it into sight; False when the view hides it."""
        if not self.shows(key):
            return False
        self._is_placed = True
        self._set_cursor(key)
        return True

    def move_by(self, tasks: int, *, wrap: bool = False) -> None:
        """Move the cursor down by so many tasks (up when negative), `wrap`: round the end."""
        projection = self._projection
        row = projection.row_of(self._cursor) if self._cursor else None
        key = projection.nearest(0) if row is None else projection.step(row, tasks)
        if wrap and key == self._cursor:
            key = projection.nearest(0 if tasks > 0 else len(projection) - 1)
        if key is not None:
            self._is_placed = True
            self._set_cursor(key)

    # What arrives

    def on_mount(self) -> None:
        self._show(EMPTY_FRAME, self.frame)

    def watch_frame(self, before: Frame, frame: Frame) -> None:
        if self.is_mounted:
            self._show(before, frame)

    def watch_order_frozen(self) -> None:
        if self.is_mounted and not self.order_frozen:
            self._show(self.frame, self.frame)

    def _show(self, before: Frame, frame: Frame) -> None:
        """Take in a frame: rows, cursor, scroll position; then repaint the lines that differ."""
        old = self._projection
        if not self.order_frozen:
            self._projection = self._projector.project(frame)
            self._fit_height()
            self._keep_cursor(old, self._projection)
        self._follow(before.selected, frame.selected)
        if (title := summary(self._projection)) != self._subtitle:  # setting it repaints all
            self._subtitle = self.border_subtitle = title
        self._refresh_changed_lines()

    def _fit_height(self) -> None:
        size = Size(0, len(self._projection) + _HEADER_LINES)
        if size != self.virtual_size:
            self.virtual_size = size

    def _keep_cursor(self, old: Projection, new: Projection) -> None:
        """The cursor stays on its task, and the task on its line of the screen."""
        old_row = old.row_of(self._cursor) if self._cursor else None
        if self._cursor is None or not self._is_placed:
            key = new.nearest(0) if len(new) else None
        elif new.row_of(self._cursor) is not None:
            key = self._cursor
        else:
            self._tell_if_vanished(old, self._cursor)
            key = new.nearest(old_row or 0) if len(new) else None
        self._keep_scroll(old, new, old_row, key)
        if key != self._cursor:
            self._cursor = key
            self._report()

    def _tell_if_vanished(self, old: Projection, key: TaskKey) -> None:
        was = old.snapshot.task(key)
        if was is not None and self._projection.snapshot.task(key) is None:
            self.post_message(self.Vanished(self, key, was.subject))

    def _keep_scroll(
        self, old: Projection, new: Projection, old_row: int | None, key: TaskKey | None
    ) -> None:
        top, page = self.scroll_offset.y, self._page
        row = new.row_of(key) if key else None
        if row is None:
            return
        if old_row is not None and top <= old_row < top + page:
            wanted = top + row - old_row if top else 0
            self._scroll_to_row(wanted if wanted <= row < wanted + page else row - page + 1)
        elif top and (anchor := old.nearest(top)) is not None:
            was, now = old.row_of(anchor), new.row_of(anchor)
            if was is not None and now is not None:
                self._scroll_to_row(top + now - was)

    def _follow(self, before: TaskKey | None, selected: TaskKey | None) -> None:
        """Go where another pane points; a frame that echoes our own report is not that."""
        if selected == before:
            return
        if selected in self._reported:
            while self._reported.popleft() != selected:
                pass
        elif selected is not None and selected != self._cursor:
            self.select(selected)

    # Moving

    def action_cursor_down(self) -> None:
        self.move_by(1)

    def action_cursor_up(self) -> None:
        self.move_by(-1)

    def action_page_down(self) -> None:
        self.move_by(self._page)

    def action_page_up(self) -> None:
        self.move_by(-self._page)

    def action_half_page_down(self) -> None:
        self.move_by(max(1, self._page // 2))

    def action_half_page_up(self) -> None:
        self.move_by(-max(1, self._page // 2))

    def action_cursor_top(self) -> None:
        self.move_by(-len(self._projection))

    def action_cursor_bottom(self) -> None:
        self.move_by(len(self._projection))

    def action_open(self) -> None:
        if self._cursor is not None:
            self.post_message(self.Opened(self, self._cursor))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < _HEADER_LINES:
            return
        key = self._projection.key_at(self.scroll_offset.y + offset.y - _HEADER_LINES)
        if key is None:
            return
        self._is_placed = True
        self._set_cursor(key)
        if event.chain == 2:
            self.action_open()

    def _set_cursor(self, key: TaskKey) -> None:
        moved = key != self._cursor
        self._cursor = key
        self._show_cursor()
        if moved:
            self._report()
        self._refresh_changed_lines()

    def _report(self) -> None:
        self._reported.append(self._cursor)
        self.post_message(self.Highlighted(self, self._cursor))

    def _show_cursor(self) -> None:
        row = self._projection.row_of(self._cursor) if self._cursor else None
        if row is None:
            return
        top, page = self.scroll_offset.y, self._page
        # The heading over a group's first task comes into sight with it.
        first = row - 1 if self._projection.group_at(row - 1) else row
        if first < top:
            self._scroll_to_row(first)
        elif row >= top + page:
            self._scroll_to_row(row - page + 1)

    def _scroll_to_row(self, row: int) -> None:
        self.scroll_to(y=max(0, row), animate=False, force=True)

    @property
    def _page(self) -> int:
        """Rows in sight."""
        return max(1, self.scrollable_content_region.height - _HEADER_LINES)

    # Drawing

    def on_resize(self) -> None:
        self._show_cursor()

    def on_focus(self) -> None:
        self._restyle()

    def on_blur(self) -> None:
        self._restyle()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def _restyle(self) -> None:
        self._styles.clear()
        self._strips.clear()
        self._drawn.clear()
        self.refresh()

    def _refresh_changed_lines(self) -> None:
        """Ask for those lines again that do not show what they should."""
        width = self.size.width
        for y, shown in list(self._drawn.items()):
            if y < self.size.height and self._says(y) != shown:
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        says = self._drawn[y] = self._says(y)
        kind, value = says[0], says[1]
        cells = self.scrollable_content_region.width
        if kind == "header":
            style = self._styles.of("header")
            return header_strip(value, cells, style, self.frame.ascii)
        if kind == "group":
            rule = self._styles.of("rule")
            return group_strip(value, cells, self._styles.of, rule, self.frame.ascii)
        if kind == "task":
            return self._task_line(value, says, cells)
        return message_strip(value, cells, self._styles.of("message"))

    def _says(self, y: int) -> tuple[Any, ...]:
        """All that the line depends on but for theme and focus: equal when it looks the same."""
        if y < _HEADER_LINES:
            return ("header", self._columns(), self.frame.ascii)
        row = self.scroll_offset.y + y - _HEADER_LINES
        group = self._projection.group_at(row)
        if group is not None:
            return ("group", group, self.frame.ascii)
        key = self._projection.key_at(row)
        if key is None:
            lines = reason_for_nothing(self.frame, self._projection)
            return ("message", lines[row] if 0 <= row < len(lines) else one_line(""))
        seen = self._row(key)
        if seen is None:
            return ("message", gone_text(key))
        mark = self.frame.marks.get(key)
        sign = mark.sign if mark is not None and mark.until > self.frame.now else None
        graph, is_cursor = seen.task_list.graph, key == self._cursor
        drawn_from = (seen.task, graph, seen.facts, age_text(seen), self._columns())
        return ("task", key, sign, is_cursor, self.frame.ascii, *drawn_from)

    def _task_line(self, key: TaskKey, says: tuple[Any, ...], cells: int) -> Strip:
        known = self._strips.get(key)
        if known is not None and known[0] == says:
            return known[1]
        row = self._row(key)
        assert row is not None  # `says` was made from it
        over = Style.null()
        if says[2] is not None:
            over += self._styles.overlay("changed")
        if says[3]:
            over += self._styles.overlay("cursor")
        strip = task_strip(row, self._columns(), cells, self._styles.of, over)
        self._strips[key] = (says, strip)
        return strip

    def _row(self, key: TaskKey) -> Row | None:
        return row_of(self.frame, key, self._projection.id_prefix)

    def _columns(self) -> Layout:
        shown = self._projection
        cells = self.scrollable_content_region.width
        widths = (shown.longest_id, shown.id_prefix, shown.longest_owner, shown.list_count > 1)
        wanted = (cells, self.frame.ascii, widths)
        if self._layout is None or self._layout[0] != wanted:
            self._layout = (wanted, layout(cells, shown, self.frame.ascii))
        return self._layout[1]

"""The task table: as many rows as there are tasks, drawn only where they are seen.

The cursor is a task's key, never a row number: rows may come, go and move around it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from store.model.task import TaskKey
from tui.projection import EMPTY_PROJECTION, Projection, Projector
from tui.view_state import EMPTY_FRAME, Frame, SortKey
from tui.widgets.extent import keep_in_extent, set_extent
from tui.widgets.table_lines import HEADER_LINES, TableLines, Window
from tui.widgets.table_moves import MOVES, TableMoves
from tui.widgets.table_scroll import Sight, top_keeping, top_showing
from tui.widgets.table_styles import COMPONENTS, CSS
from tui.widgets.table_words import summary


class TaskTable(TableMoves, ScrollView, can_focus=True, inherit_bindings=False):
    """Tasks by wave or in one run, with a header that stays."""

    DEFAULT_CSS = CSS
    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)
    ALLOW_SELECT = False
    BINDING_GROUP_TITLE = "Tasks"
    BINDINGS = MOVES

    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)
    """What to draw. A new `selected` that the table has not reported itself moves the cursor."""
    order_frozen: reactive[bool] = reactive(False, repaint=False)
    """While True rows change in place and none moves: somebody is deciding about one of them."""

    @dataclass
    class Highlighted(Message):
        """The cursor is on this task now, or on none."""

        key: TaskKey | None

    @dataclass
    class Opened(Message):
        """The operator wants to see all of this task."""

        key: TaskKey

    @dataclass
    class SortPicked(Message):
        """The title of a column was clicked."""

        sort: SortKey

    @dataclass
    class Vanished(Message):
        """The task under the cursor is no longer in its list; the cursor went to the nearest."""

        key: TaskKey
        subject: str
        """As it was last seen. Untrusted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._projector = Projector()
        self._shown = EMPTY_FRAME
        """The frame that was shown last."""
        self._projection = EMPTY_PROJECTION
        self._cursor: TaskKey | None = None
        self._is_placed = False
        """Somebody has put the cursor where it is; until then it stays on the first row."""
        self._reported: deque[TaskKey | None] = deque(maxlen=64)
        self._drawn: dict[int, Any] = {}
        self._lines = TableLines(self)
        self._subtitle = ""
        self.border_title = "Tasks"

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

    def adopt(self, projector: Projector) -> None:
        """Go on with what another thread has made of the frame that comes next."""
        self._projector = projector

    def prepare_search(self) -> None:
        """Make ready what the first search would have to wait for."""
        self._projector.prepare_search()

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
        # Two themes may differ in nothing but the colours that the lines take from them.
        self.app.theme_changed_signal.subscribe(self, lambda _: self._restyle())
        self._show()

    def watch_frame(self) -> None:
        if self.is_mounted:
            self._show()

    def watch_order_frozen(self) -> None:
        if self.is_mounted and not self.order_frozen:
            self._show()

    def _show(self) -> None:
        """Take in the frame: rows, cursor, scroll position; then repaint the lines that differ."""
        before, frame = self._shown, self.frame
        self._shown = frame
        old = self._projection
        if not self.order_frozen:
            self._projection = self._projector.project(frame)
            self._fit_height()
            self._keep_cursor(old, self._projection)
            keep_in_extent(self)
        self._follow(before.selected, frame.selected)
        title = summary(self._projection, frame.ascii)
        if title != self._subtitle:  # setting it repaints all
            self._subtitle = self.border_subtitle = title
        self._refresh_changed_lines()

    def _fit_height(self) -> None:
        size = Size(0, len(self._projection) + HEADER_LINES)
        set_extent(self, size)

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
        if key is not None:
            self._scroll_to_row(top_keeping(old, new, self._sight, old_row, key))
        if key != self._cursor:
            self._cursor = key
            self._report()

    def _tell_if_vanished(self, old: Projection, key: TaskKey) -> None:
        was = old.snapshot.task(key)
        if was is not None and self._projection.snapshot.task(key) is None:
            self.post_message(self.Vanished(key, was.subject))

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

    def action_open(self) -> None:
        if self._cursor is not None:
            self.post_message(self.Opened(self._cursor))

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.y < HEADER_LINES:
            if sort := self._lines.sort_at(offset.x, self._window):
                self.post_message(self.SortPicked(sort))
            return
        key = self._projection.key_at(self.scroll_offset.y + offset.y - HEADER_LINES)
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
        self.post_message(self.Highlighted(self._cursor))

    def _show_cursor(self) -> None:
        row = self._projection.row_of(self._cursor) if self._cursor else None
        if row is None:
            return
        self._scroll_to_row(top_showing(self._projection, self._sight, row))

    def _scroll_to_row(self, row: int | None) -> None:
        if row is not None:
            self.scroll_to(y=max(0, row), animate=False, force=True)

    @property
    def page_rows(self) -> int:
        """Rows in sight."""
        return max(1, self.scrollable_content_region.height - HEADER_LINES)

    @property
    def _sight(self) -> Sight:
        return Sight(self.scroll_offset.y, self.page_rows)

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
        self._lines.clear()
        self._drawn.clear()
        self.refresh()

    def _refresh_changed_lines(self) -> None:
        """Ask for those lines again that do not show what they should."""
        window, width = self._window, self.size.width
        for y, shown in list(self._drawn.items()):
            if y < self.size.height and self._lines.says(y, window) != shown:
                self.refresh(Region(0, y, width, 1))

    def render_line(self, y: int) -> Strip:
        window = self._window
        says = self._drawn[y] = self._lines.says(y, window)
        return self._lines.draw(says, window)

    @property
    def _window(self) -> Window:
        cells = self.scrollable_content_region.width
        return Window(self.frame, self._projection, self._cursor, self.scroll_offset.y, cells)

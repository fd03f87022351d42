"""The lines of the task table: what each depends on, and how it is drawn."""

from __future__ import annotations

from typing import Any, NamedTuple

from rich.style import Style
from textual.cache import LRUCache
from textual.strip import Strip
from textual.widget import Widget

from store.model.critical import CriticalPaths
from store.model.task import TaskKey
from tui.columns import Layout, Row, age_text, layout, row_of
from tui.projection import Projection
from tui.safe_text import one_line
from tui.view_state import Frame, SortKey
from tui.widgets.table_render import group_strip, header_strip, message_strip, task_strip
from tui.widgets.table_styles import TableStyles
from tui.widgets.table_words import gone_text, reason_for_nothing

HEADER_LINES = 1
_CACHED_LINES = 2048

_SORTS = {
    "id": SortKey.ID,
    "state": SortKey.STATUS,
    "subject": SortKey.SUBJECT,
    "owner": SortKey.OWNER,
    "wave": SortKey.WAVE,
    "age": SortKey.AGE,
    "holds": SortKey.HOLDS,
    "priority": SortKey.PRIORITY,
    "list": SortKey.LIST,
}


class Window(NamedTuple):
    """What the table shows at one moment."""

    frame: Frame
    projection: Projection
    cursor: TaskKey | None
    top: int
    """The row on the first line under the header."""
    cells: int


class TableLines:
    """Draws lines and keeps those of tasks that have not changed."""

    def __init__(self, table: Widget) -> None:
        self._styles = TableStyles(table)
        self._strips: LRUCache[TaskKey, tuple[Any, Strip]] = LRUCache(_CACHED_LINES)
        self._layout: tuple[Any, Layout] | None = None
        self._critical = CriticalPaths()

    def clear(self) -> None:
        """Forget what was drawn: the theme or the focus has changed."""
        self._styles.clear()
        self._strips.clear()

    def says(self, y: int, window: Window) -> tuple[Any, ...]:
        """All that the line depends on but for theme and focus: equal when it looks the same."""
        frame, projection = window.frame, window.projection
        if y < HEADER_LINES:
            return ("header", self._columns(window), frame.ascii)
        row = window.top + y - HEADER_LINES
        group = projection.group_at(row)
        if group is not None:
            return ("group", group, frame.ascii)
        key = projection.key_at(row)
        if key is None:
            lines = reason_for_nothing(frame, projection)
            return ("message", lines[row] if 0 <= row < len(lines) else one_line(""))
        seen = self._row(key, window)
        if seen is None:
            return ("message", gone_text(key))
        mark = frame.marks.get(key)
        sign = mark.sign if mark is not None and mark.until > frame.now else None
        graph, is_cursor = seen.task_list.graph, key == window.cursor
        facts = (seen.facts, seen.is_critical)
        drawn_from = (seen.task, graph, facts, age_text(seen), self._columns(window))
        return ("task", key, sign, is_cursor, key in frame.marked, frame.ascii, *drawn_from)

    def draw(self, says: tuple[Any, ...], window: Window) -> Strip:
        """The line that `says` was asked of."""
        kind, value, cells = says[0], says[1], window.cells
        if kind == "header":
            return header_strip(value, cells, self._styles.of("header"), window.frame.ascii)
        if kind == "group":
            rule = self._styles.of("rule")
            return group_strip(value, cells, self._styles.of, rule, window.frame.ascii)
        if kind == "task":
            return self._task(value, says, window)
        return message_strip(value, cells, self._styles.of("message"))

    def sort_at(self, x: int, window: Window) -> SortKey | None:
        """The order that the column at `x` stands for; None where it stands for none."""
        start = 0
        for place, (column, room) in enumerate(zip(*self._columns(window), strict=True)):
            end = start + (place > 1) + room
            if start <= x < end:
                return _SORTS.get(column.id)
            start = end
        return None

    def _task(self, key: TaskKey, says: tuple[Any, ...], window: Window) -> Strip:
        known = self._strips.get(key)
        if known is not None and known[0] == says:
            return known[1]
        row = self._row(key, window)
        assert row is not None  # `says` was made from it
        over = Style.null()
        if says[2] is not None:
            over += self._styles.overlay("changed")
        if says[3]:
            over += self._styles.overlay("cursor")
        strip = task_strip(row, self._columns(window), window.cells, self._styles.of, over)
        self._strips[key] = (says, strip)
        return strip

    def _columns(self, window: Window) -> Layout:
        shown, ascii_only = window.projection, window.frame.ascii
        widths = (shown.longest_id, shown.id_prefix, shown.longest_owner, shown.list_count > 1)
        wanted = (window.cells, ascii_only, widths, shown.kinds)
        if self._layout is None or self._layout[0] != wanted:
            self._layout = (wanted, layout(window.cells, shown, ascii_only))
        return self._layout[1]

    def _row(self, key: TaskKey, window: Window) -> Row | None:
        row = row_of(window.frame, key, window.projection.id_prefix)
        if row is not None and not row.task.is_closed:
            return row._replace(is_critical=key.id in self._critical.of(row.task_list))
        return row

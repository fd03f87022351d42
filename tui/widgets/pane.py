"""What the small panes share: rows that are drawn only where they are seen, and a cursor that
stays on its row's key while the rows around it come and go.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.timer import Timer

from store.model.snapshot import Snapshot
from tui.safe_text import content, one_line
from tui.view_state import EMPTY_FRAME, Frame
from tui.widgets.drawing import in_ascii
from tui.widgets.extent import keep_in_extent, set_extent
from tui.widgets.lines import Line, LinesView
from tui.widgets.pace import LEAST_INTERVAL_S, pace_of

ROOMY = 40
"""Cells of a pane, border included, from which its text keeps off the border."""

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Row(Generic[Facts]):
    """One row: the key that the cursor holds on to (None: it cannot be picked), what it says."""

    key: Hashable
    facts: Facts


class RowsPane(LinesView, Generic[Facts], can_focus=True, inherit_bindings=False):
    """A bordered pane of one-line rows. A subclass says what the rows are and how one is drawn."""

    DEFAULT_CSS = """
    RowsPane {
        border: round $border-blurred;
        border-title-color: $muted;
        border-subtitle-color: $muted;
        background: $background;
        color: $foreground;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        & > .rows--cursor { background: $cursor-tint; text-style: bold; }
        & > .rows--heading { color: $muted; }
        &:focus {
            border: round $border;
            border-title-color: $border;
            border-title-style: bold;
        }
        &.-roomy { padding: 0 1; }
        &.-ascii { border: ascii $border-blurred; }
        &.-ascii:focus { border: ascii $border; }
        &:nocolor:focus { border: heavy $border; }
        &:nocolor > .rows--cursor { text-style: reverse; }
        &:ansi > .rows--cursor { text-style: reverse; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--heading"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('up')", "Up", show=False),
        Binding("down", "move('down')", "Down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("home", "move('top')", "Top", show=False),
        Binding("end", "move('bottom')", "Bottom", show=False),
        Binding("enter", "pick", "Pick", show=False),
    ]
    frame: reactive[Frame] = reactive(EMPTY_FRAME, repaint=False)

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.rows: Sequence[Row[Facts]] = ()
        self.cursor = 0
        """Index of the row under the cursor."""
        self._cursor_key: Hashable = None
        self._again: Timer | None = None
        self._titles: tuple[str, str] = ("", "")

    def build(self, frame: Frame, snapshot: Snapshot) -> Sequence[Row[Facts]]:
        """The rows. `snapshot` is the frame's, or an earlier one while a big colony is counted."""
        return ()

    def draw(self, row: Row[Facts], cells: int) -> Content:
        """One row in so many cells."""
        return content(one_line(str(row.facts)))

    def heading(self, cells: int) -> Content | None:
        """A line that stays on top while the rows scroll."""
        return None

    def titles(self, frame: Frame) -> tuple[str, str]:
        """What the upper and the lower border say."""
        return "", ""

    def pick(self, row: Row[Facts]) -> None:
        """Tell the screen that a row was picked. A pane of which nothing follows says nothing."""

    @property
    def ascii(self) -> bool:
        return self.frame.ascii

    def on_mount(self) -> None:
        # Two themes may differ in nothing but the colours that the lines take from them.
        self.app.theme_changed_signal.subscribe(self, lambda _: self.restyle())
        self.rearrange()

    def watch_frame(self) -> None:
        if self.is_mounted:
            self.rearrange()

    def rearrange(self) -> None:
        """Make the rows anew; only what differs is painted."""
        frame = self.frame
        snapshot, is_newest = pace_of(self.app).take(frame.snapshot)
        if not is_newest and self._again is None:
            self._again = self.set_timer(LEAST_INTERVAL_S, self._rearrange_later)
        self.set_class(frame.ascii, "-ascii")
        self.show_rows(self.build(frame, snapshot))
        self._show_titles()

    def show_rows(self, rows: Sequence[Row[Facts]]) -> None:
        """Replace the rows; the cursor stays on its key, else on its place."""
        if rows == self.rows:
            return
        self.rows = rows
        self.cursor = self._place_of(self._cursor_key)
        height = len(rows) + self._heading_rows
        if height != self.virtual_size.height:
            set_extent(self, Size(self.cells, height))
            keep_in_extent(self)
        self.refresh_changed_lines()

    def move_cursor(self, where: str) -> None:
        """Move to `up`, `down`, `top`, `bottom`, `page_up`, `page_down`, `half_up`, `half_down`."""
        page = max(1, self._page)
        steps = {
            "up": -1,
            "down": 1,
            "page_up": -page,
            "page_down": page,
            "half_up": -max(1, page // 2),
            "half_down": max(1, page // 2),
            "top": -len(self.rows),
            "bottom": len(self.rows),
        }
        self._set_cursor(self.cursor + steps[where], -1 if steps[where] < 0 else 1)

    def action_move(self, where: str) -> None:
        self.move_cursor(where)

    def action_pick(self) -> None:
        if 0 <= self.cursor < len(self.rows) and self.rows[self.cursor].key is not None:
            self.pick(self.rows[self.cursor])

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        index = offset.y + self.scroll_offset.y - self._heading_rows
        if offset.y < self._heading_rows or not 0 <= index < len(self.rows):
            return
        if self.rows[index].key is not None:
            self._set_cursor(index, 1)
            self.answer_click(event.chain)

    def answer_click(self, times: int) -> None:
        """The row under the cursor was clicked, so many times in a row: that picks it."""
        self.action_pick()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(self.outer_size.width >= ROOMY, "-roomy")
        self.virtual_size = Size(self.cells, len(self.rows) + self._heading_rows)
        self.refresh()

    def line(self, y: int, cells: int) -> Line:
        """What a line of the screen should show."""
        heading = self.heading(cells)
        heading_rows = 0 if heading is None else 1
        if heading is not None and y == 0:
            return Line.of(in_ascii(heading, self.ascii), "rows--heading")
        index = y + self.scroll_offset.y - heading_rows
        if not 0 <= index < len(self.rows):
            return Line.of(Content(), "")
        is_cursor = self.has_focus and index == self.cursor
        row = self.rows[index]
        style = "rows--cursor" if is_cursor else self.row_style(row)
        return Line.of(in_ascii(self.draw(row, cells), self.ascii), style)

    def row_style(self, row: Row[Facts]) -> str:
        """A component class for the whole row, "" for none."""
        return ""

    @property
    def _heading_rows(self) -> int:
        return 0 if self.heading(max(1, self.cells)) is None else 1

    @property
    def _page(self) -> int:
        return self.scrollable_content_region.height - self._heading_rows

    def _rearrange_later(self) -> None:
        self._again = None
        self.rearrange()

    def _show_titles(self) -> None:
        upper, lower = (content(one_line(text)) for text in self.titles(self.frame))
        upper, lower = in_ascii(upper, self.ascii), in_ascii(lower, self.ascii)
        if (upper.plain, lower.plain) != self._titles:
            self._titles = (upper.plain, lower.plain)
            self.border_title = upper
            self.border_subtitle = lower if lower else None

    def _place_of(self, key: Hashable) -> int:
        if key is not None:
            for index, row in enumerate(self.rows):
                if row.key == key:
                    return index
        return max(0, min(self.cursor, len(self.rows) - 1))

    def _set_cursor(self, index: int, direction: int) -> None:
        """To the row, or to the next one beyond it that can be picked."""
        if not self.rows:
            return
        index = max(0, min(index, len(self.rows) - 1))
        for step in (direction, -direction):
            place = index
            while 0 <= place < len(self.rows) and self.rows[place].key is None:
                place += step
            if 0 <= place < len(self.rows):
                break
        else:
            return
        self.cursor = place
        self._cursor_key = self.rows[place].key
        self._scroll_to_cursor()
        self.refresh()

    def _scroll_to_cursor(self) -> None:
        top, page = self.scroll_offset.y, max(1, self._page)
        # The rows above the first one that can be picked have to come into view with it.
        wanted = self.cursor
        if all(row.key is None for row in self.rows[: self.cursor]):
            wanted = 0
        if wanted < top:
            self.scroll_to(y=wanted, animate=False, immediate=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False, immediate=True)

"""The moves of a table's cursor, by the names that keys are bound to."""

from __future__ import annotations

from abc import abstractmethod

from textual.binding import Binding, BindingType

from tui.projection import Projection

MOVES: list[BindingType] = [
    Binding("up", "cursor_up", "Up", show=False),
    Binding("down", "cursor_down", "Down", show=False),
    Binding("pageup", "page_up", "Page up", show=False),
    Binding("pagedown", "page_down", "Page down", show=False),
    Binding("home", "cursor_top", "Top", show=False),
    Binding("end", "cursor_bottom", "Bottom", show=False),
    Binding("enter", "open", "Open", show=False),
]


class TableMoves:
    """What the moving keys do to a table of rows."""

    @property
    @abstractmethod
    def projection(self) -> Projection:
        """The rows as they are shown."""

    @property
    @abstractmethod
    def page_rows(self) -> int:
        """Rows in sight."""

    @abstractmethod
    def move_by(self, tasks: int, *, wrap: bool = False) -> None:
        """Move the cursor down by so many tasks (up when negative), `wrap`: round the end."""

    def action_cursor_down(self) -> None:
        self.move_by(1)

    def action_cursor_up(self) -> None:
        self.move_by(-1)

    def action_page_down(self) -> None:
        self.move_by(self.page_rows)

    def action_page_up(self) -> None:
        self.move_by(-self.page_rows)

    def action_half_page_down(self) -> None:
        self.move_by(max(1, self.page_rows // 2))

    def action_half_page_up(self) -> None:
        self.move_by(-max(1, self.page_rows // 2))

    def action_cursor_top(self) -> None:
        self.move_by(-len(self.projection))

    def action_cursor_bottom(self) -> None:
        self.move_by(len(self.projection))

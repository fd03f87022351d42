"""The task table's styles: what its parts look like, and the theme's colours for its texts."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

PARTS = ("header", "group", "rule", "sign", "marked", "cursor", "changed", "message")
COMPONENTS = frozenset(f"task-table--{name}" for name in PARTS)

CSS = """
TaskTable {
    background: $background;
    color: $foreground;
    overflow-x: hidden;
    overflow-y: auto;
    scrollbar-size-vertical: 1;
    & > .task-table--header { color: $muted; }
    & > .task-table--group { color: $muted; text-style: bold; }
    & > .task-table--rule { color: $group-rule; }
    & > .task-table--message { color: $muted; }
    & > .task-table--sign { color: $accent; text-style: bold; }
    & > .task-table--marked { color: $accent; text-style: bold reverse; }
    & > .task-table--changed { background: $change-tint; }
    & > .task-table--cursor { background: $cursor-tint; }
    &:focus > .task-table--cursor { background: $cursor-tint; text-style: bold; }
    &:ansi > .task-table--changed { background: ansi_default; }
    &:ansi > .task-table--cursor { background: ansi_default; text-style: underline; }
    &:ansi:focus > .task-table--cursor { background: ansi_default; text-style: reverse; }
    &:nocolor > .task-table--cursor { text-style: underline; }
    &:nocolor:focus > .task-table--cursor { text-style: reverse; }
}
"""


class TableStyles:
    """Part or role → Rich style on the table's own ground, kept until theme or focus changes.

    A role is a colour of the theme by its variable's name. Component classes for roles too would
    cost every change of a style twenty times the price.
    """

    def __init__(self, table: Widget) -> None:
        self._table = table
        self._styles: dict[str, Style] = {}
        self._overlays: dict[str, Style] = {}

    def clear(self) -> None:
        self._styles.clear()
        self._overlays.clear()

    def of(self, role: str) -> Style:
        """The whole style of a text; the empty role is the plain row."""
        style = self._styles.get(role)
        if style is None:
            style = self._table.rich_style
            if role:
                style += self.overlay(role)
            self._styles[role] = style
        return style

    def overlay(self, part: str) -> Style:
        """Only what the part or role itself sets."""
        style = self._overlays.get(part)
        if style is None:
            if part in PARTS:
                name = f"task-table--{part}"
                style = self._table.get_component_rich_style(name, partial=True)
            else:
                color = Color.parse(self._table.app.theme_variables[part])
                style = Style(color=color.rich_color)
            self._overlays[part] = style
        return style

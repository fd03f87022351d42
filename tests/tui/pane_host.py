"""A small app that shows panes by themselves, and what they leave on the screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from textual.app import App, ComposeResult
from textual.message import Message
from textual.widget import Widget

from store.model.snapshot import Snapshot
from store.model.task import TaskKey
from tests.tui.colony import NOW
from tui.themes import THEMES, variable_defaults
from tui.view_state import Frame, ViewState

SIZES = [(80, 24), (120, 40), (200, 60)]


class PaneHost(App[None]):
    """Shows the given widgets one below another and keeps the messages that they post."""

    CSS = "Screen { background: $background; }"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    def __init__(self, *panes: Widget, theme: str = "colonytop-dark") -> None:
        super().__init__()
        for own in THEMES:
            self.register_theme(own)
        self.theme = theme
        self.panes = panes
        self.said: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield from self.panes

    def hear(self, message: Message) -> None:
        """The message hook of `run_test`."""
        if type(message).__module__.startswith("tui."):
            self.said.append(message)

    def said_of(self, kind: type[Message]) -> list[Any]:
        """The messages of a kind, each once, in their order."""
        found: list[Message] = []
        for message in self.said:
            if isinstance(message, kind) and message not in found:
                found.append(message)
        return found


def frame_of(snapshot: Snapshot, selected: TaskKey | None = None, **fields: Any) -> Frame:
    """A frame at `NOW` with a fresh scan."""
    given: dict[str, Any] = {"now": NOW, "scan_age_s": 0.2, "view": ViewState(), **fields}
    return Frame(snapshot=snapshot, selected=selected, **given)


def show(panes: Sequence[Widget], frame: Frame) -> None:
    """Give a frame to every pane, a new one so that all of them see a change."""
    for pane in panes:
        pane.frame = replace(frame)  # type: ignore[attr-defined]


def screen_lines(app: App[Any]) -> list[str]:
    """What the screen shows, one string for each line."""
    size = app.size
    strips = app.screen._compositor.render_strips(size)
    return ["".join(segment.text for segment in strip) for strip in strips]


def lines_of(widget: Widget) -> list[str]:
    """What one widget shows, its border included."""
    region = widget.region
    rows = screen_lines(widget.app)[region.y : region.bottom]
    return rows if region.width == widget.app.size.width else _columns(widget, rows)


def _columns(widget: Widget, rows: Sequence[str]) -> list[str]:
    """The widget's columns, for rows in which every character is one cell."""
    return [row[widget.region.x : widget.region.right] for row in rows]


PaneFactory = Callable[[], Widget]

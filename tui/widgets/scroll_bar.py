"""A scroll bar of whole cells, for terminals that draw nothing but ASCII."""

from __future__ import annotations

from textual.scrollbar import ScrollBar, ScrollBarRender


class PlainScrollBar(ScrollBarRender):
    """Colour alone: the ends are not refined by parts of a block."""

    VERTICAL_BARS = [" "] * 8
    HORIZONTAL_BARS = [" "] * 8


def choose_scroll_bars(*, ascii_only: bool) -> None:
    """Choose how every scroll bar of the program is drawn; Textual keeps it per process."""
    ScrollBar.renderer = PlainScrollBar if ascii_only else ScrollBarRender

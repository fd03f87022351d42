"""How much a line-drawing widget can scroll, set without laying the whole screen out anew."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_extent(view: ScrollView, extent: Size) -> None:
    """Set the virtual size. Only where a scroll bar comes or goes the layout has to follow."""
    before = view.virtual_size
    if extent == before:
        return
    room = view.container_size.height
    if (before.height > room) != (extent.height > room):
        view.virtual_size = extent
        return
    view.set_reactive(Widget.virtual_size, extent)
    view._scroll_update(extent)

"""How much a line-drawing widget can scroll, set without laying the whole screen out anew."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_extent(view: ScrollView, extent: Size) -> None:
    """Set the virtual size. Only where a scroll bar comes or goes the layout has to follow.

    The scroll position stays, so that the caller can choose it; `keep_in_extent` has to follow.
    """
    before = view.virtual_size
    if extent == before:
        return
    room = view.container_size.height
    if (before.height > room) != (extent.height > room):
        view.virtual_size = extent
        return
    view.set_reactive(Widget.virtual_size, extent)
    if view.show_vertical_scrollbar:
        view.vertical_scrollbar.window_virtual_size = extent.height


def keep_in_extent(view: ScrollView) -> None:
    """Scroll back to the end where less is left than was scrolled past."""
    if view.scroll_y > view.max_scroll_y:
        view.scroll_to(y=view.max_scroll_y, animate=False, immediate=True, force=True)

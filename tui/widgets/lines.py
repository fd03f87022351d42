"""Lines that are painted only where what they show has changed."""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

from textual.cache import LRUCache
from textual.content import Content, Span
from textual.geometry import Region
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

_CACHED_LINES = 256


class Line(NamedTuple):
    """A line as it is drawn: equal lines look the same."""

    text: str
    spans: tuple[Span, ...]
    component: str
    """The component class for the whole line, "" for none."""

    @classmethod
    def of(cls, drawn: Content, component: str) -> Line:
        return cls(drawn.plain, tuple(drawn.spans), component)


class LinesView(ScrollView):
    """A scrolled widget of one-row lines. A subclass says what each line of the screen shows."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._drawn: dict[int, Line] = {}
        """What each line of the screen shows."""
        self._strips: LRUCache[tuple[Line, int], Strip] = LRUCache(_CACHED_LINES)

    @abstractmethod
    def line(self, y: int, cells: int) -> Line:
        """What a line of the screen should show."""

    @property
    def cells(self) -> int:
        """Cells that a line has."""
        return self.scrollable_content_region.width

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self.restyle()

    def restyle(self) -> None:
        """The colours are others."""
        self._strips.clear()
        self.refresh()

    def refresh_changed_lines(self) -> None:
        """Paint those lines anew that do not show what they should."""
        height, cells = self.scrollable_content_region.height, self.cells
        for y, shown in list(self._drawn.items()):
            if y < height and self.line(y, cells) != shown:
                self.refresh(Region(0, y, cells, 1))

    def render_line(self, y: int) -> Strip:
        cells = self.cells
        if cells <= 0:
            return Strip.blank(0)
        line = self._drawn[y] = self.line(y, cells)
        strip = self._strips.get((line, cells))
        if strip is None:
            strip = self._strips[line, cells] = self._strip(line)
        return strip

    def _strip(self, line: Line) -> Strip:
        style = self.get_visual_style(line.component) if line.component else self.visual_style
        drawn = Content(line.text, list(line.spans))
        strips = Visual.to_strips(self, drawn, self.cells, 1, style, apply_selection=False)
        strip = strips[0] if strips else Strip.blank(0)
        return strip.adjust_cell_length(self.cells, style.rich_style)

"""Drawing one line of the task table: texts to a strip of exactly the table's width."""

from __future__ import annotations

from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.columns import Layout, Row
from tui.glyphs import glyph, signs, style_role
from tui.ordering import STATES
from tui.rows import Group
from tui.safe_text import SafeText, fit, one_line, width

StyleOf = Callable[[str], Style]
"""Theme role → style; the empty role is the plain row."""


def header_strip(layout: Layout, cells: int, style: Style, ascii_only: bool) -> Strip:
    """The titles of the columns."""
    ellipsis = signs(ascii_only).ellipsis
    segments = []
    for place, (column, room) in enumerate(zip(*layout, strict=True)):
        title = fit(one_line(column.title), room, right=column.right, ellipsis=ellipsis)
        segments.append(Segment(_gap(place) + title, style))
    return _exactly(segments, cells, style)


def task_strip(row: Row, layout: Layout, cells: int, style_of: StyleOf, over: Style) -> Strip:
    """One task. `over` is laid over every cell's own style: cursor or change tint."""
    ellipsis = signs(row.frame.ascii).ellipsis
    plain = style_of("") + over
    segments = []
    for place, (column, room) in enumerate(zip(*layout, strict=True)):
        cell = column.cell(row)
        text = fit(cell.text, room, right=column.right, ellipsis=ellipsis)
        if gap := _gap(place):
            segments.append(Segment(gap, plain))
        segments.append(Segment(text, style_of(cell.role) + over))
    return _exactly(segments, cells, plain)


def group_strip(
    group: Group, cells: int, style_of: StyleOf, rule: Style, ascii_only: bool
) -> Strip:
    """A heading: the group's name, its tasks by state, and a rule to the edge."""
    dot = "-" if ascii_only else "·"
    title = one_line(group.title.replace("·", dot), max(1, cells // 2))
    parts = [Segment(f" {title}", style_of("group"))]
    if not group.is_closed:
        for place, state in enumerate(s for s in STATES if s in group.by_state):
            text = f"{glyph(state, ascii_only)}{group.by_state[state]}"
            parts.append(Segment(f" {dot} " if not place else " ", rule))
            parts.append(Segment(text, style_of(style_role(state))))
    parts.append(Segment(" ", rule))
    used = sum(width(part.text) for part in parts)
    parts.append(Segment(signs(ascii_only).rule * max(0, cells - used), rule))
    return _exactly(parts, cells, rule)


def message_strip(text: SafeText, cells: int, style: Style) -> Strip:
    """One line of plain words."""
    return _exactly([Segment(fit(text, cells), style)], cells, style)


def _gap(place: int) -> str:
    return " " if place > 1 else ""


def _exactly(segments: list[Segment], cells: int, style: Style) -> Strip:
    return Strip(segments).adjust_cell_length(cells, style)

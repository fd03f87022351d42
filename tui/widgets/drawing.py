"""Lines made of pieces: safe text and the style it is drawn in. Pure."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence

from textual.content import Content

from tui.glyphs import signs
from tui.safe_text import SafeText, fit, one_line, width

_ASCII = str.maketrans({"·": "-", "…": "~", "→": ">", "↑": "^", "─": "-", "━": "=", "—": "-"})

Piece = tuple[SafeText, str]
"""A text and its style: theme variables as `$status-ready`, words as `bold`; "" for none."""


def piece(text: str, style: str = "") -> Piece:
    """Any text, brought through the door."""
    return one_line(text), style


def fitted(text: str, cells: int, style: str = "", *, right: bool = False) -> Piece:
    """Any text in exactly so many cells."""
    return fit(one_line(text), cells, right=right), style


def figure(count: int, cells: int, style: str) -> Piece:
    """A count flush right; nothing recedes to a dot, and what does not fit is cut to a plus."""
    if count == 0:
        return fitted("·", cells, "$group-rule", right=True)
    shown = str(count)
    if len(shown) > cells:
        shown = f"{count // 1000}k" if len(f"{count // 1000}k") <= cells else "+"
    return fitted(shown, cells, style, right=True)


def cells_of(pieces: Iterable[Piece]) -> int:
    return sum(width(text) for text, _ in pieces)


def line(*pieces: Piece) -> Content:
    """The pieces side by side."""
    return Content.assemble(*pieces)


def in_ascii(drawn: Content, ascii: bool) -> Content:
    """The line with our own signs as their ASCII twins, where that is asked for.

    Each has one cell, so nothing moves; the words of a task stay as they are.
    """
    if not ascii or drawn.plain.isascii():
        return drawn
    return Content(drawn.plain.translate(_ASCII), list(drawn.spans))


def hanging(lead: Content, text: Content, cells: int) -> Content:
    """Text beside a lead, wrapped at words; further lines begin where the first one does."""
    indent = lead.cell_length
    lines = text.wrap(max(8, cells - indent))
    below = (wrapped.pad_left(indent) for wrapped in lines[1:])
    return Content("\n").join([lead + lines[0], *below]) if lines else lead


def spread(left: Sequence[Piece], right: Sequence[Piece], cells: int) -> Content:
    """Left pieces and right pieces, with the room between them; the left is cut first."""
    end = cut(right, cells)
    room = cells - cells_of(end)
    start = cut(left, room - 1 if end else room)
    gap = cells - cells_of(start) - cells_of(end)
    return line(*start, piece(" " * gap), *end)


def cut(pieces: Sequence[Piece], cells: int) -> list[Piece]:
    """As many pieces as fit; the one that does not is cut with an ellipsis, the rest dropped."""
    kept: list[Piece] = []
    for text, style in pieces:
        size = width(text)
        if size > cells:
            if cells > 0:
                kept.append((fit(text, cells), style))
            break
        kept.append((text, style))
        cells -= size
    return kept


def separated(parts: Iterable[Sequence[Piece]], between: str = " · ") -> list[Piece]:
    """Groups of pieces with a quiet separator between them; empty groups are left out."""
    joined: list[Piece] = []
    for part in parts:
        if part:
            if joined:
                joined.append(piece(between, "$muted"))
            joined.extend(part)
    return joined


def rule(title: str, cells: int, *, ascii: bool) -> Content:
    """A quiet rule with a title in it."""
    sign = signs(ascii).rule
    label = cut([piece(f"{sign} ", "$group-rule"), piece(title, "$muted"), piece(" ")], cells)
    rest = sign * max(0, cells - cells_of(label))
    return line(*label, piece(rest, "$group-rule"))


def section(title: str) -> Content:
    """A title with an empty line above."""
    return Content.assemble("\n", piece(title, "bold $muted"))


def clock(at: float | None) -> str:
    """Local time of day, HH:MM:SS; "-" where there is no such moment."""
    return _format("%H:%M:%S", at)


def stamp(at: float | None, now: float) -> str:
    """Local time of day, with the date where it is not today's."""
    if at is None or not math.isfinite(at):
        return "-"
    if abs(now - at) < 86_400 and _format("%j", at) == _format("%j", now):
        return clock(at)
    return _format("%Y-%m-%d %H:%M", at)


def _format(shape: str, at: float | None) -> str:
    if at is None or not math.isfinite(at):
        return "-"
    try:
        return time.strftime(shape, time.localtime(at))
    except (OverflowError, OSError, ValueError):
        return "-"

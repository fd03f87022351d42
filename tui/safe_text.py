"""THE door for untrusted text: whatever a task says comes through here before a widget sees it.

Out comes `SafeText`: no control or format character, nothing that reorders, hides or joins, at
most three marks on a base, always encodable as UTF-8, and as wide as `rich.cells` says, so that
Textual, a multiplexer and the terminal agree on every column. Markup is not interpreted here and
must not be later: hand the result over through `content`, or to widgets with `markup=False`.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.cells import cell_len, get_character_cell_size

if TYPE_CHECKING:
    from textual.content import Content

REPLACEMENT = "\ufffd"
NEWLINE_SIGN = "⏎"
ELLIPSIS = "…"
MAX_MARKS = 3
_DOTTED_CIRCLE = "◌"
_ZERO_WIDTH_JOINER = "\u200d"
_TAB = "    "
_NOTICE_ROOM = 40  # characters kept free for the line that says how much was cut

_LINE_ENDS = frozenset("\n\r\x85\u2028\u2029")
_BLANKS = frozenset("\u2800")  # looks like a space and is none
_BIDI = {
    "\u061c": "ALM",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
# Letters and marks that draw nothing; the format characters are known by their category.
_INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0\U00016fe4"
)
_REPLACED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


class SafeText(str):
    """Text that may go to the terminal. Only this module makes it; slicing gives a plain `str`."""

    __slots__ = ()


def one_line(text: str, limit: int = 512) -> SafeText:
    """The text as one row of at most `limit` characters; line ends become ⏎, the rest is cut.

    The cut comes first: a subject of a megabyte costs as much as one of `limit` characters.
    """
    limit = max(1, limit)
    was_cut = len(text) > limit
    head = text[:limit] if was_cut else text
    if head.isascii() and head.isprintable():
        if was_cut:
            return SafeText(head[:-1] + ELLIPSIS)
        return head if type(head) is SafeText else SafeText(head)
    cleaned = _one_line(head)
    if was_cut or len(cleaned) > limit:
        return SafeText(cleaned[: limit - 1] + ELLIPSIS)
    return cleaned


def block(text: str, max_lines: int = 2000, limit: int = 65536) -> SafeText:
    """The text with its line ends kept, at most `max_lines` lines and `limit` characters.

    The last line says what was left out. Directional controls are shown by name, as ‹RLO›.
    """
    head = text[:limit]
    cleaned = str(_scrub(head, keep_lines=True))
    unread = len(text) - len(head)
    if unread or len(cleaned) > limit:
        if limit <= 2 * _NOTICE_ROOM:
            return SafeText(ELLIPSIS[:limit])
        kept = min(len(cleaned), limit - _NOTICE_ROOM)
        cleaned = f"{cleaned[:kept]}\n… {unread + len(cleaned) - kept:,} more characters"
    lines = cleaned.split("\n", max_lines)
    if len(lines) > max_lines:
        more = 2 + lines.pop().count("\n")
        lines[-1] = f"… {more:,} more lines"
        cleaned = "\n".join(lines)
    return SafeText(cleaned)


def width(text: str) -> int:
    """Terminal cells that the text takes, by the one table."""
    return cell_len(text)


def fit(text: SafeText, cells: int, *, right: bool = False, ellipsis: str = ELLIPSIS) -> SafeText:
    """The text in exactly `cells` cells: padded (on the left with `right`), or cut to `…`."""
    if cells <= 0:
        return SafeText("")
    if "\n" in text:
        text = one_line(text)
    size = len(text) if text.isascii() else width(text)
    if size > cells:
        text = SafeText(_head(text, cells - 1) + ellipsis)
        size = width(text)
    padding = " " * (cells - size)
    if not padding:
        return text
    return SafeText(padding + text if right else text + padding)


def join(*parts: SafeText) -> SafeText:
    """Safe texts one after another. Each starts with a base of its own, so nothing combines."""
    return SafeText("".join(parts))


def content(text: SafeText) -> Content:
    """The text for a widget, without markup.

    Raises:
        TypeError: the text has not come through the door.
    """
    from textual.content import Content  # here: the command line uses the door without Textual

    if not isinstance(text, SafeText):
        raise TypeError("text reaches a widget only as SafeText")
    return Content(text)


def _head(text: str, cells: int) -> str:
    """As much of the text as `cells` cells hold, marks with their base."""
    if text.isascii():
        return text[:cells]
    used = 0
    for place, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > cells:
            return text[:place]
    return text


@lru_cache(maxsize=8192)
def _one_line(text: str) -> SafeText:
    return _scrub(text, keep_lines=False)


def _scrub(text: str, *, keep_lines: bool) -> SafeText:
    if text.isascii() and text.isprintable():
        return SafeText(text)
    text = text.replace("\r\n", "\n")
    out: list[str] = []
    marks = 0
    for place, character in enumerate(text):
        if character in _LINE_ENDS:
            out.append("\n" if keep_lines else NEWLINE_SIGN)
        elif character == "\t":
            out.append(_TAB if keep_lines else " ")
        elif character in _BIDI:
            out.append(f"‹{_BIDI[character]}›" if keep_lines else REPLACEMENT)
        elif _is_dropped(character, out[-1] if out else "", text[place + 1 : place + 2]):
            continue
        elif _is_mark(character):
            if marks >= MAX_MARKS:
                continue
            if not out or out[-1] in (" ", "\n", _TAB):
                out.append(_DOTTED_CIRCLE)
            out.append(character)
            marks += 1
            continue
        else:
            out.append(_shown(character))
        marks = 0
    return SafeText("".join(out))


def _is_dropped(character: str, before: str, after: str) -> bool:
    """Joiners, variation selectors and skin tones that only choose how a sign before is drawn.

    Beside ASCII they have no such use: there they are shown, so that two names never look alike.
    """
    if character == _ZERO_WIDTH_JOINER:
        return not (before.isascii() or after.isascii())
    if "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef":
        return bool(before) and (not before.isascii() or before in "0123456789#*")
    if "\U0001f3fb" <= character <= "\U0001f3ff":
        return bool(before) and width(before) == 2
    return False


@lru_cache(maxsize=4096)
def _is_mark(character: str) -> bool:
    """It is drawn on the character before it, or takes no cell of its own."""
    if character in _INVISIBLE or unicodedata.category(character) in _REPLACED_CATEGORIES:
        return False
    if _is_variation_selector(character):
        return False
    return (
        unicodedata.category(character).startswith("M") or get_character_cell_size(character) == 0
    )


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


@lru_cache(maxsize=4096)
def _shown(character: str) -> str:
    """What stands for one character that is neither a line end nor a mark."""
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0x1F1E6 <= code <= 0x1F1FF:  # flags: terminals disagree on their width
        return chr(ord("A") + code - 0x1F1E6)
    category = unicodedata.category(character)
    if category == "Zs" or character in _BLANKS:
        return " "
    if category in _REPLACED_CATEGORIES or character in _INVISIBLE:
        return REPLACEMENT
    return REPLACEMENT if _is_variation_selector(character) else character

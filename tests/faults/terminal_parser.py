"""A strict parser of what a program sends to a terminal, and a driver that keeps all of it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver

_DRAWING = re.compile(r"\x1b\[[0-9;]*m|\x1b\[[0-9]{1,4};[0-9]{1,4}H")
"""Colours and styles; moves of the cursor to a row and a column. Everybody may write these."""
_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"  # OSC, perhaps never closed
    r"|\x1b[P_^X][^\x1b\x9c]*(?:\x1b\\|\x9c)?"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x1a\x1c-\x1f\x7f-\x9f]"
)
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


_NOTICE = re.compile(r"\x1b\]9;(colonytop: [^\x00-\x1f\x7f-\x9f]*)\x1b\\")
"""A desktop notification as this program writes it: with its name first, so that it is none of the
commands that terminals have under the same number, and ended by ST.
"""
_MOST_FINDS = 200
"""Enough to see what is wrong; a thing said once need not be said again."""


@dataclass(slots=True)
class Parser:
    """Knows the exact sequences that an empty app writes; whatever else steers is a find."""

    known: frozenset[str] = frozenset()
    finds: list[str] = field(default_factory=list)
    parsed: int = 0
    notified: int = 0
    """Notifications that are ours and clean."""

    def check(self, name: str, written: str) -> None:
        self.parsed += len(written)
        rest = _DRAWING.sub("", written)
        if rest.isascii() and rest.isprintable():
            return
        text = _SEQUENCE.sub(lambda match: self._judged(name, match[0]), rest)
        for character in sorted(set(text)):
            if unicodedata.category(character) in _REFUSED:
                self._find(name, f"the character U+{ord(character):04X}")

    def _judged(self, name: str, sequence: str) -> str:
        if notification_text(sequence) is not None:
            self.notified += 1
        elif sequence not in self.known:
            self._find(name, f"the sequence {sequence[:60]!r}")
        return ""

    def _find(self, name: str, what: str) -> None:
        find = f"{name}: {what}"
        if find not in self.finds and len(self.finds) < _MOST_FINDS:
            self.finds.append(find)


def notification_text(sequence: str) -> str | None:
    """What a desktop notification of ours says; None for every other sequence, and for one with a
    character that has no place in a terminal.
    """
    found = _NOTICE.fullmatch(sequence)
    if found is None or any(unicodedata.category(c) in _REFUSED for c in found[1]):
        return None
    return found[1]


def sequences(written: str) -> frozenset[str]:
    """The sequences other than drawing in what an empty app has written."""
    return frozenset(_SEQUENCE.findall(_DRAWING.sub("", written)))


class CapturingDriver(HeadlessDriver):
    """Pretends to be a terminal, so that the app draws, and keeps what is drawn."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.written: list[str] = []

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)


def capture(app: App[Any]) -> None:
    """Let an app that has not started yet draw into a `CapturingDriver`."""
    app.driver_class = CapturingDriver


def take(app: App[Any]) -> str:
    """What was written since the last time."""
    driver = app._driver
    assert isinstance(driver, CapturingDriver)
    written = "".join(driver.written)
    driver.written.clear()
    return written


def marks_in(written: str, marks: Iterable[str]) -> Iterator[str]:
    """Those of the marks that came to the screen."""
    text = _DRAWING.sub("", written)
    return (mark for mark in marks if mark in text)

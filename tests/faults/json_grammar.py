"""Texts that look like task records, grown from a grammar and then damaged. Seeded."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator

from tests.contract.native import RECORD_FIELDS

_NUMBERS = (
    *("0", "-0", "-0.0", "1", "2", "-1", "1e3", "1E+2", "1.50", "12345678901234567890"),
    *("1e999", "-1e999", "NaN", "Infinity", "-Infinity", "01", "1.", ".5", "+1", "0x10"),
    *("1" * 64, "1" * 65, "9" * 4300, "9" * 4301, "0." + "1" * 500, "1e-400"),
)
_STRINGS = (
    *("", "x", "pending", "in_progress", "completed", "deleted", "\\ud800", "\\u0000", "\\u202e"),
    *("\\", "\\x", '\\"', "\x00", "\x1b[31m", "\n", "é", "漢", "😀", "\\u006fwner", "a" * 2000),
)
_KEYS = (*RECORD_FIELDS, "priority", "schema_version", "", "__proto__", "id", "\\u0069d", "goal")
_DAMAGES = ("", "", "", "cut", "swap", "drop", "double", "bytes", "bom", "utf16", "latin1", "tail")


class Grammar:
    """Grows one text after another from a seed; the same seed gives the same texts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def texts(self, count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield self._damaged(self._record().encode("utf-8", "surrogatepass"))

    def _record(self) -> str:
        """Mostly a whole record with a few fields replaced; now and then anything at all."""
        if self._random.random() < 0.1:
            return self._value(0)
        fields = [("id", "2"), ("subject", '"A subject"')]
        for _ in range(self._random.randrange(6)):
            fields.append((self._random.choice(_KEYS), self._value(0)))
        self._random.shuffle(fields)
        if self._random.random() < 0.7:  # otherwise keys may stand there twice
            fields = list(dict(fields).items())
        return "{" + ", ".join(f'"{name}": {value}' for name, value in fields) + "}"

    def _value(self, depth: int) -> str:
        grown: list[Callable[[int], str]] = [self._scalar, self._scalar, self._array, self._object]
        if depth > 6:
            return self._scalar(depth)
        if self._random.random() < 0.02:
            levels = self._random.choice((63, 64, 65, 201, 2000))
            return "[" * levels + self._scalar(depth) + "]" * levels
        return self._random.choice(grown)(depth)

    def _scalar(self, _: int) -> str:
        kind = self._random.randrange(4)
        if kind == 0:
            return self._random.choice(_NUMBERS)
        if kind == 1:
            return self._random.choice(("true", "false", "null", "nul", "True", ""))
        if kind == 2:
            return f'"{self._random.choice(_STRINGS)}"'
        return json.dumps(self._random.choice(_STRINGS))

    def _array(self, depth: int) -> str:
        count = self._random.randrange(4)
        return "[" + ", ".join(self._value(depth + 1) for _ in range(count)) + "]"

    def _object(self, depth: int) -> str:
        count = self._random.randrange(4)
        pairs = (f'"{self._random.choice(_KEYS)}": {self._value(depth + 1)}' for _ in range(count))
        return "{" + ", ".join(pairs) + "}"

    def _damaged(self, text: bytes) -> bytes:
        """One defect, or none: what a crash, another encoding or a careless hand leaves."""
        place = self._random.randrange(len(text) + 1)
        other = self._random.randrange(len(text) + 1)
        piece = text[min(place, other) : max(place, other)]
        damage = self._random.choice(_DAMAGES)
        made = {
            "cut": lambda: text[:place],
            "swap": lambda: text[:place] + piece + text[place:],
            "drop": lambda: text.replace(piece[:8], b"", 1),
            "double": lambda: text + text,
            "bytes": lambda: text[:place] + self._random.randbytes(3) + text[place:],
            "bom": lambda: b"\xef\xbb\xbf" + text,
            "utf16": lambda: text.decode("utf-8", "replace").encode("utf-16"),
            "latin1": lambda: text.decode("utf-8", "replace").encode("latin-1", "replace"),
            "tail": lambda: text + b"\0" * 9,
        }
        return made[damage]() if damage else text

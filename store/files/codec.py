"""Bytes ↔ JSON objects: strict, bounded, and faithful to what was there.

Reading says what is wrong instead of guessing. Writing starts from the object as it was read, so
unknown fields, key order and the spelling of numbers stay as they were.
"""

from __future__ import annotations

import json
import math
import re
from array import array
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from json.encoder import encode_basestring
from types import NoneType
from typing import Any

from store.model.errors import ColonytopError, InvalidField
from store.model.json_kinds import kind_name

MAX_DEPTH = 64
MAX_DIGITS = 64
MAX_VALUES = 20_000
"""Elements and fields of all levels together: what a record of the largest size cannot reach by
its texts alone, and what is still parsed within a few hundredths of a second.
"""


class Unparsable(ColonytopError):
    """The bytes are not one JSON object that every reader would understand alike."""

    kind = "unparsable"


class _Spelled(float):
    """A float that remembers how it was written, so `1.50` is not rewritten as `1.5`."""

    spelling: str

    def __new__(cls, text: str) -> _Spelled:
        number = super().__new__(cls, text)
        number.spelling = text
        return number

    def __repr__(self) -> str:
        return self.spelling


def parse_object(content: bytes, most_values: int = MAX_VALUES) -> dict[str, Any]:
    """One JSON object, keys in order.

    Raises:
        Unparsable: empty, not UTF-8, over `most_values` values, nested over 64 deep, a key twice,
            NaN or infinite numbers, integers over 64 digits, or not an object.
    """
    text = _decode(content)
    check_structure(content, most_values)
    try:
        found = _decoder.decode(text)
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at")  # as in "Unterminated string starting at"
        raise Unparsable(f"not JSON: {what} at line {error.lineno}") from error
    except RecursionError as error:
        raise Unparsable("nested too deeply") from error
    if not isinstance(found, dict):
        raise Unparsable(f"{kind_name(found)}, not an object")
    return found


def format_object(record: Mapping[str, Any]) -> bytes:
    """The native spelling: UTF-8, indent 2, no final newline.

    Raises:
        InvalidField: a value that JSON cannot hold, with the field named.
    """
    fields = []
    for name, value in record.items():
        try:
            fields.append(f"{_spell_key(name)}: {_spell(value, 1)}")
        except _Unstorable as error:
            raise InvalidField(str(name)[:80], str(error)) from error
    text = "{\n  " + ",\n  ".join(fields) + "\n}" if fields else "{}"
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        name = next((n for n, v in record.items() if _holds_surrogate(n, v)), "record")
        reason = "holds half of a surrogate pair, which UTF-8 cannot store"
        raise InvalidField(_SURROGATE.sub("?", name), reason) from error


def _decode(content: bytes) -> str:
    if not content:
        raise Unparsable("empty file")
    if not content.strip(b"\0"):
        raise Unparsable("only NUL bytes, as a crash leaves behind")
    try:
        return content.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unparsable(f"not UTF-8 at byte {error.start}") from error


_BOM = b"\xef\xbb\xbf"


def check_structure(content: bytes, most_values: int = MAX_VALUES) -> None:
    """Bound the number of values and the nesting before parsing, so that the time is bounded too.

    Commas and brackets in strings do not count, but few of them all together settle the question
    without looking at each byte.

    Raises:
        Unparsable: over `most_values` values, or nested over 64 deep.
    """
    opening = content.count(b"[") + content.count(b"{")
    if opening <= MAX_DEPTH and opening + content.count(b",") <= most_values:
        return
    bare = _outside_strings(content)
    levels = array("b", bare.replace(b",", b"")[: 2 * most_values].translate(_STEPS))
    if max(accumulate(levels), default=0) > MAX_DEPTH:
        raise Unparsable(f"nested over {MAX_DEPTH} levels deep")
    if bare.count(b"[") + bare.count(b"{") + bare.count(b",") > most_values:
        raise Unparsable(f"over {most_values:,} values")


def _outside_strings(content: bytes) -> bytes:
    """The brackets and commas that are not in strings, without a step for each byte."""
    if b"\\" in content:
        content = content.replace(b"\\\\", b"").replace(b'\\"', b"")
    signs = content.translate(None, _NO_SIGNS)
    return b"".join(signs.replace(b'""', b"").split(b'"')[::2])


_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
_NO_SIGNS = bytes(set(range(256)) - set(b'[]{},"'))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unparsable(f"the key {twice[:80]!r} stands there twice")
    return found


def _refuse_constant(name: str) -> Any:
    raise Unparsable(f"{name} is not a JSON number")


def _bounded_int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise Unparsable(f"a number of {len(text)} digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if repr(number) == text:
        return number
    if not math.isfinite(number) or len(text) > 400:
        raise Unparsable(f"the number {text[:20]} is out of range")
    return _Spelled(text)


_decoder = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_constant=_refuse_constant,
    parse_int=_bounded_int,
    parse_float=_finite,
)


class _Unstorable(Exception):
    """A value that JSON cannot hold; the text says why."""


def _spell(value: Any, depth: int) -> str:
    """One value. `json.dumps` would respell the numbers that were read, and name no field."""
    spell = _SPELL.get(type(value))
    if spell is not None:
        return spell(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, int):
        return _spell_int(value)
    if isinstance(value, float):
        return _spell_float(value)
    if isinstance(value, Mapping):
        return _block("{}", _spell_each(value.items(), depth, _spell_pair), depth)
    if isinstance(value, (list, tuple)):
        return _block("[]", _spell_each(value, depth, _spell), depth)
    raise _Unstorable(f"{kind_name(value)} is not a value that JSON can hold")


def _spell_each(values: Iterable[Any], depth: int, spell: Callable[[Any, int], str]) -> list[str]:
    if depth >= MAX_DEPTH:  # the object around the fields is a level too
        raise _Unstorable(f"nested over {MAX_DEPTH} levels deep")
    return [spell(value, depth + 1) for value in values]


def _block(brackets: str, parts: list[str], depth: int) -> str:
    if not parts:
        return brackets
    line = "\n" + "  " * depth
    return f"{brackets[0]}{line}  " + f",{line}  ".join(parts) + line + brackets[1]


def _spell_pair(pair: tuple[Any, Any], depth: int) -> str:
    return f"{_spell_key(pair[0])}: {_spell(pair[1], depth)}"


def _spell_key(name: Any) -> str:
    if isinstance(name, str):
        return encode_basestring(name)
    raise _Unstorable(f"the key {name!r:.80} is not text")


def _spell_int(value: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if abs(value) >= _TOO_GREAT:
        raise _Unstorable(f"a number of over {MAX_DIGITS} digits")
    return int.__repr__(value)


def _spell_float(value: float) -> str:
    if isinstance(value, _Spelled):
        return value.spelling
    if not math.isfinite(value):
        raise _Unstorable(f"{value} is not a JSON number")
    return float.__repr__(value)


_TOO_GREAT = 10**MAX_DIGITS
_SPELL: dict[type, Callable[[Any], str]] = {
    str: encode_basestring,
    NoneType: lambda _: "null",
    int: _spell_int,
    float: _spell_float,
}
"""By the exact type, which nearly every value has."""


def _holds_surrogate(name: str, value: Any) -> bool:
    return bool(_SURROGATE.search(name) or _SURROGATE.search(_spell(value, 1)))


_SURROGATE = re.compile("[\ud800-\udfff]")

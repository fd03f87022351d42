"""Bytes ↔ JSON objects: strict, bounded, and faithful to what was there.

Reading says what is wrong instead of guessing. Writing starts from the object as it was read, so
unknown fields, key order and the spelling of numbers stay as they were.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from store.model.errors import ColonytopError, InvalidField

MAX_DEPTH = 64
MAX_DIGITS = 64


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


def parse_object(content: bytes) -> dict[str, Any]:
    """One JSON object, keys in order.

    Raises:
        Unparsable: empty, not UTF-8, nested over 64 deep, a key twice, NaN or infinite numbers,
            integers over 64 digits, or not an object.
    """
    text = _decode(content)
    check_depth(content)
    try:
        found = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_bounded_int,
            parse_float=_finite,
        )
    except json.JSONDecodeError as error:
        raise Unparsable(f"not JSON: {error.msg} at line {error.lineno}") from error
    except RecursionError as error:
        raise Unparsable("nested too deeply") from error
    if not isinstance(found, dict):
        raise Unparsable(f"a JSON {type(found).__name__}, not an object")
    return found


def format_object(record: Mapping[str, Any]) -> bytes:
    """The native spelling: UTF-8, indent 2, no final newline.

    Raises:
        InvalidField: a value that JSON cannot hold, with the field named.
    """
    for name, value in record.items():
        _check_value(name, value, 0)
    if _keeps_spelling(record):
        return "".join(_spell(record, "\n")).encode("utf-8")
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8")


def _decode(content: bytes) -> str:
    if not content:
        raise Unparsable("empty file")
    if not content.strip(b"\0"):
        raise Unparsable("only NUL bytes, as a crash leaves behind")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unparsable(f"not UTF-8 at byte {error.start}") from error


def check_depth(content: bytes) -> None:
    """Bound the nesting before parsing. Brackets in strings do not count, but few of them all
    together settle the question without looking at each byte.
    """
    if content.count(b"[") + content.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _STRUCTURE.finditer(content):
        if token[0] in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise Unparsable(f"nested over {MAX_DEPTH} levels deep")
        elif token[0] in (b"]", b"}"):
            depth -= 1


_STRUCTURE = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


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
    number = _Spelled(text[:400])
    if not math.isfinite(number) or len(text) > 400:
        raise Unparsable(f"the number {text[:20]} is out of range")
    return float(number) if repr(float(number)) == text else number


def _check_value(field: str, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidField(field, f"nested over {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise InvalidField(field, f"the key {name!r} is not text")
            _check_scalar(field, name)
            _check_value(field, inner, depth + 1)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            _check_value(field, inner, depth + 1)
    else:
        _check_scalar(field, value)


def _check_scalar(field: str, value: Any) -> None:
    if isinstance(value, str):
        if not value.isascii() and _SURROGATE.search(value):
            raise InvalidField(field, "holds half of a surrogate pair, which UTF-8 cannot store")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise InvalidField(field, f"{value} is not a JSON number")
    elif isinstance(value, int):
        if abs(value) >= 10**MAX_DIGITS:
            raise InvalidField(field, f"a number of over {MAX_DIGITS} digits")
    elif value is not None:
        raise InvalidField(field, f"a {type(value).__name__} is not a value that JSON can hold")


_SURROGATE = re.compile("[\ud800-\udfff]")


def _keeps_spelling(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_keeps_spelling, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_keeps_spelling, value))
    return isinstance(value, _Spelled)


def _spell(value: Any, line: str) -> Iterator[str]:
    """The pieces of a value. `json.dumps` would respell the numbers that were read."""
    if isinstance(value, Mapping):
        yield from _spell_block("{}", [(_quote(k) + ": ", v) for k, v in value.items()], line)
    elif isinstance(value, (list, tuple)):
        yield from _spell_block("[]", [("", inner) for inner in value], line)
    elif isinstance(value, str):
        yield _quote(value)
    elif isinstance(value, _Spelled):
        yield value.spelling
    else:
        yield json.dumps(value, allow_nan=False)


def _spell_block(brackets: str, entries: list[tuple[str, Any]], line: str) -> Iterator[str]:
    if not entries:
        yield brackets
        return
    inner = line + "  "
    yield brackets[0]
    for place, (head, value) in enumerate(entries):
        yield ("," if place else "") + inner + head
        yield from _spell(value, inner)
    yield line + brackets[1]


_quote = json.JSONEncoder(ensure_ascii=False).encode

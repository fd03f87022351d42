"""The quick way to parse what nearly every record is: nothing odd about it.

Whatever is odd goes to `codec`, which finds the words for it. Nothing passes here that it refuses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from store.files.codec import MAX_DEPTH, MAX_DIGITS, MAX_VALUES


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


_plain_decoder = json.JSONDecoder(parse_constant=_refuse_constant)


def parse_plain(content: bytes) -> dict[str, Any] | None:
    """The object in bytes that have nothing odd about them, quickly; floats forget their spelling.

    None: `codec.parse_object` may refuse them, or not; ask it. What is returned it returns too.
    """
    text = plain_text(content)
    if text is None:
        return None
    try:
        found, end = _plain_decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    is_whole = end == len(text) or not text[end:].strip(" \t\r\n")
    if not is_whole or type(found) is not dict:
        return None
    return found if has_each_key_once(text, len(found) + inner_keys(found)) else None


def plain_text(content: bytes) -> str | None:
    """The text of a record that is short in structure, without numbers or escapes on which parsers
    may differ; None: look at it closely. Its nesting is bounded by the parser only.
    """
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if (
        text[:1] != "{"
        or (len(text) > MAX_VALUES and sum(map(text.count, ",[{")) > MAX_VALUES)
        # A single sign is looked for ten times as fast as several.
        or ("\\" in text and ("\\ud" in text or "\\uD" in text))
        or ("N" in text and "NaN" in text)
        or ("I" in text and "Infinity" in text)
    ):
        return None
    alike = content.translate(_ALIKE, b"+-").decode("latin-1")
    return None if _LONG_NUMBER in alike or "0e000" in alike else text


def has_each_key_once(text: str, keys: int) -> bool:
    """Whether an object in which so many keys were found, of all levels, has none of them twice.

    Parsers drop the first of two equal keys, so the colons are counted. False may also mean that
    colons in texts were in the way.
    """
    if text.count(":") == keys:
        return True
    # Each colon of a pair stands at the quote of its key. If not, it stands at white space.
    return text.count('":') == keys and not _APART.search(text)


def inner_keys(found: Mapping[str, Any], depth: int = 1) -> int:
    """The number of keys in the objects inside this one, which stands at a depth, of all levels;
    -1 if these are too many.
    """
    keys = 0
    level: Iterable[Any] = found.values()
    for _ in range(depth, MAX_DEPTH + 1):
        inner = [value for value in level if type(value) in _CONTAINERS]
        if not inner:
            return keys
        following: list[Any] = []
        for value in inner:
            if type(value) is dict:
                keys += len(value)
                following.extend(value.values())
            else:
                following.extend(value)
        level = following
    return -1


_CONTAINERS = frozenset({dict, list})
_APART = re.compile(r"[ \n\t\r]:")
# Numbers that are long or have a great exponent, whatever their digits are.
_ALIKE = bytes.maketrans(b"123456789E", b"000000000e")
_LONG_NUMBER = "0" * (MAX_DIGITS + 1)

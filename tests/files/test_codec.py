"""Bytes ↔ objects: what is refused, and that nothing which was read is respelt."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.files.codec import MAX_DEPTH, Unparsable, format_object, parse_object
from store.model.errors import InvalidField

_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    _texts,
)
_values: st.SearchStrategy[Any] = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(_texts, inner, max_size=4)
    ),
    max_leaves=12,
)
_objects = st.dictionaries(_texts, _values, max_size=6)


@given(_objects)
def test_format_of_any_object_is_the_layouts_spelling(record: dict[str, Any]) -> None:
    expected = json.dumps(record, indent=2, ensure_ascii=False)
    assert format_object(record) == expected.encode()


@given(_objects)
def test_format_then_parse_gives_the_same_object(record: dict[str, Any]) -> None:
    found = parse_object(format_object(record))
    assert found == record
    assert list(found) == list(record)


@pytest.mark.parametrize(
    "number", ["1.50", "1e3", "1E+3", "0.10", "-0.0", "1.0", "12345678901234567890.5", "1e-7"]
)
def test_number_that_was_read_keeps_its_spelling(number: str) -> None:
    content = f'{{\n  "a": {number},\n  "b": [\n    {number}\n  ]\n}}'.encode()
    assert format_object(parse_object(content)) == content


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\0\0\0", "NUL"),
        (b"[1]", "list"),
        (b"7", "whole number"),
        (b'{"a": 1', "not JSON"),
        (b'{"a": "b', "not JSON: Unterminated string starting at line 1$"),
        (b'{"a": NaN}', "NaN"),
        (b'{"a": -Infinity}', "Infinity"),
        (b'{"a": 1e999}', "out of range"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b'{"a": ' + b"9" * 65 + b"}", "65 digits"),
        (b'{"a": "\xff"}', "UTF-8"),
        ('{"a": 1}'.encode("utf-16"), "UTF-8"),
        (b'{"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "deep"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "deep"),
    ],
)
def test_content_that_readers_could_understand_differently_is_refused(
    content: bytes, said: str
) -> None:
    with pytest.raises(Unparsable, match=said):
        parse_object(content)


def test_brackets_inside_text_are_no_nesting() -> None:
    content = json.dumps({"a": "[{" * 500}).encode()
    assert parse_object(content) == {"a": "[{" * 500}


def test_byte_order_mark_is_accepted() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_deepest_value_that_is_written_can_be_read_again() -> None:
    record = {"a": _nested(MAX_DEPTH - 1)}
    assert parse_object(format_object(record)) == record
    with pytest.raises(InvalidField, match="deep"):
        format_object({"a": _nested(MAX_DEPTH)})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (10**64, "64 digits"),
        ("half \ud800 pair", "surrogate"),
        (["\udfff"], "surrogate"),
        ({"k": {1: 2}}, "key 1"),
        (b"bytes", "bytes"),
        ({1, 2}, "set"),
    ],
)
def test_value_that_json_cannot_hold_is_refused_with_its_field(value: Any, said: str) -> None:
    with pytest.raises(InvalidField, match=said) as caught:
        format_object({"fine": 1, "metadata": value})
    assert caught.value.field == "metadata"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": [' + b"1," * 30_000 + b"1]}", "values"),
        (b'{"a": ' + b"[" * 65 + b"]" * 65 + b"}", "levels"),
        (b'{"a": ' + b'["[", ' * 65 + b"1" + b"]" * 65 + b"}", "levels"),
        (b'{"a": "\\\\", "b": ' + b"[" * 65 + b"]" * 65 + b"}", "levels"),
    ],
)
def test_parse_of_too_many_values_or_levels_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Unparsable, match=reason):
        parse_object(content)


def test_parse_of_brackets_and_commas_in_texts_counts_none_of_them() -> None:
    text = '[{,"]\\' * 10_000
    assert parse_object(json.dumps({"a": text, "b": [text]}).encode()) == {"a": text, "b": [text]}

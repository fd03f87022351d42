"""Names that look alike are told apart by their bytes, and marked."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.lookalikes import lookalikes, skeleton


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ann", "Ann"),
        ("ann", "\uff41nn"),  # full width
        ("ann", "\u0430nn"),  # Cyrillic a
        ("Nick", "\u039dick"),  # Greek capital nu
        ("bob", "b\u03bfb"),  # Greek omicron
        ("worker-1", "worker-l"),
        ("agent 0", "agent O"),
        ("cafe\u0301", "caf\u00e9"),
        ("eve", "e\u200bve"),  # zero width
        ("eve ", "eve"),
        ("eve\u00a0x", "eve x"),
        ("\ufb01nn", "finn"),  # a ligature
    ],
)
def test_lookalikes_of_two_names_that_look_alike_are_both(one: str, other: str) -> None:
    assert lookalikes({one: one, other: other, "somebody": "somebody"}) == {one, other}


@pytest.mark.parametrize(
    ("one", "other"), [("ann", "anna"), ("caf\u00e9", "cafe"), ("w2", "w3"), ("\u6f22", "\u5b57")]
)
def test_lookalikes_of_names_that_differ_for_the_eye_are_none(one: str, other: str) -> None:
    assert lookalikes({one: one, other: other}) == frozenset()


def test_lookalikes_go_by_what_is_shown() -> None:
    assert lookalikes({"a\u0001b": "a\ufffdb", "a\u0002b": "a\ufffdb"}) == {"a\u0001b", "a\u0002b"}


@given(st.text(string.ascii_letters + string.digits + " -_"))
def test_skeleton_of_plain_text_is_that_of_its_other_case(text: str) -> None:
    assert skeleton(text.swapcase()) == skeleton(text)


@given(st.text())
def test_skeleton_of_any_text_holds_no_format_characters(text: str) -> None:
    assert not any(unicodedata.category(sign) == "Cf" for sign in skeleton(text))


@given(st.lists(st.text(max_size=6), unique=True, max_size=8))
def test_lookalikes_never_are_one_alone(names: list[str]) -> None:
    assert len(lookalikes({name: name for name in names})) != 1

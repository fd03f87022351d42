"""Untrusted text comes out inert, encodable and exactly as wide as it is said to be."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.safe_text import SafeText, block, content, fit, join, one_line, width

ANY_TEXT = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Mn", "Me"]),
        st.sampled_from("\x1b\x9b\u202e\u200d\ufe0f\u0301👍🏽🇩🇪漢\u1160\u2028a \n\t"),
    ),
    max_size=80,
)


def assert_inert(text: str, *, lines: bool = False) -> None:
    for character in text:
        if lines and character == "\n":
            continue
        category = unicodedata.category(character)
        assert category not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, ascii(character)
    text.encode("utf-8")


@given(ANY_TEXT)
def test_one_line_any_text_is_inert_and_idempotent(text: str) -> None:
    safe = one_line(text)
    assert_inert(safe)
    assert one_line(safe) == safe
    assert one_line(str(safe)) == safe


@given(ANY_TEXT, st.integers(1, 40))
def test_one_line_any_limit_is_kept_and_idempotent(text: str, limit: int) -> None:
    safe = one_line(text, limit)
    assert len(safe) <= limit
    assert one_line(str(safe), limit) == safe


@given(ANY_TEXT, st.integers(1, 6), st.integers(60, 200))
def test_block_any_text_is_inert_bounded_and_idempotent(
    text: str, max_lines: int, limit: int
) -> None:
    safe = block(text, max_lines, limit)
    assert_inert(safe, lines=True)
    assert len(safe.split("\n")) <= max_lines
    assert block(str(safe), max_lines, limit) == safe


@given(ANY_TEXT, st.integers(0, 30), st.booleans())
def test_fit_any_text_takes_exactly_its_cells(text: str, cells: int, right: bool) -> None:
    fitted = fit(one_line(text), cells, right=right)
    assert width(fitted) == cells
    assert_inert(fitted)
    assert fit(fitted, cells, right=right) == fitted


@given(ANY_TEXT, ANY_TEXT)
def test_join_two_texts_keeps_the_sum_of_their_widths(first: str, second: str) -> None:
    joined = join(one_line(first), one_line(second))
    assert width(joined) == width(one_line(first)) + width(one_line(second))


@given(ANY_TEXT)
def test_one_line_any_text_agrees_with_the_width_of_its_characters(text: str) -> None:
    safe = one_line(text)
    assert width(safe) == sum(width(character) for character in safe)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b31m", "�31m"),
        ("\x7f\x00", "␡␀"),
        ("[red]no[/nope][@click=app.quit]x[/]", "[red]no[/nope][@click=app.quit]x[/]"),
        ("ends in \\", "ends in \\"),
        ("a\u202egnp.exe\u202c", "a�gnp.exe�"),
        ("a\u2066b\u200e\u200f", "a�b��"),
        ("ann\u200b", "ann�"),
        ("an\u00adn", "an�n"),
        ("\ufeffann", "�ann"),
        ("ann\u200d", "ann�"),
        ("a\U000e0041", "a�"),
        ("a\u3164\uffa0", "a��"),
        ("a\u2800\u00a0b", "a  b"),
        ("one\ntwo\r\nthree\u2028four\u2029\x85", "one⏎two⏎three⏎four⏎⏎"),
        ("a\tb", "a b"),
        ("\ud800\ue000\ufffe\U000cffff", "����"),
        ("👩\u200d👩\u200d👧", "👩👩👧"),
        ("👍🏽", "👍"),
        ("❤\ufe0f 1\ufe0f", "❤ 1"),
        ("🇩🇪", "DE"),
        ("\u0301x", "◌\u0301x"),
        ("e" + "\u0301" * 50_000, "e\u0301\u0301\u0301"),
        ("naïve 漢字 ok", "naïve 漢字 ok"),
    ],
)
def test_one_line_hostile_text_shows_what_it_is(hostile: str, shown: str) -> None:
    assert one_line(hostile, 60_000) == shown


def test_one_line_plain_ascii_is_returned_unchanged() -> None:
    safe = one_line("Build the index [x] ~ done")
    assert safe == "Build the index [x] ~ done"
    assert one_line(safe) is safe


def test_one_line_too_long_ends_in_an_ellipsis() -> None:
    assert one_line("abcdef", 4) == "abc…"
    assert one_line("漢" * 600) == "漢" * 511 + "…"


@pytest.mark.parametrize("unit", ["a", "\x1b", "é", "\u0301", "\n", "👩\u200d"])
def test_one_line_megabyte_costs_no_more_than_its_head(unit: str) -> None:
    text = unit * 1_000_000
    least = min(_processor_seconds(text) for _ in range(5))
    assert least < 0.02  # of it about 0.001 is needed; all of the text takes 50 times that and more


def _processor_seconds(text: str) -> float:
    start = time.thread_time()
    one_line(text)
    return time.thread_time() - start


def test_block_keeps_lines_and_names_directional_controls() -> None:
    assert block("one\r\ntwo\tx\r\x1b[2Jthree \u202e!") == "one\ntwo    x\n␛[2Jthree ‹RLO›!"


def test_block_too_many_lines_says_how_many_more() -> None:
    safe = block("line\n" * 100_000, max_lines=10, limit=1_000_000)
    lines = safe.split("\n")
    assert len(lines) == 10
    assert lines[-1] == "… 99,992 more lines"


def test_block_too_long_says_how_many_more_characters() -> None:
    safe = block("x" * 100_000)
    assert len(safe) <= 65_536
    assert safe.endswith("\n… 34,504 more characters")


@pytest.mark.parametrize(
    ("text", "cells", "fitted"),
    [
        ("abc", 5, "abc  "),
        ("abcdef", 4, "abc…"),
        ("漢字漢字", 5, "漢字…"),
        ("漢字漢字", 4, "漢… "),
        ("abc", 1, "…"),
        ("abc", 0, ""),
        ("e\u0301e\u0301e\u0301", 2, "e\u0301…"),
    ],
)
def test_fit_cuts_between_whole_characters(text: str, cells: int, fitted: str) -> None:
    assert fit(one_line(text), cells) == fitted


def test_fit_to_the_right_pads_on_the_left() -> None:
    assert fit(one_line("7"), 4, right=True) == "   7"


def test_fit_of_a_block_stays_one_line() -> None:
    assert fit(block("a\nb"), 5) == "a⏎b  "


def test_content_plain_str_is_refused() -> None:
    with pytest.raises(TypeError, match="SafeText"):
        content("from the store")  # type: ignore[arg-type]


def test_content_markup_stays_literal() -> None:
    shown = content(one_line("[bold]x[/nope]"))
    assert shown.plain == "[bold]x[/nope]"
    assert not shown.spans


def test_safe_text_every_result_has_the_type() -> None:
    results = [one_line("a"), one_line("\x1b"), block("a\nb"), fit(one_line("a"), 3)]
    assert all(type(result) is SafeText for result in results)

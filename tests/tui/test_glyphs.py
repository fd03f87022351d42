"""Signs are one cell, distinct, and say the same in ASCII."""

from __future__ import annotations

import unicodedata

import pytest

from store.model.attention import DisplayState
from tui.glyphs import (
    ASCII_SIGNS,
    OWNER_HUES,
    UNICODE_SIGNS,
    age,
    bar,
    glyph,
    owner_role,
    signs,
    sparkline,
    style_role,
)
from tui.safe_text import one_line, width
from tui.themes import VARIABLES


@pytest.mark.parametrize("ascii", [False, True])
def test_glyph_each_state_has_its_own_single_cell(ascii: bool) -> None:
    shown = [glyph(state, ascii) for state in DisplayState]
    assert len(set(shown)) == len(shown)
    assert all(width(sign) == 1 and one_line(sign) == sign for sign in shown)


def test_glyph_unicode_is_never_ambiguous_or_wide() -> None:
    for state in DisplayState:
        assert unicodedata.east_asian_width(glyph(state)) in {"N", "Na"}


def test_glyph_ascii_is_ascii() -> None:
    assert all(glyph(state, True).isascii() for state in DisplayState)
    for name in ASCII_SIGNS.__slots__:
        assert getattr(signs(True), name).isascii()
        assert len(getattr(ASCII_SIGNS, name)) == len(getattr(UNICODE_SIGNS, name))


def test_style_role_each_state_is_a_theme_variable() -> None:
    assert {style_role(state) for state in DisplayState} <= set(VARIABLES)


def test_owner_role_is_stable_and_none_is_muted() -> None:
    assert owner_role("ann") == owner_role("ann")
    assert owner_role(None) == owner_role("") == "muted"
    assert owner_role("\ud800") in VARIABLES
    assert len({owner_role(f"agent-{i}") for i in range(200)}) == OWNER_HUES


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (-5, "0s"),
        (0.4, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (3599, "59m"),
        (3600, "1h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (99 * 86_400, "99d"),
        (100 * 86_400, "14w"),
        (800 * 86_400, "2y"),
        (1e12, "999y"),
        (float("nan"), "-"),
        (float("inf"), "-"),
    ],
)
def test_age_any_duration_fits_four_cells(seconds: float | None, shown: str) -> None:
    assert age(seconds) == shown
    assert len(shown) <= 4


def test_sparkline_tells_nothing_from_little() -> None:
    assert sparkline([0, 1, 50, 100]) == "▁▂▄▇"
    assert sparkline([0, 0]) == "▁▁"
    assert sparkline([]) == ""
    assert sparkline([0, 7], ascii=True) == "_#"


@pytest.mark.parametrize(
    ("part", "whole", "cells", "filled"),
    [(0, 9, 5, 0), (1, 900, 5, 1), (899, 900, 5, 4), (9, 9, 5, 5), (1, 0, 5, 0), (1, 2, 1, 1)],
)
def test_bar_is_full_only_when_whole_and_empty_only_when_nothing(
    part: int, whole: int, cells: int, filled: int
) -> None:
    assert bar(part, whole, cells) == filled

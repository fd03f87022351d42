"""Costs and tokens in a few cells; a figure that nobody measured says so with a `~`. Pure."""

from __future__ import annotations

import math

from store.model.execution import Spent


def usd_text(spent: Spent | None) -> str:
    """As in $0.42, ~$12.5, $1.2k: at most six cells; "" where nothing is known."""
    if spent is None or spent.usd is None or not math.isfinite(spent.usd):
        return ""
    return ("~" if spent.is_estimated else "") + _usd(spent.usd)


def spent_text(spent: Spent | None) -> str:
    """As in "$0.42, 18k tokens in, 2.1k out (estimated)"; "" where nothing is known."""
    if spent is None:
        return ""
    parts = []
    if spent.usd is not None and math.isfinite(spent.usd):
        parts.append(_usd(spent.usd))
    if spent.input_tokens is not None:
        parts.append(f"{_short(spent.input_tokens)} tokens in")
    if spent.output_tokens is not None:
        unit = "tokens " if spent.input_tokens is None else ""
        parts.append(f"{_short(spent.output_tokens)} {unit}out")
    text = ", ".join(parts)
    return f"{text} (estimated)" if text and spent.is_estimated else text


def _usd(usd: float) -> str:
    if abs(usd) < 10:
        return f"${usd:.2f}"
    return f"${usd:.1f}" if abs(usd) < 99.95 else f"${_short(usd)}"


def _short(number: float) -> str:
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size:
            shown = number / size
            return f"{shown:.0f}{unit}" if shown >= 9.95 else f"{shown:.1f}{unit}"
    return f"{number:.0f}"

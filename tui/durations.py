"""Durations as a settings file writes them: seconds, or a number with a unit."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def read_duration(value: object) -> object:
    """Seconds of a text such as "30m"; what is no text is left for the number's own check.

    Raises:
        ValueError: the text has no number or no known unit.
    """
    if not isinstance(value, str):
        return value
    number, unit = value.strip()[:-1], value.strip()[-1:]
    try:
        return float(number) * _UNITS[unit]
    except (KeyError, ValueError):
        raise ValueError('write seconds, or a number with s, m, h or d, as in "30m"') from None


Duration = Annotated[float, BeforeValidator(read_duration)]
"""Seconds."""

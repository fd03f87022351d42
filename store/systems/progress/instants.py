"""Times as a queue holds them: two spellings of text, compared as the instants that they name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_MILLISECONDS_FROM = 1e11
_LONGEST = 40


def instant_of(stored: Any) -> float | None:
    """Epoch seconds of `YYYY-MM-DD HH:MM:SS`, ISO 8601 (no zone: UTC) or an epoch number.

    None: there is none, or it cannot be understood.
    """
    if isinstance(stored, str) and len(stored) <= _LONGEST:
        try:
            moment = datetime.fromisoformat(stored.strip())
        except ValueError:
            return _epoch(stored)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        try:
            return moment.timestamp()
        except (OverflowError, ValueError):
            return None
    return _epoch(stored)


def _epoch(stored: Any) -> float | None:
    if isinstance(stored, bool) or not isinstance(stored, (int, float, str)):
        return None
    try:
        number = float(stored)
    except (OverflowError, ValueError):
        return None
    if not 0 < number < _MILLISECONDS_FROM * 1e3:
        return None
    return number / 1e3 if number >= _MILLISECONDS_FROM else number

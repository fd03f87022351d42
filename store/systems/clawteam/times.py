"""Times as ClawTeam writes them ↔ epoch seconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def epoch_of(text: str) -> float | None:
    """Epoch seconds of an ISO-8601 text; None where there is no time in it. Without a zone it is
    taken as UTC.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    try:
        return found.timestamp()
    except (ValueError, OverflowError):
        return None


def text_of(epoch: float) -> str:
    """As ClawTeam writes it, with microseconds and an offset."""
    return datetime.fromtimestamp(epoch, UTC).isoformat()

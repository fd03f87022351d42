"""What is said of a query: why it is not understood, in one line."""

from __future__ import annotations

from store.model.query import QueryError
from tui.safe_text import SafeText, one_line

_SHOWN = 24  # characters of the query from the fault on


def fault_text(error: QueryError, text: str) -> SafeText:
    """What is wrong with a query's text, and from which character on."""
    rest = text[error.position :][:_SHOWN]
    return one_line(f"{error}; at character {error.position + 1}: {rest}")

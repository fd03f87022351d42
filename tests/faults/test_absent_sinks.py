"""D4, D24: two places where text could do harm are not there at all, and stay away."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parents[2]
SOURCES = [path for package in ("store", "tui") for path in sorted((HERE / package).rglob("*.py"))]
_SELF_DRAWING = {"DataTable", "Pretty", "RichLog", "Log"}
LOG_SINKS = {"FileHandler", "StreamHandler", "basicConfig", "RotatingFileHandler", "dictConfig"}


def names(path: Path) -> Iterator[str]:
    """Every name that a module imports, reads or calls."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


def test_sources_are_looked_at_and_their_names_are_seen() -> None:
    assert len(SOURCES) > 100
    assert "NullHandler" in {name for path in SOURCES for name in names(path)}


def test_no_widget_is_used_that_shows_a_text_its_own_way() -> None:
    users = [path.name for path in SOURCES if _SELF_DRAWING & {*names(path)}]
    assert users == []


def test_no_log_is_written_anywhere_by_this_program() -> None:
    writers = [path.name for path in SOURCES if LOG_SINKS & {*names(path)}]
    assert writers == []

"""The table in README.md: each case of the fault model and the tests that cover it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parents[2]
TABLE = Path(__file__).with_name("README.md")
COUNTS = {"A": 24, "B": 22, "C": 14, "D": 26, "E": 18, "F": 4}
"""Cases by letter: crashes, files, contents, terminal, foreign systems, configuration."""
IDS = tuple(f"{letter}{n}" for letter, count in COUNTS.items() for n in range(1, count + 1))
REASONS = ("not yet: ", "not ours: ", "later: ")

_ROW = re.compile(r"\| ([A-F][0-9]+) \| ([^|]+) \| ([^|]+) \|")
_TEST = re.compile(r"`(tests/[a-z_/]+\.py)::(test_[a-z0-9_]+)`")


@dataclass(frozen=True, slots=True)
class Case:
    """One row: an id, the tests as (file, function), and the reason where there is none."""

    id: str
    tests: tuple[tuple[str, str], ...]
    reason: str


def cases() -> Iterator[Case]:
    """The rows of the table, in their order."""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        match = _ROW.fullmatch(line)
        if match:
            tests = tuple(_TEST.findall(match[3]))
            yield Case(match[1], tests, "" if tests else match[3])


@cache
def functions(path: str) -> frozenset[str]:
    """The functions that a test file defines; none if there is no such file."""
    place = HERE / path
    if not place.is_file():
        return frozenset()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(place.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))

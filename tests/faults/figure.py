"""What every harness takes and gives: how hard to look, and what was found."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

_MEMORY = Path("/dev/shm")  # a file system without a disk, so syncs cost nothing


class Effort(StrEnum):
    """FAST runs in the ordinary tests; LONG is thorough."""

    FAST = "fast"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Figure:
    """One harness's result. `count` says how much was tried, in `unit`."""

    name: str
    count: int
    unit: str
    violations: list[str] = field(default_factory=list)
    not_run: str | None = None
    """Why nothing, or not everything, could be tried here."""
    detail: dict[str, int] = field(default_factory=dict)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A fresh directory for one harness, in memory where that is possible; gone afterwards."""
    parent = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix=f"{name}-", dir=parent) as made:
        yield Path(made)

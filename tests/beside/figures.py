"""What came of editing beside an owner, and how owners are kept at work meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.model.edits import Edit, EditResult
from store.model.errors import ColonytopError
from store.systems.protocol import System

Report = Any
"""What an owner says at the end of its work."""


@dataclass(slots=True)
class Figures:
    """What both sides did, and what of it is no longer there."""

    owner: str
    """Who the owner is, in words."""
    ours: int = 0
    """Edits of ours that were made."""
    refused: int = 0
    """Edits of ours of which it was said that they were not made."""
    theirs: int = 0
    """Edits of the owner."""
    lost_ours: list[str] = field(default_factory=list)
    lost_theirs: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    """Ids that were given away by both sides."""

    @property
    def is_whole(self) -> bool:
        """Both sides wrote, and neither lost anything."""
        is_lossless = not (self.lost_ours or self.lost_theirs or self.twice)
        return is_lossless and self.ours > 0 and self.theirs > 0


Beside = Callable[[Path, int], Figures]
"""Makes so many edits in a directory of its own, beside the owner."""


PAUSE_S = 0.003
"""Between two edits of ours, for owners that look every 50 ms whether the lock is free."""


def make(system: System, edits: Iterable[Edit], figures: Figures) -> Iterator[EditResult]:
    """Make edits one by one; each that is made with what came of it."""
    for edit in edits:
        time.sleep(PAUSE_S)
        try:
            result = system.apply(edit)
        except ColonytopError:
            figures.refused += 1
            continue
        figures.ours += 1
        yield result


@contextmanager
def at_work(work: Callable[[str], Report], owners: int = 2) -> Iterator[dict[str, Report]]:
    """Owners at work for as long as the block lasts: each works a while, says what it did, and
    begins anew.

    Args:
        work: does one such stretch under a name of its own, in a process; returns its report.
        owners: how many work at once.

    Yields:
        name of the stretch → report; complete after the block.
    """
    reports: dict[str, Report] = {}
    is_over, begun = threading.Event(), threading.Barrier(owners + 1)

    def keep_on(owner: int) -> None:
        stretch = 0
        while not stretch or not is_over.is_set():
            name = f"owner{owner}x{stretch}"
            if not stretch:
                begun.wait()
            reports[name] = work(name)
            stretch += 1

    with ThreadPoolExecutor(owners) as pool:
        running = [pool.submit(keep_on, owner) for owner in range(owners)]
        begun.wait()
        try:
            yield reports
        finally:
            is_over.set()
        for one in running:
            one.result()


def missing(wanted: Mapping[str, Any], found: Mapping[str, Any], where: str) -> list[str]:
    """Those of the wanted entries that are not there, or hold something else, in words."""
    return [
        f"{where}: {name} is {found.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if name not in found or found[name] != value
    ]

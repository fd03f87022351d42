"""Samples, ratios, aims and the plain tables that show them."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


def quantile(samples: Sequence[float], share: float) -> float:
    """The nearest-rank quantile; `share` 0.5 is the median, 0.99 the p99."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(samples: Sequence[float]) -> float:
    return quantile(samples, 0.5)


@dataclass(frozen=True, slots=True)
class Aim:
    """A figure to reach: `at_least` or `at_most` a bound, in the unit that the row says."""

    bound: float
    at_least: bool
    unit: str = ""

    def verdict(self, figure: float) -> str:
        met = figure >= self.bound if self.at_least else figure <= self.bound
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g}{self.unit}  {'met' if met else 'NOT MET'}"


def at_least(bound: float, unit: str = "×") -> Aim:
    return Aim(bound, True, unit)


def at_most(bound: float, unit: str = "×") -> Aim:
    return Aim(bound, False, unit)


def verdict(aim: Aim | None, figure: float) -> str:
    return aim.verdict(figure) if aim else ""


def number(value: float) -> str:
    """Three digits that matter: 0.0123, 1.23, 12.3, 123, 1,234."""
    if value >= 100:
        return f"{value:,.0f}"
    if value >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if value >= 1 else f"{value:.3f}"


class Table:
    """Rows of text under a heading, printed with aligned columns as they arrive.

    The first column is aligned to the left and so is the last (the aim); figures to the right.
    """

    def __init__(self, title: str, columns: Sequence[str], widths: Sequence[int]) -> None:
        self._widths = widths
        write(f"\n{title}")
        self.row(*columns)
        write("-" * (sum(widths) + 2 * (len(widths) - 1)))

    def row(self, *cells: str) -> None:
        last = len(cells) - 1
        padded = [
            cell.ljust(width) if place in (0, last) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(cells, self._widths, strict=True))
        ]
        write("  ".join(padded).rstrip())


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def progress(line: str) -> None:
    """What is being prepared, where somebody watches; never in the report."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}\r")
        sys.stderr.flush()


def paired_ratio(taken: Sequence[float]) -> float:
    """How many times as long the first of a pair took as the second, from what `interleave` gives.

    The median over the pairs: a slow moment of the disk hits both of a pair, so it tells nothing.
    """
    return median([one / other for one, other in zip(taken[::2], taken[1::2], strict=True)])


def machine_line(root: Path) -> str:
    """Where these figures were taken: processor count, kernel, file system, versions, load."""
    libraries = " · ".join(
        f"{name} {version(name)}" for name in ("textual", "filelock", "pydantic")
    )
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores · {platform.system()} {platform.release()} · "
        f"{file_system(root)} · Python {platform.python_version()} · {libraries} · load {load:.1f}"
    )


def file_system(path: Path) -> str:
    """The type of the file system under a path, as far as the kernel tells."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "file system unknown"
    found = ("", "file system unknown")
    for line in mounts.read_text().splitlines():
        _, place, kind, *_ = line.split(" ")
        if path.resolve().is_relative_to(place) and len(place) >= len(found[0]):
            found = (place, kind)
    return found[1]


def interleave(first: Callable[[], float], second: Callable[[], float], runs: int) -> list[float]:
    """Run two measurements in turn, so that both meet the same noise.

    Returns `2 * runs` seconds: the first's at even places, the second's at odd ones.
    """
    taken: list[float] = []
    for place in range(runs):
        pair = (first, second) if place % 2 == 0 else (second, first)
        one, other = pair[0](), pair[1]()
        taken += (one, other) if place % 2 == 0 else (other, one)
    return taken

"""`python -m tests.faults [--long] [HARNESS…]`: every harness, its figure, and one line of all."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from tests.faults.figure import Effort, Figure
from tests.faults.harnesses import HARNESSES, harness


def main(arguments: list[str] | None = None) -> int:
    """Run the harnesses named, or all. The exit code is 1 when anything was violated."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--long", action="store_true", help="thorough; takes most of an hour")
    parser.add_argument("names", nargs="*", metavar="HARNESS", choices=[*HARNESSES, []])
    chosen = parser.parse_args(arguments)
    effort = Effort.LONG if chosen.long else Effort.FAST
    figures = [_shown(name, effort) for name in chosen.names or HARNESSES]
    print(reliability_line(figures))  # noqa: T201  this is the program's output
    return int(any(figure.violations for figure in figures))


def reliability_line(figures: list[Figure]) -> str:
    """The one line at the end, for machines: what was tried, and what did not hold."""
    parts = []
    for figure in figures:
        if figure.name == "planted":
            caught = figure.count - len(figure.violations)
            parts.append(f"planted {caught}/{figure.count}")
        else:
            parts.append(f"{figure.name} {figure.count} {len(figure.violations)}")
    not_run = [f"{f.name} ({f.not_run})" for f in figures if f.not_run]
    return f"reliability: {' | '.join(parts)} | not run: {', '.join(not_run) or 'none'}"


def _shown(name: str, effort: Effort) -> Figure:
    began = time.monotonic()
    figure = replace(harness(name)(effort), name=name)
    took = time.monotonic() - began
    facts = ", ".join(f"{key} {value}" for key, value in figure.detail.items())
    verdict = f"{len(figure.violations)} violations"
    print(f"{figure.name:<16} {figure.count:>8} {figure.unit}, {verdict}, {took:.0f} s", facts)  # noqa: T201
    for violation in figure.violations[:20]:
        print(f"    {violation}")  # noqa: T201
    sys.stdout.flush()
    return figure


if __name__ == "__main__":
    raise SystemExit(main())

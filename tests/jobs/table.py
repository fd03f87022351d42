"""The jobs as a table: for the terminal with what came of them, for the README without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.jobs.job import Job, Outcome, Typed

_NUMBERS = (3, 4)
"""Columns of the terminal's table."""
_NAMED_KEYS = {"enter": "Enter", "tab": "Tab", "escape": "Esc"}


def shown_keys(job: Job) -> str:
    """The keys as a person would write them down; typed texts stand together."""
    words = []
    for step in job.steps:
        if isinstance(step, Typed):
            words.append(f"“{step.text}”")
        elif isinstance(step, str):
            words.append(_NAMED_KEYS.get(step, step))
    return " ".join(words)


def terminal_rows(outcomes: Iterable[Outcome]) -> list[str]:
    """A line each: job, start, keys, how many, how many are allowed, what came of it."""
    rows = [
        (
            outcome.job.question,
            start(outcome.job),
            shown_keys(outcome.job),
            str(outcome.pressed),
            str(outcome.job.most),
            outcome.verdict,
        )
        for outcome in outcomes
    ]
    return _aligned([("job", "from", "keys", "pressed", "allowed", "result"), *rows])


def markdown_rows(jobs: Iterable[Job]) -> list[str]:
    """The table of the README: what the keys are and how many, as the tests count them."""
    lines = ["| job | from | keys | |", "|---|---|---|--:|"]
    for job in jobs:
        keys = shown_keys(job).replace("|", r"\|")
        lines.append(f"| {job.question} | {start(job)} | `{keys}` | {len(job.keys)} |")
    return lines


def start(job: Job) -> str:
    """Where the operator is before the first key."""
    if job.selected:
        return f"#{job.selected.rpartition('/')[2]}"
    return "anywhere" if job.before else "launch"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if place in _NUMBERS else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines

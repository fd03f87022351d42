"""What the command line prints: JSON in ASCII, or text for a person through the safe-text door."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from store.model.errors import ColonytopError, CommittedPending
    from store.model.snapshot import Snapshot, TaskList

MAX_COLUMN_CELLS = 60
_MIN_LAST_CELLS = 20


def print_json(document: Mapping[str, Any]) -> None:
    """One document on one line. ASCII only: no task text can reach a terminal as a control."""
    click.echo(json.dumps(document, default=str))


def print_line(text: str, *, to_stderr: bool = False) -> None:
    """One line that may quote task text."""
    from tui.safe_text import one_line

    click.echo(one_line(text, 4096), err=to_stderr)


def print_block(text: str) -> None:
    """Text that may quote task text and keeps its lines."""
    from tui.safe_text import block

    click.echo(block(text))


def print_error(error: ColonytopError, *, as_json: bool) -> None:
    """A refusal: the reason on stderr, and on stdout as JSON where that was asked for."""
    if as_json:
        said: dict[str, Any] = {"kind": error.kind, "message": str(error)}
        if error.can_be_forced:
            said["can_be_forced"] = True
        print_json({"error": {**error.details(), **said}})
    way_out = "; --force overrules that" if error.can_be_forced else ""
    print_line(f"colonytop: {error}{way_out}", to_stderr=True)


def print_root_problems(snapshot: Snapshot) -> None:
    """On stderr: a root that cannot be looked at must not pass for one without tasks."""
    for root in snapshot.roots:
        for text in [root.problem] * bool(root.problem) + [p.text for p in root.problems]:
            print_line(f"colonytop: {root.path}: {text}", to_stderr=True)


def print_unread(lists: Iterable[TaskList]) -> None:
    """On stderr: a list that cannot be read must not pass for an empty one."""
    for each in lists:
        for problem in each.problems if each.is_stale else ():
            if problem.task is None:
                print_line(f"colonytop: {each.key.id}: {problem.text}", to_stderr=True)


def print_saved(error: CommittedPending, *, as_json: bool) -> None:
    """An edit that stands although an error came after it: no failure, but not the usual answer."""
    if as_json:
        print_json({"saved": True, "pending": {**error.details(), "message": str(error)}})
    print_line(f"colonytop: {error}", to_stderr=True)


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns in cells; the last one takes what the terminal leaves, or all it needs in a pipe."""
    from tui.safe_text import fit, one_line, width

    safe = [[one_line(cell) for cell in row] for row in [titles, *rows]]
    if not rows:
        return
    widths = [
        min(MAX_COLUMN_CELLS, max(width(row[place]) for row in safe))
        for place in range(len(titles) - 1)
    ]
    room = None
    if sys.stdout.isatty():
        used = sum(widths) + 2 * len(widths)
        room = max(_MIN_LAST_CELLS, shutil.get_terminal_size().columns - used)
    for row in safe:
        last = row[-1] if room is None or width(row[-1]) <= room else fit(row[-1], room)
        cells = [fit(cell, widths[place]) for place, cell in enumerate(row[:-1])]
        click.echo("  ".join([*cells, last]).rstrip())

"""`status`: the counts in one line, for a prompt, a status bar or tmux."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.model.needs import NeedQueue
    from store.model.rollup import Rollup
    from store.model.snapshot import Snapshot

FIELDS = {
    "needs": "what only a person gets moving again: the rows of the queue",
    "active": "in progress and not silent",
    "ready": "can start now",
    "blocked": "waits on something unmet",
    "phantom": "waits on what never clears",
    "stale": "in progress and silent",
    "waiting": "put off, failed",
    "unreadable": "cannot be read",
    "open": "all in which work is left",
    "done": "completed",
    "total": "all tasks",
    "lists": "lists",
    "top": "the first need in words; empty without one",
    "top_task": "its LIST/ID, for --goto; empty without one",
}
DEFAULT_FORMAT = "{needs} need you, {active} active, {ready} ready, {blocked} blocked, {done} done"


Parts = list[tuple[str, str | None]]
"""A text and the field after it, again and again."""


def _parse_format(ctx: click.Context, parameter: click.Parameter, value: str) -> Parts:
    """Understand a text with fields in braces; a brace itself is written twice.

    Raises:
        click.BadParameter: it is not understood, or names a field that is not there.
    """
    from string import Formatter

    try:
        parts = list(Formatter().parse(value))
    except ValueError as error:
        raise click.BadParameter(f"{error}; write {{{{ for a brace", ctx, parameter) from None
    for _, field, spec, conversion in parts:
        if field is not None and (field not in FIELDS or spec or conversion):
            message = f"no field {field!r}; there are {', '.join(FIELDS)}"
            raise click.BadParameter(message, ctx, parameter)
    return [(text, field) for text, field, _, _ in parts]


@click.command(
    epilog="Fields: " + "; ".join(f"{{{name}}} {text}" for name, text in FIELDS.items()) + "."
)
@click.argument("name", metavar="[LIST]", required=False)
@click.option(
    "--format",
    "parts",
    callback=_parse_format,
    metavar="TEXT",
    default=DEFAULT_FORMAT,
    show_default=True,
    help="What to print, with fields in braces.",
)
@common_options
@pass_invocation
def status(invocation: Invocation, name: str | None, parts: Parts) -> None:
    """Counts of LIST, or of every list, in one line."""
    from tui.cli.output import print_json, print_line

    found = summarise(_snapshot(invocation, name), time.time())
    if invocation.as_json:
        print_json(found)
        return
    shown = (text + ("" if field is None else str(found[field])) for text, field in parts)
    print_line("".join(shown))


def summarise(snapshot: Snapshot, now: float) -> dict[str, Any]:
    """The value of every field at a moment (epoch seconds)."""
    from store.model.attention import Thresholds
    from store.model.counting import RunningRollups
    from store.model.needs import queue_of
    from store.model.rollup import merge

    rollups = RunningRollups().of(snapshot)
    total = merge(one.total for _, one in rollups.values())
    queue = queue_of(snapshot, rollups, now, Thresholds())
    return {**_counts(total, queue, now), "lists": len(snapshot.lists), **_top(snapshot, queue)}


def _counts(total: Rollup, queue: NeedQueue, now: float) -> dict[str, int]:
    return {
        "needs": len(queue),
        "active": total.in_progress(now),
        "ready": total.ready,
        "blocked": total.blocked,
        "phantom": total.phantom,
        "stale": total.stale(now),
        "waiting": total.waiting,
        "unreadable": total.unreadable,
        "open": total.open,
        "done": total.done,
        "total": total.total,
    }


def _top(snapshot: Snapshot, queue: NeedQueue) -> dict[str, str]:
    if not len(queue):
        return {"top": "", "top_task": ""}
    first = queue.need(queue.places[0])
    name = snapshot.lists[first.list].info.name
    task = "" if first.task is None else f"#{first.task} "
    place = first.list.id if first.task is None else f"{first.list.id}/{first.task}"
    return {"top": f"{name}: {task}{first.text}", "top_task": place}


def _snapshot(invocation: Invocation, name: str | None) -> Snapshot:
    from store.model.snapshot import Snapshot

    if name is None:
        return invocation.workspace().scan()
    _, task_list = invocation.open_list(name)
    return Snapshot({task_list.key: task_list})

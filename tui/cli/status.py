"""`status`: the counts in one line, for a prompt, a status bar or tmux."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from tui.cli.configuring import config_option
from tui.cli.filtering import filter_option
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from store.model.attention import Need
    from store.model.needs import NeedQueue
    from store.model.query import Query
    from store.model.rollup import Rollup
    from store.model.snapshot import Snapshot

FIELDS = {
    "needs": "what only a person gets moving again; held locks and unseen edits take watching",
    "active": "in progress and not silent",
    "ready": "can start now",
    "blocked": "waits on something unmet",
    "phantom": "waits on what never clears",
    "stale": "in progress and silent",
    "waiting": "put off, failed",
    "failed": "tried in vain, until somebody retries it",
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
@filter_option
@config_option
@common_options
@pass_invocation
def status(
    invocation: Invocation, name: str | None, parts: Parts, query: Query, config: Path | None
) -> None:
    """Counts of LIST, or of every list, in one line.

    With --filter only of tasks that it lets through; what a list as a whole needs is left out.
    """
    from tui.cli.output import print_json, print_line, print_root_problems
    from tui.settings import load_settings

    stale_after = load_settings(config).stale_after
    snapshot = _snapshot(invocation, name)
    print_root_problems(snapshot)
    found = summarise(snapshot, time.time(), query, stale_after)
    if invocation.as_json:
        print_json(found)
        return
    shown = (text + ("" if field is None else str(found[field])) for text, field in parts)
    print_line("".join(shown))


def summarise(snapshot: Snapshot, now: float, query: Query, stale_after_s: float) -> dict[str, Any]:
    """The value of every field at a moment (epoch seconds)."""
    from store.model.attention import Thresholds
    from store.model.counting import RunningRollups
    from store.model.needs import queue_of
    from store.model.rollup import merge

    rollups = RunningRollups().of(snapshot)
    queue = queue_of(snapshot, rollups, now, Thresholds(stale_after_s=stale_after_s))
    if query.test is None:
        total = merge(one.total for _, one in rollups.values())
        counts, needs = _counts(total, now, stale_after_s), len(queue)
        first = queue.need(queue.places[0]) if needs else None
    else:
        counts = _counts_of(snapshot, now, query, stale_after_s)
        matching = _matching(queue, now, query)
        needs, first = len(matching), matching[0] if matching else None
    return {"needs": needs, **counts, "lists": len(snapshot.lists), **_top(snapshot, first)}


def _counts(total: Rollup, now: float, stale_after_s: float) -> dict[str, int]:
    return {
        "active": total.in_progress(now, stale_after_s),
        "ready": total.ready,
        "blocked": total.blocked,
        "phantom": total.phantom,
        "stale": total.stale(now, stale_after_s),
        "waiting": total.waiting,
        "failed": total.failed,
        "unreadable": total.unreadable,
        "open": total.open,
        "done": total.done,
        "total": total.total,
    }


def _counts_of(
    snapshot: Snapshot, now: float, query: Query, stale_after_s: float
) -> dict[str, int]:
    """The same, task by task, of those that the query lets through."""
    from collections import Counter

    from store.model.attention import display_state
    from store.model.query import Moment, matches

    moment = Moment(now)
    states = Counter(
        str(display_state(each, task, now, stale_after_s))
        for each in snapshot.lists.values()
        for task in each.tasks.values()
        if not task.is_internal and matches(query, each, task, moment, stale_after_s)
    )
    total = states.total()
    return {
        "active": states["active"],
        "ready": states["ready"],
        "blocked": states["blocked"] + states["phantom"],
        "phantom": states["phantom"],
        "stale": states["stale"],
        "waiting": states["waiting"] + states["failed"],
        "failed": states["failed"],
        "unreadable": states["unreadable"],
        "open": total - states["done"] - states["closed"],
        "done": states["done"],
        "total": total,
    }


def _matching(queue: NeedQueue, now: float, query: Query) -> Sequence[Need]:
    """The needs of tasks that the query lets through, in order."""
    from store.model.query import Moment, matches

    moment, stale_after_s = Moment(now), queue.thresholds.stale_after_s
    lists = queue.snapshot.lists
    return [
        need
        for need in queue.needs()
        if need.task is not None
        and matches(
            query, lists[need.list], lists[need.list].tasks[need.task], moment, stale_after_s
        )
    ]


def _top(snapshot: Snapshot, first: Need | None) -> dict[str, str]:
    if first is None:
        return {"top": "", "top_task": ""}
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

"""`ls`: the tasks of a list, or of all lists, filtered and sorted as on the screen."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from tui.cli.configuring import config_option
from tui.cli.filtering import filter_option
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from pathlib import Path

    from store.model.query import Query
    from store.model.snapshot import TaskList
    from store.model.task import Task

    Row = tuple[TaskList, Task]

SORTS = ("id", "wave", "status", "owner", "age", "holds", "priority", "subject", "list")


@click.command()
@click.argument("name", metavar="[LIST]", required=False)
@filter_option
@click.option("--sort", type=click.Choice(SORTS), default="id", help="The order; by id without it.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--ready", is_flag=True, help="Only tasks that can start now.")
@click.option("--status", metavar="STATUS", help="Only this status.")
@click.option("--owner", metavar="NAME", help="Only this owner; - for tasks without.")
@click.option("--internal", is_flag=True, help="Also what agents keep for themselves.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N tasks.")
@config_option
@common_options
@pass_invocation
def ls(
    invocation: Invocation,
    name: str | None,
    query: Query,
    sort: str,
    reverse: bool,
    ready: bool,
    status: str | None,
    owner: str | None,
    internal: bool,
    limit: int | None,
    config: Path | None,
) -> None:
    """The tasks of LIST; without a LIST those of every list under the roots."""
    from tui.cli.output import print_json
    from tui.cli.shapes import listed_record
    from tui.settings import load_settings

    now, stale_after = time.time(), load_settings(config).stale_after
    lists = lists_named(invocation, name)
    found = [
        (task_list, task)
        for task_list in lists
        for task in task_list.tasks.values()
        if (internal or not task.is_internal)
        and (not ready or task_list.is_ready(task))
        and (status is None or task.native_status == status)
        and (owner is None or task.owner == (None if owner == "-" else owner))
    ]
    rows = _ordered(_matching(found, query, now, stale_after), sort, now, stale_after)
    rows = (rows[::-1] if reverse else rows)[:limit]
    if not invocation.as_json:
        _print_tasks(rows, now, stale_after, name)
    elif name is None:
        records = [{**listed_record(each, task), "list": each.key.id} for each, task in rows]
        print_json({"lists": [each.key.id for each in lists], "tasks": records})
    else:
        records = [listed_record(each, task) for each, task in rows]
        print_json({"list": lists[0].key.id, "tasks": records})


def lists_named(invocation: Invocation, name: str | None) -> list[TaskList]:
    """The list of that name; without one all under the roots. What cannot be read is told.

    Raises:
        ListNotFound: there is none of that name, or more than one.
    """
    from tui.cli.output import print_root_problems, print_unread

    if name is not None:
        found = [invocation.open_list(name)[1]]
    else:
        snapshot = invocation.workspace().scan()
        print_root_problems(snapshot)
        found = list(snapshot.lists.values())
    print_unread(found)
    return found


def _matching(rows: list[Row], query: Query, now: float, stale_after_s: float) -> list[Row]:
    from store.model.query import Moment, matches

    moment = Moment(now)
    return [
        (each, task) for each, task in rows if matches(query, each, task, moment, stale_after_s)
    ]


def _ordered(rows: Iterable[Row], sort: str, now: float, stale_after_s: float) -> list[Row]:
    """In the order that the table has without groups; ties by id."""
    from tui.ordering import facts_of, place_of
    from tui.view_state import Grouping, SortKey, ViewState

    view = ViewState(sort=SortKey(sort), grouping=Grouping.FLAT)

    def place(row: Row) -> object:
        task_list, task = row
        return place_of(view, task_list, task, facts_of(task_list, task, now, stale_after_s))

    return sorted(rows, key=place)  # type: ignore[arg-type]  # places compare with each other


def _print_tasks(rows: list[Row], now: float, stale_after_s: float, name: str | None) -> None:
    from store.model.attention import display_state
    from tui.cli.output import print_line, print_table
    from tui.cli.reading import age_text

    if not rows:
        print_line(f"no such tasks in {name or 'any list'}")
        return
    titles = ["ID", "STATE", "OWNER", "AGE", "WAITS ON", "SUBJECT"]
    cells = [
        [
            "#" + task.id,
            display_state(each, task, now, stale_after_s).value,
            task.owner or "-",
            age_text(None if task.updated_at is None else now - task.updated_at),
            " ".join("#" + i for i in each.graph.unmet.get(task.id, ())) or "-",
            task.subject,
        ]
        for each, task in rows
    ]
    if name is None:
        from store.choosing import telling_names

        titles.insert(0, "LIST")
        called = telling_names({each.key: None for each, _ in rows})
        cells = [[called[each.key], *row] for (each, _), row in zip(rows, cells, strict=True)]
    print_table(titles, cells)

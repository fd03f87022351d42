"""`lint`: smells of a plan, for hooks and for the CI of agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tui.cli.configuring import config_option
from tui.cli.filtering import filter_option
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from pathlib import Path

    from store.model.lint import Finding
    from store.model.query import Query
    from store.model.snapshot import TaskList


@click.command()
@click.argument("name", metavar="[LIST]", required=False)
@filter_option
@config_option
@common_options
@pass_invocation
@click.pass_context
def lint(
    ctx: click.Context,
    invocation: Invocation,
    name: str | None,
    query: Query,
    config: Path | None,
) -> None:
    """Smells of the plan in LIST, or in every list: exit 1 when there is one.

    Too many blockers, blocked and unowned, blockers that never clear or that failed, cycles,
    duplicate subjects, done in no time; where a journal was kept, also a status that went to and
    fro.
    """
    from tui.cli.listing import lists_named
    from tui.cli.output import print_json, print_line
    from tui.settings import load_settings

    stale_after = load_settings(config).stale_after
    lists = lists_named(invocation, name)
    found = [finding for each in lists for finding in _findings(each, query, stale_after)]
    if invocation.as_json:
        print_json({"findings": [_record(finding) for finding in found], "ok": not found})
    else:
        for finding in found:
            print_line(f"{finding.list.id}  {finding.smell.value}: {finding.text}")
            print_line(f"    {finding.way_out}")
        if not found:
            print_line(f"nothing smells in {len(lists)} list{'s' * (len(lists) != 1)}")
    if found:
        ctx.exit(1)


def _findings(task_list: TaskList, query: Query, stale_after_s: float) -> Sequence[Finding]:
    import time

    from store.journal.journal import Journal
    from store.model.lint import lint as smells
    from store.model.query import Moment, matches

    journal = Journal(task_list.key.root)
    history = list(journal.entries(task_list.key)) if journal.path.is_dir() else []
    moment = Moment(time.time())
    return [
        finding
        for finding in smells(task_list, history)
        if matches(query, task_list, task_list.tasks[finding.task], moment, stale_after_s)
    ]


def _record(finding: Finding) -> dict[str, Any]:
    from tui.cli.shapes import native_id

    system = finding.list.system
    return {
        "kind": str(finding.smell),
        "list": finding.list.id,
        "root": finding.list.root,
        "task": native_id(finding.task, system),
        "others": [native_id(i, system) for i in finding.others],
        "text": finding.text,
        "way_out": finding.way_out,
    }

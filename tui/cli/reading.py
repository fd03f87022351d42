"""`lists`, `ls`, `show`: what is there."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task

if TYPE_CHECKING:
    from store.model.snapshot import TaskList
    from store.model.task import Task


@click.command()
@common_options
@pass_invocation
def lists(invocation: Invocation) -> None:
    """Every list under the roots, with its counts and problems."""
    from tui.cli.output import print_json, print_line, print_root_problems, print_table
    from tui.cli.shapes import list_record

    snapshot = invocation.workspace().scan()
    found = [list_record(each) for each in snapshot.lists.values()]
    print_root_problems(snapshot)
    if invocation.as_json:
        print_json({"lists": found})
        return
    if not found:
        places = ", ".join(root.path for root in snapshot.roots)
        print_line(f"no lists under {places}")
        return
    titles = ["LIST", "READY", "ACTIVE", "BLOCKED", "DONE", "TOTAL", "PROBLEMS", "ROOT"]
    keys = ("ready", "in_progress", "blocked", "completed", "total")
    rows = [
        [
            str(each["list"]),
            *(str(each["counts"][key]) for key in keys),
            str(len(each["problems"]) or "-"),
            str(each["root"]),
        ]
        for each in found
    ]
    if len({each["system"] for each in found}) > 1:
        titles.insert(1, "SYSTEM")
        for row, each in zip(rows, found, strict=True):
            row.insert(1, str(each["system"]))
    print_table(titles, rows)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@common_options
@pass_invocation
def show(invocation: Invocation, name: str, task_id: str) -> None:
    """One task of LIST with all its fields."""
    from tui.cli.output import print_block, print_json
    from tui.cli.shapes import listed_record

    _, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    if invocation.as_json:
        print_json({"list": task_list.key.id, "task": listed_record(task_list, task)})
    else:
        print_block("\n".join(_describe(task_list, task)))


def age_text(seconds: float | None) -> str:
    """Seconds in the largest unit that fits: 45s, 12m, 3h, 2d."""
    if seconds is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"


def _describe(task_list: TaskList, task: Task) -> Iterator[str]:
    from tui.cli.work_text import work_lines
    from tui.safe_text import one_line

    def ids(found: tuple[str, ...]) -> str:
        return ", ".join("#" + i for i in found) or "-"

    verdict = task_list.readiness(task)
    yield f"#{task.id} {one_line(task.subject)}"
    yield f"list         {one_line(task_list.key.id)}"
    yield f"status       {one_line(task.native_status)}"
    yield f"owner        {one_line(task.owner or '-')}"
    yield f"active form  {one_line(task.active_form or '-')}"
    yield f"blocked by   {ids(task.blocked_by)}"
    yield f"blocks       {ids(task.blocks)}"
    yield f"ready        {'yes' if verdict.ready else 'no'}"
    for reason in verdict.reasons:
        yield f"             {one_line(reason.text)}"
    yield f"created      {_moment(task.created_at)}"
    yield f"updated      {_moment(task.updated_at)}"
    yield from work_lines(task, _moment)
    for label, found in (("metadata", task.metadata), ("other", task.extra)):
        for name, value in found.items():
            yield f"{label:<12} {one_line(str(name))} = {one_line(str(value))}"
    for problem in task.problems:
        yield f"problem      {one_line(problem.text)}; {one_line(problem.repair or '')}"
    if task.description:
        yield ""
        yield task.description


def _moment(at: float | None) -> str:
    if at is None:
        return "-"
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    except (OverflowError, ValueError, OSError):
        return f"{at} (no calendar has that time)"

"""`block` and `unblock`: both sides of an edge in one locked edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.cli.editing import task_ids
from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task
from tui.cli.making import dry_run_option, make_edit, preview

if TYPE_CHECKING:
    from store.model.edits import EditResult
    from store.model.snapshot import TaskList
    from store.model.task import Task, TaskId


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.option("--by", multiple=True, required=True, type=TASK_ID, metavar="ID", help="The blocker.")
@dry_run_option
@common_options
@pass_invocation
def block(
    invocation: Invocation, name: str, task_id: str, by: tuple[str, ...], dry_run: bool
) -> None:
    """Make a task of LIST wait on another."""
    from store.model.edits import UpdateTask

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    blockers = task_ids(task_list, by)
    edit = UpdateTask(task.key, add_blocked_by=blockers)
    if dry_run:
        preview(invocation, task_list, [edit])
        return
    result = make_edit(workspace, edit)
    _print_edges(invocation, task_list, result, blockers, "waits on")


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.option("--from", "blockers", multiple=True, type=TASK_ID, metavar="ID", help="The blocker.")
@click.option("--all", "everything", is_flag=True, help="Every blocker, met or not.")
@dry_run_option
@common_options
@pass_invocation
def unblock(
    invocation: Invocation,
    name: str,
    task_id: str,
    blockers: tuple[str, ...],
    everything: bool,
    dry_run: bool,
) -> None:
    """Remove edges that hold a task of LIST back.

    Without --from and --all: the one edge that holds it, if there is only one.
    """
    from store.model.edits import UpdateTask

    if blockers and everything:
        raise click.UsageError("--from and --all exclude each other")
    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    cut = _edges_to_cut(task_list, task, task_ids(task_list, blockers), everything)
    edit = UpdateTask(task.key, remove_blocked_by=cut)
    if dry_run:
        preview(invocation, task_list, [edit])
        return
    result = make_edit(workspace, edit)
    _print_edges(invocation, task_list, result, cut, "no longer waits on")


def _edges_to_cut(
    task_list: TaskList, task: Task, cut: tuple[TaskId, ...], everything: bool
) -> tuple[TaskId, ...]:
    """The blockers that are named, or all, or the only one that holds the task.

    Raises:
        InvalidField: it is not blocked by them, or not by one alone.
    """
    from store.model.errors import InvalidField

    if everything:
        cut = tuple(dict.fromkeys(task.blocked_by))
    elif not cut:
        cut = task_list.graph.unmet.get(task.id, ())
        if len(cut) > 1:
            named = ", ".join(f"#{i}" for i in cut)
            raise InvalidField("blocked_by", f"{named} hold it: name one with --from, or --all")
    missing = [i for i in cut if i not in task.blocked_by]
    if missing:
        named = ", ".join(f"#{i}" for i in missing)
        raise InvalidField("blocked_by", f"#{task.id} is not blocked by {named}")
    if not cut:
        raise InvalidField("blocked_by", f"nothing blocks #{task.id}")
    return cut


def _print_edges(
    invocation: Invocation,
    task_list: TaskList,
    result: EditResult,
    blockers: tuple[TaskId, ...],
    said: str,
) -> None:
    from tui.cli.output import print_json, print_line
    from tui.cli.shapes import ready_after, task_record

    task = result.task
    assert task is not None  # only a delete leaves none
    written = {**task_list.tasks, **{other.id: other for other in result.others}}
    if invocation.as_json:
        others = [written[i] for i in blockers if i in written]
        records = [
            task_record(other, ready=ready_after(task_list, other, *result.others, task))
            for other in (task, *others)
        ]
        print_json({"list": task_list.key.id, "task": records[0], "blockers": records[1:]})
        return
    named = ", ".join(f"#{i}" for i in blockers)
    ready = ready_after(task_list, task, *result.others)
    print_line(f"#{task.id} {task.subject}: {said} {named}" + ("; it is ready" if ready else ""))

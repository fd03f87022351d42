"""`claim`: take a ready task, by id or the next one, against others who do the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task
from tui.cli.making import dry_run_option, force_option, make_edit, preview

if TYPE_CHECKING:
    from store.model.edits import EditResult
    from store.model.errors import ClaimRefused
    from store.model.snapshot import TaskList
    from store.model.task import Task, TaskId
    from store.workspace import Workspace


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="[ID]", type=TASK_ID, required=False)
@click.option("--next", "take_next", is_flag=True, help="The ready task that holds most others.")
@click.option("--owner", required=True, metavar="NAME", help="Who takes it.")
@force_option
@dry_run_option
@common_options
@pass_invocation
def claim(
    invocation: Invocation,
    name: str,
    task_id: str | None,
    take_next: bool,
    owner: str,
    force: bool,
    dry_run: bool,
) -> None:
    """Make NAME the owner of a ready task of LIST; refused if somebody was faster."""
    from store.model.edits import ClaimTask
    from tui.cli.output import print_json, print_line
    from tui.cli.shapes import ready_after, task_record

    if (task_id is None) is not take_next:
        raise click.UsageError("either an ID or --next is needed")
    if take_next and force:
        raise click.UsageError("--force needs an ID: --next takes only what is free")
    if not owner.strip():
        raise click.UsageError("--owner: a name is needed")
    workspace, task_list = invocation.open_list(name)
    if dry_run:
        chosen = require_task(task_list, task_id) if task_id else best_free(task_list)
        preview(invocation, task_list, [ClaimTask(chosen.key, owner, force)])
        return
    if task_id is None:
        result = claim_next(workspace, name, task_list, owner)
    else:
        task = require_task(task_list, task_id)
        result = make_edit(workspace, ClaimTask(task.key, owner, force), otherwise=owner)
    claimed = result.task
    assert claimed is not None  # only a delete leaves none
    if invocation.as_json:
        record = task_record(claimed, ready=ready_after(task_list, claimed, *result.others))
        print_json({"list": task_list.key.id, "task": record})
    else:
        print_line(f"#{claimed.id} {claimed.subject}: claimed by {owner}")


def claim_next(workspace: Workspace, name: str, task_list: TaskList, owner: str) -> EditResult:
    """Claim the best free task; whenever another claimant wins it, the next best.

    Raises:
        ClaimRefused: nothing in the list is ready and unowned.
    """
    from store.model.edits import ClaimTask
    from store.model.errors import ClaimRefused, TaskNotFound

    lost: set[TaskId] = set()
    while candidates := [task for task in free_tasks(task_list) if task.id not in lost]:
        try:
            return make_edit(workspace, ClaimTask(candidates[0].key, owner), otherwise=owner)
        except (ClaimRefused, TaskNotFound):
            lost.add(candidates[0].id)
            task_list = workspace.open_list(name)
    raise nothing_ready(task_list)


def best_free(task_list: TaskList) -> Task:
    """The task that would be claimed next.

    Raises:
        ClaimRefused: nothing in the list is ready and unowned.
    """
    free = free_tasks(task_list)
    if not free:
        raise nothing_ready(task_list)
    return free[0]


def nothing_ready(task_list: TaskList) -> ClaimRefused:
    """What is said where there is nothing to claim."""
    from store.model.errors import ClaimRefused

    return ClaimRefused("nothing_ready", f"nothing in {task_list.key.id} is ready and unowned")


def free_tasks(task_list: TaskList) -> list[Task]:
    """Ready tasks without an owner: earliest wave, then what holds most others, then by id."""
    from store.model.graph import id_order

    graph = task_list.graph
    free = [
        task
        for task in task_list.tasks.values()
        if task.owner is None and not task.is_internal and task_list.is_ready(task)
    ]
    return sorted(free, key=lambda t: (graph.wave(t.id), -graph.holds(t.id), id_order(t.id)))

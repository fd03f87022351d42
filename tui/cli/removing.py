"""`rm`: delete a task and the edges to it."""

from __future__ import annotations

import click

from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.option("--dry-run", is_flag=True, help="Say what would go, write nothing.")
@common_options
@pass_invocation
def rm(invocation: Invocation, name: str, task_id: str, dry_run: bool) -> None:
    """Delete a task of LIST and strip its id from every other task. The id is not used again."""
    from store.model.edits import DeleteTask
    from store.model.graph import id_order
    from tui.cli.output import print_json, print_line
    from tui.cli.shapes import native_id

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    if dry_run:
        stripped = [
            other.id
            for other in task_list.tasks.values()
            if other.id != task.id and task.id in (*other.blocks, *other.blocked_by)
        ]
    else:
        stripped = list(workspace.apply(DeleteTask(task.key)).stripped)
    stripped.sort(key=id_order)
    if invocation.as_json:
        document = {
            "list": task_list.key.id,
            "deleted": native_id(task.id),
            "stripped": [native_id(i) for i in stripped],
        }
        print_json({**document, "dry_run": True} if dry_run else document)
        return
    said = "would be deleted" if dry_run else "deleted"
    edges = ", ".join(f"#{i}" for i in stripped)
    print_line(f"#{task.id} {task.subject}: {said}" + (f"; edges of {edges} go" if edges else ""))

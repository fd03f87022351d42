"""`rm`: delete a task and the edges to it."""

from __future__ import annotations

import click

from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task
from tui.cli.making import dry_run_option, make_edit, preview


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@dry_run_option
@common_options
@pass_invocation
def rm(invocation: Invocation, name: str, task_id: str, dry_run: bool) -> None:
    """Delete a task of LIST and strip its id from every other task. The id is not used again."""
    from store.model.edits import DeleteTask
    from store.model.foresight import foresee
    from store.model.graph import id_order
    from tui.cli.output import print_json, print_line
    from tui.cli.shapes import native_id

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    edit = DeleteTask(task.key)
    system = task_list.key.system
    if dry_run:
        cut = sorted(foresee(task_list, edit).stripped, key=id_order)
        more = {
            "deleted": native_id(task.id, system),
            "stripped": [native_id(i, system) for i in cut],
        }
        preview(invocation, task_list, [edit], more)
        return
    stripped = sorted(make_edit(workspace, edit).stripped, key=id_order)
    if invocation.as_json:
        document = {
            "list": task_list.key.id,
            "deleted": native_id(task.id, system),
            "stripped": [native_id(i, system) for i in stripped],
        }
        print_json(document)
        return
    edges = ", ".join(f"#{i}" for i in stripped)
    print_line(f"#{task.id} {task.subject}: deleted" + (f"; edges of {edges} go" if edges else ""))

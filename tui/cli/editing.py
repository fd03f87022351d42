"""`add`, `update`, `assign`, `release`, `done`: edits of one task, through the locked store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import (
    TASK_ID,
    Invocation,
    common_options,
    id_in,
    pass_invocation,
    require_task,
)
from tui.cli.making import dry_run_option, force_option, make_edit, preview

if TYPE_CHECKING:
    from store.model.edits import Edit
    from store.model.snapshot import TaskList
    from store.model.task import TaskId
    from store.workspace import Workspace

STATUSES = ("pending", "in_progress", "completed")


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("subject", metavar="SUBJECT")
@click.option("--description", default="", metavar="TEXT", help="What is to be done.")
@click.option("--active-form", metavar="TEXT", help="What is shown while it is worked on.")
@click.option("--owner", metavar="NAME", help="Whose it is; without it nobody's.")
@click.option(
    "--blocked-by",
    "--by",
    multiple=True,
    type=TASK_ID,
    metavar="ID",
    help="What it waits on; may be given several times.",
)
@click.option(
    "--metadata", "-m", multiple=True, metavar="KEY=JSON", help="What else there is to say."
)
@click.option("--priority", metavar="PRIORITY", help="Where the system has priorities.")
@click.option("--new-list", is_flag=True, help="Start LIST, a full list id, if it is not there.")
@dry_run_option
@common_options
@pass_invocation
def add(
    invocation: Invocation,
    name: str,
    subject: str,
    description: str,
    active_form: str | None,
    owner: str | None,
    blocked_by: tuple[str, ...],
    metadata: tuple[str, ...],
    priority: str | None,
    new_list: bool,
    dry_run: bool,
) -> None:
    """Create a task in LIST."""
    from store.model.edits import CreateTask
    from tui.cli.starting import list_to_add_to

    patch = parse_values(metadata, "--metadata")
    workspace, task_list, starts = list_to_add_to(invocation, name, may_start=new_list)
    edit = CreateTask(
        task_list.key,
        subject,
        description=description,
        active_form=active_form,
        owner=owner,
        blocked_by=task_ids(task_list, blocked_by),
        metadata=patch,
        starts_list=starts,
        priority=priority,
    )
    said = f"created in the new list {task_list.key.id}" if starts else "created"
    apply_and_print(invocation, workspace, task_list, edit, said, dry_run=dry_run)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.option("--subject", metavar="TEXT", help="The new subject.")
@click.option("--description", metavar="TEXT", help="The new description.")
@click.option("--active-form", metavar="TEXT", help="What is shown while it is worked on.")
@click.option("--owner", metavar="NAME", help="The new owner; - for nobody.")
@click.option("--status", metavar="STATUS", help="As in pending, in_progress, completed.")
@click.option("--priority", metavar="PRIORITY", help="Where the system has priorities.")
@click.option(
    "--max-attempts", type=click.IntRange(min=0), metavar="N", help="How often it may be tried."
)
@click.option("--unlock", is_flag=True, help="Take the lock away from who holds it.")
@click.option("--add-blocks", multiple=True, type=TASK_ID, metavar="ID", help="Make ID wait on it.")
@click.option(
    "--add-blocked-by", multiple=True, type=TASK_ID, metavar="ID", help="Make it wait on ID."
)
@click.option(
    "--remove-blocks", multiple=True, type=TASK_ID, metavar="ID", help="ID waits on it no more."
)
@click.option(
    "--remove-blocked-by", multiple=True, type=TASK_ID, metavar="ID", help="It waits on ID no more."
)
@click.option("--metadata", "-m", multiple=True, metavar="KEY=JSON", help="KEY=null deletes it.")
@click.option(
    "--expect",
    multiple=True,
    metavar="FIELD=JSON",
    help="Refuse if FIELD is to change and does not hold this value now.",
)
@force_option
@dry_run_option
@common_options
@pass_invocation
def update(
    invocation: Invocation, /, name: str, task_id: str, force: bool, dry_run: bool, **options: Any
) -> None:
    """Change fields and edges of a task of LIST, all in one commit."""
    from store.model.edits import KEEP, UpdateTask
    from store.model.task import TaskKey

    if not any(value not in (None, (), False) for value in options.values()):
        raise click.UsageError("nothing to change was named")
    metadata = parse_values(options["metadata"], "--metadata")
    expected = parse_values(options["expect"], "--expect")
    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    owner = options["owner"]
    edit = UpdateTask(
        TaskKey(task_list.key, task.id),
        subject=options["subject"],
        description=options["description"],
        active_form=options["active_form"],
        owner=KEEP if owner is None else owner_of(owner),
        status=None if options["status"] is None else parse_status(options["status"]),
        priority=options["priority"],
        most_attempts=options["max_attempts"],
        locked_by=None if options["unlock"] else KEEP,
        is_forced=force,
        add_blocks=task_ids(task_list, options["add_blocks"]),
        add_blocked_by=task_ids(task_list, options["add_blocked_by"]),
        remove_blocks=task_ids(task_list, options["remove_blocks"]),
        remove_blocked_by=task_ids(task_list, options["remove_blocked_by"]),
        metadata_patch=metadata,
        expected=expected,
    )
    apply_and_print(invocation, workspace, task_list, edit, "updated", dry_run=dry_run)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.argument("owner", metavar="OWNER|-")
@dry_run_option
@common_options
@pass_invocation
def assign(invocation: Invocation, name: str, task_id: str, owner: str, dry_run: bool) -> None:
    """Give a task of LIST to OWNER; - takes it from everybody. Its status stays."""
    from store.model.edits import UpdateTask

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    edit = UpdateTask(task.key, owner=owner_of(owner))
    said = f"assigned to {owner}" if owner != "-" else "assigned to nobody"
    apply_and_print(invocation, workspace, task_list, edit, said, dry_run=dry_run)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.option("--owner", metavar="NAME", help="Refuse if it is not NAME's any more.")
@dry_run_option
@common_options
@pass_invocation
def release(
    invocation: Invocation, name: str, task_id: str, owner: str | None, dry_run: bool
) -> None:
    """Give a task of LIST back: no owner, status pending."""
    from store.model.edits import ReleaseTask

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    edit = ReleaseTask(task.key, expected_owner=owner)
    apply_and_print(invocation, workspace, task_list, edit, "released", dry_run=dry_run)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@force_option
@dry_run_option
@common_options
@pass_invocation
def done(invocation: Invocation, name: str, task_id: str, force: bool, dry_run: bool) -> None:
    """Mark a task of LIST completed."""
    from store.model.edits import UpdateTask
    from store.model.task import TaskStatus

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    edit = UpdateTask(task.key, status=TaskStatus.COMPLETED, is_forced=force)
    apply_and_print(invocation, workspace, task_list, edit, "completed", dry_run=dry_run)


def apply_and_print(
    invocation: Invocation,
    workspace: Workspace,
    task_list: TaskList,
    edit: Edit,
    said: str,
    *,
    dry_run: bool,
) -> None:
    """Make the edit and print the task as it is stored now, or only what the edit would do."""
    from tui.cli.output import print_json, print_line
    from tui.cli.shapes import ready_after, task_record

    if dry_run:
        preview(invocation, task_list, [edit])
        return
    result = make_edit(workspace, edit)
    task = result.task
    assert task is not None  # only a delete leaves none
    if invocation.as_json:
        record = task_record(task, ready=ready_after(task_list, task, *result.others))
        print_json({"list": task_list.key.id, "task": record})
    else:
        fields = [name for name in result.changed if name != "created"]
        changed = f" ({', '.join(fields)})" if fields else ""
        print_line(f"#{task.id} {task.subject}: {said}{changed}")


def task_ids(task_list: TaskList, ids: tuple[str, ...]) -> tuple[TaskId, ...]:
    return tuple(dict.fromkeys(id_in(task_list, i) for i in ids))


def owner_of(name: str) -> str | None:
    """An owner's name; "-" is nobody."""
    if not name.strip():
        raise click.UsageError("an owner needs a name; - is nobody")
    return None if name == "-" else name


def parse_status(text: str) -> Any:
    """A status by its native word.

    Raises:
        UsageError: no system knows it.
    """
    from store.model.task import TaskStatus

    known = [str(status) for status in TaskStatus if status is not TaskStatus.UNKNOWN]
    if text not in known:
        raise click.UsageError(f"status {text!r} is none of {', '.join(STATUSES)}")
    return TaskStatus(text)


def parse_values(pairs: tuple[str, ...], option: str) -> dict[str, Any]:
    """KEY=JSON pairs. A value that is not JSON is taken as text.

    Raises:
        UsageError: there is no "=" or no key.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not key or not equals:
            raise click.UsageError(f"{option} {pair!r}: KEY=VALUE is needed")
        try:
            found[key] = json.loads(text)
        except ValueError:
            found[key] = text
    return found

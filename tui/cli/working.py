"""`tick` and `retries`: steps and checks of a task, and how often it may be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tui.cli.editing import apply_and_print
from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task
from tui.cli.making import dry_run_option

if TYPE_CHECKING:
    from store.model.edits import Tick
    from store.model.task import Task


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@click.option("--open", "is_open", is_flag=True, help="Open them again.")
@click.option("--by", metavar="NAME", help="Who has done it.")
@click.option("--note", metavar="TEXT", help="What shows it.")
@dry_run_option
@common_options
@pass_invocation
def tick(
    invocation: Invocation,
    name: str,
    task_id: str,
    keys: tuple[str, ...],
    is_open: bool,
    by: str | None,
    note: str | None,
    dry_run: bool,
) -> None:
    """Tick off steps or checks of a task of LIST.

    KEY is the key of a check, the id of a step, or the number of a step as `show` counts them;
    step:KEY and check:KEY say which of both it is.
    """
    from store.model.edits import UpdateTask

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    ticks = tuple(_tick(task, key, not is_open, by, note) for key in keys)
    said = "opened again" if is_open else "ticked off"
    edit = UpdateTask(task.key, ticks=ticks)
    apply_and_print(invocation, workspace, task_list, edit, said, dry_run=dry_run)


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@click.argument("most", metavar="N", type=click.IntRange(min=0))
@dry_run_option
@common_options
@pass_invocation
def retries(invocation: Invocation, name: str, task_id: str, most: int, dry_run: bool) -> None:
    """Let a task of LIST be tried N times at most."""
    from store.model.edits import UpdateTask

    workspace, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    edit = UpdateTask(task.key, most_attempts=most)
    said = f"tried {most} times at most"
    apply_and_print(invocation, workspace, task_list, edit, said, dry_run=dry_run)


def _tick(task: Task, word: str, is_done: bool, by: str | None, note: str | None) -> Tick:
    """The tick that a word stands for; a word that names nothing is refused when it is made.

    Raises:
        UsageError: it names a step and a check.
    """
    from store.model.edits import Tick
    from store.model.execution import Execution, TickKind

    execution = task.execution or Execution()
    steps = {step.id: step.id for step in execution.steps}
    for number, step in enumerate(execution.steps, 1):
        steps.setdefault(str(number), step.id)
    checks = {check.key for check in execution.checks}
    kind, colon, key = word.partition(":")
    if colon and kind in set(TickKind):
        chosen = TickKind(kind)
    elif word in steps and word in checks:
        raise click.UsageError(f"{word!r} is a step and a check: write step:{word} or check:{word}")
    else:
        chosen, key = TickKind.STEP if word in steps else TickKind.CHECK, word
    if chosen is TickKind.STEP:
        key = steps.get(key, key)
    return Tick(chosen, key, is_done, by, note)

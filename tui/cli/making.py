"""How commands make edits: through the operator's door, or, with `--dry-run`, not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from store.model.edits import Edit, EditResult
    from store.model.foresight import BatchForesight
    from store.model.snapshot import TaskList
    from store.operating import Operator
    from store.workspace import Workspace
    from tui.cli.invocation import Invocation

F = TypeVar("F", bound=Callable[..., Any])


def dry_run_option(command: F) -> F:
    """`--dry-run`: say what would follow, from the code that the screen's pickers use."""
    return click.option(
        "--dry-run", is_flag=True, help="Say what would follow; write nothing, take no lock."
    )(command)


def force_option(command: F) -> F:
    """`--force`: overrule what can be overruled."""
    return click.option(
        "--force",
        is_flag=True,
        help="Although another holds its lock, or required checks are open.",
    )(command)


@contextmanager
def operating(workspace: Workspace, *, otherwise: str = "you") -> Iterator[Operator]:
    """The operator at this command line: what he does is in the journal and can be undone.

    Args:
        otherwise: the name to go by where the environment gives none.
    """
    from tui.cli.acting import operator_on

    operator = operator_on(workspace, otherwise=otherwise)
    try:
        yield operator
    finally:
        operator.close()


def make_edit(workspace: Workspace, edit: Edit, *, otherwise: str = "you") -> EditResult:
    """Make one edit, as a step that `colonytop undo` takes back. What the list's own tool will do
    because of it is said first.

    Raises:
        ColonytopError: see `Workspace.apply`.
    """
    warn_of_end(workspace, edit)
    with operating(workspace, otherwise=otherwise) as operator:
        return operator.apply(edit)


def warn_of_end(workspace: Workspace, edit: Edit) -> None:
    """Say on stderr what the list's tool does once no task is open, if this closes the last one."""
    task_list = workspace.shown(edit.list)
    if task_list is None or not task_list.info.capabilities.rules.at_end:
        return
    from store.model.foresight import foresee
    from tui.cli.output import print_line

    warning = foresee(task_list, edit).warning
    if warning is not None:
        print_line(f"warning: {warning}", to_stderr=True)


def preview(
    invocation: Invocation,
    task_list: TaskList,
    edits: Sequence[Edit],
    more: dict[str, Any] | None = None,
) -> None:
    """Print what edits of a list would do.

    Args:
        invocation: text or JSON.
        task_list: the list as it is now.
        edits: what would be done, in order.
        more: other fields of the document.

    Raises:
        ColonytopError: what the only edit would be refused for.
    """
    from store.model.foresight import foresee_all

    effects = foresee_all(task_list, edits)
    if len(edits) == 1 and effects.refused:
        raise effects.refused[0].error
    print_effects(invocation, task_list, effects, more or {})


def print_effects(
    invocation: Invocation, task_list: TaskList, effects: BatchForesight, more: dict[str, Any]
) -> None:
    """Print what would follow, and that nothing was done."""
    from tui.cli.effects import effect_lines, effects_record
    from tui.cli.output import print_json, print_line

    if invocation.as_json:
        document = {"list": task_list.key.id, **more, "dry_run": True}
        print_json({**document, "effects": effects_record(effects, task_list.key.system)})
        return
    for line in effect_lines(effects):
        print_line(line)
    print_line(f"dry run: nothing was written in {task_list.key.id}")

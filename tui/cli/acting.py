"""Who edits on the command line, and the door through which the edits go into the journal."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from store.operating import Operator
    from store.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])

NAME_VARIABLE = "COLONYTOP_OPERATOR"
_NAME_LENGTH = 64


def operator_name(given: str | None = None, *, otherwise: str = "you") -> str:
    """The name under which edits go into the journal: as given, else `$COLONYTOP_OPERATOR`."""
    found = (given or os.environ.get(NAME_VARIABLE, "")).strip() or otherwise
    return found[:_NAME_LENGTH]


def operator_on(
    workspace: Workspace, name: str | None = None, *, otherwise: str = "you"
) -> Operator:
    """The door for edits of this run; a journal that cannot be written is said on stderr."""
    from store.model.history import Via
    from store.operating import Operator

    named = operator_name(name, otherwise=otherwise)
    return Operator(workspace, name=named, via=Via.COMMAND, warn=_warn)


def operator_option(command: F) -> F:
    """`--operator`, for commands that only look at or undo steps of a name."""
    return click.option(
        "--operator",
        metavar="NAME",
        help=f"Whose steps; by default ${NAME_VARIABLE}, else you.",
    )(command)


def _warn(text: str) -> None:
    from tui.cli.output import print_line

    print_line(f"colonytop: {text}", to_stderr=True)

"""What one run of the command line was asked: its roots and the form of its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from store.model.snapshot import TaskList
    from store.model.task import Task, TaskId
    from store.workspace import RootSpec, Workspace

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Invocation:
    """Options that may stand before or after the command's name, gathered from both places."""

    roots: list[Path] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    """Only lists of these; none named are all."""
    as_json: bool = False
    edit_unlocked: bool = False
    """Edit lists too of which no lock is known."""
    app: dict[str, Any] = field(default_factory=dict)
    """Options of the app given before its roots."""

    def root_specs(self, arguments: tuple[Path, ...] = ()) -> tuple[RootSpec, ...]:
        """The roots of `--root` and of the arguments; without any, those that each system uses."""
        from dataclasses import replace

        from store.roots import choose_roots

        named = choose_roots(self.roots, systems=self.systems) if self.roots else ()
        named = tuple(replace(spec, source="--root") for spec in named)
        if named and not arguments:
            return named
        return named + choose_roots(arguments, systems=self.systems)

    def workspace(self) -> Workspace:
        from store.workspace import Workspace

        return Workspace(self.root_specs(), edit_unlocked=self.edit_unlocked)

    def open_list(self, name: str) -> tuple[Workspace, TaskList]:
        """The list of that id or short name, as it is on disk now.

        Raises:
            ListNotFound: there is none, or more than one.
        """
        workspace = self.workspace()
        return workspace, workspace.open_list(name)


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


def require_task(task_list: TaskList, task_id: str) -> Task:
    """The task of that id.

    Raises:
        TaskNotFound: the list has no such task.
    """
    from store.model.errors import TaskNotFound

    task = task_list.tasks.get(id_in(task_list, task_id))
    if task is None:
        raise TaskNotFound(task_list.key.id, task_id)
    return task


def id_in(task_list: TaskList, text: str) -> TaskId:
    """The id that a person means: as it is written, or a number without zeros before it."""
    from store.model.task import TaskId

    if text in task_list.tasks:
        return TaskId(text)
    is_number = text.isascii() and text.isdecimal() and len(text) < 64
    return TaskId(str(int(text))) if is_number else TaskId(text)


def _note_roots(ctx: click.Context, _: click.Parameter, value: tuple[str, ...]) -> None:
    ctx.ensure_object(Invocation).roots.extend(Path(path) for path in value)


def _note_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Invocation).as_json = True


def _note_systems(ctx: click.Context, parameter: click.Parameter, value: tuple[str, ...]) -> None:
    if not value:
        return
    from store.systems.registry import ROOMS

    names = [room.name for room in ROOMS]
    for name in value:
        if name not in names:
            message = f"there is no system {name!r}; known: {', '.join(names)}"
            raise click.BadParameter(message, ctx, parameter)
    ctx.ensure_object(Invocation).systems.extend(value)


def _note_unlocked(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Invocation).edit_unlocked = True


def common_options(command: F) -> F:
    """`--root`, `--system`, `--edit-unlocked` and `--json`, which every command has."""
    root = click.option(
        "--root",
        metavar="DIR",
        multiple=True,
        expose_value=False,
        callback=_note_roots,
        help="Look for lists under DIR; may be given several times.",
    )
    system = click.option(
        "--system",
        metavar="NAME",
        multiple=True,
        expose_value=False,
        callback=_note_systems,
        help="Only lists of this system; `colonytop systems` names them.",
    )
    unlocked = click.option(
        "--edit-unlocked",
        is_flag=True,
        expose_value=False,
        callback=_note_unlocked,
        help="Edit lists too whose owner takes no lock; each edit is checked.",
    )
    as_json = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_note_json,
        help="Print JSON.",
    )
    return root(system(unlocked(as_json(command))))


def parse_task_id(text: str) -> str:
    """A task id as it is written; `#7` and `7` are the same, and see `id_in`."""
    bare = text.removeprefix("#")
    if not bare:
        raise click.BadParameter("a task id is needed")
    return bare


TASK_ID = parse_task_id


def version_text() -> str:
    """The installed version; "unknown" when run from a bare copy of the sources."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("colonytop")
    except PackageNotFoundError:
        return "unknown"

"""`colonytop [ROOT…]`: the app. The only command that imports Textual."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tui.cli.configuring import config_option
from tui.cli.filtering import check_filter
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.workspace import RootSpec
    from tui.saved_views import SavedViews
    from tui.view_state import ViewState

F = TypeVar("F", bound=Callable[..., Any])

APP_OPTIONS = (
    click.option("--readonly", is_flag=True, help="Look only: no edit is offered."),
    click.option(
        "--dry-run", is_flag=True, help="Collect edits in a draft instead of writing them."
    ),
    click.option("--theme", metavar="NAME", help="Colours: dark, light or another theme."),
    click.option("--ascii", is_flag=True, help="Plain ASCII signs."),
    config_option,
    click.option("--goto", metavar="LIST/ID", help="Start on this task."),
    click.option(
        "--filter",
        metavar="QUERY",
        callback=check_filter,
        help="Start with this search, as after / on the screen.",
    ),
    click.option(
        "--view", metavar="NAME", help="Start with a view: changed, roots, … or a saved one."
    ),
    click.option("--operator", metavar="NAME", help="Your name in the activity."),
)


class NoScreen(click.UsageError):
    """The call is right, but there is nothing to draw on: one line says all."""


def app_options(command: F) -> F:
    """The options of the screen."""
    for option in reversed(APP_OPTIONS):
        command = option(command)
    return command


def open_app(invocation: Invocation, roots: tuple[Path, ...]) -> None:
    """Run the app until the operator quits; leaves with the app's exit code."""
    require_terminal()
    options = {**invocation.app, "edit_unlocked": invocation.edit_unlocked}
    sys.exit(start_app(invocation.root_specs(roots), options))


def require_terminal() -> None:
    """Say so in one line where there is no terminal, before anything heavy is imported.

    Raises:
        NoScreen: what is missing.
    """
    from tui.terminal import terminal_problem

    if problem := terminal_problem():
        raise NoScreen(f"no screen: {problem}; `colonytop lists` and `colonytop watch` need none")


def start_app(roots: Sequence[RootSpec], options: dict[str, Any]) -> int:
    """Import the app and run it; the exit code.

    Args:
        roots: what to watch.
        options: the app's options that were given, by name.

    Raises:
        ColonytopError: the settings cannot be used, or the task to start on is not named well.
    """
    from dataclasses import replace

    from tui.settings import load_settings
    from tui.terminal import run_app

    settings = load_settings(options.get("config"))
    saved_views, view = start_view(options.get("view"), options.get("filter"))
    if operator := options.get("operator"):
        settings = replace(settings, operator=operator[:64])
    if options.get("edit_unlocked"):
        settings = replace(settings, edit_unlocked=True)
    return run_app(
        roots,
        settings=settings,
        read_only=options.get("readonly", False),
        is_drafting=options.get("dry_run", False),
        theme=options.get("theme"),
        ascii=options.get("ascii", False),
        goto=options.get("goto"),
        view=view,
        saved_views=saved_views,
    )


def start_view(name: str | None, query: str | None) -> tuple[SavedViews, ViewState]:
    """The saved views, and the view to start with.

    Args:
        name: of a saved or standard view; without one the usual view.
        query: wins over what the view searches for.

    Raises:
        SavedViewsError: there is no view of that name, or the views cannot be read.
    """
    from dataclasses import replace

    from tui.saved_views import SavedViews
    from tui.settings import default_path
    from tui.view_state import ViewState

    saved_views = SavedViews(default_path().with_name("views.json"))
    view = ViewState()
    if name is None:
        saved_views.try_load()
    else:
        view = saved_views.find(name)
    return saved_views, view if query is None else replace(view, query=query)


@click.command("open", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("roots", metavar="[ROOT]...", nargs=-1, type=click.Path(path_type=Path))
@common_options
@app_options
@pass_invocation
def open_command(invocation: Invocation, /, roots: tuple[Path, ...], **app: Any) -> None:
    """Open the screen on the ROOTs."""
    invocation.app.update({name: value for name, value in app.items() if value})
    open_app(invocation, roots)

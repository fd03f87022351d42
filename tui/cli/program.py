"""The command group: finds commands by name, imports only the one that is called."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from tui.cli.invocation import Invocation, common_options, version_text
from tui.cli.opening import app_options, open_app, open_command

COMMANDS: dict[str, tuple[str, str]] = {
    "lists": ("tui.cli.reading:lists", "Every list that is found, with its counts."),
    "ls": ("tui.cli.listing:ls", "The tasks of a list, or of all lists."),
    "show": ("tui.cli.reading:show", "One task with all its fields."),
    "why": ("tui.cli.explaining:why", "Whether a task is ready, if not why, and what frees it."),
    "status": ("tui.cli.status:status", "The counts in one line, for prompts and status bars."),
    "lint": ("tui.cli.linting:lint", "Smells of a plan; exit 1 when there is one."),
    "add": ("tui.cli.editing:add", "Create a task."),
    "update": ("tui.cli.editing:update", "Change fields and edges of a task."),
    "assign": ("tui.cli.editing:assign", "Give a task an owner; - for nobody."),
    "block": ("tui.cli.edges:block", "Make a task wait on another."),
    "unblock": ("tui.cli.edges:unblock", "Remove edges that hold a task back."),
    "claim": ("tui.cli.claiming:claim", "Take a ready task for an owner."),
    "release": ("tui.cli.editing:release", "Give a task back: no owner, pending."),
    "done": ("tui.cli.editing:done", "Mark a task completed."),
    "tick": ("tui.cli.working:tick", "Tick off steps or checks of a task."),
    "retries": ("tui.cli.working:retries", "How often a task may be tried."),
    "rm": ("tui.cli.removing:rm", "Delete a task and the edges to it."),
    "apply": ("tui.cli.applying:apply_command", "Make the edits of a draft, all or none."),
    "undo": ("tui.cli.undoing:undo", "Take back the last edit or batch of edits."),
    "redo": ("tui.cli.undoing:redo", "Make again what was taken back last."),
    "history": ("tui.cli.history:history", "Who changed a task, when and how."),
    "record": ("tui.cli.recording:record", "Write down what changes, without a screen."),
    "run": ("tui.cli.running:run", "Carry a plan out, each subtask by a command."),
    "ledger": ("tui.cli.spending:ledger", "What the executions of runs have cost."),
    "watch": ("tui.cli.watching:watch", "Print changes as they happen."),
    "doctor": ("tui.cli.doctor:doctor", "Roots, lists, problems, and what would repair them."),
    "systems": ("tui.cli.systems:systems", "Whose lists are known, where, and what can be done."),
    "demo": ("tui.cli.demo:demo", "A colony of simulated agents to look at."),
}


class Program(click.Group):
    """Commands by name; anything else is a root to open the app on."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place[0].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """From the table above: the help of all commands must not import them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in COMMANDS:
            return super().resolve_command(ctx, args)
        if not _could_be_root(args[0]):
            raise click.UsageError(
                f"{args[0]!r} is no command and no directory here"
                f" (for a root that is not there yet write ./{args[0]})",
                ctx,
            )
        return "open", open_command, args

    def invoke(self, ctx: click.Context) -> Any:
        from store.model.errors import ColonytopError, CommittedPending
        from tui.cli.output import print_error, print_saved

        try:
            return super().invoke(ctx)
        except CommittedPending as error:
            print_saved(error, as_json=ctx.ensure_object(Invocation).as_json)
            ctx.exit(0)
        except ColonytopError as error:
            print_error(error, as_json=ctx.ensure_object(Invocation).as_json)
            ctx.exit(1)
        except BrokenPipeError:
            silence_stdout()
            ctx.exit(0)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """As in click, but a usage error is JSON too where JSON was asked for."""
        words = list(sys.argv[1:] if args is None else args)
        try:
            code = super().main(
                words,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except click.UsageError as error:
            if not standalone_mode:
                raise
            if "--json" in words:
                from tui.cli.output import print_json

                print_json({"error": {"kind": "usage", "message": error.format_message()}})
            show_usage(error)
            sys.exit(error.exit_code)
        except click.Abort:
            if not standalone_mode:
                raise
            sys.exit(130)
        if not standalone_mode:
            return code
        sys.exit(code if isinstance(code, int) else 0)


def show_usage(error: click.UsageError) -> None:
    """What is wrong with the call, on stderr; it quotes arguments, which may be anybody's text."""
    from tui.cli.opening import NoScreen
    from tui.cli.output import print_line

    message = error.format_message()
    if isinstance(error, NoScreen) or error.ctx is None:
        print_line(f"colonytop: {message}", to_stderr=True)
        return
    click.echo(error.ctx.get_usage(), err=True)
    print_line(f"Try '{error.ctx.command_path} --help' for help.", to_stderr=True)
    click.echo("", err=True)
    print_line(f"Error: {message}", to_stderr=True)


def silence_stdout() -> None:
    """The reader of our output has gone; the interpreter's last flush must not complain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _could_be_root(word: str) -> bool:
    """A mistyped command must not open the app on an empty directory that is not there."""
    return word.startswith((".", "~")) or os.sep in word or Path(word).exists()


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"colonytop {version_text()}")
        ctx.exit()


@click.group(
    cls=Program,
    invoke_without_command=True,
    subcommand_metavar="[ROOT]... | COMMAND [ARGS]...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Print the version and exit.",
)
@common_options
@app_options
@click.pass_context
def program(ctx: click.Context, /, **app: Any) -> None:
    """Watch and steer the task lists of running agents.

    Without a command, open the screen on the ROOTs given; without any, on the places where each
    system keeps its lists, as `colonytop systems` names them. A root that is named like a command
    is written ./lists.

    Exit codes: 0 done, 1 refused (the reason on stderr), 2 wrong usage.
    """
    invocation = ctx.ensure_object(Invocation)
    invocation.app = {name: value for name, value in app.items() if value}
    if ctx.invoked_subcommand is None:
        open_app(invocation, ())
    elif ctx.invoked_subcommand != "open" and invocation.app:
        named = ", ".join("--" + name.replace("_", "-") for name in invocation.app)
        raise click.UsageError(f"{named}: only the screen has that option", ctx)

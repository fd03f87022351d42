"""`demo`: a colony of simulated agents, on the screen or without one."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation
from tui.cli.opening import app_options, require_terminal, start_app

if TYPE_CHECKING:
    from tui.demo.colony import DemoColony

MAX_AGENTS = 64
LEAST_TASKS = 25
"""Fewer leave the agents without work once something is stuck."""
MAX_TASKS = 100_000


@click.command()
@click.option(
    "--agents",
    type=click.IntRange(1, MAX_AGENTS),
    default=6,
    show_default=True,
    metavar="N",
    help="How many agents.",
)
@click.option(
    "--tasks",
    type=click.IntRange(1, MAX_TASKS),
    default=40,
    show_default=True,
    metavar="N",
    help=f"How many tasks at a time, give or take a fifth; at least {LEAST_TASKS}.",
)
@click.option("--seed", type=int, default=7, show_default=True, metavar="S", help="Which story.")
@click.option(
    "--speed",
    type=click.FloatRange(0.01, 1000.0),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How fast it runs.",
)
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Use DIR, new or empty, as the root, and leave it there afterwards.",
)
@click.option(
    "--headless",
    metavar="SECONDS",
    type=click.FloatRange(0.0, 86_400.0),
    help="No screen: run the agents so long, then print a summary.",
)
@click.option(
    "--systems",
    metavar="NAMES",
    default="hive",
    show_default=True,
    callback=lambda ctx, parameter, value: chosen_systems(value),
    help="Whose lists: names of systems with commas between them, or `all`.",
)
@common_options
@app_options
@pass_invocation
def demo(
    invocation: Invocation,
    /,
    agents: int,
    tasks: int,
    seed: int,
    speed: float,
    keep: Path | None,
    headless: float | None,
    systems: tuple[str, ...],
    **app: Any,
) -> None:
    """Watch simulated agents at work, in a root that goes away when you quit.

    Each agent is a process of its own that plans, claims, works, gets stuck and hands over
    through the same locked store as real ones, and yields to what you do. The same seed tells
    the same story. Other systems' lists, which --systems adds, have real writers too.
    """
    from tui.demo.colony import DemoColony, DemoOptions

    if invocation.roots:
        raise click.UsageError("the demo makes its own root; --keep says where")
    if invocation.systems:
        raise click.UsageError("--systems says whose lists the demo has")
    if invocation.as_json and headless is None:
        raise click.UsageError("--json needs --headless")
    if headless is None:
        require_terminal()
    options = DemoOptions(agents, max(tasks, LEAST_TASKS), seed, speed, keep, systems)
    with signals_end_the_demo(), DemoColony(options) as colony:
        if headless is None:
            app["edit_unlocked"] = invocation.edit_unlocked
            code = show_colony(colony, {name: value for name, value in app.items() if value})
        else:
            code = run_headless(invocation, colony, headless)
    sys.exit(code)


def chosen_systems(text: str) -> tuple[str, ...]:
    """The systems that were named.

    Raises:
        BadParameter: one of the names is of none.
    """
    from tui.demo.systems.cast import NAMES, chosen

    try:
        return chosen(text)
    except ValueError as error:
        known = ", ".join(NAMES)
        message = f"there is no system {str(error)!r}; all, or of {known}"
        raise click.BadParameter(message) from error


@contextmanager
def signals_end_the_demo() -> Iterator[None]:
    """Turn signals into an ordinary exit, so that whatever was started is ended on the way."""

    def leave(number: int, frame: FrameType | None) -> None:
        sys.exit(128 + number)

    taken = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, leave) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def show_colony(colony: DemoColony, app: dict[str, Any]) -> int:
    """Open the app on the colony; its exit code."""
    from store.workspace import RootSpec

    import_module("tui.app")  # while the crew sets the stage
    colony.wait_until_ready()
    if colony.options.keep is None:  # the journal goes away with the root that it is about
        os.environ["XDG_STATE_HOME"] = str(colony.root / ".state")
    code = start_app([RootSpec(root, "demo") for root in colony.roots], app)
    _tell_trouble(colony)
    return code


def run_headless(invocation: Invocation, colony: DemoColony, seconds: float) -> int:
    """Let the agents work for so many seconds, then print what came of it."""
    from store.workspace import RootSpec, Workspace
    from tui.cli.output import print_json, print_line, print_table
    from tui.demo.summary import summarize, summary_tables

    colony.wait_until_ready()
    deadline = time.monotonic() + seconds
    while colony.is_running() and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(left, 0.1))
    agents = colony.end_agents()
    snapshot = Workspace([RootSpec(root, "demo") for root in colony.roots]).scan()
    summary = summarize(snapshot, agents, colony.options.seed)
    kept = None if colony.options.keep is None else str(colony.root)
    if invocation.as_json:
        print_json({"root": kept, **summary})
    else:
        for titles, rows in summary_tables(summary):
            print_table(titles, rows)
            print_line("")
        print_line(f"kept in {kept}" if kept else f"seed {colony.options.seed}")
    died = [str(agent["name"]) for agent in agents if agent.get("died")]
    if died or not agents:
        print_line(f"died: {', '.join(died) or 'all agents'}", to_stderr=True)
    _tell_trouble(colony)
    return 1 if died or not agents else 0


def _tell_trouble(colony: DemoColony) -> None:
    from tui.cli.output import print_line

    if trouble := colony.trouble():
        print_line(f"colonytop: an agent failed: {trouble}", to_stderr=True)

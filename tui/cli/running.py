"""`run`: carries a plan out, each subtask by a real command, with a line for each step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from store.running.settings import MOST_WORKERS
from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.running.compound import CompoundRuns
    from store.running.plan import Plan
    from store.running.run_record import RunRecord
    from store.running.settings import RunSettings

_PLAIN = "outline"


@click.command()
@click.argument("plan", metavar="[PLAN]", required=False, type=click.Path(path_type=Path))
@click.option("-p", "--prompt", metavar="PROMPT", help="Have PROMPT planned, and carry that out.")
@click.option("--resume", metavar="RUN", help="Go on with a run that ended early.")
@click.option(
    "--planner",
    metavar="CMD",
    help="What plans a PROMPT: a command (the prompt on its standard input, JSON from it),"
    " or `outline`: the prompt is the plan. Default: $COLONYTOP_PLANNER, else claude.",
)
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(1, MOST_WORKERS),
    help="How many subtasks run at once (4).",
)
@click.option(
    "--exec",
    "command",
    metavar="CMD",
    help="What carries a subtask out: a command, the description on its standard input; {model}"
    " and {tier} are filled in. Default: $COLONYTOP_EXEC, else claude.",
)
@click.option(
    "--timeout",
    metavar="S",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds that a subtask may take (120).",
)
@click.option(
    "--attempts",
    metavar="N",
    type=click.IntRange(min=1),
    help="How often a subtask is tried (1).",
)
@click.option(
    "--on-failure",
    type=click.Choice(["skip", "fail"]),
    help="What waits on a failed subtask is skipped (default), or fails too.",
)
@click.option(
    "--on-unknown",
    type=click.Choice(["fail", "retry"]),
    help="A subtask that was killed together with its runner fails (default), or is run again.",
)
@common_options
@pass_invocation
def run(invocation: Invocation, /, plan: Path | None, **options: Any) -> None:
    """Carry out PLAN: an outline or a JSON file.

    Its subtasks become a list that can be watched and steered while it runs: reassign a subtask to
    another model, take it over or delete it to cancel it, cut an edge, release a failed one to have
    it tried again. Killed anywhere, the run goes on with --resume, and no command runs twice.

    Exit codes: 0 all subtasks completed, 1 not all, 128 + N stopped by signal N.
    """
    given = {name: value for name, value in options.items() if value is not None}
    sources = [name for name in ("prompt", "resume") if name in given]
    if len(sources) + (plan is not None) != 1:
        raise click.UsageError("give one of PLAN, --prompt and --resume")
    if "resume" in given and len(given) > 1:
        raise click.UsageError("with --resume the run goes on as it was begun; no other options")
    runs = _open(invocation, given)
    record = runs.record(given["resume"]) if "resume" in given else _submit(runs, plan, given)
    code = _carry_out(runs, record, as_json=invocation.as_json)
    click.get_current_context().exit(code)


def _open(invocation: Invocation, given: dict[str, Any]) -> CompoundRuns:
    from store.running.compound import CompoundRuns

    if len(invocation.roots) > 1:
        raise click.UsageError("a run's list is made under one --root")
    root = invocation.roots[0].expanduser() if invocation.roots else None
    return CompoundRuns(root, settings=_settings(given))


def _settings(given: dict[str, Any]) -> RunSettings:
    import os

    from store.running.settings import (
        OnFailure,
        OnUnknown,
        RunSettings,
        default_command,
        split_command,
    )

    command = given.get("command")
    usual = RunSettings()
    return RunSettings(
        tuple(split_command(command) if command is not None else default_command(os.environ)),
        given.get("workers", usual.workers),
        given.get("timeout", usual.timeout_s),
        given.get("attempts", usual.attempts),
        OnFailure(given.get("on_failure", usual.on_failure)),
        OnUnknown(given.get("on_unknown", usual.on_unknown)),
        str(Path.cwd()),
    )


def _submit(runs: CompoundRuns, path: Path | None, given: dict[str, Any]) -> RunRecord:
    return runs.submit(_plan(path, given))


def _plan(path: Path | None, given: dict[str, Any]) -> Plan:
    import os

    from store.running.planners import (
        CommandPlanner,
        OutlinePlanner,
        Planner,
        default_planner,
        read_plan,
    )
    from store.running.settings import split_command

    chosen = given.get("planner")
    if path is not None:
        if chosen is not None:
            raise click.UsageError("--planner goes with --prompt")
        return read_plan(path)
    planner: Planner = default_planner(os.environ)
    if chosen is not None:
        planner = OutlinePlanner() if chosen == _PLAIN else CommandPlanner(split_command(chosen))
    return planner.plan(given["prompt"])


def _carry_out(runs: CompoundRuns, record: RunRecord, *, as_json: bool) -> int:
    """Carry the run out and tell of it; the exit code."""
    from store.model.task import TaskStatus
    from store.running.run_record import RunState
    from tui.cli.run_steps import Teller

    stop = threading.Event()
    before = runs.load_list(record).tasks.values()
    done: set[str] = {task.id for task in before if task.status is TaskStatus.COMPLETED}
    teller = Teller(record, as_json, done)
    teller.begin()
    with _stopped_by_signals(stop) as caught:
        ended = runs.carry_out(record.id, stop=stop, tell=teller.tell)
    teller.end(ended, runs)
    if caught and ended.state is not RunState.COMPLETED:
        return 128 + caught[0]
    return 0 if ended.state is RunState.COMPLETED else 1


@contextmanager
def _stopped_by_signals(stop: threading.Event) -> Iterator[list[int]]:
    """Set `stop` at a signal; the signals that came."""
    caught: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        stop.set()

    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {
        number: signal.signal(number, end)
        for number in wanted
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield caught
    finally:
        for number, old in before.items():
            signal.signal(number, old)

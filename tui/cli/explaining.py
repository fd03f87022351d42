"""`why`: whether a task is ready, if not why, and the cheapest way to make it so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from tui.cli.configuring import config_option
from tui.cli.invocation import TASK_ID, Invocation, common_options, pass_invocation, require_task

if TYPE_CHECKING:
    from pathlib import Path

    from store.model.cheapest import Way
    from store.model.cost import Cost
    from store.model.derivation import Derivation


@click.command()
@click.argument("name", metavar="LIST")
@click.argument("task_id", metavar="ID", type=TASK_ID)
@config_option
@common_options
@pass_invocation
def why(invocation: Invocation, name: str, task_id: str, config: Path | None) -> None:
    """Whether a task of LIST is ready, and if not, why, and what would free it most cheaply.

    The words are those of the detail pane. Costs count what this list tells.
    """
    from store.model.counting import roll_up
    from store.model.critical import CriticalPaths
    from store.model.derivation import Deriving
    from tui.cli.output import print_json, print_line
    from tui.settings import load_settings
    from tui.why_text import why_lines

    stale_after = load_settings(config).stale_after
    _, task_list = invocation.open_list(name)
    task = require_task(task_list, task_id)
    now = time.time()
    derivation = Deriving().derive(
        task_list,
        task,
        roll_up(task_list).owners,
        now,
        stale_after,
        critical=CriticalPaths().of(task_list),
    )
    if invocation.as_json:
        print_json(derivation_record(derivation, now))
        return
    verdict = "ready" if derivation.ready else "not ready"
    print_line(f"#{task.id} {task.subject}: {verdict}")
    if task.is_closed:
        print_line(f"  {derivation.causes[0].reason.text}")
    for said in why_lines(derivation, now):
        print_line(("" if said.kind == "title" else "  ") + said.text)


def derivation_record(derivation: Derivation, now: float) -> dict[str, Any]:
    """The document that `why --json` prints. `now`: epoch seconds."""
    from tui.cli.shapes import native_id
    from tui.why_text import why_lines

    system = derivation.task.key.list.system
    return {
        "ready": derivation.ready,
        "reasons": [
            {
                "kind": str(cause.reason.kind),
                "task": native_id(cause.reason.task, system),
                "text": cause.reason.text,
                "state": None if cause.state is None else str(cause.state),
                "last_write": cause.since,
                "believed": cause.belief,
                "answer": None if cause.verb is None else str(cause.verb),
            }
            for cause in derivation.causes
        ],
        "roots": [
            {
                "task": native_id(root.id, system),
                "state": str(root.state),
                "owner": root.owner,
                "last_write": root.since,
                "answer": None if root.verb is None else str(root.verb),
                **_cost_record(root.cost),
            }
            for root in derivation.roots
        ],
        "critical": derivation.is_critical,
        "cost": _cost_record(derivation.cost),
        "cheapest": None if derivation.way is None else _way_record(derivation.way, system),
        "text": [said.text for said in why_lines(derivation, now)],
    }


def _cost_record(cost: Cost) -> dict[str, Any]:
    return {
        "holds": cost.holds,
        "agents": list(cost.agents),
        "agent_minutes_lost": round(cost.minutes, 1),
        "at_least": cost.is_least,
    }


def _way_record(way: Way, system: str) -> dict[str, Any]:
    from tui.cli.shapes import native_id

    return {
        "price": way.price,
        "whole": way.is_whole,
        "steps": [
            {
                "kind": str(step.kind),
                "task": native_id(step.task, system),
                "blocker": None if step.blocker is None else native_id(step.blocker, system),
                "text": step.text,
                "price": step.price,
                "answer": None if step.verb is None else str(step.verb),
            }
            for step in way.steps
        ],
    }

"""`ledger`: what compound runs have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tui.cli.invocation import Invocation, common_options, pass_invocation

if TYPE_CHECKING:
    from store.model.execution import Spent
    from store.running.ledger import Total


@click.command()
@click.option(
    "--by",
    type=click.Choice(["model", "day", "list"]),
    default="model",
    show_default=True,
    help="What executions are put together by.",
)
@common_options
@pass_invocation
def ledger(invocation: Invocation, by: str) -> None:
    """What the executions of all runs on this machine came to; ~ marks what is an estimate."""
    from store.running.ledger import SpendLedger
    from tui.cli.output import print_json, print_line, print_table

    totals = SpendLedger().totals(by)
    if invocation.as_json:
        print_json(
            {
                "by": by,
                "groups": [{by: name, **_values(one)} for name, one in totals.groups.items()],
                "total": _values(totals.total),
                "unreadable": totals.unreadable,
            }
        )
        return
    rows = [_row(name, one) for name, one in totals.groups.items()]
    if rows:
        titles = ("tries", "well", "tokens in", "out", "cost")
        print_table((by, *titles), [*rows, _row("total", totals.total)])
    else:
        print_line("nothing was executed yet")
    if totals.unreadable:
        print_line(f"{totals.unreadable} lines of the ledger cannot be read", to_stderr=True)


def money(spent: Spent) -> str:
    """A cost in US dollars; ~ marks an estimate."""
    if spent.usd is None:
        return "cost unknown"
    return f"{'~' if spent.is_estimated else ''}${spent.usd:.4f}"


def _row(name: str, one: Total) -> list[str]:
    sign = "~" if one.estimated_usd else ""
    return [
        name or "-",
        str(one.executions),
        str(one.succeeded),
        f"{one.input_tokens:,}",
        f"{one.output_tokens:,}",
        f"{sign}${one.usd:.4f}",
    ]


def _values(one: Total) -> dict[str, Any]:
    return {
        "executions": one.executions,
        "succeeded": one.succeeded,
        "input_tokens": one.input_tokens,
        "output_tokens": one.output_tokens,
        "cost_usd": round(one.usd, 9),
        "estimated_usd": round(one.estimated_usd, 9),
    }

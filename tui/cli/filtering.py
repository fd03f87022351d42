"""`--filter`: the query of the search line, as an option of commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from store.model.query import Query

F = TypeVar("F", bound=Callable[..., Any])


def parse_filter(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Query:
    """Understand the text of a `--filter`; without one, the query that asks for nothing.

    Raises:
        click.BadParameter: it is not understood; the text says where.
    """
    from store.model.query import EMPTY_QUERY, QueryError, parse
    from tui.query_text import fault_text

    if value is None:
        return EMPTY_QUERY
    try:
        return parse(value)
    except QueryError as error:
        raise click.BadParameter(fault_text(error, value), ctx, parameter) from None


def check_filter(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """The text of a `--filter` as it is, once it is known to be understood.

    Raises:
        click.BadParameter: it is not.
    """
    if value is not None:
        parse_filter(ctx, parameter, value)
    return value


def filter_option(command: F) -> F:
    """The option `--filter`; the command gets it as `query`."""
    option = click.option(
        "--filter",
        "query",
        metavar="QUERY",
        callback=parse_filter,
        help="Words, fields as owner:ann or age>10m, - for not, | for or.",
    )
    return option(command)

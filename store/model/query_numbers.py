"""Tests of a query that compare: numbers of the graph, and times."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping

from store.model.attention import DisplayState
from store.model.query_moment import Moment, Test, comparison_of, place_of
from store.model.query_syntax import QueryError, Term, Value
from store.model.snapshot import TaskList
from store.model.task import Task

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([smhdw])", re.IGNORECASE)
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "": operator.eq,
}


def wave(task: Task, whole: TaskList) -> float | None:
    return None if task.is_closed else whole.graph.wave(task.id)


def holds(task: Task, whole: TaskList) -> float | None:
    return whole.graph.holds(task.id)


def waits(task: Task, whole: TaskList) -> float | None:
    return len(whole.graph.unmet.get(task.id, ()))


def numeric(read: Callable[[Task, TaskList], float | None]) -> Callable[[Term], Test]:
    def build_test(term: Term) -> Test:
        compare = COMPARE[comparison_of(term)]
        wanted = [number_of(term, value) for value in term.values]
        if len(wanted) == 1 or compare is not operator.eq:
            limit = single(term, wanted)

            def holds(
                text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment
            ) -> bool:
                found = read(task, whole)
                return found is not None and compare(found, limit)

            return holds
        return lambda text, task, whole, state, at: read(task, whole) in wanted

    return build_test


def number_of(term: Term, value: Value) -> float:
    if value.is_quoted or not NUMBER.fullmatch(value.text):
        raise QueryError(f"{term.name} takes a number, as in {term.name}>=2", value.position)
    return float(value.text)


def single(term: Term, wanted: list[float]) -> float:
    if len(wanted) > 1:
        text = f"{comparison_of(term)} compares with one value"
        raise QueryError(text, term.values[1].position)
    return wanted[0]


def seconds_of(term: Term) -> float:
    """The duration that a term about time compares with.

    Raises:
        QueryError: it is none, or there is nothing to compare.
    """
    value = term.values[0]
    if comparison_of(term) not in ("<", "<=", ">", ">="):
        raise QueryError(f"{term.name} is compared, as in {term.name}>10m", place_of(term))
    found = None if value.is_quoted else _DURATION.fullmatch(value.text)
    if found is None and value.text != "0":
        text = f"{term.name} takes a time in s, m, h, d or w, as in 10m"
        raise QueryError(text, value.position)
    seconds = float(found[1]) * _UNITS[found[2].lower()] if found else 0.0
    return single(term, [seconds, *(0.0 for _ in term.values[1:])])


def is_timed(term: Term) -> bool:
    """Its answer changes as time goes by: once, when so much has passed since `written_at`."""
    return term.name in ("age", "changed", "created")


def written_at(name: str, task: Task) -> float | None:
    """The moment from which a term of that name counts; None where the record tells none."""
    at = task.created_at if name == "created" else task.updated_at
    return at if at is not None and math.isfinite(at) else None


def timed_test(term: Term) -> Test:
    compare, limit = COMPARE[comparison_of(term)], seconds_of(term)
    since_of = operator.attrgetter("created_at" if term.name == "created" else "updated_at")

    def holds(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        since = since_of(task)
        if since is None or since - since != 0.0:  # as in `written_at`, but not another call
            return False
        elapsed = at.now - since
        return compare(elapsed if elapsed > 0.0 else 0.0, limit)

    return holds

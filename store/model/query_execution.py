"""Tests of a query by what only some systems keep: priority, parent, tier, group."""

from __future__ import annotations

from collections.abc import Callable

from store.model.attention import DisplayState
from store.model.priorities import urgency
from store.model.query_moment import Moment, Test, comparison_of, require_equality
from store.model.query_numbers import COMPARE
from store.model.query_syntax import QueryError, Term, Value
from store.model.query_texts import NONE, any_of, beginning, pattern
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task


def priority_test(term: Term) -> Test:
    """By the list's own word or number; compared by the ladder of each list."""
    comparison = comparison_of(term)
    if comparison in ("", "="):
        fits = any_of([_whole_or_none(value) for value in term.values])
        return lambda text, task, whole, state, at: fits((task.priority or "").casefold())
    compare = COMPARE[comparison]
    if len(term.values) > 1:
        raise QueryError(f"{comparison} compares with one value", term.values[1].position)
    wanted = term.values[0].text
    limits: dict[ListKey, float | None] = {}

    def is_past(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        allowed = whole.info.capabilities
        if whole.key not in limits:
            limits[whole.key] = urgency(allowed, wanted)
        limit, found = limits[whole.key], urgency(allowed, task.priority)
        return limit is not None and found is not None and compare(found, limit)

    return is_past


def _whole_or_none(value: Value) -> Callable[[str], bool]:
    if value.text == NONE and not value.is_quoted:
        return lambda text: not text
    return pattern(Value(value.text.casefold(), value.is_quoted))


def parent_test(term: Term) -> Test:
    """By the id of the parent, with or without its `#`; `-`: it has none."""
    require_equality(term)
    ids: set[str | None] = set()
    for value in term.values:
        is_none = value.text == NONE and not value.is_quoted
        ids.add(None if is_none else value.text.removeprefix("#"))
    return lambda text, task, whole, state, at: task.parent in ids


def tier_test(term: Term) -> Test:
    return _execution_test(term, lambda task: task.execution.tier if task.execution else None)


def group_test(term: Term) -> Test:
    return _execution_test(term, lambda task: task.execution.group if task.execution else None)


def _execution_test(term: Term, read: Callable[[Task], str | None]) -> Test:
    """By the beginning of a word of the system's; `-`: it says none."""
    require_equality(term)
    fits = any_of([_beginning_or_none(value) for value in term.values])
    return lambda text, task, whole, state, at: fits((read(task) or "").casefold())


def _beginning_or_none(value: Value) -> Callable[[str], bool]:
    if value.text == NONE and not value.is_quoted:
        return lambda text: not text
    return beginning(value)

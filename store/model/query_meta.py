"""Tests of a query that look into a task's metadata."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from store.model.attention import DisplayState
from store.model.query_moment import Moment, Test, comparison_of
from store.model.query_numbers import COMPARE, NUMBER, number_of, single
from store.model.query_syntax import META, Term, Value
from store.model.query_texts import any_of, pattern
from store.model.snapshot import TaskList
from store.model.task import Task

_ABSENT = object()


def meta_test(term: Term) -> Test:
    key, comparison = term.name[len(META) :], comparison_of(term)
    if not term.sign:
        return lambda text, task, whole, state, at: _found(task.metadata, key) is not _ABSENT
    if comparison not in ("", "="):
        compare = COMPARE[comparison]
        limit = single(term, [number_of(term, value) for value in term.values])

        def is_past(
            text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment
        ) -> bool:
            number = _as_number(_found(task.metadata, key))
            return number is not None and compare(number, limit)

        return is_past
    fits = any_of([_meta_fits(value) for value in term.values])

    def is_said(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
        found = _found(task.metadata, key)
        return any(map(fits, found if isinstance(found, (list, tuple)) else [found]))

    return is_said


def _found(metadata: Mapping[str, Any], key: str) -> Any:
    """The value of a key; a dot may also lead into a value that has keys itself."""
    if key in metadata:
        return metadata[key]
    found: Any = metadata
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return _ABSENT
        found = found[part]
    return found


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return float(value) if len(value) < 64 and NUMBER.fullmatch(value) else None
    if not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _meta_fits(value: Value) -> Callable[[Any], bool]:
    fits = pattern(Value(value.text.casefold(), value.is_quoted))
    number = _as_number(value.text)

    def is_value(found: Any) -> bool:
        if found is _ABSENT or isinstance(found, (Mapping, list, tuple)):
            return False
        if number is not None and _as_number(found) == number:
            return True
        return fits(_shown(found).casefold())

    return is_value


def _shown(value: Any) -> str:
    """As JSON writes it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if not isinstance(value, int) or abs(value) < 10**100 else ""

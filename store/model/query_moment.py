"""What a query's tests are given, and what they share."""

from __future__ import annotations

from collections.abc import Callable

from store.model.attention import DisplayState
from store.model.graph import TaskGraph, critical_path
from store.model.query_syntax import QueryError, Term
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey


class Moment:
    """What is true of all tasks at the time of asking, and remembered between questions."""

    __slots__ = ("_paths", "marked", "now")

    def __init__(self, now: float = 0.0, marked: frozenset[TaskKey] = frozenset()) -> None:
        """Args:
        now: epoch seconds.
        """
        self.now = now
        self.marked = marked
        self._paths: dict[ListKey, tuple[TaskGraph, frozenset[TaskId]]] = {}

    def critical(self, task_list: TaskList) -> frozenset[TaskId]:
        """The tasks on the list's critical path, worked out once for each of its graphs."""
        known = self._paths.get(task_list.key)
        if known is None or known[0] is not task_list.graph:
            known = (task_list.graph, frozenset(critical_path(task_list.graph)))
            self._paths[task_list.key] = known
        return known[1]


Test = Callable[[str, Task, TaskList, DisplayState, Moment], bool]
"""(searched text, task, its list, its state at the moment, the moment) → whether it holds."""


def require_equality(term: Term) -> None:
    """Refuse a comparison of what has no order.

    Raises:
        QueryError: it is one.
    """
    if comparison_of(term) not in ("", "="):
        shown = term.sign.lstrip(":")
        raise QueryError(
            f"{term.name} cannot be compared by {shown}; write {term.name}:", place_of(term)
        )


def place_of(term: Term) -> int:
    """Where its name begins."""
    return term.position + term.negated


def comparison_of(term: Term) -> str:
    """Its sign without the colon; empty asks for the same."""
    return term.sign.removeprefix(":")

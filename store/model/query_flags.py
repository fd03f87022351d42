"""Tests of a query by what a task's row shows: `is:ready`, `is:root` and the like."""

from __future__ import annotations

from collections.abc import Mapping

from store.model.attention import DisplayState, needs_operator
from store.model.query_moment import Moment, Test, require_equality
from store.model.query_syntax import QueryError, Term
from store.model.snapshot import TaskList
from store.model.task import Task, TaskStatus


def _in_states(*states: DisplayState) -> Test:
    wanted = frozenset(states)
    return lambda text, task, whole, state, at: state in wanted


def _needs(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    return needs_operator(state, task, whole.graph.held.get(task.id, 0))


def _root(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    """It holds others and nothing holds it; of a cycle that nothing else holds, one member."""
    graph = whole.graph
    if task.id not in graph.held:
        return False
    cycle = graph.cycle_of.get(task.id)
    if cycle is None:
        return not graph.unmet.get(task.id)
    inside = set(cycle)
    return task.id == cycle[0] and all(
        blocker in inside for member in cycle for blocker in graph.unmet.get(member, ())
    )


def _critical(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    return task.id in at.critical(whole)


def _cycle(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    return task.id in whole.graph.cycle_of


def _marked(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    return task.key in at.marked


def _locked(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    return task.lock is not None


def _archived(text: str, task: Task, whole: TaskList, state: DisplayState, at: Moment) -> bool:
    """Itself, or with its whole list."""
    return task.status is TaskStatus.ARCHIVED or whole.info.archived_at is not None


_ENDED = (DisplayState.DONE, DisplayState.CLOSED)

FLAGS: Mapping[str, Test] = {
    "ready": _in_states(DisplayState.READY),
    "active": _in_states(DisplayState.ACTIVE),
    "blocked": _in_states(DisplayState.BLOCKED, DisplayState.PHANTOM),
    "stale": _in_states(DisplayState.STALE),
    "needs": _needs,
    "root": _root,
    "critical": _critical,
    "phantom": _in_states(DisplayState.PHANTOM),
    "cycle": _cycle,
    "marked": _marked,
    "open": _in_states(*(state for state in DisplayState if state not in _ENDED)),
    "done": _in_states(DisplayState.DONE),
    "closed": _in_states(DisplayState.CLOSED),
    "archived": _archived,
    "locked": _locked,
    "waiting": _in_states(DisplayState.WAITING, DisplayState.FAILED),
    "failed": _in_states(DisplayState.FAILED),
    "unreadable": _in_states(DisplayState.UNREADABLE),
}


def is_test(term: Term) -> Test:
    require_equality(term)
    tests = []
    for value in term.values:
        test = FLAGS.get(value.text.casefold())
        if test is None:
            raise QueryError(f"is: takes one of {', '.join(FLAGS)}", value.position)
        tests.append(test)
    if len(tests) == 1:
        return tests[0]
    return lambda text, task, whole, state, at: any(
        test(text, task, whole, state, at) for test in tests
    )

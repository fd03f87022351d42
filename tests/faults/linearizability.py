"""Whether a recorded history could have come from one task list that does one thing at a time.

The search of Wing and Gong: take any call that may have been first, see whether its answer fits
the list as it then was, go on with the rest; states seen before are not tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one process. Times are CLOCK_MONOTONIC in nanoseconds."""

    process: int
    name: str
    arguments: tuple[Any, ...]
    started: int
    ended: int | None
    """None where the process did not live to see the answer: it may have happened or not."""
    answer: tuple[Any, ...] = ()

    def __str__(self) -> str:
        arguments = ", ".join(map(repr, self.arguments))
        end = "never" if self.ended is None else f"{self.ended / 1e6:.3f}"
        span = f"[{self.started / 1e6:.3f}, {end}] ms"
        return f"p{self.process} {self.name}({arguments}) = {self.answer} {span}"


class Row(NamedTuple):
    """What the model knows of one task."""

    owner: str | None
    status: str


@dataclass(frozen=True, slots=True)
class State:
    """A whole list: the task with id n is the n-th row."""

    rows: tuple[Row, ...]

    def row(self, task_id: int) -> Row | None:
        return self.rows[task_id - 1] if 1 <= task_id <= len(self.rows) else None

    def put(self, task_id: int, row: Row) -> State:
        return State((*self.rows[: task_id - 1], row, *self.rows[task_id:]))


Answer = tuple[Any, ...]


def claim(state: State, task_id: int, claimant: str) -> tuple[Answer, State]:
    row = state.row(task_id)
    if row is None:
        return ("not_found",), state
    if row.status == "completed":
        return ("already_completed",), state
    if row.owner is not None and row.owner != claimant:
        return ("already_owned", row.owner), state
    return ("ok",), state.put(task_id, Row(claimant, row.status))


def release(state: State, task_id: int, expected_owner: str) -> tuple[Answer, State]:
    row = state.row(task_id)
    if row is None:
        return ("not_found",), state
    if row.owner != expected_owner:
        return ("stale", row.owner), state
    return ("ok",), state.put(task_id, Row(None, "pending"))


def transition(state: State, task_id: int, expected: str, status: str) -> tuple[Answer, State]:
    row = state.row(task_id)
    if row is None:
        return ("not_found",), state
    if row.status != expected:
        return ("stale", row.status), state
    return ("ok",), state.put(task_id, Row(row.owner, status))


def create(state: State) -> tuple[Answer, State]:
    rows = (*state.rows, Row(None, "pending"))
    return ("made", len(rows)), State(rows)


def read(state: State, task_id: int) -> tuple[Answer, State]:
    row = state.row(task_id)
    return (("not_found",) if row is None else ("row", *row)), state


MODEL: dict[str, Callable[..., tuple[Answer, State]]] = {
    "claim": claim,
    "release": release,
    "transition": transition,
    "create": create,
    "read": read,
}


def is_linearizable(history: Sequence[Call], first: State) -> bool:
    """Whether there is an order of the calls that respects their times and explains all answers."""
    never = max((call.ended or call.started for call in history), default=0) + 1
    calls = [replace(c, ended=never) if c.ended is None else c for c in history]
    unanswered = sum(1 << n for n, call in enumerate(history) if call.ended is None)
    every = (1 << len(calls)) - 1
    seen: set[tuple[int, State]] = set()
    stack = [(0, first)]
    while stack:
        done, state = stack.pop()
        if done | unanswered == every:
            return True
        if (done, state) in seen:
            continue
        seen.add((done, state))
        stack += _following(calls, done, unanswered, state)
    return False


def _following(
    calls: Sequence[Call], done: int, unanswered: int, state: State
) -> list[tuple[int, State]]:
    """Every call that could come next, with the state after it."""
    left = [number for number in range(len(calls)) if not done >> number & 1]
    latest = min(calls[number].ended or 0 for number in left)
    found = []
    for number in left:
        call = calls[number]
        if call.started > latest:
            continue  # another call was over before this one began
        answer, following = MODEL[call.name](state, *call.arguments)
        if answer == call.answer or unanswered >> number & 1:
            found.append((done | 1 << number, following))
    return found


def reduced(history: Sequence[Call], first: State) -> list[Call]:
    """A shorter part of a history that cannot be explained either.

    Only what the rest does not rest on is left out: other tasks, and calls that changed nothing.
    """
    kept = list(history)
    for part in _parts(history):
        if not is_linearizable(part, first):
            kept = part
            break
    for call in history:
        if call.answer[:1] not in (("ok",), ("made",), ()):
            fewer = [other for other in kept if other is not call]
            if not is_linearizable(fewer, first):
                kept = fewer
    return kept


def _parts(history: Sequence[Call]) -> list[list[Call]]:
    """The creates alone, and the calls of each task alone."""
    tasks = sorted({call.arguments[0] for call in history if call.arguments})
    parts = [[call for call in history if call.arguments[:1] == (task,)] for task in tasks]
    return [[call for call in history if call.name == "create"], *parts]


def overlapping(history: Sequence[Call]) -> int:
    """How many pairs of calls of different processes ran at the same time."""
    found = 0
    for place, one in enumerate(history):
        for other in history[place + 1 :]:
            is_apart = one.process != other.process
            one_ends = one.ended is None or one.ended >= other.started
            other_ends = other.ended is None or other.ended >= one.started
            found += is_apart and one_ends and other_ends
    return found

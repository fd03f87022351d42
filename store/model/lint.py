"""Smells of a plan: what will cost time later, although nothing is wrong on disk. Pure.

What needs a history is only found where one is given: the record alone does not tell how often a
status went to and fro.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.model.graph import id_order
from store.model.history import Entry
from store.model.readiness import ReasonKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId

MOST_BLOCKERS = 5
"""Unmet blockers that a task may have."""
LEAST_WORK_S = 5.0
"""Seconds between beginning and end below which nothing can have been done."""
MOST_TURNS = 3
"""Times that a status may go back to one that it had before."""

_COMPARED = 512  # characters of a subject


class Smell(StrEnum):
    """What is found."""

    TOO_MANY_BLOCKERS = "too_many_blockers"
    BLOCKED_UNOWNED = "blocked_unowned"
    PHANTOM_BLOCKER = "phantom_blocker"
    FAILED_BLOCKER = "failed_blocker"
    CYCLE = "cycle"
    DUPLICATE_SUBJECT = "duplicate_subject"
    FLIP_FLOP = "flip_flop"
    """Its status went to and fro. Needs a history."""
    NO_TIME = "no_time"
    """Done in no time: from the history where there is one, else from the record's own times."""


WAYS_OUT: Mapping[Smell, str] = {
    Smell.TOO_MANY_BLOCKERS: "split it, or drop blockers that others imply",
    Smell.BLOCKED_UNOWNED: "give it an owner, or nobody will notice when it becomes ready",
    Smell.PHANTOM_BLOCKER: "remove the edge: waiting will never clear it",
    Smell.FAILED_BLOCKER: "have what failed tried again, set it to pending, or remove the edge",
    Smell.CYCLE: "remove one edge of the cycle",
    Smell.DUPLICATE_SUBJECT: "merge them, or name them apart",
    Smell.FLIP_FLOP: "look at its history: two agents may work against each other",
    Smell.NO_TIME: "check that it was really done",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One smell. `text` quotes the records, so it is untrusted."""

    smell: Smell
    list: ListKey
    task: TaskId
    others: tuple[TaskId, ...]
    """Other tasks that are part of it."""
    text: str

    @property
    def way_out(self) -> str:
        return WAYS_OUT[self.smell]


def lint(task_list: TaskList, history: Iterable[Entry] = ()) -> tuple[Finding, ...]:
    """Every smell of a list, by task; internal tasks are left out.

    Args:
        task_list: the list.
        history: what is known of it, in any order; none finds less.
    """
    tasks = [one for one in task_list.tasks.values() if one.is_readable and not one.is_internal]
    turns = _statuses(history)
    found: list[Finding] = []
    for task in tasks:
        if not task.is_closed:
            found.extend(_of_edges(task_list, task))
        found.extend(_of_history(task_list, task, turns.get(task.id, ())))
    found.extend(_duplicates(task_list, tasks))
    found.sort(key=lambda one: (id_order(one.task), one.smell.value))
    return tuple(found)


def _of_edges(task_list: TaskList, task: Task) -> Iterator[Finding]:
    graph = task_list.graph
    unmet = graph.unmet.get(task.id, ())
    if len(unmet) > MOST_BLOCKERS:
        text = f"#{task.id} waits on {len(unmet)} tasks, more than {MOST_BLOCKERS}"
        yield Finding(Smell.TOO_MANY_BLOCKERS, task_list.key, task.id, unmet, text)
    if not task_list.is_blocked(task):
        return
    if task.owner is None and unmet:
        several = "s" * (len(unmet) != 1)
        text = f"#{task.id} has no owner and {len(unmet)} open blocker{several}"
        yield Finding(Smell.BLOCKED_UNOWNED, task_list.key, task.id, unmet, text)
    cycle = graph.cycle_of.get(task.id, ())
    if cycle and cycle[0] == task.id:
        ring = " → ".join(f"#{i}" for i in (*cycle[:10], cycle[0]))
        yield Finding(Smell.CYCLE, task_list.key, task.id, cycle[1:], f"cycle {ring}")
    for reason in task_list.readiness(task).reasons:
        if reason.kind is ReasonKind.FAILED and reason.task != task.id:
            text = f"#{task.id} waits on {reason.text}"
            yield Finding(Smell.FAILED_BLOCKER, task_list.key, task.id, (reason.task,), text)
        if reason.kind.is_phantom and reason.task not in cycle:
            text = f"#{task.id}: {reason.text}"
            others = () if reason.kind is ReasonKind.MARKED else (reason.task,)
            yield Finding(Smell.PHANTOM_BLOCKER, task_list.key, task.id, others, text)


def _duplicates(task_list: TaskList, tasks: Iterable[Task]) -> Iterator[Finding]:
    """Open tasks of the same subject; told once, at the first of them."""
    by_subject: dict[str, list[TaskId]] = {}
    for task in tasks:
        subject = " ".join(task.subject[:_COMPARED].casefold().split())
        if subject and not task.is_closed:
            by_subject.setdefault(subject, []).append(task.id)
    for ids in by_subject.values():
        if len(ids) > 1:
            first, *others = sorted(ids, key=id_order)
            named = ", ".join(f"#{i}" for i in others[:10]) + ", …" * (len(others) > 10)
            subject = task_list.tasks[first].subject[:_COMPARED]
            text = f"#{first} and {named} have the same subject: {subject}"
            yield Finding(Smell.DUPLICATE_SUBJECT, task_list.key, first, tuple(others), text)


Turn = tuple[float, str | None, str]
"""When a status changed (epoch seconds), from what and to what."""


def _statuses(history: Iterable[Entry]) -> dict[TaskId, list[Turn]]:
    """The status changes of each task, oldest first."""
    turns: dict[TaskId, list[Turn]] = {}
    for entry in history:
        if entry.task is None or not entry.made:
            continue
        for move in entry.moves:
            if move.field == "status" and isinstance(move.new, str):
                old = move.old if isinstance(move.old, str) else None
                turns.setdefault(entry.task, []).append((entry.at, old, move.new))
    for found in turns.values():
        found.sort(key=lambda turn: turn[0])
    return turns


def _of_history(task_list: TaskList, task: Task, turns: Sequence[Turn]) -> Iterator[Finding]:
    returns = 0
    had: set[str] = set()
    for _, old, new in turns:
        if old is not None:
            had.add(old)
        returns += new in had
        had.add(new)
    if returns > MOST_TURNS:
        text = f"#{task.id} went back to a status that it had before {returns} times"
        yield Finding(Smell.FLIP_FLOP, task_list.key, task.id, (), text)
    spent = _time_spent(task, turns)
    if spent is not None and spent < LEAST_WORK_S:
        text = f"#{task.id} was completed {spent:.1f} s after it was begun"
        yield Finding(Smell.NO_TIME, task_list.key, task.id, (), text)


def _time_spent(task: Task, turns: Sequence[Turn]) -> float | None:
    """Seconds that a completed task took; None where nothing tells.

    Without a history from its creation to its last write, which is the most that it can have been.
    """
    if not task.status.frees_dependents:
        return None
    ended = [at for at, _, new in turns if new == task.native_status]
    begun = [at for at, old, _ in turns if old == "pending" and (not ended or at <= ended[-1])]
    if ended and begun:
        return max(0.0, ended[-1] - begun[-1])
    if task.created_at is None or task.updated_at is None:
        return None
    return max(0.0, task.updated_at - task.created_at)

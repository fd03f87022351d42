"""What is wrong in a list, and which command would repair it. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from store.model.snapshot import TaskList
from store.model.task import Problem, ProblemKind, Task, TaskId


def list_problems(task_list: TaskList) -> tuple[Problem, ...]:
    """Problems of the list, of its records and of its edges, each once, with a repair."""
    known = [*task_list.problems]
    for task in task_list.tasks.values():
        known.extend(replace(p, task=p.task or task.id) for p in task.problems)
    seen = {(p.kind, p.task) for p in known}
    edges = [p for p in edge_problems(task_list) if (p.kind, p.task) not in seen]
    return tuple(dict.fromkeys([*known, *edges]))


def edge_problems(task_list: TaskList) -> Iterator[Problem]:
    """Edges that do not agree with each other, lead nowhere, or close a cycle."""
    for task in task_list.tasks.values():
        if task.is_readable:
            yield from _edges_of(task_list, task)
    for cycle in task_list.graph.cycles():
        if len(cycle) > 1:
            yield _cycle(task_list, cycle)


def _edges_of(task_list: TaskList, task: Task) -> Iterator[Problem]:
    for blocker_id in dict.fromkeys(task.blocked_by):
        blocker = task_list.tasks.get(blocker_id)
        cut = _command(task_list, "unblock", task.id, "--from", blocker_id)
        if blocker_id == task.id:
            text = f"#{task.id} lists itself as its blocker"
            yield Problem(ProblemKind.SELF_EDGE, text, task.id, None, cut)
        elif blocker is None:
            text = f"#{task.id} is blocked by #{blocker_id}, which is not in the list"
            yield Problem(ProblemKind.DANGLING_EDGE, text, task.id, None, cut)
        elif blocker.is_readable and task.id not in blocker.blocks:
            text = f"#{task.id} is blocked by #{blocker_id}, which does not list it in blocks"
            mend = _command(task_list, "block", task.id, "--by", blocker_id)
            yield Problem(ProblemKind.HALF_EDGE, text, task.id, None, f"{mend} (or: {cut})")
    for waiting_id in dict.fromkeys(task.blocks):
        waiting = task_list.tasks.get(waiting_id)
        cut = _command(task_list, "update", task.id, "--remove-blocks", waiting_id)
        if waiting is None:
            text = f"#{task.id} blocks #{waiting_id}, which is not in the list"
            yield Problem(ProblemKind.DANGLING_EDGE, text, task.id, None, cut)
        elif waiting.is_readable and task.id not in waiting.blocked_by and waiting_id != task.id:
            text = f"#{task.id} says that it blocks #{waiting_id}, which does not wait on it"
            mend = _command(task_list, "block", waiting_id, "--by", task.id)
            yield Problem(ProblemKind.HALF_EDGE, text, task.id, None, f"{cut} (or: {mend})")


def _cycle(task_list: TaskList, cycle: tuple[TaskId, ...]) -> Problem:
    ring = " → ".join(f"#{i}" for i in (*cycle[:10], cycle[0]))
    first = cycle[0]
    inside = [b for b in task_list.graph.unmet.get(first, ()) if b in cycle]
    cut = _command(task_list, "unblock", first, "--from", inside[0] if inside else cycle[-1])
    return Problem(ProblemKind.CYCLE, f"cycle, nothing in it can start: {ring}", first, None, cut)


def _command(task_list: TaskList, verb: str, task_id: str, option: str, other: str) -> str:
    words = ["colonytop", verb, task_list.key.id, task_id, option, other]
    return shlex.join(words)

"""What is wrong in a team's list that only ClawTeam's way of storing things brings about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from store.model.task import Problem, ProblemKind, Task, TaskId, TaskStatus

Tasks = Mapping[TaskId, Task]

SHOWN = 200
"""Problems of one kind that are listed one by one."""


def problems_of(tasks: Tasks) -> Iterator[Problem]:
    """What only ClawTeam's way of storing 'blocked' and locks brings about."""
    ended = {task.id for task in tasks.values() if task.status.frees_dependents}
    stuck = [
        task
        for task in tasks.values()
        if task.status is TaskStatus.BLOCKED and not ended.isdisjoint(task.blocked_by)
    ]
    left = [(task, gone) for task in stuck for gone in ended_blockers(task, tasks)]
    for task, gone in left[:SHOWN]:
        text = (
            f"#{task.id} is stored as blocked by #{gone}, which is completed already; "
            "ClawTeam never frees it"
        )
        repair = f"unblock #{task.id} from #{gone}, or run colonytop doctor --repair"
        yield Problem(ProblemKind.DANGLING_EDGE, text, task.id, None, repair)
    dead = [task for task in tasks.values() if task.lock and task.lock.is_live is False]
    for task in dead[:SHOWN]:
        by = task.lock.by if task.lock else ""
        text = f"#{task.id} is locked by {by}, which is no longer alive"
        repair = "claim it for somebody else, or run colonytop doctor --repair"
        yield Problem(ProblemKind.STALE_LOCK, text, task.id, None, repair)


def ended_blockers(task: Task, tasks: Tasks) -> tuple[TaskId, ...]:
    """The tasks that a blocked one waits for although they are completed."""
    return tuple(
        blocker_id
        for blocker_id in dict.fromkeys(task.blocked_by)
        if (blocker := tasks.get(blocker_id)) is not None
        and blocker.is_readable
        and blocker.status.frees_dependents
    )

"""A task as `TeamStore` gives it to agents: ClawTeam's fields, in Python's spelling. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.model.task import Task
from store.systems.clawteam.record import DURATION, PRIORITIES, USUAL_PRIORITY


@dataclass(frozen=True, slots=True)
class TeamTask:
    """One task of a team. Texts are empty where there is nothing; times are epoch seconds."""

    id: str
    subject: str
    description: str
    status: str
    """pending, in_progress, completed or blocked."""
    priority: str
    """low, medium, high or urgent."""
    owner: str
    locked_by: str
    """Who works on it and keeps others from starting it."""
    locked_at: float | None
    blocks: tuple[str, ...]
    blocked_by: tuple[str, ...]
    started_at: float | None
    """When work on it first began."""
    created_at: float | None
    updated_at: float | None
    metadata: Mapping[str, Any]

    @property
    def duration_seconds(self) -> float | None:
        """How long it took, where that was stamped when it was completed."""
        found = self.metadata.get(DURATION)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return None
        return float(found)


def team_task(task: Task) -> TeamTask:
    return TeamTask(
        id=str(task.id),
        subject=task.subject,
        description=task.description,
        status=task.native_status,
        priority=task.priority or USUAL_PRIORITY,
        owner=task.owner or "",
        locked_by=task.lock.by if task.lock else "",
        locked_at=task.lock.at if task.lock else None,
        blocks=tuple(map(str, task.blocks)),
        blocked_by=tuple(map(str, task.blocked_by)),
        started_at=task.execution.started_at if task.execution else None,
        created_at=task.created_at,
        updated_at=task.updated_at,
        metadata=task.metadata,
    )


def by_urgency(task: TeamTask) -> tuple[int, float, str]:
    """The most urgent first, then the oldest."""
    usual = PRIORITIES.index(USUAL_PRIORITY)
    level = PRIORITIES.index(task.priority) if task.priority in PRIORITIES else usual
    return -level, task.created_at or 0.0, task.id


@dataclass(frozen=True, slots=True)
class TeamStats:
    """How far a team's work is."""

    total: int
    completed: int
    in_progress: int
    pending: int
    blocked: int
    timed_completed: int
    """Completed tasks that say how long they took."""
    avg_duration_seconds: float
    """Their mean, in hundredths of a second; 0.0 without any."""


def stats_of(tasks: list[TeamTask]) -> TeamStats:
    completed = [task for task in tasks if task.status == "completed"]
    times = [took for task in completed if (took := task.duration_seconds) is not None]
    count = {
        status: sum(task.status == status for task in tasks)
        for status in ("in_progress", "pending", "blocked")
    }
    mean = round(sum(times) / len(times), 2) if times else 0.0
    return TeamStats(
        len(tasks), len(completed), **count, timed_completed=len(times), avg_duration_seconds=mean
    )

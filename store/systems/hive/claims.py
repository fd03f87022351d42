"""Claiming a task, and the five answers to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from store.model.errors import InvalidField
from store.model.readiness import Reason, readiness
from store.model.task import Task, TaskId, TaskStatus
from store.systems.hive.opened import OpenList, Plan, Stored
from store.systems.hive.updating import Change, plan_update
from store.systems.records.models import TaskRecord


@dataclass(frozen=True, slots=True)
class ClaimOk:
    """The task is the claimant's now, or was already."""

    record: TaskRecord
    kind: ClassVar[Literal["ok"]] = "ok"


@dataclass(frozen=True, slots=True)
class ClaimNotFound:
    """There is no such task."""

    kind: ClassVar[Literal["not_found"]] = "not_found"


@dataclass(frozen=True, slots=True)
class ClaimAlreadyOwned:
    """Somebody else has it."""

    by: str
    kind: ClassVar[Literal["already_owned"]] = "already_owned"


@dataclass(frozen=True, slots=True)
class ClaimAlreadyCompleted:
    """It is done, whoever owns it."""

    kind: ClassVar[Literal["already_completed"]] = "already_completed"


@dataclass(frozen=True, slots=True)
class ClaimBlocked:
    """It cannot start yet. `by` names what is in the way, `reasons` says why."""

    by: list[int]
    reasons: tuple[Reason, ...] = ()
    kind: ClassVar[Literal["blocked"]] = "blocked"


ClaimResult = ClaimOk | ClaimNotFound | ClaimAlreadyOwned | ClaimAlreadyCompleted | ClaimBlocked


def plan_claim(opened: OpenList, task_id: int, claimant: str) -> Plan[ClaimResult]:
    """Set the owner if the task is free and nothing blocks it; the status is left alone.

    A blocker that is missing or unreadable blocks: nobody knows whether it is done.

    Raises:
        UnreadableTask: the task's own file cannot be understood.
        InvalidField: the claimant is not a name.
    """
    if not claimant:
        raise InvalidField("claimant", "must be a name")
    stored = opened.find(task_id)
    if stored is None:
        return Plan(ClaimNotFound())
    record = stored.record
    if record.status == TaskStatus.COMPLETED:
        return Plan(ClaimAlreadyCompleted())
    if record.owner and record.owner != claimant:
        return Plan(ClaimAlreadyOwned(record.owner))
    reasons = _reasons(opened, stored)
    if reasons:
        return Plan(ClaimBlocked([int(reason.task) for reason in reasons], tuple(reasons)))
    update = plan_update(opened, task_id, Change(owner=claimant))
    updated = update.result.record
    if updated is None:
        return Plan(ClaimNotFound())
    return Plan(ClaimOk(updated), update.writes, update.edges)


def _reasons(opened: OpenList, stored: Stored) -> Sequence[Reason]:
    record = stored.record
    if not record.blocked_by and record.status in (TaskStatus.PENDING, TaskStatus.IN_PROGRESS):
        return ()
    task = opened.task(stored.id)
    if task is None:
        return ()
    if task.status is TaskStatus.IN_PROGRESS:
        # Begun and left without an owner: it may be taken up, unless something blocks it.
        task = replace(task, status=TaskStatus.PENDING)
    blockers: dict[TaskId, Task] = {}
    for number in dict.fromkeys(task.blocked_by):
        found = opened.task(int(number))
        if found is not None:
            blockers[number] = found
    return readiness(task, blockers).reasons

"""Mending a team's list: locks of the dead, tasks that ClawTeam forgot to free, leftovers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.lock import Patience
from store.files.temporaries import is_temporary
from store.model.repairs import Repair, RepairKind
from store.model.task import Task, TaskId, TaskStatus
from store.systems.clawteam.locked import TeamPlace, TeamRecords
from store.systems.clawteam.problems import ended_blockers
from store.systems.clawteam.team import TeamReader

_LEFTOVER = re.compile(r"task-.+\.tmp")
_LEFT_FOR_S = 60.0
"""A file that is on its way to another name for longer has lost its writer."""


def repair_team(
    place: TeamPlace, reader: TeamReader, patience: Patience, *, dry_run: bool
) -> list[Repair]:
    """Mend what is wrong, all under one lock, or say what that would do without taking it."""
    with storage_failures(str(place.root.joinpath(*place.parts))):
        alive = reader.alive(_all_holders(place), is_fresh=True)
        if dry_run:
            with place.unlocked(alive) as records:
                return [repair for repair, _ in _found(records)]
        with place.locked(patience, alive) as records:
            found = list(_found(records))
            changed = {task.id: task for _, task in found if task is not None}
            records.write(changed, {i: records[i] for i in changed})
            for repair, _ in found:
                if repair.kind is RepairKind.REMOVE_LEFTOVER and repair.path is not None:
                    records.directory.unlink(repair.path.rpartition("/")[2])
            return [repair for repair, _ in found]


def release_stale(place: TeamPlace, reader: TeamReader, patience: Patience) -> list[TaskId]:
    """Give free every task of which a dead agent holds the lock; their ids."""
    with storage_failures(str(place.root.joinpath(*place.parts))):
        alive = reader.alive(_all_holders(place), is_fresh=True)
        with place.locked(patience, alive) as records:
            stale = {task.id: task for task in records.values() if _is_stale(task)}
            records.write({i: replace(task, lock=None) for i, task in stale.items()}, stale)
            return list(stale)


def _all_holders(place: TeamPlace) -> set[str]:
    """Asked about before the lock is taken: whoever takes one meanwhile counts as alive."""
    with place.unlocked({}) as records:
        return {task.lock.by for task in records.values() if task.lock}


def _is_stale(task: Task) -> bool:
    return task.is_readable and task.lock is not None and task.lock.is_live is False


def _found(records: TeamRecords) -> Iterator[tuple[Repair, Task | None]]:
    """Each repair, with the task as it is to be written, each task once."""
    for task in records.values():
        if not task.is_readable:
            continue
        mended = task
        for repair, now in _of_task(task, records):
            if now is None:
                yield repair, None
            else:
                mended = replace(mended, **now)
                yield repair, mended
    yield from ((repair, None) for repair in _leftovers(records.directory))


def _of_task(task: Task, records: TeamRecords) -> Iterator[tuple[Repair, dict[str, Any] | None]]:
    if _is_stale(task) and task.lock is not None:
        text = f"#{task.id} is given free: {task.lock.by} is no longer alive"
        yield Repair(RepairKind.RELEASE_LOCK, text, task.id), {"lock": None}
    if task.status is not TaskStatus.BLOCKED:
        return
    ended = ended_blockers(task, records)
    left = tuple(i for i in task.blocked_by if i not in ended)
    if ended:
        named = ", ".join(f"#{i}" for i in ended)
        text = f"#{task.id} no longer waits on {named}, completed already"
        now: dict[str, Any] = {"blocked_by": left}
        if not left:
            now |= {"status": TaskStatus.PENDING, "native_status": str(TaskStatus.PENDING)}
        yield Repair(RepairKind.FREE_TASK, text, task.id), now
    for gone in (i for i in left if i not in records):
        text = f"#{task.id} waits on #{gone}, which is not in the list; unblock it by hand"
        yield Repair(RepairKind.LEAVE, text, task.id), None
    if not task.blocked_by:
        text = f"#{task.id} is stored as blocked and nothing blocks it; whoever did that knows why"
        yield Repair(RepairKind.LEAVE, text, task.id), None


def _leftovers(directory: Directory) -> Iterator[Repair]:
    for name in sorted(directory.names()):
        if not (is_temporary(name) or _LEFTOVER.fullmatch(name)):
            continue
        status = directory.status(name)
        if status is not None and time.time() - status.st_mtime > _LEFT_FOR_S:
            path = directory.path_of(name)
            text = f"{name!a}, which a crash left behind, is removed"
            yield Repair(RepairKind.REMOVE_LEFTOVER, text, path=path)

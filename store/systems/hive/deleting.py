"""Deleting one task with its edges, and emptying a whole list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from store.files.transaction import Write
from store.files.txn_record import MAX_OPS
from store.model.errors import ColonytopError, CommittedPending, UnreadableTask
from store.systems.hive.edges import EdgeEdit
from store.systems.hive.memory import ListMemory, highest_id, mark_write, referrers_of
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.record import file_name
from store.systems.hive.updating import check_expected, write_sides
from store.systems.records.models import TaskRecord


@dataclass(frozen=True, slots=True)
class Deleted:
    """Whether the task was there, and the records whose edges to it were removed, by id."""

    deleted: bool
    others: tuple[TaskRecord, ...] = ()
    has_more: bool = False
    """More records than one change can hold have edges to it: they are next."""

    @property
    def stripped(self) -> list[int]:
        return [record.id for record in self.others]

    def followed_by(self, more: Deleted) -> Deleted:
        return Deleted(self.deleted, (*self.others, *more.others), more.has_more)


def plan_delete(
    opened: OpenList, memory: ListMemory, task_id: int, expected: Mapping[str, Any]
) -> Plan[Deleted]:
    """Remove a task: the mark first, so that its id cannot come back, then the file, then edges.

    Until its edges are stripped the id is a missing blocker, which still blocks. Records that
    cannot be read keep the id: they are never overwritten.

    Raises:
        UnreadableTask: its own file cannot be read: it may hold what somebody wants mended.
        StaleEdit: a field differs from `expected`.
    """
    stored = opened.find(task_id)
    if stored is None:
        return Plan(Deleted(False))
    check_expected(opened.list_id, stored, expected, {})
    highest = max(highest_id(opened, memory), task_id)
    plan: Plan[Deleted] = Plan(Deleted(True), highest=highest)
    plan.writes += mark_write(opened, memory, highest, sync=True)
    plan.writes.append(Write(opened.tasks, file_name(task_id), stored.content, None))
    _strip(plan, opened, memory, task_id, MAX_OPS - 1)
    return plan


def plan_strip(opened: OpenList, memory: ListMemory, task_id: int) -> Plan[Deleted]:
    """Remove edges that were left of a task which was removed before."""
    plan: Plan[Deleted] = Plan(Deleted(True))
    if opened.find(task_id) is None:
        _strip(plan, opened, memory, task_id, MAX_OPS)
    return plan


def strip_rest(
    list_id: str,
    task_id: int,
    deleted: Deleted,
    change: Callable[[Callable[[OpenList, ListMemory], Plan[Deleted]]], Deleted],
) -> Deleted:
    """Remove the edges to a deleted task that one change had no room for, in further changes.

    Raises:
        CommittedPending: it is deleted, and some edges are left; `result` says which are not.
    """
    while deleted.has_more:
        try:
            deleted = deleted.followed_by(change(partial(plan_strip, task_id=task_id)))
        except ColonytopError as error:
            rest = "edges to what was removed are left: run colonytop doctor --repair"
            pending = CommittedPending(list_id, str(error), rest=rest)
            pending.result = deleted
            raise pending from error
    return deleted


def _strip(
    plan: Plan[Deleted], opened: OpenList, memory: ListMemory, task_id: int, most: int
) -> None:
    """Add the writes that remove a task's id from at most so many other records."""
    edit = EdgeEdit(opened)
    count, has_more = 0, False
    for number in referrers_of(opened, memory, task_id):
        if count == most:
            has_more = True
            break
        with suppress(UnreadableTask):
            other = opened.find(number)
            if other is not None and number != task_id and edit.strip(other, task_id):
                count += 1
    written = write_sides(plan, edit)
    others = tuple(written[number] for number in sorted(written))
    plan.result = Deleted(True, others, has_more)


def plan_reset(opened: OpenList, memory: ListMemory) -> Plan[bool]:
    """Remove readable tasks, as many as one change can hold, and keep the mark; whether there are
    more. What cannot be read stays where it is.
    """
    highest = highest_id(opened, memory)
    plan = Plan(False, highest=highest)
    if highest:
        plan.writes += mark_write(opened, memory, highest, sync=True)
    removals: list[Write] = []
    for number in opened.ids():
        with suppress(UnreadableTask):
            stored = opened.find(number)
            if stored is not None:
                removals.append(Write(opened.tasks, file_name(number), stored.content, None))
        if len(removals) > MAX_OPS:
            plan.result = True
            removals.pop()
            break
    plan.writes += removals
    return plan

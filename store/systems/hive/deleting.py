"""Deleting one task with its edges, and emptying a whole list."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from store.files.transaction import Write
from store.model.errors import UnreadableTask
from store.systems.hive.edges import EdgeEdit
from store.systems.hive.memory import ListMemory, highest_id, mark_write, referrers_of
from store.systems.hive.models import TaskRecord
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.record import file_name
from store.systems.hive.updating import check_expected, write_sides


@dataclass(frozen=True, slots=True)
class Deleted:
    """Whether the task was there, and the records whose edges to it were removed, by id."""

    deleted: bool
    others: tuple[TaskRecord, ...] = ()

    @property
    def stripped(self) -> list[int]:
        return [record.id for record in self.others]


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
    edit = EdgeEdit(opened)
    for number in referrers_of(opened, memory, task_id):
        with suppress(UnreadableTask):
            other = opened.find(number)
            if other is not None and number != task_id:
                edit.strip(other, task_id)
    plan: Plan[Deleted] = Plan(Deleted(True), highest=highest)
    plan.writes += mark_write(opened, memory, highest, sync=True)
    plan.writes.append(Write(opened.tasks, file_name(task_id), stored.content, None))
    written = write_sides(plan, edit)
    plan.result = Deleted(True, tuple(written[number] for number in sorted(written)))
    return plan


def plan_reset(opened: OpenList, memory: ListMemory) -> Plan[None]:
    """Remove every readable task and keep the mark. What cannot be read stays where it is."""
    highest = highest_id(opened, memory)
    plan: Plan[None] = Plan(None, highest=highest)
    if highest:
        plan.writes += mark_write(opened, memory, highest, sync=True)
    for number in opened.ids():
        with suppress(UnreadableTask):
            stored = opened.find(number)
            if stored is not None:
                plan.writes.append(Write(opened.tasks, file_name(number), stored.content, None))
    return plan

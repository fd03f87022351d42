"""Bringing a deleted task back: its own id, its record as it was spelled, both sides of its edges.

Ids are never given away twice, so the id of a deleted task is free unless a tool that ignores the
mark took it. The mark is raised to it where it was lost.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.model.edits import RestoreTask
from store.model.errors import InvalidField, TaskExists, UnreadableTask
from store.model.task import NO_REVISION, Task
from store.systems.hive.edges import EdgeEdit
from store.systems.hive.memory import ListMemory, highest_id, mark_write
from store.systems.hive.meta import missing_meta_write
from store.systems.hive.old_places import by_number, native_number, set_named
from store.systems.hive.opened import OpenList, Plan, Stored, checked
from store.systems.hive.updating import write_sides
from store.systems.records.models import TaskRecord
from store.systems.records.record import are_alike, task_of_record


@dataclass(frozen=True, slots=True)
class Restored:
    """The record as it is stored again."""

    record: TaskRecord


def plan_restore(opened: OpenList, memory: ListMemory, edit: RestoreTask) -> Plan[Restored]:
    """Put a record back with its edges: far gates first, then itself, then the mirrors.

    Raises:
        TaskExists: something stands under its id.
        UnreadableTask: a far side has to be written and cannot be read.
        CycleRefused: edges made since would close a cycle with its own.
        InvalidField: it is not a record of this layout.
    """
    number = native_number("id", edit.task.id)
    if _is_taken(opened, number):
        raise TaskExists(opened.list_id, edit.task.id)
    raw = _record_of(edit)
    raw["blocks"] = [i for i in raw["blocks"] if i == number or opened.find_or_none(i) is not None]
    raw["updated_at"] = max(time.time(), edit.task.updated_at or 0.0)
    creation, record = opened.creation(number, raw)
    sides = EdgeEdit(opened)
    _add_far_sides(sides, Stored(number, b"", raw, record), edit)
    highest = max(highest_id(opened, memory), number)
    plan: Plan[Restored] = Plan(Restored(record), highest=highest)
    write_sides(plan, sides)
    gates = sum(1 for side in sides.sides.values() if side.rank == 0 and side.changed)
    plan.writes.insert(gates, creation)
    beside = missing_meta_write(opened) + mark_write(opened, memory, highest, sync=False)
    plan.writes = beside + plan.writes
    plan.edges[number] = {*record.blocks, *record.blocked_by}
    return plan


def _add_far_sides(edit: EdgeEdit, own: Stored, restore: RestoreTask) -> None:
    edit.of(own)
    if restore.standing is None:
        for far in _far_ends(edit.opened, own, own.record.blocked_by):
            edit.block(own, far)
        for far in _far_ends(edit.opened, own, own.record.blocks):
            edit.block(far, own)
    else:
        for number, stood in by_number(restore.standing).items():
            found = edit.opened.find(number) if number != own.id else None
            if found is not None:
                set_named(edit.of(found), stood, own.id)
    edit.refuse_cycles(own.id)
    del edit.sides[own.id]


def _far_ends(opened: OpenList, own: Stored, ids: list[int]) -> Iterator[Stored]:
    for number in dict.fromkeys(ids):
        found = opened.find(number) if number != own.id else None
        if found is not None:
            yield found


def _is_taken(opened: OpenList, number: int) -> bool:
    try:
        return opened.find(number) is not None
    except UnreadableTask:
        return True


def _record_of(edit: RestoreTask) -> dict[str, Any]:
    """The record to store, spelled as it was where that is known.

    Raises:
        InvalidField: the original is not the record of the task.
    """
    if edit.original is None:
        return _spelled_anew(edit.task)
    try:
        raw = parse_object(edit.original.encode("utf-8", "surrogatepass"))
        _, record = checked(raw)
    except Unparsable as error:
        raise InvalidField("original", str(error)) from error
    if not are_alike(task_of_record(edit.task.key, "", record, NO_REVISION), edit.task):
        raise InvalidField("original", f"it is not the record of #{edit.task.id} as given")
    return {**raw, "blocks": list(record.blocks), "blocked_by": list(record.blocked_by)}


def _spelled_anew(task: Task) -> dict[str, Any]:
    raw: dict[str, Any] = {
        "id": native_number("id", task.id),
        "subject": task.subject,
        "description": task.description,
        "active_form": task.active_form,
        "owner": task.owner,
        "status": task.native_status,
        "blocks": [native_number("blocks", i) for i in task.blocks],
        "blocked_by": [native_number("blocked_by", i) for i in task.blocked_by],
        "metadata": dict(task.metadata),
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }
    extra: Mapping[str, Any] = task.extra
    return {**raw, **{name: value for name, value in extra.items() if name not in raw}}

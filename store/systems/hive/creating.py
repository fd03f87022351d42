"""Creating tasks: new ids, exclusive files, both sides of their edges."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from store.files.transaction import Write
from store.files.txn_record import MAX_OPS
from store.model.errors import CycleRefused, InvalidField, SelfEdge, TaskNotFound
from store.model.json_kinds import kind_name
from store.model.task import TaskStatus
from store.systems.hive.edges import EdgeEdit, checked_ids
from store.systems.hive.memory import ListMemory, highest_id, mark_write, next_ids
from store.systems.hive.meta import missing_meta_write
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.updating import write_sides
from store.systems.records.models import TaskRecord

SPEC_FIELDS = ("subject", "description", "active_form", "owner", "metadata")


def new_fields(
    subject: str,
    description: str = "",
    active_form: str | None = None,
    owner: str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The fields that a caller chooses, checked as far as they can be without the list.

    Raises:
        InvalidField: a value of the wrong type.
    """
    fields: dict[str, Any] = {
        "subject": subject,
        "description": description,
        "active_form": active_form,
        "owner": owner,
    }
    for name, value in fields.items():
        optional = name in ("active_form", "owner")
        if not isinstance(value, str) and not (optional and value is None):
            raise InvalidField(name, f"{kind_name(value)} is not text")
    if metadata is not None and not isinstance(metadata, Mapping):
        raise InvalidField("metadata", f"{kind_name(metadata)} is not an object")
    fields["metadata"] = dict(metadata or {})
    return fields


def batch_fields(specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The fields of each task of a batch.

    Raises:
        InvalidField: naming the place, as `specs[2].subject`; or there are too many.
    """
    if len(specs) > MAX_OPS:
        text = f"{len(specs):,} tasks; at most {MAX_OPS:,} can be made at once, so make parts"
        raise InvalidField("specs", text)
    found = []
    for place, spec in enumerate(specs):
        where = f"specs[{place}]"
        if not isinstance(spec, Mapping):
            raise InvalidField(where, f"{kind_name(spec)} is not an object")
        subject = spec.get("subject")
        if not isinstance(subject, str) or not subject.strip():
            raise InvalidField(f"{where}.subject", "must not be blank")
        for name in spec:
            if name not in SPEC_FIELDS:
                raise InvalidField(f"{where}.{name}", f"not one of {', '.join(SPEC_FIELDS)}")
        try:
            found.append(new_fields(**spec))
        except InvalidField as error:
            raise InvalidField(f"{where}.{error}", "cannot be stored") from error
    return found


def checked_waits(waits: Sequence[Sequence[int]], count: int) -> list[tuple[int, ...]]:
    """On which others each of so many new tasks waits, by their places from 0, without repeats.

    Raises:
        InvalidField: these are not places of the batch, or not one sequence for each task.
        SelfEdge, CycleRefused: some would wait on themselves; named by their places, from 1.
    """
    if not waits:
        return [()] * count
    if len(waits) != count:
        raise InvalidField("waits", f"{len(waits)} for {count} tasks")
    found = [tuple(dict.fromkeys(places)) for places in waits]
    for place, places in enumerate(found):
        if outside := [one for one in places if not 0 <= one < count]:
            raise InvalidField(f"waits[{place}]", f"{outside[0]!r:.40} is no place in the batch")
        if place in places:
            raise SelfEdge(str(place + 1))
    try:
        TopologicalSorter(dict(enumerate(found))).prepare()
    except CycleError as error:  # names each after one that waits on it
        raise CycleRefused([str(place + 1) for place in reversed(error.args[1])]) from error
    return found


def plan_create(
    opened: OpenList,
    memory: ListMemory,
    fields: Sequence[dict[str, Any]],
    blocked_by: Sequence[int] = (),
    waits: Sequence[Sequence[int]] = (),
) -> Plan[list[TaskRecord]]:
    """New tasks with contiguous ids; `blocked_by` is that of the first, `waits` the edges between
    them, by their places (see `checked_waits`).

    Raises:
        TaskNotFound: a blocker is not there.
        UnreadableTask: a blocker cannot be read.
        InvalidField: a value cannot be stored.
    """
    blocker_ids = checked_ids("blocked_by", blocked_by)
    if not fields:
        return Plan([])
    ids = next_ids(highest_id(opened, memory), len(fields))
    edit = EdgeEdit(opened)
    for number in blocker_ids:
        blocker = opened.find(number)
        if blocker is None:
            raise TaskNotFound(opened.list_id, str(number))
        edit.of(blocker).blocks.append(ids[0])
    gates = [[ids[place] for place in places] for places in waits or [()] * len(fields)]
    mirrors: dict[int, list[int]] = {number: [] for number in ids}
    for number, gate in zip(ids, gates, strict=True):
        for blocker_id in gate:
            mirrors[blocker_id].append(number)
    gates[0] = [*blocker_ids, *gates[0]]
    made = [
        _new(opened, number, chosen, gate, mirrors[number])
        for number, chosen, gate in zip(ids, fields, gates, strict=True)
    ]
    writes = missing_meta_write(opened)
    writes += mark_write(opened, memory, ids[-1], sync=False)
    writes += [write for write, _ in made]
    plan = Plan([record for _, record in made], writes, {}, ids[-1])
    plan.edges.update(
        {n: {*gate, *mirrors[n]} for n, gate in zip(ids, gates, strict=True) if gate or mirrors[n]}
    )
    write_sides(plan, edit)
    return plan


def _new(
    opened: OpenList,
    number: int,
    chosen: dict[str, Any],
    blocked_by: Sequence[int],
    blocks: Sequence[int],
) -> tuple[Write, TaskRecord]:
    now = time.time()
    raw: dict[str, Any] = {
        "id": number,
        "subject": chosen["subject"],
        "description": chosen["description"],
        "active_form": chosen["active_form"],
        "owner": chosen["owner"],
        "status": TaskStatus.PENDING.value,
        "blocks": list(blocks),
        "blocked_by": list(blocked_by),
        "metadata": chosen["metadata"],
        "created_at": now,
        "updated_at": now,
    }
    return opened.creation(number, raw)

"""Updating one task: only the keys that are meant change; all else stays as it was read."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from store.model.edits import KEEP, NULL, Keep, Standing
from store.model.errors import FieldConflict, InvalidField, StaleEdit
from store.model.json_kinds import kind_name
from store.model.task import TaskStatus
from store.systems.hive.edges import EdgeChange, EdgeEdit
from store.systems.hive.old_places import apply_as_it_stood, metadata_as_it_stood
from store.systems.hive.opened import OpenList, Plan, Stored
from store.systems.records.models import TaskRecord
from store.systems.records.record import NATIVE_STATUSES

_EDGE_LISTS = ("blocks", "blocked_by")
_OPTIONAL = ("active_form",)
_METADATA_KEY = "metadata."
"""Before a key of the metadata where a field is named, as in `metadata.progress`."""
_NAMES = ("subject", "description", "active_form", "owner", "status", *_EDGE_LISTS, "metadata")


@dataclass(frozen=True, slots=True)
class Change:
    """What to change of one task. None leaves a text as it is; for the owner it means nobody."""

    subject: str | None = None
    description: str | None = None
    active_form: str | None = None
    owner: str | Keep | None = KEEP
    status: TaskStatus | str | None = None
    edges: EdgeChange = field(default_factory=EdgeChange)
    metadata_patch: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    clears: tuple[str, ...] = ()
    """Optional texts to empty."""
    native_status: str | None = None
    """A status to put back, whatever word it is."""
    standing: tuple[Standing, ...] = ()
    """How the records stood to which this puts something back."""

    def fields(self) -> dict[str, Any]:
        """The plain fields to set, by native name.

        Raises:
            InvalidField: a value that the native layout does not know.
        """
        wanted: dict[str, Any] = {
            name: value
            for name in ("subject", "description", "active_form")
            if (value := getattr(self, name)) is not None
        }
        if not isinstance(self.owner, Keep):
            wanted["owner"] = self.owner
        for name, value in wanted.items():
            if not isinstance(value, str) and not (name == "owner" and value is None):
                raise InvalidField(name, f"{kind_name(value)} is not text")
        if self.status is not None:
            wanted["status"] = _native_status(self.status)
        elif self.native_status is not None:
            wanted["status"] = str(self.native_status)
        for name in self.clears:
            if name not in _OPTIONAL:
                raise InvalidField(name, "cannot be emptied")
            wanted[name] = None
        return wanted


@dataclass(frozen=True, slots=True)
class Updated:
    """The record as stored now, what changed of it, and the far ends of edges written with it."""

    record: TaskRecord | None
    changed: list[str] = field(default_factory=list)
    others: tuple[TaskRecord, ...] = ()


def plan_update(opened: OpenList, task_id: int, change: Change) -> Plan[Updated]:
    """Change one task.

    Raises:
        UnreadableTask, StaleEdit, InvalidField, SelfEdge, CycleRefused, TaskNotFound (of the far
            end of an edge): nothing is to be written.
    """
    wanted = change.fields()
    stored = opened.find(task_id)
    if stored is None:
        return Plan(Updated(None))
    patched = _patched(stored.record.metadata, change.metadata_patch)
    check_expected(opened.list_id, stored, change.expected, wanted | _by_name(patched, change))
    edit = EdgeEdit(opened)
    own = edit.of(stored)
    if change.edges:
        apply_as_it_stood(edit, stored, change.edges, change.standing)
    fields = {n: v for n, v in wanted.items() if not _same(getattr(stored.record, n), v)}
    if patched != stored.record.metadata:
        merged = _merged(stored.raw.get("metadata"), change.metadata_patch)
        patch, standing = change.metadata_patch, change.standing
        fields["metadata"] = metadata_as_it_stood(task_id, merged, patch, standing)
    edges_changed = own.changed
    changed = [name for name in _NAMES if name in fields or name in edges_changed]
    plan: Plan[Updated] = Plan(Updated(stored.record))
    written = write_sides(plan, edit, {task_id: fields})
    others = tuple(record for number, record in written.items() if number != task_id)
    plan.result = Updated(written.get(task_id, stored.record), changed, others)
    return plan


def plan_release(opened: OpenList, task_id: int, expected_owner: str | None) -> Plan[Updated]:
    """Give a task back: no owner, status pending.

    Raises:
        StaleEdit: it is not `expected_owner`'s.
    """
    expected = {} if expected_owner is None else {"owner": expected_owner}
    change = Change(owner=None, status=TaskStatus.PENDING, expected=expected)
    return plan_update(opened, task_id, change)


def write_sides(
    plan: Plan[Any], edit: EdgeEdit, fields: Mapping[int, Mapping[str, Any]] | None = None
) -> dict[int, TaskRecord]:
    """Add the writes of every record that changes, gates first; the records by id.

    Only the tasks that `fields` names are written to by the edit; the far sides of their edges
    keep their `updated_at`, which tells when their own owners last wrote.
    """
    written: dict[int, TaskRecord] = {}
    for sides in sorted(edit.sides.values(), key=lambda s: s.rank):
        chosen = (fields or {}).get(sides.stored.id, {})
        if not chosen and not sides.changed:
            continue
        raw = dict(sides.stored.raw)
        raw.update(chosen)
        sides.put(raw)
        if sides.stored.id in (fields or {}):
            raw["updated_at"] = max(time.time(), sides.stored.record.updated_at or 0.0)
        write, record = edit.opened.replacement(sides.stored, raw)
        plan.writes.append(write)
        plan.edges[sides.stored.id] = {*record.blocks, *record.blocked_by}
        written[sides.stored.id] = record
    return written


def check_expected(
    list_id: str, stored: Stored, expected: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Compare what the caller saw with what is stored.

    `metadata.key` names one key of the metadata; None stands for a key that is not there.

    Raises:
        StaleEdit: with each field that differs.
    """
    conflicts = []
    for name, original in expected.items():
        theirs = _stored_value(stored.record, name)
        if not _same(theirs, original, is_edges=name in _EDGE_LISTS):
            shown = _plain(theirs), wanted.get(name, original)
            conflicts.append(FieldConflict(name, original, *shown))
    if conflicts:
        raise StaleEdit(list_id, str(stored.id), conflicts)


def _stored_value(record: TaskRecord, name: str) -> Any:
    if name.startswith(_METADATA_KEY):
        return (record.metadata or {}).get(name.removeprefix(_METADATA_KEY))
    return getattr(record, name, None)


def _by_name(metadata: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """The metadata as wanted, under the names of fields: as a whole, and each patched key."""
    keys = {f"{_METADATA_KEY}{key}": metadata.get(key) for key in change.metadata_patch or {}}
    return {"metadata": metadata, **keys}


def _same(theirs: Any, seen: Any, *, is_edges: bool = False) -> bool:
    if is_edges and isinstance(seen, (list, tuple)):
        return [str(i) for i in theirs] == [str(i) for i in seen]
    if isinstance(seen, tuple):
        seen = list(seen)
    return bool(_plain(theirs) == _plain(seen))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _native_status(status: TaskStatus | str) -> str:
    if status not in NATIVE_STATUSES:
        known = ", ".join(s.value for s in NATIVE_STATUSES)
        raise InvalidField("status", f"{str(status)[:40]!r} is not one of {known}")
    return str(TaskStatus(status).value)


def _patched(metadata: dict[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    return _merged(metadata, patch) if patch else metadata


def _merged(metadata: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(patch, Mapping):
        raise InvalidField("metadata_patch", f"{kind_name(patch)} is not an object")
    merged = dict(metadata or {})
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = None if value is NULL else value
    return merged

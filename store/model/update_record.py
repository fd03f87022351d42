"""Updates ⇄ JSON values: the part of `edit_record` that has the most fields. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from store.model.edits import KEEP, NULL, Keep, Standing, Tick, UpdateTask
from store.model.execution import TickKind
from store.model.strict import BadDocument, Fields, plain
from store.model.task import TaskId, TaskKey
from store.model.task_record import TEXT_OR_NULL, read_ids, read_status

EXPECTED = (
    "subject",
    "description",
    "active_form",
    "owner",
    "status",
    "priority",
    "blocks",
    "blocked_by",
    "metadata",
    "lock",
    "most_attempts",
)
_BEFORE_A_KEY = ("metadata.", *(f"{kind}." for kind in TickKind))
_SIDES = ("add_blocks", "add_blocked_by", "remove_blocks", "remove_blocked_by")
_EMPTIED = ("active_form", "priority")


def update_values(edit: UpdateTask) -> dict[str, Any]:
    """An update as JSON values, without the task that it is about."""
    values: dict[str, Any] = unless_none(
        subject=edit.subject,
        description=edit.description,
        active_form=edit.active_form,
        status=None if edit.status is None else edit.status.value,
        native_status=edit.native_status,
        priority=edit.priority,
        most_attempts=edit.most_attempts,
    )
    values.update(dict.fromkeys(edit.clears))
    for name in ("owner", "locked_by"):
        if not isinstance(value := getattr(edit, name), Keep):
            values[name] = value
    patch = edit.metadata_patch
    metadata = unless_empty(
        set={k: None if v is NULL else plain(v) for k, v in patch.items() if v is not None},
        remove=[key for key, value in patch.items() if value is None],
    )
    return unless_empty(
        set=values,
        **{side: list(getattr(edit, side)) for side in _SIDES},
        metadata=metadata,
        ticks=[_tick_values(tick) for tick in edit.ticks],
        expected=plain(edit.expected),
        standing=standing_values(edit.standing),
        force=edit.is_forced,
    )


def read_update(fields: Fields, key: TaskKey) -> UpdateTask:
    """The update that a record stands for."""
    values = fields.inner("set")
    patch = _read_patch(fields)
    clears = tuple(name for name in _EMPTIED if name in values and values.peek(name) is None)
    edit = UpdateTask(
        key,
        subject=values.take("subject", str, default=None),
        description=values.take("description", str, default=None),
        active_form=values.take("active_form", *TEXT_OR_NULL, default=None),
        owner=values.take("owner", *TEXT_OR_NULL) if "owner" in values else KEEP,
        status=read_status(values, "status") if "status" in values else None,
        native_status=values.take("native_status", str, default=None),
        priority=values.take("priority", *TEXT_OR_NULL, default=None),
        metadata_patch=patch,
        expected=read_expected(fields),
        clears=clears,
        standing=read_standing(fields) or (),
        add_blocks=read_ids(fields, "add_blocks"),
        add_blocked_by=read_ids(fields, "add_blocked_by"),
        remove_blocks=read_ids(fields, "remove_blocks"),
        remove_blocked_by=read_ids(fields, "remove_blocked_by"),
        ticks=_read_ticks(fields),
        most_attempts=values.take("most_attempts", int, default=None),
        is_forced=fields.take("force", bool, default=False),
        locked_by=values.take("locked_by", *TEXT_OR_NULL) if "locked_by" in values else KEEP,
    )
    values.end()
    return edit


def _read_patch(fields: Fields) -> dict[str, Any]:
    metadata = fields.inner("metadata")
    patch: dict[str, Any] = {
        name: NULL if value is None else value
        for name, value in metadata.take_object("set").items()
    }
    patch.update(dict.fromkeys(metadata.take_texts("remove")))
    metadata.end()
    return patch


def standing_values(standing: Iterable[Standing]) -> list[dict[str, Any]]:
    """How records stood, as JSON values."""
    return [
        {
            "task": stood.task,
            "blocks": list(stood.blocks),
            "blocked_by": list(stood.blocked_by),
            "metadata": list(stood.metadata),
        }
        for stood in standing
    ]


def read_standing(fields: Fields) -> tuple[Standing, ...] | None:
    """How records stood; None where nothing is said of it."""
    if "standing" not in fields:
        return None
    found = []
    for place, record in enumerate(fields.take("standing", list)):
        inner = Fields(record, fields.source, fields.where(f"standing[{place}]"))
        task = TaskId(inner.take("task", str))
        sides = read_ids(inner, "blocks"), read_ids(inner, "blocked_by")
        found.append(Standing(task, *sides, inner.take_texts("metadata")))
        inner.end()
    return tuple(found)


def read_expected(fields: Fields) -> dict[str, Any]:
    """Values as they were seen, by their names."""
    found = fields.take_object("expected")
    for name, value in found.items():
        if name not in EXPECTED and not name.startswith(_BEFORE_A_KEY):
            where = fields.where(f"expected.{name[:80]}")
            known = f"known: {', '.join(EXPECTED)}, metadata.KEY, step.ID, check.KEY"
            raise BadDocument(fields.source, where, "is not known here", known)
        if name in ("blocks", "blocked_by") and isinstance(value, list):
            found[name] = tuple(value)
    return found


def unless_empty(**values: Any) -> dict[str, Any]:
    """The values that say something; an empty text does."""
    return {name: value for name, value in values.items() if value or value == ""}


def unless_none(**values: Any) -> dict[str, Any]:
    """The values that are there."""
    return {name: value for name, value in values.items() if value is not None}


def _tick_values(tick: Tick) -> dict[str, Any]:
    optional = unless_none(by=tick.by, note=tick.note, native_status=tick.native_status)
    return {str(tick.kind): tick.key, "done": tick.is_done, **optional}


def _read_ticks(fields: Fields) -> tuple[Tick, ...]:
    found = []
    for place, record in enumerate(fields.take("ticks", list, default=[])):
        inner = Fields(record, fields.source, fields.where(f"ticks[{place}]"))
        kind = TickKind.STEP if TickKind.STEP in inner else TickKind.CHECK
        found.append(
            Tick(
                kind,
                inner.take(kind, str),
                inner.take("done", bool, default=True),
                inner.take("by", *TEXT_OR_NULL, default=None),
                inner.take("note", *TEXT_OR_NULL, default=None),
                inner.take("native_status", *TEXT_OR_NULL, default=None),
            )
        )
        inner.end()
    return tuple(found)

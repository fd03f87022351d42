"""Edits ⇄ JSON values, for drafts and for the journal. Reading is strict; nothing is lost. Pure.

Every edit is an object with `edit` (its kind), `system`, `root` and `list`, and beside those

    create   subject, description?, active_form?, owner?, blocked_by?, metadata?, starts_list?
    update   task, set?, add_blocks?, add_blocked_by?, remove_blocks?, remove_blocked_by?,
             metadata?, expected?, standing?
             set: any of subject, description, active_form, owner, status, native_status, priority;
             null empties active_form and priority, and takes the owner away
             metadata: {"set": {key: value}, "remove": [key]}
    delete   task, expected?
    claim    task, owner
    release  task, expected_owner?
    restore  task (a whole record), original?, standing?

`task`, `blocked_by` and the like hold ids as texts. `expected` holds values as they were seen,
under the names of `set`, `blocks`, `blocked_by`, `metadata`, and `metadata.KEY` for one key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from store.model.edits import (
    KEEP,
    NULL,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    Keep,
    ReleaseTask,
    RestoreTask,
    Standing,
    UpdateTask,
)
from store.model.strict import BadDocument, Fields, plain
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from store.model.task_record import TEXT_OR_NULL, read_ids, read_status, read_task, task_values

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
)
_SIDES = ("add_blocks", "add_blocked_by", "remove_blocks", "remove_blocked_by")
_EMPTIED = ("active_form", "priority")


def edit_record(edit: Edit) -> dict[str, Any]:
    """An edit as JSON values; `read_edit` gives it back."""
    record: dict[str, Any] = {
        "edit": _kind_of(edit),
        "system": edit.list.system,
        "root": edit.list.root,
        "list": edit.list.id,
    }
    if isinstance(edit, CreateTask):
        return record | _create_record(edit)
    if isinstance(edit, RestoreTask):
        record["task"] = task_values(edit.task)
        if edit.original is not None:
            record["original"] = edit.original
        if edit.standing is not None:
            record["standing"] = _standing_record(edit.standing)
        return record
    record["task"] = edit.key.id
    if isinstance(edit, UpdateTask):
        return record | _update_record(edit)
    if isinstance(edit, DeleteTask):
        return record | _unless_empty(expected=plain(edit.expected))
    if isinstance(edit, ClaimTask):
        return record | {"owner": edit.claimant}
    return record | _unless_none(expected_owner=edit.expected_owner)


def read_edit(
    record: Any, source: str, path: str = "", *, system: str = "hive", root: str | None = None
) -> Edit:
    """The edit that a record stands for.

    Args:
        record: JSON values.
        source: what an error calls the document.
        path: where in the document the record stands.
        system: for a record that names none.
        root: for a record that names none.

    Raises:
        BadDocument: naming the field and what is wrong with it.
    """
    fields = Fields(record, source, path)
    kind = fields.take("edit", str)
    reader = _READERS.get(kind)
    if reader is None:
        known = ", ".join(_READERS)
        raise fields.fail("edit", f"{kind[:40]!r} is no edit", f"known: {known}")
    system = fields.take("system", str, default=system)
    root = fields.take("root", str, default=root)
    if root is None:
        raise fields.fail("root", "is missing", "add it, or name one root with --root")
    key = ListKey(system, root, TaskListId(fields.take("list", str)))
    edit = reader(fields, key)
    fields.end()
    return edit


def _kind_of(edit: Edit) -> str:
    return type(edit).__name__.removesuffix("Task").lower()


def _create_record(edit: CreateTask) -> dict[str, Any]:
    optional = _unless_empty(
        description=edit.description,
        active_form=edit.active_form,
        owner=edit.owner,
        blocked_by=list(edit.blocked_by),
        metadata=plain(edit.metadata),
        starts_list=edit.starts_list,
    )
    return {"subject": edit.subject, **optional}


def _update_record(edit: UpdateTask) -> dict[str, Any]:
    values: dict[str, Any] = _unless_none(
        subject=edit.subject,
        description=edit.description,
        active_form=edit.active_form,
        status=None if edit.status is None else edit.status.value,
        native_status=edit.native_status,
        priority=edit.priority,
    )
    values.update(dict.fromkeys(edit.clears))
    if not isinstance(edit.owner, Keep):
        values["owner"] = edit.owner
    patch = edit.metadata_patch
    metadata = _unless_empty(
        set={k: None if v is NULL else plain(v) for k, v in patch.items() if v is not None},
        remove=[key for key, value in patch.items() if value is None],
    )
    return _unless_empty(
        set=values,
        **{side: list(getattr(edit, side)) for side in _SIDES},
        metadata=metadata,
        expected=plain(edit.expected),
        standing=_standing_record(edit.standing),
    )


def _standing_record(standing: Iterable[Standing]) -> list[dict[str, Any]]:
    return [
        {
            "task": stood.task,
            "blocks": list(stood.blocks),
            "blocked_by": list(stood.blocked_by),
            "metadata": list(stood.metadata),
        }
        for stood in standing
    ]


def _unless_empty(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value or value == ""}


def _unless_none(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _read_create(fields: Fields, key: ListKey) -> Edit:
    return CreateTask(
        key,
        fields.take("subject", str),
        fields.take("description", str, default=""),
        fields.take("active_form", *TEXT_OR_NULL, default=None),
        fields.take("owner", *TEXT_OR_NULL, default=None),
        read_ids(fields, "blocked_by"),
        fields.take_object("metadata"),
        fields.take("starts_list", bool, default=False),
    )


def _read_update(fields: Fields, key: ListKey) -> Edit:
    task_key = _task_key(fields, key)
    values = fields.inner("set")
    metadata = fields.inner("metadata")
    patch: dict[str, Any] = {
        name: NULL if value is None else value
        for name, value in metadata.take_object("set").items()
    }
    patch.update(dict.fromkeys(metadata.take_texts("remove")))
    metadata.end()
    clears = tuple(name for name in _EMPTIED if name in values and values.peek(name) is None)
    edit = UpdateTask(
        task_key,
        subject=values.take("subject", str, default=None),
        description=values.take("description", str, default=None),
        active_form=values.take("active_form", *TEXT_OR_NULL, default=None),
        owner=values.take("owner", *TEXT_OR_NULL) if "owner" in values else KEEP,
        status=read_status(values, "status") if "status" in values else None,
        native_status=values.take("native_status", str, default=None),
        priority=values.take("priority", *TEXT_OR_NULL, default=None),
        metadata_patch=patch,
        expected=_expected(fields),
        clears=clears,
        standing=_standing(fields) or (),
        add_blocks=read_ids(fields, "add_blocks"),
        add_blocked_by=read_ids(fields, "add_blocked_by"),
        remove_blocks=read_ids(fields, "remove_blocks"),
        remove_blocked_by=read_ids(fields, "remove_blocked_by"),
    )
    values.end()
    return edit


def _read_delete(fields: Fields, key: ListKey) -> Edit:
    return DeleteTask(_task_key(fields, key), _expected(fields))


def _read_claim(fields: Fields, key: ListKey) -> Edit:
    return ClaimTask(_task_key(fields, key), fields.take("owner", str))


def _read_release(fields: Fields, key: ListKey) -> Edit:
    owner = fields.take("expected_owner", *TEXT_OR_NULL, default=None)
    return ReleaseTask(_task_key(fields, key), owner)


def _read_restore(fields: Fields, key: ListKey) -> Edit:
    found = fields.take("task", dict)
    task = read_task(found, key, fields.source, fields.where("task"))
    original = fields.take("original", *TEXT_OR_NULL, default=None)
    return RestoreTask(task, original, _standing(fields))


_READERS: Mapping[str, Callable[[Fields, ListKey], Edit]] = {
    "create": _read_create,
    "update": _read_update,
    "delete": _read_delete,
    "claim": _read_claim,
    "release": _read_release,
    "restore": _read_restore,
}


def _task_key(fields: Fields, key: ListKey) -> TaskKey:
    return TaskKey(key, TaskId(fields.take("task", str)))


def _expected(fields: Fields) -> dict[str, Any]:
    found = fields.take_object("expected")
    for name, value in found.items():
        if name not in EXPECTED and not name.startswith("metadata."):
            where = fields.where(f"expected.{name[:80]}")
            known = f"known: {', '.join(EXPECTED)}, metadata.KEY"
            raise BadDocument(fields.source, where, "is not known here", known)
        if name in ("blocks", "blocked_by") and isinstance(value, list):
            found[name] = tuple(value)
    return found


def _standing(fields: Fields) -> tuple[Standing, ...] | None:
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

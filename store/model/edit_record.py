"""Edits ⇄ JSON values, for drafts and for the journal. Reading is strict; nothing is lost. Pure.

Every edit is an object with `edit` (its kind), `system`, `root` and `list`, and beside those

    create   subject, description?, active_form?, owner?, blocked_by?, metadata?, starts_list?,
             priority?
    update   task, set?, add_blocks?, add_blocked_by?, remove_blocks?, remove_blocked_by?,
             metadata?, ticks?, expected?, standing?, force?
             set: any of subject, description, active_form, owner, status, native_status, priority,
             most_attempts, locked_by; null empties active_form and priority, and takes the owner
             or the lock away
             metadata: {"set": {key: value}, "remove": [key]}
             ticks: [{"step": id, "done": true, by?, note?, native_status?}, {"check": key, …}]
    delete   task, expected?
    claim    task, owner, force?
    release  task, expected_owner?
    restore  task (a whole record), original?, standing?

`task`, `blocked_by` and the like hold ids as texts. `expected` holds values as they were seen,
under the names of `set`, `blocks`, `blocked_by`, `metadata`, `metadata.KEY` for one key, `lock`
(who holds it), `step.ID` and `check.KEY` (whether it is done).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.strict import Fields, plain
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from store.model.task_record import TEXT_OR_NULL, read_ids, read_task, task_values
from store.model.update_record import (
    read_expected,
    read_standing,
    read_update,
    standing_values,
    unless_empty,
    unless_none,
    update_values,
)

FindList = Callable[[str], ListKey | None]
"""Finds a list by the name that a document gives it; None: there is none of that name."""

__all__ = ["edit_record", "read_edit"]


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
            record["standing"] = standing_values(edit.standing)
        return record
    record["task"] = edit.key.id
    if isinstance(edit, UpdateTask):
        return record | update_values(edit)
    if isinstance(edit, DeleteTask):
        return record | unless_empty(expected=plain(edit.expected))
    if isinstance(edit, ClaimTask):
        return record | {"owner": edit.claimant} | unless_empty(force=edit.is_forced)
    return record | unless_none(expected_owner=edit.expected_owner)


def read_edit(
    record: Any,
    source: str,
    path: str = "",
    *,
    system: str = "hive",
    root: str | None = None,
    known: FindList | None = None,
) -> Edit:
    """The edit that a record stands for.

    Args:
        record: JSON values.
        source: what an error calls the document.
        path: where in the document the record stands.
        system: for a record that names none.
        root: for a record that names none.
        known: finds the list of a record that names no root, before `system` and `root` count.

    Raises:
        BadDocument: naming the field and what is wrong with it.
    """
    fields = Fields(record, source, path)
    kind = fields.take("edit", str)
    reader = _READERS.get(kind)
    if reader is None:
        way_out = f"known: {', '.join(_READERS)}"
        raise fields.fail("edit", f"{kind[:40]!r} is no edit", way_out)
    edit = reader(fields, _list_of(fields, system, root, known))
    fields.end()
    return edit


def _list_of(fields: Fields, system: str, root: str | None, known: FindList | None) -> ListKey:
    name, said = fields.take("list", str), fields.take("system", str, default=None)
    if known is not None and "root" not in fields:
        found = known(name if said is None else f"{said}/{name}")
        if found is not None:
            return found
    root = fields.take("root", str, default=root)
    if root is None:
        raise fields.fail("root", "is missing", "add it, or name one root with --root")
    return ListKey(system if said is None else said, root, TaskListId(name))


def _kind_of(edit: Edit) -> str:
    return type(edit).__name__.removesuffix("Task").lower()


def _create_record(edit: CreateTask) -> dict[str, Any]:
    optional = unless_empty(
        description=edit.description,
        active_form=edit.active_form,
        owner=edit.owner,
        blocked_by=list(edit.blocked_by),
        metadata=plain(edit.metadata),
        starts_list=edit.starts_list,
        priority=edit.priority,
    )
    return {"subject": edit.subject, **optional}


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
        fields.take("priority", *TEXT_OR_NULL, default=None),
    )


def _read_delete(fields: Fields, key: ListKey) -> Edit:
    return DeleteTask(_task_key(fields, key), read_expected(fields))


def _read_claim(fields: Fields, key: ListKey) -> Edit:
    is_forced = fields.take("force", bool, default=False)
    return ClaimTask(_task_key(fields, key), fields.take("owner", str), is_forced)


def _read_release(fields: Fields, key: ListKey) -> Edit:
    owner = fields.take("expected_owner", *TEXT_OR_NULL, default=None)
    return ReleaseTask(_task_key(fields, key), owner)


def _read_restore(fields: Fields, key: ListKey) -> Edit:
    found = fields.take("task", dict)
    task = read_task(found, key, fields.source, fields.where("task"))
    original = fields.take("original", *TEXT_OR_NULL, default=None)
    return RestoreTask(task, original, read_standing(fields))


_READERS: Mapping[str, Callable[[Fields, ListKey], Edit]] = {
    "create": _read_create,
    "update": lambda fields, key: read_update(fields, _task_key(fields, key)),
    "delete": _read_delete,
    "claim": _read_claim,
    "release": _read_release,
    "restore": _read_restore,
}


def _task_key(fields: Fields, key: ListKey) -> TaskKey:
    return TaskKey(key, TaskId(fields.take("task", str)))

"""Whether a system has room for the values of an edit, whatever tasks it holds. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from store.model.edits import ClaimTask, CreateTask, Edit, Keep, UpdateTask
from store.model.errors import EditRefused, InvalidField, SelfEdge
from store.model.task import Capabilities, Verb

_NO_EDGES = "tasks here do not wait on each other"
_MOST_DIGITS = 18


def check_fields(allowed: Capabilities, edit: Edit) -> None:
    """Refuse what the system does not do, and values that it could not store.

    Raises:
        EditRefused: with the system's own sentence.
        InvalidField: naming the field.
        SelfEdge: a task is to block itself.
    """
    for verb in edit.verbs if isinstance(edit, UpdateTask) else (edit.verb,):
        if (refusal := allowed.refusal(verb)) is not None:
            raise EditRefused(refusal)
    if isinstance(edit, ClaimTask) and not edit.claimant:
        raise InvalidField("claimant", "must be a name")
    if not isinstance(edit, (CreateTask, UpdateTask)):
        return
    for name in _set_fields(edit):
        if name in allowed.absent:
            raise InvalidField(name, "tasks here have no room for it")
    if edit.priority is not None:
        _check_priority(allowed, edit.priority)
    if isinstance(edit, CreateTask):
        if edit.blocked_by and not allowed.rules.has_edges:
            raise EditRefused(allowed.refusal(Verb.BLOCK) or _NO_EDGES)
        return
    _check_update(allowed, edit)


def _check_update(allowed: Capabilities, edit: UpdateTask) -> None:
    if edit.key.id in (*edit.add_blocks, *edit.add_blocked_by):
        raise SelfEdge(edit.key.id)
    if not isinstance(edit.locked_by, Keep) and not allowed.rules.locks_tasks:
        raise InvalidField("locked_by", "tasks here have no lock")
    if "priority" in edit.clears and allowed.priorities:
        raise InvalidField("priority", "cannot be emptied; set the lowest one")
    if edit.status is not None and edit.status not in allowed.statuses:
        named = ", ".join(status.value for status in allowed.statuses)
        raise InvalidField("status", f"{edit.status.value!r} is not one of {named}")


def _check_priority(allowed: Capabilities, priority: str) -> None:
    if (refusal := allowed.refusal(Verb.PRIORITY)) is not None:
        raise EditRefused(refusal)
    if allowed.priorities:
        if priority not in allowed.priorities:
            named = ", ".join(allowed.priorities)
            raise InvalidField("priority", f"{priority[:40]!r} is not one of {named}")
        return
    digits = priority.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS):
        raise InvalidField("priority", f"{priority[:40]!r} is not a whole number")


def _set_fields(edit: CreateTask | UpdateTask) -> Iterator[str]:
    if edit.description:
        yield "description"
    if edit.active_form is not None:
        yield "active_form"
    if not isinstance(edit.owner, Keep) and edit.owner is not None:
        yield "owner"
    if edit.metadata if isinstance(edit, CreateTask) else edit.metadata_patch:
        yield "metadata"

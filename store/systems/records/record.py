"""How a task record becomes a `Task`: quickly for what nearly every record is.

The record is the same whether it stands in a file of its own or among others in one document. A
plain one is checked here, field by field. Whatever is odd about one goes through the strict parser
and the models, which find the words for what is wrong; nothing passes here that they would refuse.
They are imported only then.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any

from store.files.codec import Unparsable, parse_object
from store.files.plain_json import parse_plain
from store.model.recorded_execution import KEY, carried_out
from store.model.task import (
    NO_REVISION,
    Problem,
    ProblemKind,
    Revision,
    Task,
    TaskId,
    TaskKey,
    TaskStatus,
    task_of_values,
)

if TYPE_CHECKING:
    from store.systems.records.models import TaskRecord

MAX_ID = 10**12
NATIVE_STATUSES = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)

Statuses = Mapping[str, TaskStatus]
"""The words that a layout knows for a status, each with what it means."""

NATIVE: Statuses = MappingProxyType({str(status): status for status in NATIVE_STATUSES})

_MEND = "mend or move the file; until then it keeps its id and blocks what waits on it"


def read_task(
    key: TaskKey,
    path: str,
    content: bytes,
    revision: Revision = NO_REVISION,
    statuses: Statuses = NATIVE,
    repair: str = _MEND,
) -> Task:
    """A task from its record. What cannot be understood becomes an unreadable task, never an error.

    Args:
        key: which task it is, whatever id stands inside.
        path: the file that it stands in.
        content: the record's own bytes.
        revision: which version of the file that is.
        statuses: the words that the layout knows.
        repair: what to do where it cannot be read.
    """
    raw = parse_plain(content)
    if raw is not None:
        task = plain_task(key, raw, revision, statuses)
        if task is not None:
            return carried_out(task) if KEY in task.metadata else task
    try:
        record = validate_record(parse_object(content))
    except Unparsable as error:
        return unreadable_task(key, path, str(error), revision, repair)
    return task_of_record(key, path, record, revision, statuses)


def parse_record(content: bytes) -> TaskRecord:
    """A record from its bytes.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    from store.systems.records.models import quick_record

    return quick_record(content) or validate_record(parse_object(content))


def validate_record(raw: dict[str, Any]) -> TaskRecord:
    """A record from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    from store.systems.records.models import record_of

    return record_of(raw)


def task_of_record(
    key: TaskKey,
    path: str,
    record: TaskRecord,
    revision: Revision,
    statuses: Statuses = NATIVE,
) -> Task:
    problems: tuple[Problem, ...] = ()
    native = str(record.status)
    status = statuses.get(native, TaskStatus.UNKNOWN)
    if str(record.id) != key.id:
        text = f"the file is named #{key.id} but says id {record.id} inside"
        repair = "the name counts; correct the id inside or rename the file"
        problems += (Problem(ProblemKind.ID_MISMATCH, text, key.id, path, repair),)
    if status is TaskStatus.UNKNOWN:
        text = f"status {native[:40]!r} is not one of {', '.join(statuses)}"
        repair = "set a known status"
        problems += (Problem(ProblemKind.UNKNOWN_STATUS, text, key.id, path, repair),)
    task = Task(
        key=key,
        subject=record.subject,
        status=status,
        native_status=native,
        description=record.description,
        active_form=record.active_form,
        owner=record.owner,
        blocks=tuple([TaskId(str(i)) for i in record.blocks]),
        blocked_by=tuple([TaskId(str(i)) for i in record.blocked_by]),
        metadata=record.metadata,
        created_at=record.created_at,
        updated_at=record.updated_at,
        extra=record.model_extra or {},
        problems=problems,
        revision=revision,
    )
    return carried_out(task) if KEY in task.metadata else task


def unreadable_task(
    key: TaskKey, path: str, reason: str, revision: Revision = NO_REVISION, repair: str = _MEND
) -> Task:
    """What is shown for a record that is there and cannot be understood. It keeps its id."""
    return Task(
        key=key,
        subject=f"unreadable: {reason}",
        status=TaskStatus.UNKNOWN,
        native_status="unreadable",
        problems=(Problem(ProblemKind.UNREADABLE, reason, key.id, path, repair),),
        revision=revision,
    )


def are_alike(one: Task, other: Task) -> bool:
    """Whether a task read from a record is another one, apart from when it was last written."""
    from store.model.inverse import written_values  # who only reads does without

    if one.fault is not None:
        return False
    mine = written_values(one), dict(one.extra), one.created_at
    theirs = written_values(other), dict(other.extra), other.created_at
    return mine == theirs


def plain_task(
    key: TaskKey, raw: dict[str, Any], revision: Revision, statuses: Statuses
) -> Task | None:
    """The task of a record with nothing odd about it; None: look at it closely.

    Takes the known fields out of `raw`: what is left is what the layout does not know.
    """
    take = raw.pop
    number, native = take("id", None), take("status", "pending")
    subject, description = take("subject", None), take("description", "")
    active_form, owner = take("active_form", None), take("owner", None)
    blocks, blocked_by = _plain_ids(take("blocks", ())), _plain_ids(take("blocked_by", ()))
    metadata = take("metadata", None) if "metadata" in raw else {}
    created_at, updated_at = take("created_at", None), take("updated_at", None)
    if (
        type(number) is not int
        or str(number) != key.id
        or type(native) is not str
        or native not in statuses
        or type(subject) is not str
        or type(description) is not str
        or type(active_form) not in _TEXT_OR_NONE
        or type(owner) not in _TEXT_OR_NONE
        or blocks is None
        or blocked_by is None
        or type(metadata) is not dict
        or type(created_at) not in _TIME_OR_NONE
        or type(updated_at) not in _TIME_OR_NONE
    ):
        return None
    return task_of_values(
        (
            key,
            subject,
            statuses[native],
            native,
            description,
            active_form,
            owner,
            blocks,
            blocked_by,
            metadata,
            created_at,
            updated_at,
            *_NOT_KEPT,
            raw or {},  # an emptied one would keep the room of all its fields
            (),
            revision,
        )
    )


def _plain_ids(found: Any) -> tuple[TaskId, ...] | None:
    if type(found) is not list and found != ():
        return None
    for number in found:
        if type(number) is not int or not 1 <= number <= MAX_ID:
            return None
    return tuple([TaskId(str(number)) for number in found]) if found else ()


_NOT_KEPT = (None, None, None, None)  # priority, lock, parent, execution: not in this layout
_TEXT_OR_NONE = frozenset({str, NoneType})
_TIME_OR_NONE = frozenset({float, NoneType})

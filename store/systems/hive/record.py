"""The native record and list meta, and how a task file becomes a `Task`.

Field names, order and defaults are those of the layout; what the layout does not know is kept.
"""

from __future__ import annotations

import re
import time
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store.files.codec import MAX_DEPTH, Unparsable, parse_object
from store.files.content import FileContent
from store.model.task import (
    NO_REVISION,
    Problem,
    ProblemKind,
    Revision,
    Task,
    TaskId,
    TaskKey,
    TaskStatus,
)

MAX_ID = 10**12
NATIVE_STATUSES = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)

_FILE_NAME = re.compile(r"([0-9]{4,15})\.json", re.ASCII)

NativeId = Annotated[int, Field(ge=1, le=MAX_ID)]


class TaskListRole(StrEnum):
    """What a list is for: the colony's shared plan, or one session's own list."""

    TEMPLATE = "template"
    SESSION = "session"


class TaskRecord(BaseModel):
    """One task as the native layout stores it. Times are epoch seconds."""

    model_config = ConfigDict(strict=True, extra="allow")

    id: NativeId
    subject: str
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    status: TaskStatus | str = Field(default=TaskStatus.PENDING, union_mode="left_to_right")
    blocks: list[NativeId] = Field(default_factory=list)
    blocked_by: list[NativeId] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
    created_at: float | None = None
    """None where the file has none: a time of reading would be an invention."""
    updated_at: float | None = None


class TaskListMeta(BaseModel):
    """A list's `meta.json`."""

    model_config = ConfigDict(strict=True, extra="allow")

    task_list_id: str
    role: TaskListRole
    creator_agent_id: str | None = None
    created_at: float = Field(default_factory=time.time)
    last_seen_session_ids: list[str] = Field(default_factory=list)
    schema_version: int = 1


def file_name(task_id: int) -> str:
    return f"{task_id:04d}.json"


def id_of_file(name: str) -> int | None:
    """The id that a file name stands for, None if it is not a task's name.

    Only the canonical spelling counts: "0042.json", not "42.json", "00042.json" or "４２".
    """
    match = _FILE_NAME.fullmatch(name)
    if match is None:
        return None
    number = int(match[1])
    return number if 1 <= number <= MAX_ID and file_name(number) == name else None


def read_task(key: TaskKey, path: str, file: FileContent) -> Task:
    """A task from its file. What cannot be understood becomes an unreadable task, never an error.

    The file name, not the id inside, says which task it is.
    """
    try:
        record = parse_record(file.content)
    except Unparsable as error:
        return unreadable_task(key, path, str(error), file.revision)
    return task_of_record(key, path, record, file.revision)


def parse_record(content: bytes) -> TaskRecord:
    """A record from its bytes.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    if _is_plain(content):
        try:
            record = TaskRecord.model_validate_json(content)
        except ValidationError:
            pass  # the slow way below finds the words for it
        else:
            # A key that stands there twice leaves fewer keys than were written.
            if content.count(b'":') == _count_keys(record):
                return record
    return validate_record(parse_object(content))


def validate_record(raw: dict[str, Any]) -> TaskRecord:
    """A record from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    try:
        return TaskRecord.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        raise Unparsable(f"field {field}: {first['msg'].lower()}") from error


def task_of_record(key: TaskKey, path: str, record: TaskRecord, revision: Revision) -> Task:
    problems: tuple[Problem, ...] = ()
    native = str(record.status)
    status = TaskStatus(native) if native in NATIVE_STATUSES else TaskStatus.UNKNOWN
    if str(record.id) != key.id:
        text = f"the file is named #{key.id} but says id {record.id} inside"
        repair = "the name counts; correct the id inside or rename the file"
        problems += (Problem(ProblemKind.ID_MISMATCH, text, key.id, path, repair),)
    if status is TaskStatus.UNKNOWN:
        text = f"status {native[:40]!r} is not one of pending, in_progress, completed"
        repair = "set a known status"
        problems += (Problem(ProblemKind.UNKNOWN_STATUS, text, key.id, path, repair),)
    return Task(
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


def unreadable_task(key: TaskKey, path: str, reason: str, revision: Revision = NO_REVISION) -> Task:
    """What is shown for a file that is there and cannot be understood. It keeps its id."""
    repair = "mend or move the file; until then it keeps its id and blocks what waits on it"
    return Task(
        key=key,
        subject=f"unreadable: {reason}",
        status=TaskStatus.UNKNOWN,
        native_status="unreadable",
        problems=(Problem(ProblemKind.UNREADABLE, reason, key.id, path, repair),),
        revision=revision,
    )


def _is_plain(content: bytes) -> bool:
    """Whether the fast parser judges these bytes exactly as the strict one would."""
    return (
        b"NaN" not in content
        and b"Infinity" not in content
        and content.count(b"[") + content.count(b"{") <= MAX_DEPTH
        and not content.startswith(b"\xef\xbb\xbf")
    )


def _count_keys(record: TaskRecord) -> int:
    # model_fields_set names the unknown fields too
    inner = _inner_keys(record.metadata) if record.metadata else 0
    if record.model_extra:
        inner += sum(_inner_keys(value) for value in record.model_extra.values())
    return len(record.model_fields_set) + inner


def _inner_keys(value: Any) -> int:
    count = 0
    left = [value]
    while left:
        found = left.pop()
        if isinstance(found, dict):
            count += len(found)
            left += [inner for inner in found.values() if isinstance(inner, (dict, list))]
        elif isinstance(found, list):
            left += [inner for inner in found if isinstance(inner, (dict, list))]
    return count

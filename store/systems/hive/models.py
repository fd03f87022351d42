"""The native record and list meta as models, for those who edit or call the store.

Field names, order and defaults are those of the layout; what the layout does not know is kept.
Importing pydantic takes longer than a short command, so who only reads does without: `record`.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from store.files.codec import Unparsable, is_plain
from store.model.task import TaskStatus
from store.systems.hive.record import MAX_ID, TaskListRole

NativeId = Annotated[int, Field(ge=1, le=MAX_ID)]


class TaskRecord(BaseModel):
    """One task as the native layout stores it. Times are epoch seconds."""

    model_config = ConfigDict(strict=True, extra="allow")

    id: NativeId
    subject: str
    description: str = ""
    active_form: str | None = None
    owner: str | None = None
    status: Annotated[TaskStatus, Strict(False)] | str = Field(
        default=TaskStatus.PENDING, union_mode="left_to_right"
    )
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


def record_of(raw: dict[str, Any]) -> TaskRecord:
    """A record from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    try:
        return TaskRecord.model_validate(raw)
    except ValidationError as error:
        raise Unparsable(_first_fault(error)) from error


def quick_record(content: bytes) -> TaskRecord | None:
    """A record from bytes that have nothing odd about them; None: look at them closely."""
    if not is_plain(content) or (b"N" in content and b"NaN" in content):
        return None
    if b"I" in content and b"Infinity" in content:
        return None
    colons = content.count(b'":')
    if colons != content.count(b":") and any(colon in content for colon in _APART):
        return None
    try:
        record = TaskRecord.model_validate_json(content)
    except ValidationError:
        return None
    # Each colon of a pair stands at the quote of its key. As many of these as keys: none came
    # twice, for a key that did would be missing here.
    return record if colons == _count_keys(record) else None


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


_APART = (b" :", b"\n:", b"\t:", b"\r:")


def meta_of(raw: dict[str, Any]) -> TaskListMeta:
    """A list's meta from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    try:
        return TaskListMeta.model_validate(raw, strict=False)
    except ValidationError as error:
        raise Unparsable(_first_fault(error)) from error


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "record"
    return f"field {field}: {first['msg'].lower()}"

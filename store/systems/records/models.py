"""The task record as a model, for those who edit or call the store.

Field names, order and defaults are those of the layouts; what they do not know is kept.
Importing pydantic takes longer than a short command, so who only reads does without: `record`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from store.files.codec import Unparsable
from store.files.plain_json import has_each_key_once, inner_keys, plain_text
from store.model.task import TaskStatus
from store.systems.records.record import MAX_ID

NativeId = Annotated[int, Field(ge=1, le=MAX_ID)]


class TaskRecord(BaseModel):
    """One task as it is stored. Times are epoch seconds."""

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


def record_of(raw: dict[str, Any]) -> TaskRecord:
    """A record from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    try:
        return TaskRecord.model_validate(raw)
    except ValidationError as error:
        raise Unparsable(first_fault(error)) from error


def quick_record(content: bytes) -> TaskRecord | None:
    """A record from bytes that have nothing odd about them; None: look at them closely."""
    text = plain_text(content)
    if text is None:
        return None
    try:
        record = _validate_json(text)
    except ValidationError:
        return None
    # The fields that were set are the known and the unknown ones.
    keys = len(record.__pydantic_fields_set__)
    if record.metadata:
        keys += len(record.metadata) + inner_keys(record.metadata, 2)
    if record.__pydantic_extra__:
        keys += inner_keys(record.__pydantic_extra__)
    return record if has_each_key_once(text, keys) else None


_validate_json: Callable[[str], TaskRecord] = TaskRecord.__pydantic_validator__.validate_json
"""What `model_validate_json` calls, without what it asks at each of 10,000 records."""


def first_fault(error: ValidationError) -> str:
    """The first field that a model does not take, and why."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "record"
    return f"field {field}: {first['msg'].lower()}"

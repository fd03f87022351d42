"""A native list's meta as a model, for those who edit or call the store.

Field names, order and defaults are those of the layout; what the layout does not know is kept.
"""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store.files.codec import Unparsable
from store.systems.hive.record import TaskListRole
from store.systems.records.models import first_fault


class TaskListMeta(BaseModel):
    """A list's `meta.json`."""

    model_config = ConfigDict(strict=True, extra="allow")

    task_list_id: str
    role: TaskListRole
    creator_agent_id: str | None = None
    created_at: float = Field(default_factory=time.time)
    last_seen_session_ids: list[str] = Field(default_factory=list)
    schema_version: int = 1


def meta_of(raw: dict[str, Any]) -> TaskListMeta:
    """A list's meta from a parsed object.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    try:
        return TaskListMeta.model_validate(raw, strict=False)
    except ValidationError as error:
        raise Unparsable(first_fault(error)) from error

"""A list's `meta.json`: who made it, what for, and the sessions seen last."""

from __future__ import annotations

import time
from typing import Any

from pydantic import ValidationError

from store.files.codec import Unparsable, format_object, parse_object
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.transaction import Write
from store.model.errors import InvalidField, StorageFailure, UnreadableTask
from store.model.json_kinds import kind_name
from store.systems.hive.list_ids import role_of_list_id
from store.systems.hive.models import TaskListMeta
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.record import TaskListRole

META_NAME = "meta.json"
SESSIONS_KEPT = 10


def read_meta(directory: Directory) -> tuple[TaskListMeta, bytes, dict[str, Any]] | None:
    """A list's meta, with its bytes and the object as read; None if there is none.

    Raises:
        UnreadableTask: it is there and cannot be understood.
    """
    path = directory.path_of(META_NAME)
    try:
        content = directory.read(META_NAME).content
        raw = parse_object(content)
        # Roles are an enum, which strict validation takes from JSON only.
        return TaskListMeta.model_validate_json(content.removeprefix(_BOM)), content, raw
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        if error.is_passing:
            raise StorageFailure(path, error.reason) from error
        raise UnreadableTask(path, error.reason) from error
    except (Unparsable, ValidationError) as error:
        reason = str(error) if isinstance(error, Unparsable) else "not a task list's meta"
        raise UnreadableTask(path, reason) from error


def missing_meta_write(opened: OpenList) -> list[Write]:
    """What writes meta with the role that the id implies, if there is no file of that name."""
    if opened.directory.status(META_NAME) is not None:
        return []
    meta = _new_meta(opened.list_id, role_of_list_id(opened.list_id), None, None)
    return [Write(opened.directory, META_NAME, None, format_object(meta))]


def plan_ensure(
    opened: OpenList,
    role: TaskListRole,
    creator_agent_id: str | None,
    session_id: str | None,
    goal: str | None = None,
) -> Plan[TaskListMeta]:
    """Make meta, or add a session to the last ten seen. Role, creator and goal stay as they were.

    Raises:
        UnreadableTask: meta is there and cannot be understood, so it is not overwritten.
    """
    found = read_meta(opened.directory)
    if found is None:
        raw = _new_meta(opened.list_id, role, creator_agent_id, session_id)
        raw |= {} if goal is None else {"goal": goal}
        before = None
    else:
        meta, before, raw = found
        seen = meta.last_seen_session_ids
        if session_id is None or seen[-1:] == [session_id]:
            return Plan(meta)
        seen = [other for other in seen if other != session_id]
        raw["last_seen_session_ids"] = [*seen, session_id][-SESSIONS_KEPT:]
    content = format_object(raw)
    meta = TaskListMeta.model_validate_json(content)
    return Plan(meta, [Write(opened.directory, META_NAME, before, content)])


def _new_meta(
    list_id: str, role: TaskListRole, creator_agent_id: str | None, session_id: str | None
) -> dict[str, Any]:
    for name, value in (("creator_agent_id", creator_agent_id), ("session_id", session_id)):
        if value is not None and not isinstance(value, str):
            raise InvalidField(name, f"{kind_name(value)} is not text")
    return {
        "task_list_id": list_id,
        "role": TaskListRole(role).value,
        "creator_agent_id": creator_agent_id,
        "created_at": time.time(),
        "last_seen_session_ids": [session_id] if session_id is not None else [],
        "schema_version": 1,
    }


_BOM = b"\xef\xbb\xbf"

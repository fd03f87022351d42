"""Task list ids: what they are made of, and which one an agent's context means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from store.files.paths import task_list_parts
from store.model.errors import InvalidListId
from store.systems.hive.record import TaskListRole


class ParsedTaskListId(TypedDict, total=False):
    """The parts of an id; `kind` is always there, the others as the kind has them."""

    kind: Literal["colony", "session", "unscoped", "raw"]
    colony: str
    agent: str
    session: str
    raw: str


def colony_task_list_id(colony: str) -> str:
    """The id of a colony's shared plan."""
    return _valid(f"colony:{colony}")


def session_task_list_id(agent: str, session: str) -> str:
    """The id of one session's own list. The session part may hold colons, the agent may not."""
    if ":" in agent:
        raise InvalidListId(f"session:{agent}:{session}", "the agent part may not hold a colon")
    return _valid(f"session:{agent}:{session}")


def unscoped_task_list_id(agent: str) -> str:
    """The id of an agent's list outside any session."""
    return _valid(f"unscoped:{agent}")


def parse_task_list_id(task_list_id: str) -> ParsedTaskListId:
    """The parts of an id.

    Raises:
        InvalidListId: it cannot name a list.
    """
    _valid(task_list_id)
    kind, colon, rest = task_list_id.partition(":")
    if colon and kind == "colony":
        return {"kind": "colony", "colony": rest}
    if colon and kind == "session":
        agent, _, session = rest.partition(":")
        return {"kind": "session", "agent": agent, "session": session}
    if colon and kind == "unscoped":
        return {"kind": "unscoped", "agent": rest}
    return {"kind": "raw", "raw": task_list_id}


def resolve_task_list_id(context: Any, environ: Mapping[str, str] | None = None) -> str:
    """The list that an agent works on: `$HIVE_TASK_LIST_ID`, else what its context says.

    Args:
        context: a mapping or an object with any of `task_list_id`, `colony_id`, `agent_id` and
            `session_id`. A colony goes before a session, a session before the agent alone.
        environ: for tests; by default the process's environment.

    Raises:
        InvalidListId: nothing there names a list.
    """
    chosen = (os.environ if environ is None else environ).get("HIVE_TASK_LIST_ID")
    chosen = chosen or _text(context, "task_list_id")
    if chosen:
        return _valid(chosen)
    colony, agent = _text(context, "colony_id"), _text(context, "agent_id")
    session = _text(context, "session_id")
    if colony:
        return colony_task_list_id(colony)
    if agent and session:
        return session_task_list_id(agent, session)
    if agent:
        return unscoped_task_list_id(agent)
    raise InvalidListId("", "the context names neither a list, a colony nor an agent")


def role_of_list_id(task_list_id: str) -> TaskListRole:
    """The role of a list whose meta is missing."""
    is_colony = task_list_id.startswith("colony:")
    return TaskListRole.TEMPLATE if is_colony else TaskListRole.SESSION


def _valid(task_list_id: str) -> str:
    task_list_parts(task_list_id)
    return task_list_id


def _text(context: Any, name: str) -> str | None:
    is_mapping = isinstance(context, Mapping)
    found = context.get(name) if is_mapping else getattr(context, name, None)
    return found if isinstance(found, str) and found else None

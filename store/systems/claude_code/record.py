"""One task file of Claude Code ↔ a `Task`. Pure.

Ids are texts of digits, in the file's name and inside. Claude Code does not see a task whose record
lacks a field that it asks for, or has one of another type; such a task is shown as unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.content import FileContent
from store.files.plain_json import parse_plain
from store.model.json_kinds import kind_name
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

NATIVE_STATUSES = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)
MOST_DIGITS = 15
"""Longer ids are no exact numbers for who wrote them."""

_KNOWN = frozenset(
    {
        "id", "subject", "description", "activeForm", "owner",
        "status", "blocks", "blockedBy", "metadata",
    }
)  # fmt: skip
_ID = re.compile(rf"[0-9]{{1,{MOST_DIGITS}}}", re.ASCII)
_FILE = re.compile(rf"({_ID.pattern})\.json", re.ASCII)
_OURS = re.compile(r"\.lock|\.highwatermark|(?:\.lock|[0-9]+\.json)\.lock|\..+\.ctmp", re.ASCII)


def is_id(text: str) -> bool:
    """Whether a task may be called so."""
    return _ID.fullmatch(text) is not None


def file_name(task_id: str) -> str:
    return f"{task_id}.json"


def id_of_file(name: str) -> TaskId | None:
    """The id that a file name stands for, None if it is not a task's name."""
    found = _FILE.fullmatch(name)
    return TaskId(found[1]) if found else None


def id_of_name(name: str) -> TaskId:
    """The id of a name that is known to be a task's."""
    return TaskId(name.removesuffix(".json"))


def is_record(name: str) -> bool:
    return id_of_file(name) is not None


def is_ours(name: str) -> bool:
    """The lock, the mark and files on their way: neither records nor worth a word."""
    return _OURS.fullmatch(name) is not None


def read_task(key: TaskKey, path: str, file: FileContent) -> Task:
    """A task from its file. What cannot be understood becomes an unreadable task, never an error.

    The file name, not the id inside, says which task it is. The time of its file is the time at
    which it was updated last: the record has none.
    """
    try:
        raw = parse_plain(file.content)
        return task_of(key, path, parse_object(file.content) if raw is None else raw, file.revision)
    except Unparsable as error:
        return unreadable_task(key, path, str(error), file.revision)


def task_of(key: TaskKey, path: str, raw: Mapping[str, Any], revision: Revision) -> Task:
    """A task from its parsed record.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    native = _text(raw, "status")
    status = TaskStatus(native) if native in NATIVE_STATUSES else TaskStatus.UNKNOWN
    metadata = raw.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise Unparsable(f"metadata: {kind_name(metadata)} stands where an object is expected")
    return Task(
        key=key,
        subject=_text(raw, "subject"),
        status=status,
        native_status=native,
        description=_text(raw, "description"),
        active_form=_optional(raw, "activeForm"),
        owner=_optional(raw, "owner") or None,
        blocks=_ids(raw, "blocks"),
        blocked_by=_ids(raw, "blockedBy"),
        metadata=metadata or {},
        updated_at=revision.mtime_ns / 1e9 if revision.mtime_ns else None,
        extra={name: value for name, value in raw.items() if name not in _KNOWN},
        problems=tuple(_problems(key.id, path, _text(raw, "id"), native)),
        revision=revision,
    )


def unreadable_task(key: TaskKey, path: str, reason: str, revision: Revision = NO_REVISION) -> Task:
    """What is shown for a file that is there and cannot be understood. It keeps its id."""
    repair = "mend or move the file; Claude Code does not see this task"
    return Task(
        key=key,
        subject=f"unreadable: {reason}",
        status=TaskStatus.UNKNOWN,
        native_status="unreadable",
        problems=(Problem(ProblemKind.UNREADABLE, reason, key.id, path, repair),),
        revision=revision,
    )


def _text(raw: Mapping[str, Any], name: str) -> str:
    if name not in raw:
        raise Unparsable(f"{name}: there is none")
    found = raw[name]
    if not isinstance(found, str):
        raise Unparsable(f"{name}: {kind_name(found)} stands where a text is expected")
    return found


def _optional(raw: Mapping[str, Any], name: str) -> str | None:
    return None if raw.get(name) is None else _text(raw, name)


def _ids(raw: Mapping[str, Any], name: str) -> tuple[TaskId, ...]:
    if name not in raw:
        raise Unparsable(f"{name}: there is none")
    found = raw[name]
    if not isinstance(found, list):
        raise Unparsable(f"{name}: {kind_name(found)} stands where a list is expected")
    for one in found:
        if not isinstance(one, str):
            raise Unparsable(f"{name}: {kind_name(one)} stands where the text of an id is expected")
    return tuple(map(TaskId, found))


def _problems(task_id: TaskId, path: str, inside: str, native: str) -> Iterator[Problem]:
    if inside != task_id:
        text = f"the file is named #{task_id} but says id {inside!r:.60} inside"
        repair = "the name counts; correct the id inside or rename the file"
        yield Problem(ProblemKind.ID_MISMATCH, text, task_id, path, repair)
    if native not in NATIVE_STATUSES:
        named = ", ".join(NATIVE_STATUSES)
        text = f"status {native!r:.42} is not one of {named}; Claude Code does not see the task"
        yield Problem(ProblemKind.UNKNOWN_STATUS, text, task_id, path, "set a known status")

"""One ClawTeam task file → a `Task`. Pure.

ClawTeam writes camelCase names and also takes the names of its fields as they are in its code;
both are read. Its texts are empty where there is nothing, never null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.content import FileContent
from store.files.plain_json import parse_plain
from store.model.execution import Execution, TaskLock
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
from store.systems.clawteam.times import epoch_of

NATIVE_STATUSES = (
    TaskStatus.PENDING,
    TaskStatus.IN_PROGRESS,
    TaskStatus.COMPLETED,
    TaskStatus.BLOCKED,
)
PRIORITIES = ("low", "medium", "high", "urgent")
"""The least urgent first."""
USUAL_PRIORITY = "medium"
DURATION = "duration_seconds"
"""The key of the metadata under which a completed task says how long it took."""

Verdicts = Mapping[str, bool | None]
"""Agent → whether it is alive; None: nothing tells."""

OTHER_NAMES = {
    "lockedBy": "locked_by",
    "lockedAt": "locked_at",
    "blockedBy": "blocked_by",
    "startedAt": "started_at",
    "createdAt": "created_at",
    "updatedAt": "updated_at",
}
"""Name in the file → the other name under which ClawTeam takes the same field."""

_OTHERS = frozenset(OTHER_NAMES.values())
_TEXTS = {
    "subject": "",
    "description": "",
    "status": str(TaskStatus.PENDING),
    "priority": USUAL_PRIORITY,
    "owner": "",
    "lockedBy": "",
    "lockedAt": "",
    "startedAt": "",
    "createdAt": "",
    "updatedAt": "",
}
_KNOWN = frozenset({"id", "blocks", "blockedBy", "metadata", *_TEXTS})
_NOT_BEGUN = Execution()
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", re.ASCII)
_FILE = re.compile(rf"task-({_ID.pattern})\.json", re.ASCII)
_OURS = re.compile(r"\.tasks\.lock|\..+\.ctmp|task-.+\.tmp")


def is_id(text: str) -> bool:
    """Whether a task may be called so: ClawTeam's own ids are eight hexadecimal digits, and a
    task file of any other plain name is a task too.
    """
    return _ID.fullmatch(text) is not None


def file_name(task_id: str) -> str:
    return f"task-{task_id}.json"


def id_of_file(name: str) -> TaskId | None:
    """The id that a file name stands for, None if it is not a task's name."""
    found = _FILE.fullmatch(name)
    return TaskId(found[1]) if found else None


def is_ours(name: str) -> bool:
    """The lock and files on their way to another name: neither records nor worth a word."""
    return _OURS.fullmatch(name) is not None


def name_in(raw: Mapping[str, Any], name: str) -> str:
    """The name under which a record has a field; where it has none, or both, the usual one."""
    other = OTHER_NAMES.get(name, name)
    return other if other in raw and name not in raw else name


def read_task(key: TaskKey, path: str, file: FileContent) -> Task:
    """A task from its file. What cannot be understood becomes an unreadable task, never an error.

    The file name, not the id inside, says which task it is.
    """
    try:
        raw = parse_plain(file.content)
        return task_of(key, path, parse_object(file.content) if raw is None else raw, file.revision)
    except Unparsable as error:
        return unreadable_task(key, path, str(error), file.revision)


def task_of(key: TaskKey, path: str, raw: Mapping[str, Any], revision: Revision) -> Task:
    """A task from its parsed record.

    Raises:
        Unparsable: with the field and what is wrong with it. ClawTeam does not see such a task.
    """
    named = raw if _OTHERS.isdisjoint(raw) else _usually_named(raw)
    if "subject" not in named:
        raise Unparsable("subject: there is none")
    text: dict[str, str] = {}
    for name, usual in _TEXTS.items():
        found = text[name] = named.get(name, usual)
        if not isinstance(found, str):
            raise Unparsable(f"{name}: {kind_name(found)} stands where a text is expected")
    metadata = named.get("metadata", {})
    if not isinstance(metadata, dict):
        raise Unparsable(f"metadata: {kind_name(metadata)} stands where an object is expected")
    status = TaskStatus.UNKNOWN
    if text["status"] in NATIVE_STATUSES:
        status = TaskStatus(text["status"])
    lock = None
    if text["lockedBy"]:
        lock = TaskLock(text["lockedBy"], epoch_of(text["lockedAt"]))
    return Task(
        key=key,
        subject=text["subject"],
        status=status,
        native_status=text["status"],
        description=text["description"],
        owner=text["owner"] or None,
        blocks=_ids(named, "blocks"),
        blocked_by=_ids(named, "blockedBy"),
        metadata=metadata,
        created_at=epoch_of(text["createdAt"]),
        updated_at=epoch_of(text["updatedAt"]),
        priority=text["priority"],
        lock=lock,
        execution=_execution(text["startedAt"], lock, status, metadata),
        extra={name: named[name] for name in named if name not in _KNOWN},
        problems=tuple(_problems(key.id, path, named.get("id"), text)),
        revision=revision,
    )


def unreadable_task(key: TaskKey, path: str, reason: str, revision: Revision = NO_REVISION) -> Task:
    """What is shown for a file that is there and cannot be understood. It keeps its id."""
    repair = "mend or move the file; ClawTeam does not see this task"
    return Task(
        key=key,
        subject=f"unreadable: {reason}",
        status=TaskStatus.UNKNOWN,
        native_status="unreadable",
        problems=(Problem(ProblemKind.UNREADABLE, reason, key.id, path, repair),),
        revision=revision,
    )


def with_verdict(task: Task, alive: Verdicts) -> Task:
    """The task with what is known of whoever holds its lock, if anybody does."""
    if task.lock is None:
        return task
    is_live = alive.get(task.lock.by)
    if task.lock.is_live is is_live:
        return task
    return replace(task, lock=replace(task.lock, is_live=is_live))


def _usually_named(raw: Mapping[str, Any]) -> dict[str, Any]:
    """A record under the usual names of its fields; what it has under both is read by the usual."""
    usual = {other: name for name, other in OTHER_NAMES.items() if name not in raw}
    return {usual.get(name, name): value for name, value in raw.items()}


def _ids(named: Mapping[str, Any], name: str) -> tuple[TaskId, ...]:
    found = named.get(name, [])
    if not isinstance(found, list):
        raise Unparsable(f"{name}: {kind_name(found)} stands where a list is expected")
    for one in found:
        if not isinstance(one, str):
            raise Unparsable(f"{name}: {kind_name(one)} stands where an id is expected")
    return tuple(found)


def _execution(
    started: str, lock: TaskLock | None, status: TaskStatus, metadata: Mapping[str, Any]
) -> Execution:
    started_at = epoch_of(started)
    claimed_at = lock.at if lock else None
    completed_at = None
    took = metadata.get(DURATION)
    if status is TaskStatus.COMPLETED and started_at is not None and type(took) in (int, float):
        completed_at = started_at + float(took or 0.0)
    if started_at is None and claimed_at is None:
        return _NOT_BEGUN
    return Execution(claimed_at=claimed_at, started_at=started_at, completed_at=completed_at)


def _problems(
    task_id: TaskId, path: str, inside: Any, text: Mapping[str, str]
) -> Iterator[Problem]:
    if inside != task_id:
        says = f"says id {inside!r:.60} inside" if inside is not None else "says no id inside"
        what = f"the file is named #{task_id} but {says}: ClawTeam writes it under another name"
        repair = "the name counts; correct the id inside or rename the file"
        yield Problem(ProblemKind.ID_MISMATCH, what, task_id, path, repair)
    for name, known in (("status", NATIVE_STATUSES), ("priority", PRIORITIES)):
        if text[name] not in known:
            named = ", ".join(known)
            what = (
                f"{name} {text[name]!r:.42} is not one of {named}; ClawTeam does not see the task"
            )
            yield Problem(ProblemKind.UNKNOWN_STATUS, what, task_id, path, f"set a known {name}")

"""The elements of a document → tasks. One bad element never hides the others."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from store.files.fs import READ_LIMIT
from store.files.plain_json import parse_plain
from store.model.graph import id_order
from store.model.json_kinds import kind_name
from store.model.task import (
    NO_REVISION,
    ListKey,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
)
from store.systems.hive_session.document import Reader, Record
from store.systems.records.record import (
    MAX_ID,
    Statuses,
    plain_task,
    read_task,
    unreadable_task,
)

REPAIR = "mend the record in the document; until then it keeps its id and blocks what waits on it"

_SHOWN = 20


def record_reader(key: ListKey, path: str, statuses: Statuses) -> Reader:
    """What makes a record of the text of an element.

    Args:
        key: the list.
        path: the document.
        statuses: the words that its layout knows.
    """

    def read(text: str) -> Record:
        content = text.encode("utf-8", errors="surrogatepass")
        raw = parse_plain(content) if len(content) <= READ_LIMIT else None
        number = _number(raw)
        if raw is not None and number is not None:
            task = plain_task(_task_key(key, number), raw, NO_REVISION, statuses)
            if task is not None:
                return Record(text, number, task)
        return _closely(key, path, text, content, statuses)

    return read


def tasks_of(key: ListKey, path: str, records: Iterable[Record]) -> dict[TaskId, Task]:
    """The tasks by id, in id order. An id that stands there twice is nobody's to edit."""
    found: dict[TaskId, Task] = {}
    twice: dict[TaskId, list[Task]] = {}
    is_sorted, last = True, 0
    for record in records:
        task = record.task
        if task is None or record.number is None:
            continue
        if task.id in found:
            twice.setdefault(task.id, [found[task.id]]).append(task)
            continue
        found[task.id] = task
        is_sorted, last = is_sorted and record.number > last, record.number
    for task_id, tasks in twice.items():
        subjects = ", ".join(repr(task.subject[:40]) for task in tasks[:3])
        reason = f"#{task_id} stands there {len(tasks)} times: {subjects}"
        found[task_id] = unreadable_task(tasks[0].key, path, reason, repair=_GIVE_ANOTHER)
    if is_sorted:
        return found
    return dict(sorted(found.items(), key=lambda pair: id_order(pair[0])))


def nameless_problems(path: str, records: Iterable[Record]) -> tuple[Problem, ...]:
    """The elements that are no task and have no id, so that they cannot be shown as one."""
    found = [(place, record.fault) for place, record in enumerate(records) if record.fault]
    problems = [
        Problem(ProblemKind.UNREADABLE, f"tasks[{place}]: {fault}", path=path, repair=REPAIR)
        for place, fault in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        text = f"{len(found) - _SHOWN} more elements are no tasks"
        problems.append(Problem(ProblemKind.UNREADABLE, text, path=path, repair=REPAIR))
    return tuple(problems)


_GIVE_ANOTHER = "give one of them another id in the document; until then none of them is edited"


def _task_key(key: ListKey, number: int) -> TaskKey:
    return TaskKey(key, TaskId(str(number)))


def _number(raw: Any) -> int | None:
    found = raw.get("id") if isinstance(raw, dict) else None
    return found if type(found) is int and 1 <= found <= MAX_ID else None


def _closely(key: ListKey, path: str, text: str, content: bytes, statuses: Statuses) -> Record:
    """An element with something odd about it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Record(text, fault=f"not JSON: {error}")
    number = _number(found)
    if number is None:
        is_object = isinstance(found, dict)
        what = "it has no id that can be used" if is_object else kind_name(found)
        return Record(text, fault=what)
    task_key = _task_key(key, number)
    if len(content) > READ_LIMIT:
        reason = f"{len(content)} bytes, over the limit of {READ_LIMIT} for one record"
        return Record(text, number, unreadable_task(task_key, path, reason, repair=REPAIR))
    return Record(
        text, number, read_task(task_key, path, content, statuses=statuses, repair=REPAIR)
    )

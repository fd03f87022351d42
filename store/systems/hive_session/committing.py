"""Edits of a document → its next text, and whether a later text still has them. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store.files.codec import Unparsable, format_object
from store.model.edits import BatchResult, CreateTask, DeleteTask, Edit, RestoreTask
from store.model.errors import InvalidField, UnreadableTask
from store.model.graph import Tasks
from store.model.planning import Planned, plan_edits
from store.model.snapshot import TaskList
from store.model.task import Capabilities, ListKey, Task, TaskId, TaskListInfo
from store.systems.hive_session.document import (
    DOCUMENT_LIMIT,
    Document,
    parse_document,
    parse_record,
    rewritten,
)
from store.systems.hive_session.layouts import Layout
from store.systems.hive_session.patching import created, number, patched
from store.systems.hive_session.reading import record_reader, tasks_of
from store.systems.records.record import are_alike

_SCALARS = ("subject", "description", "active_form", "owner", "native_status", "updated_at")
_EDGES = ("blocks", "blocked_by")


@dataclass(frozen=True, slots=True)
class Subject:
    """One document that is edited."""

    key: ListKey
    path: str
    layout: Layout
    capabilities: Capabilities

    def parse(self, content: bytes, previous: Document | None) -> Document:
        """The document in these bytes.

        Raises:
            UnreadableTask: it cannot be understood, or not by its owner: nothing is written over
                it.
        """
        read = record_reader(self.key, self.path, self.layout.statuses)
        try:
            document = parse_document(content, read, previous)
        except Unparsable as error:
            raise UnreadableTask(self.path, str(error)) from error
        if document.flaws:
            raise UnreadableTask(self.path, document.flaws[0])
        return document

    def tasks(self, document: Document) -> dict[TaskId, Task]:
        return tasks_of(self.key, self.path, document.records)


@dataclass(frozen=True, slots=True)
class Commit:
    """What is to be written for some edits."""

    planned: Planned
    content: bytes | None
    """The next document; None: nothing changes."""
    stored: Mapping[TaskId, Task]
    """The tasks written, as that document has them."""
    originals: Mapping[TaskId, str]
    document: Document
    """The next document, as it reads."""

    @property
    def result(self) -> BatchResult:
        return self.planned.result_with(self.stored, self.originals)

    def stands_in(self, tasks: Tasks) -> bool:
        """Whether a later state of the tasks was made on top of this one.

        Its owner makes one change at a time, each on the whole document: where it has anything of
        this commit, it has all of it. Where it has nothing, but what stood there before, it was
        begun before. What was changed to something else again counts as made on top.
        """
        lacks = False
        for task_id, after in self.planned.written.items():
            before = self.planned.before[task_id]
            for was, wanted, found in _evidence(before, self._as_stored(after), tasks.get(task_id)):
                if found == wanted:
                    return True
                lacks = lacks or found == was
        return not lacks

    def _as_stored(self, after: Task | None) -> Task | None:
        return after if after is None else self.stored.get(after.id, after)


def plan_commit(
    subject: Subject, document: Document, edits: Sequence[Edit], *, all_or_none: bool
) -> Commit:
    """Plan edits on a document that was just read.

    Raises:
        BatchRefused: all or none were asked for, and some cannot be made.
        InvalidField: a value cannot be stored.
    """
    now = time.time()
    tasks = subject.tasks(document)
    info = TaskListInfo(subject.key, subject.path, capabilities=subject.capabilities)
    task_list = TaskList(info, tasks, highest_id=document.mark)
    highest = max(document.mark, document.highest_id)

    def new_id(edit: CreateTask, _: Tasks) -> TaskId:
        nonlocal highest
        highest += 1
        return TaskId(str(highest))

    planned = plan_edits(task_list, edits, all_or_none=all_or_none, new_id=new_id, now=now)
    if not planned.written:
        return Commit(planned, None, {}, {}, document)
    return _commit(subject, document, planned, edits, now)


def _commit(
    subject: Subject, document: Document, planned: Planned, edits: Sequence[Edit], now: float
) -> Commit:
    places = {record.number: place for place, record in enumerate(document.records)}
    goal = document.meta.get("goal")
    changed: dict[int, dict[str, Any] | None] = {}
    added: dict[int, dict[str, Any]] = {}
    statuses = subject.layout.statuses
    mark = document.mark
    for task_id, after in planned.written.items():
        before = planned.before[task_id]
        at = number("id", task_id)
        if before is None and after is not None:
            added[at] = created(after, statuses, _original(subject, edits, task_id))
            mark = max(mark, at)
        elif after is None:
            changed[places[at]] = None
            mark = max(mark, at)
        elif before is not None:
            raw = parse_record(document.records[places[at]])
            goal_text = goal if isinstance(goal, str) else None
            changed[places[at]] = patched(raw, before, after, statuses, goal_text, now)
    content = rewritten(document, changed, [added[at] for at in sorted(added)], mark)
    if len(content) > DOCUMENT_LIMIT:
        reason = f"the document would be {len(content)} bytes, over the limit of {DOCUMENT_LIMIT}"
        raise InvalidField("document", reason)
    following = subject.parse(content, document)
    tasks = subject.tasks(following)
    stored = {i: tasks[i] for i, after in planned.written.items() if after is not None}
    _check_readable(planned, stored)
    return Commit(planned, content, stored, _originals(subject, document, planned), following)


def _originals(subject: Subject, document: Document, planned: Planned) -> dict[TaskId, str]:
    """The records of deleted tasks, as they would be stored just before they are deleted."""
    records = {record.number: record for record in document.records}
    found: dict[TaskId, str] = {}
    for step in planned.steps:
        before = step.before.get(step.target)
        record = records.get(number("id", step.target))
        if not isinstance(step.edit, DeleteTask) or before is None:
            continue
        if record is not None and record.task is before:
            found[step.target] = record.text
        elif record is not None and record.task is not None:
            statuses, now = subject.layout.statuses, before.updated_at or 0.0
            raw = patched(parse_record(record), record.task, before, statuses, None, now)
            found[step.target] = format_object(raw).decode("utf-8")
    return found


def _check_readable(planned: Planned, stored: Mapping[TaskId, Task]) -> None:
    for task_id, task in stored.items():
        before = planned.before[task_id]
        if task.fault is not None and (before is None or before.is_readable):
            _, _, said = task.fault.text.partition("field ")
            name, _, reason = said.partition(": ")
            raise InvalidField(name.partition(".")[0] or "record", reason or task.fault.text)


def _original(subject: Subject, edits: Sequence[Edit], task_id: TaskId) -> dict[str, Any] | None:
    """The record that a task had which comes back, as its system stored it.

    Raises:
        InvalidField: it is the record of another task.
    """
    for edit in edits:
        if isinstance(edit, RestoreTask) and edit.key.id == task_id and edit.original is not None:
            record = record_reader(subject.key, subject.path, subject.layout.statuses)(
                edit.original
            )
            if record.task is None or not are_alike(record.task, edit.task):
                raise InvalidField("original", f"it is not the record of #{task_id} as given")
            return parse_record(record)
    return None


def _evidence(
    before: Task | None, after: Task | None, found: Task | None
) -> Iterator[tuple[object, object, object]]:
    """For each thing that a commit changed in one task: what it was, what it was to be, what is
    found now.
    """
    if after is None:
        yield True, False, found is not None
    elif before is None:
        is_alike = after.created_at is None or after.created_at == getattr(found, "created_at", 0)
        yield False, True, found is not None and is_alike
    if before is None or after is None or found is None:
        return
    for name in _SCALARS:
        was, wanted = getattr(before, name), getattr(after, name)
        if was != wanted:
            yield was, wanted, getattr(found, name)
    for key in before.metadata.keys() | after.metadata.keys():
        was, wanted = before.metadata.get(key), after.metadata.get(key)
        if was != wanted:
            yield was, wanted, found.metadata.get(key)
    for name in _EDGES:
        was_there, wanted_there = set(getattr(before, name)), set(getattr(after, name))
        for other in was_there ^ wanted_there:
            is_there = other in getattr(found, name)
            yield other in was_there, other in wanted_there, is_there

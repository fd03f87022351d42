"""Edits of briefs: planned on what is read under SQLite's write lock, in one transaction."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from store.files.codec import Unparsable
from store.files.sqlite_file import DatabaseGone, writing
from store.model.edits import BatchResult, CreateTask, Edit, EditResult
from store.model.errors import EditRefused, ListGone, StorageFailure, UnreadableTask
from store.model.graph import Tasks
from store.model.planning import Planned, plan_edit, plan_edits
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskListInfo, Verb
from store.systems.blackboard.capabilities import STEERABLE
from store.systems.blackboard.payload import RESULT, format_text, parse_text, read_assignment
from store.systems.blackboard.places import DATABASE, run_of_list_id
from store.systems.blackboard.queries import brief_ids, read_one
from store.systems.blackboard.record import BriefRow, read_brief
from store.systems.blackboard.rows import insert, new_id, now_text, update

_RETRIED_FROM = ("failed", "done")
_EVENT_OF = {"done": "completed", "failed": "failed", "pending": "retried"}


class RunEditor:
    """Writes to one run's database, beside the run's own agents."""

    def __init__(self, key: ListKey, directory: Path, wait_s: float) -> None:
        self._key = key
        self._directory = directory
        self._run_id = run_of_list_id(key.id)
        self._wait_s = wait_s

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit; see `System.apply`."""
        made = self._write(lambda seen, now: plan_edit(seen, edit, new_id=_no_id, now=now))
        return made.results[0]

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make several in one transaction; see `System.apply_all`."""
        return self._write(
            lambda seen, now: plan_edits(
                seen, edits, all_or_none=all_or_none, new_id=_no_id, now=now
            )
        )

    def _write(self, plan: Callable[[TaskList, float], Planned]) -> BatchResult:
        path = self._directory / DATABASE
        try:
            with writing(path, self._key.id, timeout_s=self._wait_s) as connection:
                briefs = Briefs(connection, self._key, self._run_id)
                info = TaskListInfo(self._key, str(self._directory), capabilities=STEERABLE)
                planned = plan(TaskList(info, briefs), time.time())
                for task_id, after in planned.written.items():
                    before = planned.before[task_id]
                    if before is not None and after is not None:  # none is created or deleted
                        self._put(connection, briefs.row(task_id), before, after)
                stored = Briefs(connection, self._key, self._run_id)
                try:
                    return planned.result_with({i: stored[i] for i in planned.written})
                except KeyError as error:
                    text = "a trigger of the database took the brief away; nothing was changed"
                    raise EditRefused(text) from error
        except DatabaseGone as error:
            raise ListGone(self._key.id, self._key.root) from error
        except sqlite3.IntegrityError as error:
            raise StorageFailure(str(path), f"{error}; nothing was changed") from error

    def _put(
        self, connection: sqlite3.Connection, row: BriefRow, before: Task, after: Task
    ) -> None:
        """Write the columns that differ, and tell of a new state as the run's agents do."""
        changes: dict[str, Any] = {}
        state, old = after.native_status, before.native_status
        result = after.metadata.get(RESULT)
        if result != before.metadata.get(RESULT):
            changes["result"] = _result_text(result)
            if result is not None and state == old:
                state = "done"  # as the run's own agents store a result
        if state != old:
            changes["status"] = state
            if state == "pending" and old in _RETRIED_FROM:
                counted = row.retry_count if isinstance(row.retry_count, int) else 0
                changes["retry_count"] = counted + 1
        payload = _patched_payload(row, before, after)
        if payload is not None:
            changes["payload"] = payload
        if not changes:
            return
        update(connection, "brief", before.id, self._run_id, changes)
        if "status" in changes and (state != "pending" or "retry_count" in changes):
            self._tell(connection, before.id, old, state)

    def _tell(self, connection: sqlite3.Connection, brief_id: str, old: str, state: str) -> None:
        kind = _EVENT_OF.get(state)
        if kind is None:
            return
        detail = {"from": old, "to": state, "by": "an operator"}
        row = {
            "event_id": new_id(),
            "run_id": self._run_id,
            "brief_id": brief_id,
            "kind": kind,
            "detail": json.dumps(detail),
            "created_at": now_text(),
        }
        insert(connection, "event", row, ("run_id",))


class Briefs(Mapping[TaskId, Task]):
    """The briefs of a run as tasks, each read when it is asked for."""

    def __init__(self, connection: sqlite3.Connection, key: ListKey, run_id: str) -> None:
        self._connection = connection
        self._key = key
        self._run_id = run_id
        self._read: dict[TaskId, tuple[BriefRow, Task]] = {}

    def row(self, task_id: TaskId) -> BriefRow:
        return self._find(task_id)[0]

    def __getitem__(self, task_id: TaskId) -> Task:
        return self._find(task_id)[1]

    def __iter__(self) -> Iterator[TaskId]:
        return map(TaskId, brief_ids(self._connection, self._run_id))

    def __len__(self) -> int:
        return len(brief_ids(self._connection, self._run_id))

    def _find(self, task_id: TaskId) -> tuple[BriefRow, Task]:
        found = self._read.get(task_id)
        if found is None:
            row = read_one(self._connection, self._run_id, task_id)
            if row is None:
                raise KeyError(task_id)
            found = self._read[task_id] = row, read_brief(self._key, row)
        return found


def _no_id(edit: CreateTask, tasks: Tasks) -> TaskId:
    raise EditRefused(STEERABLE.refusals[Verb.CREATE])


def _result_text(result: Any) -> str | None:
    if result is None:
        return None
    return format_text(result if isinstance(result, Mapping) else {"value": result})


def _patched_payload(row: BriefRow, before: Task, after: Task) -> str | None:
    """The payload with what differs; None: nothing of it does. Its other keys keep their places."""
    was = {key: value for key, value in before.metadata.items() if key != RESULT}
    now = {key: value for key, value in after.metadata.items() if key != RESULT}
    texts = (before.subject, before.description) != (after.subject, after.description)
    if was == now and not texts:
        return None
    try:
        payload = parse_text(row.payload)
    except (Unparsable, AttributeError) as error:
        raise UnreadableTask(f"the payload of #{before.id}", str(error)) from error
    keys = read_assignment(payload, {})
    if after.subject != before.subject:
        payload[keys.subject_key] = after.subject
    if after.description != before.description:
        payload[keys.description_key] = after.description
    for key in was.keys() - now.keys():
        del payload[key]
    payload.update({key: value for key, value in now.items() if was.get(key, payload) != value})
    return format_text(payload)

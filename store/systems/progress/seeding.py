"""New tasks of a queue: checked as a whole, then stored all in one transaction or none."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from store.files.sqlite_file import writing
from store.model.errors import InvalidField
from store.systems.progress.schema import BUSY_S

Row = tuple[Any, ...]

DEFAULT_RETRIES = 3
_NOW = "datetime('now')"
_MOST = 2**63 - 1

INSERT_TASK = (
    "INSERT INTO tasks (id, seq, priority, goal, payload, max_retries, parent_task_id, source, "
    f"status, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', {_NOW}, {_NOW})"
)
"""One row of `tasks`: id, seq, priority, goal, payload, max_retries, parent_task_id, source."""
_STEP = "INSERT INTO steps (id, task_id, seq, title, detail) VALUES (?, ?, ?, ?, ?)"
_CHECK = (
    "INSERT INTO sop_checklist (id, task_id, key, description, required, note) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)


def seed_tasks(
    db_path: Path | str, tasks: Sequence[Mapping[str, Any]], *, source: str = "queen_create"
) -> list[str]:
    """Store tasks, all of them or none.

    Args:
        db_path: the database, as `ensure_progress_db` returned it.
        tasks: each with `goal`, and as wanted `id`, `seq`, `priority` (0; higher comes first),
            `payload` (an object is stored as JSON, a text as it is), `max_retries` (3),
            `parent_task_id`, `steps` (each with `title`, `detail`, `seq` from 1) and `sop_items`
            (each with `key`, `description`, `required`, `note`). A parent may come later.
        source: who brought them.

    Returns:
        Their ids, in the order given.

    Raises:
        InvalidField: a `ValueError` that names `task[i]` and the key; nothing was stored.
        LockTimeout, StorageFailure, UnreadableFile: the database cannot be written.
    """
    if not tasks:
        return []
    prepared = _Prepared(source)
    for place, task in enumerate(tasks):
        prepared.add(f"task[{place}]", task)
    path = Path(db_path)
    with writing(path, str(path), timeout_s=BUSY_S) as connection:
        connection.execute("PRAGMA defer_foreign_keys=ON")
        prepared.store(connection)
    return prepared.ids


def enqueue_task(
    db_path: Path | str,
    goal: str,
    *,
    steps: Sequence[Mapping[str, Any]] | None = None,
    sop_items: Sequence[Mapping[str, Any]] | None = None,
    payload: Any = None,
    priority: int = 0,
    parent_task_id: str | None = None,
    source: str = "enqueue_tool",
) -> str:
    """Store one task; its id. Arguments and errors are those of `seed_tasks`."""
    task = {
        "goal": goal,
        "steps": steps,
        "sop_items": sop_items,
        "payload": payload,
        "priority": priority,
        "parent_task_id": parent_task_id,
    }
    return seed_tasks(db_path, [task], source=source)[0]


class _Prepared:
    """The rows of tasks that were checked."""

    def __init__(self, source: str) -> None:
        self.ids: list[str] = []
        self._source = source
        self._known: set[str] = set()
        self._tasks: list[Row] = []
        self._steps: list[Row] = []
        self._checks: list[Row] = []
        self._given: list[tuple[str, str]] = []
        self._parents: list[tuple[str, str]] = []

    def add(self, place: str, task: Mapping[str, Any]) -> None:
        """Check one task, called `place` in what is said of it."""
        if not isinstance(task, Mapping):
            raise InvalidField(place, "must be an object")
        given = _text(place, task, "id")
        task_id = given or str(uuid.uuid4())
        if task_id in self._known:
            raise InvalidField(f"{place}.id", f"{task_id[:80]!r} is given twice")
        if given:
            self._given.append((place, task_id))
        parent = _text(place, task, "parent_task_id")
        if parent is not None:
            self._parents.append((place, parent))
        row = (
            task_id,
            _number(place, task, "seq", None),
            _number(place, task, "priority", 0),
            _text(place, task, "goal", is_required=True),
            _payload(place, task.get("payload")),
            _number(place, task, "max_retries", DEFAULT_RETRIES, least=0),
            parent,
            self._source,
        )
        self._steps.extend(_steps(place, task_id, task.get("steps")))
        self._checks.extend(_checks(place, task_id, task.get("sop_items")))
        self._tasks.append(row)
        self._known.add(task_id)
        self.ids.append(task_id)

    def store(self, connection: sqlite3.Connection) -> None:
        """Insert all rows in the transaction that is open."""
        for place, task_id in self._given:
            if _has_task(connection, task_id):
                raise InvalidField(f"{place}.id", f"{task_id[:80]!r} is taken")
        for place, parent in self._parents:
            if parent not in self._known and not _has_task(connection, parent):
                raise InvalidField(f"{place}.parent_task_id", f"there is no task {parent[:80]!r}")
        connection.executemany(INSERT_TASK, self._tasks)
        connection.executemany(_STEP, self._steps)
        connection.executemany(_CHECK, self._checks)


def _has_task(connection: sqlite3.Connection, task_id: str) -> bool:
    found = connection.execute("SELECT 1 FROM tasks WHERE id = ?", (task_id,))
    return found.fetchone() is not None


def _steps(place: str, task_id: str, steps: Any) -> Iterator[Row]:
    known: set[Any] = set()
    for number, (named, step) in enumerate(_each(place, "steps", steps), 1):
        seq = _number(named, step, "seq", number)
        if seq in known:
            raise InvalidField(f"{named}.seq", f"{seq} is given twice")
        known.add(seq)
        title = _text(named, step, "title", is_required=True)
        yield str(uuid.uuid4()), task_id, seq, title, _text(named, step, "detail")


def _checks(place: str, task_id: str, checks: Any) -> Iterator[Row]:
    known: set[Any] = set()
    for named, check in _each(place, "sop_items", checks):
        key = _text(named, check, "key", is_required=True)
        if key in known:
            raise InvalidField(f"{named}.key", f"{str(key)[:80]!r} is given twice")
        known.add(key)
        description = _text(named, check, "description", is_required=True)
        is_needed = int(check.get("required") is not False and check.get("required") != 0)
        yield str(uuid.uuid4()), task_id, key, description, is_needed, _text(named, check, "note")


def _each(place: str, name: str, values: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if values is None:
        return
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise InvalidField(f"{place}.{name}", "must be a list")
    for number, value in enumerate(values):
        named = f"{place}.{name}[{number}]"
        if not isinstance(value, Mapping):
            raise InvalidField(named, "must be an object")
        yield named, value


def _text(
    place: str, value: Mapping[str, Any], key: str, *, is_required: bool = False
) -> str | None:
    found = value.get(key)
    if found is None and not is_required:
        return None
    if not isinstance(found, str):
        raise InvalidField(f"{place}.{key}", "is missing" if found is None else "must be text")
    if is_required and not found.strip():
        raise InvalidField(f"{place}.{key}", "must not be empty")
    return _storable(f"{place}.{key}", found)


def _storable(named: str, text: str) -> str:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(named, "holds half of a surrogate pair") from error
    return text


def _number(
    place: str, value: Mapping[str, Any], key: str, default: int | None, *, least: int = -_MOST
) -> int | None:
    found = value.get(key)
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, int) or not least <= found <= _MOST:
        raise InvalidField(f"{place}.{key}", "must be a whole number, not too large or small")
    return found


def _payload(place: str, payload: Any) -> str | None:
    named = f"{place}.payload"
    if payload is None:
        return None
    if not isinstance(payload, str):
        try:
            payload = json.dumps(payload, ensure_ascii=False, allow_nan=False)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidField(named, f"cannot be stored as JSON: {error}") from error
    return _storable(named, payload)

"""A queue's rows, whatever the database really holds: columns may be missing, foreign or of any
type, texts may be huge, and tables may be something else altogether.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from store.systems.progress.schema import SCHEMA_VERSION

TEXT_LIMIT = 100_000
"""Characters of one text that are read; what is longer is cut, and not edited."""

Row = tuple[Any, ...]

TASK_COLUMNS = (
    "id",
    "seq",
    "priority",
    "goal",
    "payload",
    "status",
    "worker_id",
    "claim_token",
    "claimed_at",
    "started_at",
    "completed_at",
    "created_at",
    "updated_at",
    "retry_count",
    "max_retries",
    "last_error",
    "parent_task_id",
    "source",
)
STEP_COLUMNS = (
    "task_id",
    "id",
    "seq",
    "title",
    "detail",
    "status",
    "evidence",
    "worker_id",
    "started_at",
    "completed_at",
)
CHECK_COLUMNS = ("task_id", "key", "description", "required", "done_at", "done_by", "note")

_TABLES = {"tasks": TASK_COLUMNS, "steps": STEP_COLUMNS, "sop_checklist": CHECK_COLUMNS}
_NEEDED = ("id", "goal", "status", "claim_token")
_MOST_FOREIGN = 40


@dataclass(frozen=True, slots=True)
class Layout:
    """What a database has of a queue's tables."""

    version: int = 0
    fault: str | None = None
    """Why it is no queue at all."""
    missing: tuple[str, ...] = ()
    """`table.column` of what a queue has and this database does not."""
    foreign: tuple[str, ...] = ()
    """Columns of `tasks` that a queue does not have."""
    present: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def refusal(self) -> str | None:
        """Why it is only read."""
        if self.fault is not None:
            return self.fault
        if self.version > SCHEMA_VERSION:
            known = f"version {self.version}, only {SCHEMA_VERSION} is known"
            return f"the schema of this queue is of a later {known}: it is shown, not changed"
        if self.missing:
            return f"this queue has no {', '.join(self.missing[:3])}: it is shown, not changed"
        return None


@dataclass(frozen=True, slots=True)
class QueueRows:
    """All rows of a queue in one state."""

    layout: Layout
    tasks: Mapping[str, Row] = field(default_factory=dict)
    steps: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    checks: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    nameless: int = 0
    """Tasks without an id that is text."""
    doubled: tuple[str, ...] = ()
    """Ids that stand there more than once."""


def layout_of(connection: sqlite3.Connection) -> Layout:
    """What the database has of a queue's tables. Views and virtual tables do not count."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    tables = {
        name
        for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='table'"
        )
        if not str(sql).upper().startswith("CREATE VIRTUAL")
    }
    present = {
        table: frozenset(
            str(row[1])
            for row in connection.execute("SELECT * FROM pragma_table_info(?)", (table,))
        )
        for table in _TABLES
        if table in tables
    }
    if "tasks" not in present or "sop_checklist" not in present:
        gone = "tasks" if "tasks" not in present else "sop_checklist"
        return Layout(version, f"not a progress queue: there is no table {gone}")
    lacking = [name for name in _NEEDED if name not in present["tasks"]]
    if lacking:
        fault = f"not a progress queue: its tasks have no {', '.join(lacking)}"
        return Layout(version, fault)
    missing = tuple(
        f"{table}.{name}"
        for table, names in _TABLES.items()
        for name in names
        if name not in present.get(table, ())
    )
    foreign = sorted(present["tasks"] - set(TASK_COLUMNS))[:_MOST_FOREIGN]
    return Layout(version, None, missing, tuple(foreign), present)


def read_rows(connection: sqlite3.Connection, layout: Layout | None = None) -> QueueRows:
    """All rows, in the transaction that is open."""
    layout = layout or layout_of(connection)
    if layout.fault is not None:
        return QueueRows(layout)
    tasks: dict[str, Row] = {}
    doubled: dict[str, None] = {}
    nameless = 0
    for row in connection.execute(f"{_select(layout, 'tasks')} ORDER BY rowid"):
        if not isinstance(row[0], str) or not row[0]:
            nameless += 1
            continue
        if row[0] in tasks:
            doubled[row[0]] = None
        tasks[row[0]] = row
    steps = _grouped(connection.execute(f"{_select(layout, 'steps')} ORDER BY seq, rowid"))
    checks = _grouped(connection.execute(f"{_select(layout, 'sop_checklist')} ORDER BY rowid"))
    return QueueRows(layout, tasks, steps, checks, nameless, tuple(doubled))


def read_task(
    connection: sqlite3.Connection, layout: Layout, task_id: str
) -> tuple[Row, tuple[Row, ...], tuple[Row, ...]] | None:
    """The rows of one task: its own, its steps', its checks'."""
    row = connection.execute(f"{_select(layout, 'tasks')} WHERE id = ?", (task_id,)).fetchone()
    if row is None:
        return None
    below = "WHERE task_id = ? ORDER BY"
    steps = connection.execute(f"{_select(layout, 'steps')} {below} seq, rowid", (task_id,))
    checks = connection.execute(f"{_select(layout, 'sop_checklist')} {below} rowid", (task_id,))
    return row, tuple(steps), tuple(checks)


def ids_of(connection: sqlite3.Connection) -> Iterator[str]:
    """The ids of all tasks."""
    for (task_id,) in connection.execute("SELECT id FROM tasks WHERE typeof(id) = 'text'"):
        yield task_id


def _select(layout: Layout, table: str) -> str:
    """All known columns in their order, None for the missing ones, then the foreign ones."""
    present = layout.present.get(table)
    if present is None:
        columns = ", ".join("NULL" for _ in _TABLES[table])
        return f"SELECT {columns} FROM (SELECT NULL AS task_id, 0 AS seq, 0 AS rowid WHERE 0)"
    names = [_bounded(name) if name in present else "NULL" for name in _TABLES[table]]
    if table == "tasks":
        names += [_bounded(name) for name in layout.foreign]
    return f"SELECT {', '.join(names)} FROM {table}"


def _bounded(name: str) -> str:
    quoted = '"' + name.replace('"', '""') + '"'
    cut = f"substr({quoted}, 1, {TEXT_LIMIT + 1})"
    return f"CASE WHEN typeof({quoted}) IN ('text', 'blob') THEN {cut} ELSE {quoted} END"


def _grouped(rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if isinstance(row[0], str):
            found.setdefault(row[0], []).append(row)
    return {task_id: tuple(below) for task_id, below in found.items()}

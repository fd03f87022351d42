"""Rows put in and changed so that nothing is lost unseen: every count is looked at."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from store.model.errors import InvalidField
from store.model.json_kinds import kind_name
from store.systems.blackboard.errors import RowConflict, RowNotFound

_TABLE_OF = {"run": "runs", "workstream": "workstreams", "brief": "briefs", "event": "events"}


def now_text() -> str:
    """This moment as a blackboard stores it: ISO-8601, microseconds, UTC."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_id() -> str:
    return str(uuid.uuid4())


def stored(value: Any, field: str) -> Any:
    """A value as SQLite stores it: the value of an enumeration, and text that is UTF-8.

    Raises:
        InvalidField: it is none of text, whole number and null.
    """
    plain = getattr(value, "value", value)
    if plain is not None and not isinstance(plain, (str, int)):
        raise InvalidField(field, f"{kind_name(plain)}, not a text or a whole number")
    if isinstance(plain, str):
        try:
            plain.encode("utf-8")
        except UnicodeEncodeError as error:
            raise InvalidField(field, "holds half of a surrogate pair") from error
        return str(plain)
    return plain


def insert(
    connection: sqlite3.Connection, kind: str, row: Mapping[str, Any], compared: tuple[str, ...]
) -> bool:
    """Put a row in, under a transaction of the caller's.

    Returns:
        False if the same row is there already: nothing was written.

    Raises:
        RowConflict: its id is taken by a row that differs in one of the columns `compared`.
    """
    table, id_column = _TABLE_OF[kind], f"{kind}_id"
    names = ", ".join(compared)
    found = connection.execute(
        f"SELECT {names} FROM {table} WHERE {id_column} = ?", (row[id_column],)
    ).fetchone()
    if found is not None:
        differing = tuple(
            name for name, theirs in zip(compared, found, strict=True) if theirs != row[name]
        )
        if differing:
            raise RowConflict(kind, row[id_column], differing)
        return False
    marks = ", ".join("?" * len(row))
    statement = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"
    done = connection.execute(statement, tuple(row.values()))
    _expect_one(done.rowcount, kind, row[id_column])
    return True


def update(
    connection: sqlite3.Connection, kind: str, row_id: str, run_id: str, changes: Mapping[str, Any]
) -> None:
    """Change columns of one row of this run, and its `updated_at`.

    Raises:
        RowNotFound: the run has no such row.
    """
    settings = ", ".join(f"{name} = ?" for name in changes)
    done = connection.execute(
        f"UPDATE {_TABLE_OF[kind]} SET {settings}, updated_at = ?"
        f" WHERE {kind}_id = ? AND run_id = ?",
        (*changes.values(), now_text(), row_id, run_id),
    )
    _expect_one(done.rowcount, kind, row_id)


def expect(connection: sqlite3.Connection, kind: str, row_id: str | None, run_id: str) -> None:
    """Raise `RowNotFound` unless the run has that row; no id asks for nothing."""
    if row_id is None:
        return
    found = connection.execute(
        f"SELECT 1 FROM {_TABLE_OF[kind]} WHERE {kind}_id = ? AND run_id = ?", (row_id, run_id)
    ).fetchone()
    if found is None:
        raise RowNotFound(kind, row_id)


def _expect_one(count: int, kind: str, row_id: str) -> None:
    if count != 1:
        raise RowNotFound(kind, row_id)

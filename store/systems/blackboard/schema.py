"""The tables of a blackboard: made once, in one transaction, with the states checked by SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from store.systems.blackboard.errors import NoBlackboard
from store.systems.blackboard.words import (
    BRIEF_STATES,
    EVENT_KINDS,
    RUN_STATES,
    WORKSTREAM_STATES,
)

SCHEMA_VERSION = 1
TABLES = ("runs", "workstreams", "briefs", "events")


def _one_of(column: str, words: Sequence[str], default: str = "") -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"{column} TEXT NOT NULL{default} CHECK ({column} IN ({listed}))"


_PENDING = " DEFAULT 'pending'"


_TIMES = "created_at TEXT NOT NULL, updated_at TEXT NOT NULL"

_STATEMENTS = (
    f"""CREATE TABLE runs (
        run_id TEXT PRIMARY KEY NOT NULL,
        goal TEXT NOT NULL,
        {_one_of("status", RUN_STATES, _PENDING)},
        {_TIMES}
    ) STRICT""",
    f"""CREATE TABLE workstreams (
        workstream_id TEXT PRIMARY KEY NOT NULL,
        run_id TEXT NOT NULL REFERENCES runs(run_id),
        name TEXT NOT NULL,
        tier INTEGER NOT NULL,
        {_one_of("status", WORKSTREAM_STATES, _PENDING)},
        owner_agent_id TEXT,
        {_TIMES}
    ) STRICT""",
    f"""CREATE TABLE briefs (
        brief_id TEXT PRIMARY KEY NOT NULL,
        run_id TEXT NOT NULL REFERENCES runs(run_id),
        parent_brief_id TEXT REFERENCES briefs(brief_id),
        workstream_id TEXT REFERENCES workstreams(workstream_id),
        tier ANY NOT NULL,
        role TEXT NOT NULL,
        {_one_of("status", BRIEF_STATES, _PENDING)},
        payload TEXT NOT NULL,
        result TEXT,
        retry_count INTEGER NOT NULL DEFAULT 0 CHECK (retry_count >= 0),
        {_TIMES},
        CHECK (parent_brief_id IS NOT brief_id)
    ) STRICT""",
    f"""CREATE TABLE events (
        event_id TEXT PRIMARY KEY NOT NULL,
        run_id TEXT NOT NULL REFERENCES runs(run_id),
        brief_id TEXT REFERENCES briefs(brief_id),
        {_one_of("kind", EVENT_KINDS)},
        detail TEXT,
        created_at TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX idx_workstreams_run ON workstreams(run_id, status)",
    "CREATE INDEX idx_briefs_run ON briefs(run_id, status)",
    "CREATE INDEX idx_briefs_parent ON briefs(parent_brief_id)",
    "CREATE INDEX idx_events_run ON events(run_id, created_at)",
    "CREATE INDEX idx_events_brief ON events(brief_id)",
)


def is_blackboard(connection: sqlite3.Connection) -> bool:
    """Whether the database has the tables of one."""
    return set(TABLES) <= _tables(connection)


def make_tables(connection: sqlite3.Connection, path: str) -> None:
    """Make what an empty database lacks, inside a transaction that the caller holds. A database
    that its owner made in its own way is left as it is.

    Raises:
        NoBlackboard: something else lives there, or a newer version made it.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NoBlackboard(f"{path}: its version {version} is newer than {SCHEMA_VERSION}")
    found = _tables(connection)
    if set(TABLES) <= found:
        return
    if found:
        named = ", ".join(sorted(found))
        raise NoBlackboard(f"{path}: no blackboard, it has the tables {named}")
    for statement in _STATEMENTS:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name for (name,) in rows}

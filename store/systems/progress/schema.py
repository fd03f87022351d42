"""The tables of a progress queue, and how a database comes to have them: all in one transaction."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from store.files.sqlite_file import connect, primary_code, stamp_of, writing, writing_failure
from store.model.errors import ColonytopError, StorageFailure

SCHEMA_VERSION = 1
"""What `PRAGMA user_version` says of a database with these tables."""

BUSY_S = 5.0
"""How long a worker's call waits for another writer."""

_VERSION_KEY = "schema_version"
_PAUSE_S = 0.01

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE IF NOT EXISTS tasks (
            id TEXT PRIMARY KEY,
            seq INTEGER,
            priority INTEGER NOT NULL DEFAULT 0,
            goal TEXT NOT NULL,
            payload TEXT,
            status TEXT NOT NULL DEFAULT 'pending',
            worker_id TEXT,
            claim_token TEXT,
            claimed_at TEXT,
            started_at TEXT,
            completed_at TEXT,
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL,
            retry_count INTEGER NOT NULL DEFAULT 0,
            max_retries INTEGER NOT NULL DEFAULT 3,
            last_error TEXT,
            parent_task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL,
            source TEXT
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS steps (
            id TEXT PRIMARY KEY,
            task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,
            seq INTEGER NOT NULL,
            title TEXT NOT NULL,
            detail TEXT,
            status TEXT NOT NULL DEFAULT 'pending',
            evidence TEXT,
            worker_id TEXT,
            started_at TEXT,
            completed_at TEXT,
            UNIQUE (task_id, seq)
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS sop_checklist (
            id TEXT PRIMARY KEY,
            task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            description TEXT NOT NULL,
            required INTEGER NOT NULL DEFAULT 1,
            done_at TEXT,
            done_by TEXT,
            note TEXT,
            UNIQUE (task_id, key)
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS colony_meta (
            key TEXT PRIMARY KEY,
            value TEXT NOT NULL,
            updated_at TEXT NOT NULL
        )
        """,
        """
        CREATE INDEX IF NOT EXISTS idx_tasks_claimable
        ON tasks (status, priority DESC, seq, created_at) WHERE status = 'pending'
        """,
        "CREATE INDEX IF NOT EXISTS idx_tasks_status ON tasks (status, updated_at)",
        "CREATE INDEX IF NOT EXISTS idx_steps_task_seq ON steps (task_id, seq)",
        """
        CREATE INDEX IF NOT EXISTS idx_sop_required_open
        ON sop_checklist (task_id, required, done_at)
        """,
    ),
)
"""The statements that lead from each version to the next, the first from an empty database."""


class SchemaTooNew(ColonytopError):
    """The database was made for a later version of the queue, so it is not touched."""

    kind = "schema_too_new"

    def __init__(self, path: Path, version: int) -> None:
        super().__init__(
            f"{path}: its schema is version {version}, this program knows {SCHEMA_VERSION}"
        )
        self.version = version


def migrate(path: Path, *, timeout_s: float = BUSY_S) -> None:
    """Make the database, or bring it to `SCHEMA_VERSION`; nothing where it is so already.

    A crash or an error leaves the schema as it was.

    Raises:
        SchemaTooNew: it is of a later version.
        LockTimeout, StorageFailure, UnreadableFile: it cannot be written, or is no database.
    """
    if stamp_of(str(path)) is not None:
        version = version_of(path)
        if version > SCHEMA_VERSION:
            raise SchemaTooNew(path, version)
        if version == SCHEMA_VERSION:
            return
    _switch_to_wal(path, timeout_s)
    with writing(path, str(path), timeout_s=timeout_s) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise SchemaTooNew(path, version)
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                connection.execute(statement)
        if version < SCHEMA_VERSION:
            connection.execute(
                "INSERT INTO colony_meta (key, value, updated_at) VALUES (?, ?, datetime('now')) "
                "ON CONFLICT (key) DO UPDATE "
                "SET value = excluded.value, updated_at = excluded.updated_at",
                (_VERSION_KEY, str(SCHEMA_VERSION)),
            )
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION:d}")


def version_of(path: Path) -> int:
    """What a database that is there says of its own version.

    Raises:
        StorageFailure, UnreadableFile: it cannot be opened, or is no database.
    """
    try:
        connection = connect(path, "mode=rw", timeout_s=BUSY_S)
        try:
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise writing_failure(path, str(path), error, BUSY_S) from error


def _switch_to_wal(path: Path, timeout_s: float) -> None:
    """Create the database if need be, with the log that readers need not wait for.

    SQLite does not wait here for others by itself.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            connection = connect(path, "mode=rwc", timeout_s=timeout_s)
            try:
                (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            is_busy = primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if is_busy and time.monotonic() < deadline:
                time.sleep(_PAUSE_S)
                continue
            raise writing_failure(path, str(path), error, timeout_s) from error
        if mode != "wal":
            raise StorageFailure(str(path), f"no write-ahead log here, only {mode!r}")
        return

"""Queues as their owner makes them: its own statements, connections without any care."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE_S

SCHEMA = """
CREATE TABLE tasks (
    id TEXT PRIMARY KEY, seq INTEGER, priority INTEGER NOT NULL DEFAULT 0, goal TEXT NOT NULL,
    payload TEXT, status TEXT NOT NULL DEFAULT 'pending', worker_id TEXT, claim_token TEXT,
    claimed_at TEXT, started_at TEXT, completed_at TEXT, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL, retry_count INTEGER NOT NULL DEFAULT 0,
    max_retries INTEGER NOT NULL DEFAULT 3, last_error TEXT,
    parent_task_id TEXT REFERENCES tasks(id) ON DELETE SET NULL, source TEXT
);
CREATE TABLE steps (
    id TEXT PRIMARY KEY, task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,
    seq INTEGER NOT NULL, title TEXT NOT NULL, detail TEXT,
    status TEXT NOT NULL DEFAULT 'pending', evidence TEXT, worker_id TEXT, started_at TEXT,
    completed_at TEXT, UNIQUE (task_id, seq)
);
CREATE TABLE sop_checklist (
    id TEXT PRIMARY KEY, task_id TEXT NOT NULL REFERENCES tasks(id) ON DELETE CASCADE,
    key TEXT NOT NULL, description TEXT NOT NULL, required INTEGER NOT NULL DEFAULT 1,
    done_at TEXT, done_by TEXT, note TEXT, UNIQUE (task_id, key)
);
CREATE TABLE colony_meta (key TEXT PRIMARY KEY, value TEXT NOT NULL, updated_at TEXT NOT NULL);
PRAGMA user_version = 1;
"""


def database(root: Path, colony: str = "forge") -> Path:
    """Where the queue of a colony lies."""
    return root / "colonies" / colony / "data" / "progress.db"


def make(path: Path, schema: str = SCHEMA, journal: str = "wal") -> Path:
    """A database at a path, with nothing in its tables."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous=OFF")  # no test pulls the plug
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.executescript(schema)
    return path


def run(path: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """One statement of somebody with SQLite's own tool."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        return connection.execute(statement, values).fetchall()


def put_task(path: Path, task_id: str, **columns: Any) -> None:
    """Insert a task, or replace it as a whole."""
    row = {
        "goal": "Write the report",
        "created_at": "2026-04-15T10:00:00.123456+00:00",
        "updated_at": "2026-04-15 10:00:05",
        **columns,
    }
    names = ", ".join(["id", *row])
    marks = ", ".join("?" for _ in range(len(row) + 1))
    run(path, f"INSERT OR REPLACE INTO tasks ({names}) VALUES ({marks})", task_id, *row.values())


def put_step(path: Path, task_id: str, seq: int, title: str, **columns: Any) -> str:
    """Insert a step; its id."""
    row = {"id": f"{task_id}-s{seq}", "task_id": task_id, "seq": seq, "title": title, **columns}
    _insert(path, "steps", row)
    return str(row["id"])


def put_check(path: Path, task_id: str, key: str, **columns: Any) -> None:
    """Insert a check."""
    row = {"id": f"{task_id}-c{key}", "task_id": task_id, "key": key, "description": key, **columns}
    _insert(path, "sop_checklist", row)


def row_of(path: Path, task_id: str) -> dict[str, Any]:
    """The task's row as it is stored."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute("SELECT * FROM tasks WHERE id = ?", (task_id,)).fetchone()
    return dict(found)


def _insert(path: Path, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" for _ in row)
    run(path, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", *row.values())


class Elsewhere:
    """Another process with a connection to a database, which runs what it is told."""

    def __init__(self, path: Path) -> None:
        code = (
            "import sqlite3, sys\n"
            "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
            "for line in sys.stdin:\n"
            "    print(repr(connection.execute(line).fetchall()), flush=True)\n"
            "connection.close()\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid

    def run(self, statement: str) -> str:
        """The rows, as Python spells them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(statement.split()) + "\n")
        self._process.stdin.flush()
        said = self._process.stdout.readline()
        assert said, "the other process has ended"
        return said.strip()

    def close(self) -> None:
        """End as a program does that closes its connection."""
        self._process.communicate(timeout=PATIENCE_S)

    def kill(self) -> None:
        """End without closing anything."""
        self._process.kill()
        self._process.communicate(timeout=PATIENCE_S)


@contextmanager
def elsewhere(path: Path) -> Iterator[Elsewhere]:
    """Another process, while the block lasts."""
    other = Elsewhere(path)
    try:
        yield other
    finally:
        other.close()

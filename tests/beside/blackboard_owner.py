"""The tool that owns blackboards, made again from its description; no code of the store.

One connection and one thread lock, deferred transactions, SQLite's usual 5 s of waiting; foreign
keys declared and never switched on; `INSERT OR IGNORE`; states checked here and not by the tables.

`python -m tests.beside.blackboard_owner DATABASE NAME COUNT` spawns, begins and ends COUNT briefs.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PAUSE_S = 0.01
"""After each brief: without it two owners leave nobody else a moment, each other neither."""
RUN = "r-1"
SHARED = "shared"
TABLES = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, goal TEXT, status TEXT DEFAULT 'pending', created_at TEXT,
    updated_at TEXT
);
CREATE TABLE IF NOT EXISTS workstreams (
    workstream_id TEXT PRIMARY KEY, run_id TEXT, name TEXT, tier INTEGER,
    status TEXT DEFAULT 'pending', owner_agent_id TEXT, created_at TEXT, updated_at TEXT,
    FOREIGN KEY (run_id) REFERENCES runs(run_id)
);
CREATE TABLE IF NOT EXISTS briefs (
    brief_id TEXT PRIMARY KEY, run_id TEXT, parent_brief_id TEXT, workstream_id TEXT, tier INTEGER,
    role TEXT, status TEXT DEFAULT 'pending', payload TEXT, result TEXT,
    retry_count INTEGER DEFAULT 0, created_at TEXT, updated_at TEXT,
    FOREIGN KEY (run_id) REFERENCES runs(run_id)
);
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, run_id TEXT, brief_id TEXT, kind TEXT, detail TEXT, created_at TEXT,
    FOREIGN KEY (run_id) REFERENCES runs(run_id)
);
"""
BRIEF = (
    "INSERT OR IGNORE INTO briefs (brief_id, run_id, tier, role, payload, created_at, updated_at) "
    "VALUES (?, ?, 2, ?, ?, ?, ?)"
)
EVENT = "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?)"


def moment() -> str:
    return datetime.now(UTC).isoformat()


class Owner:
    """One process' view of a run."""

    def __init__(self, database: Path) -> None:
        database.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(database, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.executescript(TABLES)
        self._lock = threading.Lock()

    def write(self, statement: str, *values: Any) -> None:
        with self._lock:
            self._connection.execute(statement, values)
            self._connection.commit()

    def begin_run(self) -> None:
        now = moment()
        self.write(
            "INSERT OR IGNORE INTO runs VALUES (?, 'Forge the sword', 'active', ?, ?)",
            *(RUN, now, now),
        )

    def spawn(self, brief_id: str, role: str) -> None:
        payload = {"brief_id": brief_id, "title": brief_id, "role": role}
        now = moment()
        self.write(BRIEF, brief_id, RUN, role, json.dumps(payload), now, now)
        self.tell("spawned", brief_id)

    def set_status(self, brief_id: str, status: str) -> None:
        self.write(
            "UPDATE briefs SET status = ?, updated_at = ? WHERE brief_id = ?",
            *(status, moment(), brief_id),
        )

    def set_result(self, brief_id: str, result: dict[str, Any]) -> None:
        self.write(
            "UPDATE briefs SET result = ?, status = 'done', updated_at = ? WHERE brief_id = ?",
            *(json.dumps(result), moment(), brief_id),
        )

    def count_retry(self, brief_id: str) -> None:
        self.write(
            "UPDATE briefs SET retry_count = retry_count + 1, updated_at = ? WHERE brief_id = ?",
            *(moment(), brief_id),
        )

    def tell(self, kind: str, brief_id: str) -> None:
        self.write(EVENT, str(uuid.uuid4()), RUN, brief_id, kind, "{}", moment())

    def close(self) -> None:
        self._connection.close()


def work(owner: Owner, name: str, count: int) -> None:
    """Spawn `count` briefs, end each, and count one more try of the shared one each time."""
    for number in range(count):
        brief = f"{name}-{number}"
        owner.spawn(brief, name)
        owner.set_status(brief, "active")
        owner.count_retry(SHARED)
        if number % 3 == 2:
            owner.set_status(brief, "failed")
            owner.tell("failed", brief)
        else:
            owner.set_result(brief, {"number": number})
            owner.tell("completed", brief)
        time.sleep(PAUSE_S)


def main() -> None:
    database, name, count = sys.argv[1:]
    owner = Owner(Path(database))
    work(owner, name, int(count))
    owner.close()


if __name__ == "__main__":
    main()

"""What is asked of a blackboard to show it; every answer of one run as of one moment."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple

from store.systems.blackboard.record import BriefRow
from store.systems.blackboard.schema import is_blackboard

SHOWN_EVENTS = 300

_BRIEF = """
    SELECT b.brief_id, b.parent_brief_id, b.workstream_id, b.tier, b.role, b.status,
           CASE WHEN length(b.payload) <= 1048576 THEN b.payload END,
           CASE WHEN length(b.result) <= 1048576 THEN b.result
                ELSE 'a result of ' || length(b.result) || ' characters' END,
           b.retry_count, b.created_at, b.updated_at, w.name
      FROM briefs b LEFT JOIN workstreams w ON w.workstream_id = b.workstream_id
     WHERE b.run_id = ?
"""
_FAILURES = """
    SELECT brief_id, detail FROM events WHERE run_id = ? AND kind = 'failed'
     ORDER BY created_at, rowid
"""
_FAILURES_OF_ONE = """
    SELECT brief_id, detail FROM events WHERE run_id = ? AND kind = 'failed' AND brief_id = ?
     ORDER BY created_at, rowid
"""
_RUN = "SELECT goal, status, created_at FROM runs WHERE run_id = ?"
_WORKSTREAMS = """
    SELECT name, tier, status, owner_agent_id FROM workstreams
     WHERE run_id = ? ORDER BY created_at, workstream_id
"""
_EVENTS = """
    SELECT kind, brief_id, detail, created_at FROM events
     WHERE run_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?
"""


class RunRows(NamedTuple):
    """All of a run as of one moment."""

    run: tuple[Any, ...] | None
    """goal, status, created_at; None: it was not created."""
    workstreams: list[tuple[Any, ...]]
    """name, tier, status, owner_agent_id."""
    briefs: list[BriefRow]
    events: list[tuple[Any, ...]]
    """kind, brief_id, detail, created_at; the last ones, the newest first."""


def read_run(connection: sqlite3.Connection, run_id: str) -> RunRows | None:
    """Everything; None: the tables of a blackboard are not there (yet)."""
    if not is_blackboard(connection):
        return None
    failures = dict(connection.execute(_FAILURES, (run_id,)).fetchall())
    briefs = connection.execute(_BRIEF, (run_id,)).fetchall()
    return RunRows(
        connection.execute(_RUN, (run_id,)).fetchone(),
        connection.execute(_WORKSTREAMS, (run_id,)).fetchall(),
        [BriefRow._make((*row, failures.get(row[0]))) for row in briefs],
        connection.execute(_EVENTS, (run_id, SHOWN_EVENTS)).fetchall(),
    )


def read_one(connection: sqlite3.Connection, run_id: str, brief_id: str) -> BriefRow | None:
    """One brief; None: there is none of that id."""
    row = connection.execute(_BRIEF + " AND b.brief_id = ?", (run_id, brief_id)).fetchone()
    if row is None:
        return None
    failures = dict(connection.execute(_FAILURES_OF_ONE, (run_id, brief_id)).fetchall())
    return BriefRow._make((*row, failures.get(row[0])))


def brief_ids(connection: sqlite3.Connection, run_id: str) -> list[str]:
    return [i for (i,) in connection.execute(_IDS, (run_id,))]


_IDS = "SELECT brief_id FROM briefs WHERE run_id = ?"

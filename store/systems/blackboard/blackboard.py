"""A run's blackboard: what its agents agree on, in one SQLite database that all of them write."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from store.files.places import absolute
from store.model.errors import InvalidField, SelfEdge
from store.systems.blackboard.connection import open_run, transaction
from store.systems.blackboard.places import DATABASE, checked_run_id, default_root
from store.systems.blackboard.rows import expect, insert, new_id, now_text, stored, update
from store.systems.blackboard.words import (
    BRIEF_STATES,
    EVENT_KINDS,
    RUN_STATES,
    WORKSTREAM_STATES,
    chosen,
)

_WORKSTREAM = ("run_id", "name", "tier", "owner_agent_id")
_BRIEF = ("run_id", "parent_brief_id", "workstream_id", "tier", "role", "payload")


class Brief(Protocol):
    """What a brief to be created must tell of itself."""

    @property
    def brief_id(self) -> str: ...
    @property
    def parent_brief_id(self) -> str | None: ...
    @property
    def tier(self) -> Any: ...
    @property
    def role(self) -> Any: ...
    @property
    def retry_count(self) -> int: ...
    def to_dict(self) -> Mapping[str, Any]: ...


class Blackboard:
    """One run. Safe to use from several threads, and from several processes that each open it.

    Every call is one transaction: it stands, on disk, when the call returns, or nothing of it does.
    """

    def __init__(
        self, run_id: str, root: str | os.PathLike[str] | None = None, *, wait_s: float = 30.0
    ) -> None:
        """Open the run's database, and make it if it is not there.

        Args:
            run_id: names a directory of its own under the root.
            root: the directory of all runs; by default `$BLACKBOARD_ROOT`, else `runs` in the
                working directory as it is now.
            wait_s: seconds to wait for another writer before `LockTimeout`.

        Raises:
            InvalidListId: the run id could lead out of the root (a `ValueError`).
            NoBlackboard: something else lives in that database.
            StorageFailure: the file system refuses.
        """
        self.run_id = checked_run_id(run_id)
        chosen = default_root(os.environ)[0] if root is None else Path(root)
        self.root = absolute(chosen)  # so that a later change of directory does not move the run
        self.path = self.root / self.run_id / DATABASE
        self._wait_s = wait_s
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = open_run(self.root, self.run_id, wait_s)

    def create_run(self, goal: str) -> None:
        """Say what the run is for. Saying the same again changes nothing.

        Raises:
            RowConflict: the run has another goal already.
        """
        row = self._row(run_id=self.run_id, goal=goal, status=RUN_STATES[0])
        with self._transaction("IMMEDIATE") as connection:
            insert(connection, "run", row, ("goal",))

    def update_run_status(self, status: str) -> None:
        """Set the run's state.

        Raises:
            InvalidField: no run has such a state (a `ValueError` that lists them).
            RowNotFound: the run was not created.
        """
        self._update("run", self.run_id, status=chosen(status, RUN_STATES, "status"))

    def create_workstream(
        self,
        *,
        workstream_id: str | None = None,
        name: str,
        tier: int,
        owner_agent_id: str | None = None,
    ) -> str:
        """Add a workstream; its id. The same again changes nothing.

        Raises:
            RowConflict: the id is taken by another workstream.
            RowNotFound: the run was not created.
        """
        row = self._row(
            workstream_id=workstream_id or new_id(),
            run_id=self.run_id,
            name=name,
            tier=tier,
            status=WORKSTREAM_STATES[0],
            owner_agent_id=owner_agent_id,
        )
        with self._transaction("IMMEDIATE") as connection:
            expect(connection, "run", self.run_id, self.run_id)
            insert(connection, "workstream", row, _WORKSTREAM)
        return str(row["workstream_id"])

    def update_workstream_status(self, workstream_id: str, status: str) -> None:
        """Set a workstream's state; raises as `update_run_status` does."""
        state = chosen(status, WORKSTREAM_STATES, "status")
        self._update("workstream", workstream_id, status=state)

    def create_brief(self, brief: Brief, workstream_id: str | None = None) -> str:
        """Add a brief; its id. The same again changes nothing.

        Raises:
            RowConflict: the id is taken by another brief.
            RowNotFound: the run, the workstream or the parent is not there.
            InvalidField: a value that cannot be stored.
        """
        row = self._row(
            brief_id=brief.brief_id,
            run_id=self.run_id,
            parent_brief_id=brief.parent_brief_id,
            workstream_id=workstream_id,
            tier=brief.tier,
            role=brief.role,
            status=BRIEF_STATES[0],
            payload=_json("payload", dict(brief.to_dict())),
            retry_count=brief.retry_count,
        )
        if row["parent_brief_id"] == row["brief_id"]:
            raise SelfEdge(row["brief_id"])
        with self._transaction("IMMEDIATE") as connection:
            expect(connection, "run", self.run_id, self.run_id)
            expect(connection, "workstream", row["workstream_id"], self.run_id)
            expect(connection, "brief", row["parent_brief_id"], self.run_id)
            insert(connection, "brief", row, _BRIEF)
        return str(row["brief_id"])

    def update_brief_status(self, brief_id: str, status: str) -> None:
        """Set a brief's state; raises as `update_run_status` does."""
        self._update("brief", brief_id, status=chosen(status, BRIEF_STATES, "status"))

    def update_brief_result(self, brief_id: str, result: Mapping[str, Any]) -> None:
        """Store what came of a brief, which is done by that.

        Raises:
            RowNotFound: the run has no such brief.
            InvalidField: JSON cannot hold the result.
        """
        self._update("brief", brief_id, result=_json("result", dict(result)), status="done")

    def increment_brief_retry(self, brief_id: str) -> int:
        """Count one more try of a brief; how many there are now.

        Raises:
            RowNotFound: the run has no such brief.
        """
        with self._transaction("IMMEDIATE") as connection:
            expect(connection, "brief", brief_id, self.run_id)
            (count,) = connection.execute(
                "SELECT retry_count FROM briefs WHERE brief_id = ?", (brief_id,)
            ).fetchone()
            update(connection, "brief", brief_id, self.run_id, {"retry_count": count + 1})
        return int(count) + 1

    def log_event(self, kind: str, brief_id: str | None = None, detail: Any = None) -> str:
        """Record that something happened; the event's id.

        Raises:
            InvalidField: there is no such kind (a `ValueError` that lists them), or JSON cannot
                hold the detail.
            RowNotFound: the run or the brief is not there.
        """
        row = {
            "event_id": new_id(),
            "run_id": self.run_id,
            "brief_id": stored(brief_id, "brief_id"),
            "kind": chosen(kind, EVENT_KINDS, "kind"),
            "detail": None if detail is None else _json("detail", detail),
            "created_at": now_text(),
        }
        with self._transaction("IMMEDIATE") as connection:
            expect(connection, "run", self.run_id, self.run_id)
            expect(connection, "brief", row["brief_id"], self.run_id)
            insert(connection, "event", row, ("run_id",))
        return str(row["event_id"])

    def get_run_summary(self) -> dict[str, Any]:
        """The run's row with counts, all as of one moment: `workstreams` and `briefs` by status,
        `events` by kind; `{"error": …}` where the run was not created.
        """
        with self._transaction("DEFERRED") as connection:
            cursor = connection.execute("SELECT * FROM runs WHERE run_id = ?", (self.run_id,))
            row = cursor.fetchone()
            if row is None:
                return {"error": f"run {self.run_id!r} not found"}
            summary = dict(zip((column[0] for column in cursor.description), row, strict=True))
            for table, column in (
                ("workstreams", "status"),
                ("briefs", "status"),
                ("events", "kind"),
            ):
                summary[table] = dict(
                    connection.execute(
                        f"SELECT {column}, COUNT(*) FROM {table} WHERE run_id = ?"
                        f" GROUP BY {column} ORDER BY {column}",
                        (self.run_id,),
                    ).fetchall()
                )
            return summary

    def close(self) -> None:
        """Let the database go. Closing again does nothing; other calls are refused from now on."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _update(self, kind: str, row_id: str, **changes: Any) -> None:
        with self._transaction("IMMEDIATE") as connection:
            update(connection, kind, row_id, self.run_id, changes)

    def _row(self, **values: Any) -> dict[str, Any]:
        """A new row as it is stored, with its times."""
        now = now_text()
        row = {name: stored(value, name) for name, value in values.items()}
        return {**row, "created_at": now, "updated_at": now}

    @contextmanager
    def _transaction(self, mode: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                raise ValueError(f"the blackboard of run {self.run_id!r} is closed")
            with transaction(self._connection, self.path, mode, self._wait_s):
                yield self._connection


def _json(field: str, value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidField(field, f"JSON cannot hold it: {error}") from error

"""One queue, read again whenever something was committed; tasks that did not change are shared."""

from __future__ import annotations

import sqlite3
import threading
import time
from bisect import bisect_left
from dataclasses import replace
from pathlib import Path

from store.files.sqlite_file import DatabaseBusy, DatabaseGone
from store.files.sqlite_reader import SqliteReader
from store.model.errors import ColonytopError, ListGone
from store.model.reloading import moved_between, reloaded
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, ProblemKind, Task, TaskId, TaskListInfo
from store.systems.progress.places import database_of
from store.systems.progress.reclaiming import STALE_AFTER_MINUTES
from store.systems.progress.record import capabilities_of, task_of
from store.systems.progress.rows import QueueRows, Row, layout_of, read_rows

_QUICK_S = 0.01  # reading so quickly may follow every event
_PAUSE_SHARE = 3  # else it rests so many times as long as it took

Rows = tuple[Row, tuple[Row, ...], tuple[Row, ...]]


class QueueLoader:
    """Reads one queue again and again. Thread-safe; one look at a time."""

    def __init__(self, key: ListKey, colony: Path) -> None:
        self.key = key
        self.colony = colony
        self.path = database_of(colony)
        self.reads = 0
        """How often all rows were read."""
        self._mutex = threading.Lock()
        self._reader = SqliteReader(self.path)
        self._rows: dict[TaskId, Rows] = {}
        self._tasks: dict[TaskId, Task] = {}
        self._info = TaskListInfo(key, str(self.path))
        self._problems: tuple[Problem, ...] = ()
        self._claims: list[float] = []
        """When each claim was made that is still held, oldest first."""
        self._failure: ColonytopError | None = None
        self._is_behind = False
        self._next_read = 0.0
        self._last: TaskList | None = None
        self._listed: tuple[int, tuple[str, ...]] = (-1, ())

    @property
    def is_settled(self) -> bool:
        """False: look again in a moment."""
        return self._reader.is_settled and not self._is_behind

    def load(self, previous: TaskList | None, *, is_hinted: bool = False) -> TaskList:
        """The list as it is now; `previous` itself where nothing moved.

        Args:
            previous: what was loaded before.
            is_hinted: an event asks for it, and may be one of many: reading all rows for each
                takes no more than a part of the time, and what is not read yet is not settled.

        Raises:
            ListGone: the database is not there any more.
            UnreadableFile, DatabaseBusy: it cannot be read now.
        """
        with self._mutex:
            try:
                if self._reader.has_moved() or self._is_behind:
                    self._is_behind = is_hinted and time.monotonic() < self._next_read
                    if not self._is_behind:
                        self._read()
            except DatabaseGone as error:
                raise ListGone(self.key.id, self.key.root) from error
            except DatabaseBusy:
                if previous is None or not self.reads:
                    raise  # else it is shown as it was a moment ago
            except ColonytopError as error:
                self._failure = error
                raise
            if self._failure is not None:
                raise self._failure
            return self._list(previous)

    def close(self) -> None:
        """Let go of the database."""
        self._reader.close()

    def _read(self) -> None:
        started = time.monotonic()
        self._failure = None
        self._take(self._reader.read(_all_rows))
        now = time.monotonic()
        took = now - started
        self._next_read = now + _PAUSE_SHARE * took if took > _QUICK_S else 0.0

    def _take(self, rows: QueueRows) -> None:
        """Make tasks of the rows that are others than before."""
        self.reads += 1
        was, known = self._rows, self._tasks
        is_same_layout = self._info.capabilities == capabilities_of(rows.layout)
        self._rows, self._tasks, claims = {}, {}, []
        for name, row in rows.tasks.items():
            task_id = TaskId(name)
            now = (row, rows.steps.get(name, ()), rows.checks.get(name, ()))
            self._rows[task_id] = now
            if is_same_layout and was.get(task_id) == now:
                task = known[task_id]
            else:
                task = task_of(self.key, *now, rows.layout)
            self._tasks[task_id] = task
            if task.lock is not None and task.lock.at is not None:
                claims.append(task.lock.at)
        self._claims = sorted(claims)
        self._problems = tuple(_problems(rows, str(self.path)))
        self._info = TaskListInfo(
            self.key, str(self.path), capabilities=capabilities_of(rows.layout)
        )

    def _list(self, previous: TaskList | None) -> TaskList:
        info = replace(self._info, notes=self._notes())
        state = (self.reads, info.notes)
        if previous is not None and previous is self._last and state == self._listed:
            return previous
        changed, gone = moved_between(previous.tasks if previous else {}, self._tasks)
        self._last = reloaded(previous, info, changed, gone, problems=self._problems)
        self._listed = state
        return self._last

    def _notes(self) -> tuple[str, ...]:
        left = bisect_left(self._claims, time.time() - STALE_AFTER_MINUTES * 60)
        if not left:
            return ()
        what = "1 claim is" if left == 1 else f"{left} claims are"
        return (
            f"{what} older than {STALE_AFTER_MINUTES} minutes: the next start of the colony, or "
            "`colonytop doctor --repair`, gives such tasks back",
        )


def _all_rows(connection: sqlite3.Connection) -> QueueRows:
    return read_rows(connection, layout_of(connection))


def _problems(rows: QueueRows, path: str) -> list[Problem]:
    found = []
    refusal = rows.layout.refusal
    if refusal is not None:
        found.append(Problem(ProblemKind.UNREADABLE, refusal, path=path))
    if rows.nameless:
        text = f"{rows.nameless} tasks have no id that is text; they are not shown"
        found.append(Problem(ProblemKind.ID_MISMATCH, text, path=path))
    for task_id in rows.doubled[:10]:
        text = f"{task_id[:80]!r} stands there more than once; the last one is shown"
        found.append(Problem(ProblemKind.ID_MISMATCH, text, path=path))
    return found

"""A SQLite database of another tool, read so that nothing is left behind.

A read-only connection to a database in WAL mode still makes `-wal` and `-shm` where
there are none, and as long as it is open the owner cannot clear them away. So:
- no `-wal`: nobody is connected. The file is read as immutable, and read again if it moved.
- `-wal` and `-shm`: somebody is. One read-only connection is kept while there are commits and
  asked for its `data_version`; it is let go when they cease, or nobody else is connected any more.
  If the others could not clear their log away because of it, that is done for them then, as they
  do it themselves: by closing as the last one. (Its index is not mapped for reading only: SQLite
  would then refuse every writer in this process too.)
- `-wal` alone: a crash or a copy left it. A private copy of both is read.
Between looks only the times and sizes of the files are compared, which opens nothing.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from store.files.failures import UnreadableFile
from store.files.sqlite_file import (
    DatabaseBusy,
    Stamps,
    connect,
    primary_code,
    reading_failure,
    stamp_of,
    stamps,
)
from store.files.sqlite_kept import BUSY_S, KeptConnection, clear_log, opened
from store.files.sqlite_locks import is_shared

T = TypeVar("T")

KEPT_S = 2.0
"""After so long without a commit the connection is let go."""

_LONGEST_S = 0.2  # so long it is tried to read what is being written; then it is looked at again,
_LOOKS = 5  # so often in quick succession
_CLEARED_WITHIN_S = 0.5
_PAUSE_S = 0.01


class SqliteReader:
    """Reads one database again and again, and leaves it as it would be without this.

    Thread-safe; never waits long.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._kept: KeptConnection | None = None
        self._finalizer: weakref.finalize[..., SqliteReader] | None = None
        self._seen: Stamps | None = None
        """The stamps as they were before the last read."""
        self._glimpsed: Stamps | None = None
        """The last stamps that were looked at."""
        self._moved_at = 0.0
        self._is_doubtful = False
        """A write in the same tick of the clock as the last read may have gone unnoticed."""
        self._clear_until = 0.0
        """Until then the log is to be cleared, as soon as nobody is connected; 0: it is not."""
        self._misses = 0
        """Reads in a row that found it busy."""

    @property
    def is_settled(self) -> bool:
        """False: look again in a moment, something is being written or may have been."""
        with self._mutex:
            return not self._is_doubtful and not self._clear_until

    def has_moved(self) -> bool:
        """Whether something may have been committed since the last read began.

        Raises:
            DatabaseGone: it is not there.
            UnreadableFile: what stands there is no plain file.
        """
        with self._mutex:
            if self._clear_until and self._kept is None:
                self._clear()
            now = stamps(self.path)
            if self._seen is None:
                return True
            if now != self._glimpsed:
                self._glimpsed, self._moved_at = now, time.monotonic()
                self._is_doubtful = True
            if self._kept is not None:
                return self._has_commits(self._kept, now)
            if now != self._seen:
                return True
            if self._is_doubtful and not now.is_racy:
                self._is_doubtful = False
                return True
            return False

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` makes of one consistent state of the database.

        It may be called more than once. If this raises, `has_moved` says so only after the next
        change, except for `DatabaseBusy`.

        Raises:
            DatabaseGone: it is not there.
            DatabaseBusy: it is being written, at each attempt within a moment.
            UnreadableFile: it is no database, or a damaged one.
        """
        with self._mutex:
            deadline, is_crowded = time.monotonic() + _LONGEST_S, False
            while not is_crowded or time.monotonic() < deadline:
                before = stamps(self.path)
                if self._kept is not None and self._seen and before.main[:2] != self._seen.main[:2]:
                    self._let_go()
                self._seen = self._glimpsed = before
                self._is_doubtful = before.is_racy
                found = self._attempt(query, before, is_crowded)
                if found is not None:
                    self._misses = 0
                    return found[0]
                is_crowded = True
            self._seen = None
            self._misses += 1
            self._is_doubtful = self._misses < _LOOKS
            raise DatabaseBusy(f"{self.path}: is being written, or was left in the middle of it")

    def close(self) -> None:
        """Let go of the connection, if one is kept. It may be used again."""
        with self._mutex:
            self._let_go()

    def _attempt(
        self, query: Callable[[sqlite3.Connection], T], before: Stamps, is_crowded: bool
    ) -> tuple[T] | None:
        """What the query found, if it saw one state of the database.

        `is_crowded`: somebody wrote during the last attempt, so a connection is made in any case.
        """
        try:
            if self._kept is not None or is_crowded or _is_live(self.path, before):
                return (self._read_kept(query, before, is_crowded),)
            if before.wal is not None and before.wal[2] > 0:
                with _private_copy(self.path) as copy, opened(copy, "mode=rw") as connection:
                    found = query(connection)
            else:
                with opened(self.path, "mode=ro&immutable=1") as connection:
                    found = query(connection)
        except sqlite3.Error as error:
            self._let_go()
            if primary_code(error) in _PASSING or stamps(self.path) != before:
                time.sleep(_PAUSE_S)
                return None
            raise reading_failure(self.path, error) from error
        return (found,) if stamps(self.path) == before else None

    def _read_kept(
        self, query: Callable[[sqlite3.Connection], T], before: Stamps, is_crowded: bool
    ) -> T:
        if self._kept is None:
            # asked before: they may close while this one opens
            had_company = is_shared(self.path) or is_crowded
            connection = connect(self.path, "mode=ro", timeout_s=BUSY_S)
            self._kept = kept = KeptConnection(self.path, connection, had_company)
            self._finalizer = weakref.finalize(self, kept.leave)
        found = self._kept.read(query)
        log = stamp_of(f"{self.path}-wal")
        if log != before.wal:  # somebody writes, or cleared the log away just then
            self._kept.had_company = True
        self._moved_at = time.monotonic()
        return found

    def _has_commits(self, kept: KeptConnection, now: Stamps) -> bool:
        seen = self._seen
        try:
            is_same = seen is not None and now.main[:2] == seen.main[:2]
            if not is_same or kept.has_commits():
                return True
        except sqlite3.Error:
            self._let_go()
            return True
        idle_s = time.monotonic() - self._moved_at
        self._is_doubtful = self._is_doubtful and idle_s < KEPT_S / 8
        if not kept.is_in_company() or idle_s >= KEPT_S:
            self._let_go()
            after = stamps(self.path)
            self._seen = now if after == now else None
        return False

    def _let_go(self) -> None:
        self._kept = None
        if self._finalizer is not None:
            is_clear = self._finalizer()
            self._finalizer = None
            self._clear_until = 0.0 if is_clear else time.monotonic() + _CLEARED_WITHIN_S

    def _clear(self) -> None:
        """Make up for a log that was not cleared when the connection was let go: whoever was
        closing just then may have been too late to do it, and too early not to have to.
        """
        is_clear = clear_log(self.path)
        if is_clear or time.monotonic() >= self._clear_until:
            self._clear_until = 0.0


def _is_live(path: Path, seen: Stamps) -> bool:
    """Others may be connected: their lock index, or the journal of a writer, is there."""
    return (seen.wal is not None and stamp_of(f"{path}-shm") is not None) or bool(
        stamp_of(f"{path}-journal")
    )


@contextmanager
def _private_copy(path: Path) -> Iterator[Path]:
    """A copy of a database and its `-wal`, to which no connection can be open."""
    with tempfile.TemporaryDirectory(prefix="colonytop-") as place:
        copy = Path(place) / "copy.db"
        try:
            shutil.copyfile(path, copy)
            shutil.copyfile(f"{path}-wal", f"{copy}-wal")
        except OSError as error:
            raise UnreadableFile(str(path), error.strerror or str(error)) from error
        yield copy


_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,  # the index is being made by a writer
)

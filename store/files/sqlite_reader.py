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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
from store.files.sqlite_locks import is_shared

T = TypeVar("T")

KEPT_S = 2.0
"""After so long without a commit the connection is let go."""

_LONGEST_S = 0.2  # so long it is tried to read what is being written; then it is looked at again,
_LOOKS = 5  # so often in quick succession
_BUSY_S = 0.05
_CLEARED_WITHIN_S = 0.5
_PAUSE_S = 0.01


class SqliteReader:
    """Reads one database again and again. Thread-safe; never writes, creates or waits long."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.RLock()
        self._kept: _Kept | None = None
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
            deadline = time.monotonic() + _LONGEST_S
            while time.monotonic() < deadline:
                before = stamps(self.path)
                if self._kept is not None and self._seen and before.main[:2] != self._seen.main[:2]:
                    self._let_go()
                self._seen = self._glimpsed = before
                self._is_doubtful = before.is_racy
                found = self._attempt(query, before)
                if found is not None:
                    self._misses = 0
                    return found[0]
            self._seen = None
            self._misses += 1
            self._is_doubtful = self._misses < _LOOKS
            raise DatabaseBusy(f"{self.path}: is being written, or was left in the middle of it")

    def close(self) -> None:
        """Let go of the connection, if one is kept. It may be used again."""
        with self._mutex:
            self._let_go()

    def _attempt(self, query: Callable[[sqlite3.Connection], T], before: Stamps) -> tuple[T] | None:
        """What the query found, if it saw one state of the database."""
        try:
            if self._kept is not None or _is_live(self.path, before):
                return (self._read_kept(query, before),)
            if before.wal is not None and before.wal[2] > 0:
                with _private_copy(self.path) as copy, _opened(copy, "mode=rw") as connection:
                    found = query(connection)
            else:
                with _opened(self.path, "mode=ro&immutable=1") as connection:
                    found = query(connection)
        except sqlite3.Error as error:
            self._let_go()
            if primary_code(error) in _PASSING or stamps(self.path) != before:
                time.sleep(_PAUSE_S)
                return None
            raise reading_failure(self.path, error) from error
        return (found,) if stamps(self.path) == before else None

    def _read_kept(self, query: Callable[[sqlite3.Connection], T], before: Stamps) -> T:
        if self._kept is None:
            had_company = is_shared(self.path)  # before: they may close while this one opens
            opened = connect(self.path, "mode=ro", timeout_s=_BUSY_S)
            self._kept = kept = _Kept(self.path, opened, had_company)
            self._finalizer = weakref.finalize(self, kept.leave)
        found = self._kept.read(query)
        log = stamp_of(f"{self.path}-wal")
        if log != before.wal:  # somebody writes, or cleared the log away just then
            self._kept.had_company = True
        self._moved_at = time.monotonic()
        return found

    def _has_commits(self, kept: _Kept, now: Stamps) -> bool:
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
        is_clear = _clear_log(self.path)
        if is_clear or time.monotonic() >= self._clear_until:
            self._clear_until = 0.0


@dataclass
class _Kept:
    """A read-only connection beside those of others."""

    path: Path
    connection: sqlite3.Connection
    had_company: bool
    """Another process was connected at some time."""
    version: int = -1
    """The `data_version` of the state that was read last."""

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What the query makes of one state."""
        self.connection.execute("BEGIN")
        try:
            found = query(self.connection)
            self.version = self._version()
        finally:
            if self.connection.in_transaction:
                self.connection.execute("COMMIT")
        self.is_in_company()
        return found

    def has_commits(self) -> bool:
        """Whether anything was committed since."""
        return self._version() != self.version

    def is_in_company(self) -> bool:
        """Whether another process is connected now."""
        is_shared_now = is_shared(self.path)
        self.had_company = self.had_company or is_shared_now
        return is_shared_now

    def leave(self) -> bool:
        """Close, and leave the files as the others would have left them without this one; False:
        some are connected still.
        """
        self.connection.close()
        return not self.had_company or _clear_log(self.path)

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])


def _clear_log(path: Path) -> bool:
    """Do as the last one to close a database; False: that is another."""
    if is_shared(path):
        return False
    with suppress(sqlite3.Error, UnreadableFile):
        if stamp_of(f"{path}-wal") is not None:
            with _opened(path, "mode=rw") as last:
                last.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return True


def _is_live(path: Path, seen: Stamps) -> bool:
    """Others may be connected: their lock index, or the journal of a writer, is there."""
    return (seen.wal is not None and stamp_of(f"{path}-shm") is not None) or bool(
        stamp_of(f"{path}-journal")
    )


@contextmanager
def _opened(path: Path, options: str) -> Iterator[sqlite3.Connection]:
    connection = connect(path, options, timeout_s=_BUSY_S)
    try:
        yield connection
    finally:
        connection.close()


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

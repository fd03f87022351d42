"""A read-only connection beside those of others, and how to leave without a trace of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from store.files.failures import UnreadableFile
from store.files.sqlite_file import connect, stamp_of
from store.files.sqlite_locks import is_shared

T = TypeVar("T")

BUSY_S = 0.05
"""A reader does not wait longer for a writer; it looks again."""


@dataclass
class KeptConnection:
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
        return not self.had_company or clear_log(self.path)

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA data_version").fetchone()[0])


def clear_log(path: Path) -> bool:
    """Do as the last one to close a database; False: that is another."""
    if is_shared(path):
        return False
    with suppress(sqlite3.Error, UnreadableFile):
        if stamp_of(f"{path}-wal") is not None:
            with opened(path, "mode=rw") as last:
                last.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return True


@contextmanager
def opened(path: Path, options: str) -> Iterator[sqlite3.Connection]:
    """A connection for one look."""
    connection = connect(path, options, timeout_s=BUSY_S)
    try:
        yield connection
    finally:
        connection.close()

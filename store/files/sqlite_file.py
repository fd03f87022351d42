"""A SQLite database of another tool: connected to by the owner's rules, and written in one go.

The file is never opened by hand: closing any descriptor of it would take from this process the
locks that SQLite holds on it, and with them the ground from under a writer. For reading see
`sqlite_reader`.
"""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from store.files.failures import UnreadableFile
from store.files.sqlite_locks import write_lock_holder
from store.model.errors import ColonytopError, LockTimeout, StorageFailure

TICK_S = 0.05
"""Two writes within it may leave the same time."""


class Stamps(NamedTuple):
    """Device, inode, size and time of the database and of its `-wal`; None where one is not."""

    main: tuple[int, int, int, int]
    wal: tuple[int, int, int, int] | None

    @property
    def is_racy(self) -> bool:
        """Written just now: the next write may leave the same stamps."""
        newest_s = max(self.main[3], self.wal[3] if self.wal else 0) / 1e9
        return abs(time.time() - newest_s) <= TICK_S


class DatabaseGone(ColonytopError):
    """There is no such file (any more)."""

    kind = "database_gone"


class DatabaseBusy(ColonytopError):
    """The database is being written and cannot be read at this moment."""

    kind = "database_busy"


def stamps(path: Path) -> Stamps:
    """The stamps of a database now; opens nothing.

    Raises:
        DatabaseGone: there is no such file.
        UnreadableFile: it, or its `-wal`, is a link, a pipe or anything but a plain file.
    """
    main = stamp_of(str(path))
    if main is None:
        raise DatabaseGone(f"{path}: is not there")
    return Stamps(main, stamp_of(f"{path}-wal"))


def stamp_of(path: str) -> tuple[int, int, int, int] | None:
    """Device, inode, size and time of a plain file; None where there is none.

    Raises:
        UnreadableFile: something else stands there.
    """
    try:
        found = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise UnreadableFile(path, getattr(error, "strerror", None) or str(error)) from error
    if not stat.S_ISREG(found.st_mode):
        raise UnreadableFile(path, "not a plain file")
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def connect(path: Path, options: str, *, timeout_s: float) -> sqlite3.Connection:
    """A connection in autocommit mode that trusts nothing in the database's own schema.

    Text that is not UTF-8 comes with its broken bytes replaced.
    """
    address = f"file:{quote(os.fsencode(os.path.abspath(path)))}?{options}"
    connection = sqlite3.connect(
        address, uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


@contextmanager
def writing(
    path: Path, name: str, *, timeout_s: float, options: str = "mode=rw"
) -> Iterator[sqlite3.Connection]:
    """One write transaction: committed at the end, rolled back if anything is raised.

    Args:
        path: the database; it is not created.
        name: the list, named in errors.
        timeout_s: how long to wait for another writer.
        options: of the connection.

    Raises:
        LockTimeout: another writer stayed busy for the whole wait.
        StorageFailure, UnreadableFile: it cannot be opened or written.
    """
    stamps(path)
    started = time.monotonic()
    connection: sqlite3.Connection | None = None
    try:
        connection = connect(path, options, timeout_s=timeout_s)
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise writing_failure(path, name, error, time.monotonic() - started) from error
    finally:
        if connection is not None:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
            connection.close()


def reading_failure(path: Path, error: sqlite3.Error) -> ColonytopError:
    """Why a database cannot be read, in words."""
    return UnreadableFile(str(path), _WORDS.get(primary_code(error), str(error)))


def writing_failure(path: Path, name: str, error: sqlite3.Error, waited_s: float) -> ColonytopError:
    """Why a database cannot be written, in words; nothing was changed."""
    if primary_code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LockTimeout(name, waited_s, write_lock_holder(path))
    if primary_code(error) in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return reading_failure(path, error)
    return StorageFailure(str(path), _WORDS.get(primary_code(error), str(error)))


def primary_code(error: sqlite3.Error) -> int:
    """The primary result code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


_WORDS = {
    sqlite3.SQLITE_NOTADB: "not a SQLite database",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened",
    sqlite3.SQLITE_READONLY: "this user may not write there",
    sqlite3.SQLITE_FULL: "no space left on the device; free some and try again",
    sqlite3.SQLITE_IOERR: "the device failed to read or write",
}

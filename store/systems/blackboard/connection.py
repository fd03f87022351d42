"""The connection of a run's own agents: kept open, each call one transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from store.files.failures import storage_failures
from store.files.fs import open_directory
from store.files.sqlite_file import (
    DatabaseGone,
    connect,
    primary_code,
    stamps,
    writing_failure,
)
from store.systems.blackboard.places import DATABASE
from store.systems.blackboard.schema import make_tables

_PAUSE_S = 0.01


def open_run(root: Path, run_id: str, wait_s: float) -> sqlite3.Connection:
    """A connection to the run's database, which is made whole if it is not there.

    Raises:
        NoBlackboard: something else lives there.
        LockTimeout: others kept writing for the whole wait.
        StorageFailure, UnreadableFile: the file system refuses, or a link stands there.
    """
    path = root / run_id / DATABASE
    with storage_failures(path), open_directory(root, (run_id,), create=True):
        with suppress(DatabaseGone):
            stamps(path)
        connection = connect(path, "mode=rwc", timeout_s=wait_s)
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA synchronous=FULL")
        with transaction(connection, path, "IMMEDIATE", wait_s):
            make_tables(connection, str(path))
        _use_wal(connection, path, wait_s)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(
    connection: sqlite3.Connection, path: Path, mode: str, wait_s: float
) -> Iterator[None]:
    """All of it or nothing, as of one moment.

    Args:
        connection: in autocommit mode.
        path: the database, for messages.
        mode: `IMMEDIATE` to write; `DEFERRED` to read.
        wait_s: how long another writer is waited for, for the message.
    """
    started = time.monotonic()
    try:
        connection.execute(f"BEGIN {mode}")
        yield
        connection.execute("COMMIT")
    except sqlite3.Error as error:
        raise writing_failure(path, str(path), error, time.monotonic() - started) from error
    finally:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")


def _use_wal(connection: sqlite3.Connection, path: Path, wait_s: float) -> None:
    """Readers and the writer do not wait for each other. SQLite does not wait for whoever else is
    just switching, so that is tried until it works.
    """
    started = time.monotonic()
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.Error as error:
            waited_s = time.monotonic() - started
            if primary_code(error) != sqlite3.SQLITE_BUSY or waited_s > wait_s:
                raise writing_failure(path, str(path), error, waited_s) from error
            time.sleep(_PAUSE_S)

"""Databases of other tools: nothing is left behind by reading, nothing half done by writing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from store.files import sqlite_reader
from store.files.failures import UnreadableFile
from store.files.sqlite_file import DatabaseBusy, DatabaseGone, writing
from store.files.sqlite_locks import write_lock_holder
from store.files.sqlite_reader import SqliteReader
from store.model.errors import LockTimeout, StorageFailure
from tests.patience import PATIENCE_S, wait_until
from tests.systems.progress.layout import elsewhere, run

TABLE = "CREATE TABLE marks (value)"


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM marks").fetchone()[0])


def seen(path: Path) -> dict[str, tuple[int, int, int]]:
    """Every file beside the database with its inode, size and time. Opens none of them: closing
    one by hand would drop the locks that SQLite holds in this process.
    """
    found = {}
    for file in sorted(path.parent.iterdir()):
        status = file.lstat()
        found[file.name] = (status.st_ino, status.st_size, status.st_mtime_ns)
    return found


def wholly_read(reader: SqliteReader) -> int:
    """Read until nothing more is in doubt."""
    found = reader.read(count)

    def is_settled() -> bool:
        nonlocal found
        if reader.has_moved():
            found = reader.read(count)
        return reader.is_settled

    wait_until(is_settled, "a settled database")
    return found


def insert_then(path: Path, act: Callable[[sqlite3.Connection], object]) -> None:
    """Insert a row, and do something else in the same transaction."""
    with writing(path, "queue:forge", timeout_s=5) as connection:
        connection.execute("INSERT INTO marks VALUES (2)")
        act(connection)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "place" / "it's 100% #1?.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(TABLE)
    return path


@pytest.fixture
def reader(path: Path) -> Iterator[SqliteReader]:
    reader = SqliteReader(path)
    yield reader
    reader.close()


# reading


def test_read_of_a_database_at_rest_leaves_nothing_behind(path: Path, reader: SqliteReader) -> None:
    run(path, "INSERT INTO marks VALUES (1)")
    before = seen(path)
    assert wholly_read(reader) == 1
    assert not reader.has_moved()
    assert seen(path) == before
    assert list(before) == [path.name]


def test_read_beside_a_living_writer_sees_what_is_only_in_the_log(
    path: Path, reader: SqliteReader
) -> None:
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        before = seen(path)
        assert reader.read(count) == 1
        after = seen(path)
        assert list(after) == list(before)
        log = f"{path.name}-wal"
        assert (after[path.name], after[log]) == (before[path.name], before[log])


def test_has_moved_tells_each_commit_of_a_living_writer_and_nothing_else(
    path: Path, reader: SqliteReader
) -> None:
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
        for number in range(2, 30):  # quicker than the clock of the file system ticks
            assert not reader.has_moved()
            other.run(f"INSERT INTO marks VALUES ({number})")
            assert reader.has_moved()
            assert reader.read(count) == number
        other.run("BEGIN IMMEDIATE")
        other.run("INSERT INTO marks VALUES (0)")
        assert not reader.has_moved()
        assert reader.read(count) == 29
        other.run("COMMIT")
        assert reader.has_moved()
        assert reader.read(count) == 30


def test_reader_lets_go_when_commits_cease_so_that_the_writer_cleans_up(
    path: Path, reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_reader, "KEPT_S", 0.0)
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
        assert not reader.has_moved()  # nothing for as long as it is kept: it is let go
    assert list(seen(path)) == [path.name]
    assert reader.has_moved()
    assert wholly_read(reader) == 1
    assert list(seen(path)) == [path.name]


@pytest.mark.parametrize("closes", [True, False])
def test_log_that_writers_could_not_clear_away_because_of_the_reader_is_cleared_for_them(
    path: Path, closes: bool
) -> None:
    reader = SqliteReader(path)
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
    assert f"{path.name}-wal" in seen(path)  # the reader held the log
    if closes:
        reader.close()
    else:
        assert wholly_read(reader) == 1
    assert list(seen(path)) == [path.name]
    assert reader.read(count) == 1
    assert list(seen(path)) == [path.name]


def test_read_that_writers_always_come_between_sees_one_state_all_the_same(
    path: Path, reader: SqliteReader
) -> None:
    written = 0

    def slow_count(connection: sqlite3.Connection) -> tuple[int, int]:
        nonlocal written
        first = count(connection)
        written += 1
        run(path, f"INSERT INTO marks VALUES ({written})")  # comes and goes each time
        return first, count(connection)

    for _ in range(5):
        first, second = reader.read(slow_count)
        assert first == second
        assert reader.has_moved()
    assert wholly_read(reader) == written
    reader.close()


def test_reader_that_lets_go_beside_a_connected_writer_takes_nothing_from_it(path: Path) -> None:
    reader = SqliteReader(path)
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
        before = seen(path)
        reader.close()
        assert seen(path).keys() == before.keys()
        assert seen(path)[f"{path.name}-wal"] == before[f"{path.name}-wal"]
        other.run("INSERT INTO marks VALUES (2)")
        assert reader.read(count) == 2
    reader.close()
    assert run(path, "SELECT count(*) FROM marks") == [(2,)]


def test_has_moved_opens_nothing_while_nothing_moves(path: Path, reader: SqliteReader) -> None:
    """Opening `-wal` as root would tell watchers of a change each time, for ever."""
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
        log = path.with_name(f"{path.name}-wal")
        changed = log.stat().st_ctime_ns
        for _ in range(20):
            assert not reader.has_moved()
        assert log.stat().st_ctime_ns == changed


@pytest.mark.parametrize("has_index", [True, False])
def test_read_of_what_a_killed_writer_left_sees_all_and_leaves_it_so(
    path: Path, reader: SqliteReader, has_index: bool
) -> None:
    code = (
        "import os, signal, sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('INSERT INTO marks VALUES (1)')\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], timeout=PATIENCE_S, check=False)
    assert done.returncode == -signal.SIGKILL
    if not has_index:
        path.with_name(f"{path.name}-shm").unlink()
    before = seen(path)
    assert wholly_read(reader) == 1
    reader.close()
    after = seen(path)
    assert list(after) == list(before)
    for name in (path.name, f"{path.name}-wal"):
        assert after[name] == before[name]


def test_read_while_another_replaces_the_database_sees_the_new_one(
    path: Path, reader: SqliteReader
) -> None:
    assert reader.read(count) == 0
    fresh = path.with_name("fresh.db")
    with closing(sqlite3.connect(fresh)) as connection, connection:
        connection.execute(TABLE)
        connection.execute("INSERT INTO marks VALUES (1)")
    fresh.replace(path)
    assert reader.has_moved()
    assert reader.read(count) == 1


def test_writers_that_come_and_go_within_a_tick_of_the_clock_are_all_seen_in_the_end(
    path: Path, reader: SqliteReader
) -> None:
    for number in range(1, 20):
        run(path, f"INSERT INTO marks VALUES ({number})")
        if reader.has_moved():
            assert reader.read(count) == number
    assert wholly_read(reader) == 19
    assert list(seen(path)) == [path.name]


def test_read_of_a_database_without_a_write_ahead_log_follows_it(
    path: Path, reader: SqliteReader
) -> None:
    run(path, "PRAGMA journal_mode=DELETE")
    assert wholly_read(reader) == 0
    run(path, "INSERT INTO marks VALUES (1)")
    assert reader.has_moved()
    assert wholly_read(reader) == 1
    assert list(seen(path)) == [path.name]


def test_read_while_another_keeps_all_others_out_says_so_and_recovers(
    path: Path, reader: SqliteReader
) -> None:
    run(path, "PRAGMA journal_mode=DELETE")
    with elsewhere(path) as other:
        other.run("BEGIN EXCLUSIVE")
        other.run("INSERT INTO marks VALUES (1)")
        with pytest.raises(DatabaseBusy):
            reader.read(count)
        assert reader.has_moved()
        other.run("COMMIT")
        assert wholly_read(reader) == 1


def test_read_as_a_user_who_may_not_write_leaves_nothing_behind(
    path: Path, reader: SqliteReader
) -> None:
    run(path, "INSERT INTO marks VALUES (1)")
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        assert wholly_read(reader) == 1
        assert list(seen(path)) == [path.name]
    finally:
        path.parent.chmod(0o755)


@pytest.mark.parametrize("content", [b"not a database at all" * 99, b"SQLite format 3\0" * 64])
def test_read_of_what_is_no_database_is_refused_once_until_it_moves(
    path: Path, reader: SqliteReader, content: bytes
) -> None:
    path.write_bytes(content)
    with pytest.raises(UnreadableFile):
        reader.read(count)
    wait_until(lambda: not reader.has_moved() and reader.is_settled, "a look that finds no change")
    assert path.read_bytes() == content


def test_read_of_a_damaged_database_says_so(path: Path, reader: SqliteReader) -> None:
    for number in range(2000):
        if number % 500 == 0:
            run(path, f"INSERT INTO marks VALUES (zeroblob({3000 + number}))")
    whole = path.read_bytes()
    path.write_bytes(whole[:100] + b"\xff" * 4000 + whole[4100:])
    with pytest.raises(UnreadableFile):
        reader.read(count)


def test_read_of_odd_things_is_refused(path: Path, reader: SqliteReader) -> None:
    path.unlink()
    with pytest.raises(DatabaseGone):
        reader.has_moved()
    os.mkfifo(path)
    with pytest.raises(UnreadableFile):
        reader.has_moved()
    path.unlink()
    path.symlink_to(path.parent.parent / "elsewhere.db")
    with pytest.raises(UnreadableFile):
        reader.read(count)


def test_text_that_is_not_utf_8_is_read_with_its_broken_bytes_replaced(
    path: Path, reader: SqliteReader
) -> None:
    run(path, "INSERT INTO marks VALUES (CAST(x'61ff62' AS TEXT))")
    found = reader.read(lambda c: c.execute("SELECT value FROM marks").fetchone())
    assert found == ("a\ufffdb",)


# writing


def test_writing_commits_as_a_whole_and_rolls_back_as_a_whole(
    path: Path, reader: SqliteReader
) -> None:
    with writing(path, "queue:forge", timeout_s=5) as connection:
        connection.execute("INSERT INTO marks VALUES (1)")
    with pytest.raises(ZeroDivisionError):
        insert_then(path, lambda connection: 1 / 0)
    assert run(path, "SELECT value FROM marks") == [(1,)]
    assert wholly_read(reader) == 1


def test_writing_beside_a_reader_of_this_process_succeeds(path: Path, reader: SqliteReader) -> None:
    with elsewhere(path) as other:
        other.run("INSERT INTO marks VALUES (1)")
        assert reader.read(count) == 1
        with writing(path, "queue:forge", timeout_s=5) as connection:
            connection.execute("INSERT INTO marks VALUES (2)")
        assert reader.has_moved()
        assert reader.read(count) == 2
        assert other.run("SELECT count(*) FROM marks") == "[(2,)]"


def test_writing_while_another_process_writes_gives_up_and_names_it(path: Path) -> None:
    with elsewhere(path) as other:
        assert write_lock_holder(path).pid is None
        other.run("BEGIN IMMEDIATE")
        other.run("INSERT INTO marks VALUES (1)")
        assert write_lock_holder(path).pid == other.pid
        with (
            pytest.raises(LockTimeout) as caught,
            writing(path, "queue:forge", timeout_s=0.05) as connection,
        ):
            connection.execute("INSERT INTO marks VALUES (2)")
        assert caught.value.holder.pid == other.pid
        assert caught.value.list_id == "queue:forge"
        other.run("COMMIT")
        assert write_lock_holder(path).pid is None
        with writing(path, "queue:forge", timeout_s=5) as connection:
            assert count(connection) == 1


def test_writing_creates_no_database(path: Path) -> None:
    missing = path.with_name("missing.db")
    with pytest.raises(DatabaseGone), writing(missing, "queue:forge", timeout_s=1):
        pass
    assert not missing.exists()


def test_writing_of_a_wrong_statement_is_a_storage_failure_and_changes_nothing(path: Path) -> None:
    with pytest.raises(StorageFailure):
        insert_then(path, lambda connection: connection.execute("INSERT INTO nowhere VALUES (1)"))
    assert run(path, "SELECT value FROM marks") == []

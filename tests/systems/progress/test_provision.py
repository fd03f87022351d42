"""A colony's queue is made ready: the database, the claims that were left, the workers' files."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import store
from store.systems.progress import schema
from tests.patience import PATIENCE_S
from tests.systems.progress import layout

TABLES = {"tasks", "steps", "sop_checklist", "colony_meta"}
INDEXES = {"idx_tasks_claimable", "idx_tasks_status", "idx_steps_task_seq", "idx_sop_required_open"}


def shape(path: Path) -> list[tuple[str, ...]]:
    """Tables and indexes, as their statements say."""
    return layout.run(path, "SELECT type, name, sql FROM sqlite_master ORDER BY type, name")


@pytest.fixture
def colony(tmp_path: Path) -> Path:
    colony = tmp_path / "colonies" / "forge"
    colony.mkdir(parents=True)
    return colony


def test_ensure_makes_the_whole_schema_and_says_where(colony: Path) -> None:
    path = store.ensure_progress_db(colony)
    assert path == (colony / "data" / "progress.db").resolve()
    names = {row[1] for row in shape(path)}
    assert names >= TABLES | INDEXES
    assert layout.run(path, "PRAGMA user_version") == [(store.SCHEMA_VERSION,)]
    assert layout.run(path, "PRAGMA journal_mode") == [("wal",)]
    version = layout.run(path, "SELECT value FROM colony_meta WHERE key = 'schema_version'")
    assert version == [(str(store.SCHEMA_VERSION),)]
    for table in TABLES:
        found = layout.run(path, "SELECT name FROM pragma_table_info(?)", table)
        made = sqlite3.connect(":memory:")
        made.executescript(layout.SCHEMA)
        wanted = made.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        made.close()
        assert found == wanted


def test_ensure_again_changes_no_byte(colony: Path) -> None:
    worker = colony / "worker.json"
    worker.write_text(json.dumps({"system_prompt": "Work."}))
    path = store.ensure_progress_db(colony)
    before = (path.read_bytes(), worker.read_bytes(), worker.stat().st_ino)
    assert store.ensure_progress_db(colony) == path
    assert (path.read_bytes(), worker.read_bytes(), worker.stat().st_ino) == before


def test_ensure_gives_back_claims_that_were_left(colony: Path) -> None:
    path = store.ensure_progress_db(colony)
    (task_id,) = store.seed_tasks(path, [{"goal": "Dig"}])
    store.claim_next_task(path, "ann")
    layout.run(path, "UPDATE tasks SET claimed_at = datetime('now', '-16 minutes')")
    store.ensure_progress_db(colony)
    assert layout.row_of(path, task_id)["status"] == "pending"


def test_ensure_tells_each_worker_and_nobody_else(colony: Path) -> None:
    worker = colony / "smelter.json"
    text = (
        '{\n "system_prompt": "Be swift.",\n "rate": 1.50,\n "input_data": {"mine": [1.0, 1]}\n}\n'
    )
    worker.write_text(text)
    worker.chmod(0o640)
    others = {
        "metadata.json": '{"system_prompt": "x"}',
        "triggers.json": '{"system_prompt": "x"}',
        "notes.json": '{"no": "prompt"}',
        "list.json": '["system_prompt"]',
        "broken.json": '{"system_prompt": ',
        "worker.txt": '{"system_prompt": "x"}',
    }
    for name, content in others.items():
        (colony / name).write_text(content)
    (colony / "below").mkdir()
    (colony / "below" / "worker.json").write_text('{"system_prompt": "x"}')
    (colony / "link.json").symlink_to(colony / "below" / "worker.json")
    path = store.ensure_progress_db(colony)
    told = json.loads(worker.read_text())
    assert told["input_data"] == {
        "mine": [1.0, 1],
        "db_path": str(path),
        "colony_id": "forge",
        "colony_data_dir": str(path.parent),
    }
    assert list(told) == ["system_prompt", "rate", "input_data"]
    assert '"rate": 1.50' in worker.read_text()
    assert worker.stat().st_mode & 0o777 == 0o640
    assert {name: (colony / name).read_text() for name in others} == others
    assert (colony / "below" / "worker.json").read_text() == '{"system_prompt": "x"}'


def test_ensure_leaves_input_that_is_no_object_and_says_so(
    colony: Path, caplog: pytest.LogCaptureFixture
) -> None:
    worker = colony / "worker.json"
    worker.write_text('{"system_prompt": "x", "input_data": "all of it"}')
    with caplog.at_level(logging.WARNING):
        store.ensure_progress_db(colony)
    assert worker.read_text() == '{"system_prompt": "x", "input_data": "all of it"}'
    assert "worker.json" in caplog.text


def test_ensure_of_a_later_schema_is_refused_and_changes_nothing(colony: Path) -> None:
    path = layout.make(layout.database(colony.parent.parent), "PRAGMA user_version = 2;", "delete")
    before = path.read_bytes()
    with pytest.raises(store.SchemaTooNew):
        store.ensure_progress_db(colony)
    assert path.read_bytes() == before


def test_ensure_finishes_what_a_migration_in_two_parts_left(colony: Path) -> None:
    """The tables are there, the version was never written."""
    half = layout.SCHEMA.replace("PRAGMA user_version = 1;", "")
    path = layout.make(layout.database(colony.parent.parent), half)
    layout.put_task(path, "t-1")
    store.ensure_progress_db(colony)
    assert layout.run(path, "PRAGMA user_version") == [(1,)]
    assert {row[1] for row in shape(path)} >= TABLES | INDEXES
    assert layout.run(path, "SELECT id FROM tasks") == [("t-1",)]


def test_ensure_of_somebody_elses_tables_fails_and_leaves_them(colony: Path) -> None:
    path = layout.make(layout.database(colony.parent.parent), "CREATE TABLE tasks (name);")
    before = shape(path)
    with pytest.raises(store.StorageFailure):
        store.ensure_progress_db(colony)
    assert shape(path) == before
    assert layout.run(path, "PRAGMA user_version") == [(0,)]


def test_migration_that_fails_at_its_last_statement_leaves_the_old_schema(
    colony: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = layout.make(layout.database(colony.parent.parent), "CREATE TABLE mine (value);")
    before = shape(path)
    (statements,) = schema.MIGRATIONS
    monkeypatch.setattr(schema, "MIGRATIONS", ((*statements, "CREATE TABLE mine (twice)"),))
    with pytest.raises(store.StorageFailure):
        store.ensure_progress_db(colony)
    assert shape(path) == before
    assert layout.run(path, "PRAGMA user_version") == [(0,)]


DYING = """
import os, signal, sqlite3, sys
from pathlib import Path
from store.files import sqlite_file
left = int(sys.argv[2])

class Dying(sqlite3.Connection):
    def execute(self, *arguments):
        global left
        if not arguments[0].lstrip().upper().startswith(("PRAGMA TRUSTED", "PRAGMA JOURNAL")):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(*arguments)

connect = sqlite3.connect
sqlite_file.sqlite3.connect = lambda *a, **k: connect(*a, **k, factory=Dying)
from store.systems.progress.schema import migrate
migrate(Path(sys.argv[1]))
"""


@pytest.mark.processes
def test_crash_at_any_statement_of_a_migration_leaves_the_old_schema_or_the_new(
    colony: Path,
) -> None:
    path = layout.make(layout.database(colony.parent.parent), "CREATE TABLE mine (value);")
    old = shape(path)
    kills = 0
    while True:
        done = subprocess.run(
            [sys.executable, "-c", DYING, str(path), str(kills)], timeout=PATIENCE_S, check=False
        )
        (version,) = layout.run(path, "PRAGMA user_version")[0]
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        assert (shape(path), version) == (old, 0)
        kills += 1
    assert kills > 10
    assert version == 1
    assert {row[1] for row in shape(path)} >= TABLES | INDEXES | {"mine"}


def test_several_at_once_make_one_whole_database(colony: Path) -> None:
    found: list[Path] = []
    threads = [
        threading.Thread(target=lambda: found.append(store.ensure_progress_db(colony)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert found == [colony.resolve() / "data" / "progress.db"] * 8
    assert layout.run(found[0], "PRAGMA integrity_check") == [("ok",)]


def test_ensure_all_goes_by_name_and_passes_over_what_fails(
    colony: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = colony.parent
    for name in ("zinc", "ash", "bad"):
        (root / name).mkdir()
    (root / "bad" / "data").write_text("a file where a directory should be")
    (root / "stray.txt").write_text("no colony")
    with caplog.at_level(logging.WARNING):
        paths = store.ensure_all_colony_dbs(root)
    assert [path.parent.parent.name for path in paths] == ["ash", "forge", "zinc"]
    assert "bad" in caplog.text


def test_ensure_all_without_colonies_is_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.ensure_all_colony_dbs(tmp_path / "nowhere") == []
    monkeypatch.setenv("HIVE_HOME", str(tmp_path / "home"))
    assert store.ensure_all_colony_dbs() == []
    (tmp_path / "home" / "colonies" / "forge").mkdir(parents=True)
    (path,) = store.ensure_all_colony_dbs()
    assert path == tmp_path / "home" / "colonies" / "forge" / "data" / "progress.db"


def test_ensure_where_nothing_may_be_written_raises(colony: Path) -> None:
    (colony / "data").write_text("in the way")
    with pytest.raises(store.StorageFailure):
        store.ensure_progress_db(colony)
    (colony / "data").unlink()
    (colony / "data").mkdir()
    (colony / "data" / "progress.db").symlink_to(colony / "elsewhere.db")
    with pytest.raises(store.ColonytopError):
        store.ensure_progress_db(colony)
    assert not (colony / "elsewhere.db").exists()

"""The library: the calls of a run's agents."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from store import Blackboard
from store.model.errors import ColonytopError, InvalidField, InvalidListId, LockTimeout, SelfEdge
from store.systems.blackboard.errors import NoBlackboard, RowConflict, RowNotFound
from store.systems.blackboard.places import DATABASE
from tests.systems.blackboard.spawning import RUN, SpawnedBrief, rows, started


def test_blackboard_that_is_new_is_made_in_wal_mode_with_foreign_keys(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        assert blackboard.path == tmp_path / RUN / DATABASE
        tables = rows(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {name for (name,) in tables} == {"runs", "workstreams", "briefs", "events"}
        assert rows(tmp_path, "PRAGMA journal_mode") == [("wal",)]
        assert rows(tmp_path, "PRAGMA foreign_key_list(briefs)")


def test_root_by_default_is_named_by_the_environment_and_else_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BLACKBOARD_ROOT", raising=False)
    with Blackboard("a") as here:
        assert here.path == tmp_path / "runs" / "a" / DATABASE
    monkeypatch.setenv("BLACKBOARD_ROOT", str(tmp_path / "elsewhere"))
    with Blackboard("a") as there:
        assert there.path == tmp_path / "elsewhere" / "a" / DATABASE


def test_run_keeps_its_place_when_the_working_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Blackboard(RUN, "mine") as blackboard:
        monkeypatch.chdir("/")
        blackboard.create_run("Forge")
    assert rows(tmp_path / "mine", "SELECT goal FROM runs") == [("Forge",)]


@pytest.mark.parametrize(
    "run_id",
    ["", ".", "..", "../out", "a/../../out", "/abs", "a/b", "a\\b", ".hidden", "a..b", "a\0b",
     "x" * 129, "ünder", "a\n"],
)  # fmt: skip
def test_run_id_that_could_leave_the_root_is_refused_and_makes_nothing(
    tmp_path: Path, run_id: str
) -> None:
    root = tmp_path / "root"
    with pytest.raises(ValueError, match="run id") as refused:
        Blackboard(run_id, root)
    assert isinstance(refused.value, InvalidListId)
    assert list(tmp_path.iterdir()) == []


def test_run_directory_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / RUN).symlink_to(outside)
    with pytest.raises(ColonytopError):
        Blackboard(RUN, root)
    assert list(outside.iterdir()) == []


def test_database_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.db"
    outside.write_bytes(b"")
    (tmp_path / RUN).mkdir()
    (tmp_path / RUN / DATABASE).symlink_to(outside)
    with pytest.raises(ColonytopError, match="not a plain file"):
        Blackboard(RUN, tmp_path)
    assert outside.read_bytes() == b""


def test_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / RUN).mkdir()
    with sqlite3.connect(tmp_path / RUN / DATABASE) as other:
        other.execute("CREATE TABLE songs (title TEXT)")
    other.close()
    with pytest.raises(NoBlackboard, match="songs"):
        Blackboard(RUN, tmp_path)
    assert rows(tmp_path, "SELECT name FROM sqlite_master") == [("songs",)]


def test_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    started(tmp_path).close()
    with sqlite3.connect(tmp_path / RUN / DATABASE) as later:
        later.execute("PRAGMA user_version = 9")
    later.close()
    with pytest.raises(NoBlackboard, match="newer"):
        Blackboard(RUN, tmp_path)


def test_run_created_again_changes_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        before = blackboard.get_run_summary()
        blackboard.create_run("Forge the sword")
        assert blackboard.get_run_summary() == before


def test_run_created_again_with_another_goal_is_an_error_and_keeps_the_first(
    tmp_path: Path,
) -> None:
    with started(tmp_path) as blackboard:
        with pytest.raises(RowConflict, match="another goal"):
            blackboard.create_run("Bake bread")
        assert blackboard.get_run_summary()["goal"] == "Forge the sword"


def test_run_status_is_set_and_its_time_moves(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        for state in ("active", "review", "done", "failed", "pending"):
            before = blackboard.get_run_summary()["updated_at"]
            blackboard.update_run_status(state)
            after = blackboard.get_run_summary()
            assert after["status"] == state
            assert after["updated_at"] > before


def test_unknown_state_is_a_value_error_that_lists_the_set(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        stream = blackboard.create_workstream(name="ore", tier=1)
        brief = blackboard.create_brief(SpawnedBrief())
        with pytest.raises(ValueError, match="pending, active, review, done, failed"):
            blackboard.update_run_status("blocked")
        with pytest.raises(ValueError, match="pending, active, blocked, done, failed"):
            blackboard.update_workstream_status(stream, "review")
        with pytest.raises(ValueError, match="pending, active, done, failed"):
            blackboard.update_brief_status(brief, "review")
        with pytest.raises(ValueError, match="spawned, completed, failed, escalated, retried"):
            blackboard.log_event("exploded")


def test_row_that_is_not_there_is_never_changed_in_silence(tmp_path: Path) -> None:
    with Blackboard(RUN, tmp_path) as blackboard:
        calls: tuple[Callable[[], object], ...] = (
            lambda: blackboard.update_run_status("active"),
            lambda: blackboard.create_workstream(name="ore", tier=1),
            lambda: blackboard.create_brief(SpawnedBrief()),
            lambda: blackboard.log_event("spawned"),
        )
        for call in calls:
            with pytest.raises(RowNotFound, match="no run"):
                call()
        blackboard.create_run("Forge")
        more: tuple[Callable[[], object], ...] = (
            lambda: blackboard.update_workstream_status("gone", "active"),
            lambda: blackboard.update_brief_status("gone", "active"),
            lambda: blackboard.update_brief_result("gone", {}),
            lambda: blackboard.increment_brief_retry("gone"),
            lambda: blackboard.log_event("spawned", "gone"),
            lambda: blackboard.create_brief(SpawnedBrief(), "gone"),
            lambda: blackboard.create_brief(SpawnedBrief(parent_brief_id="gone")),
        )
        for call in more:
            with pytest.raises(RowNotFound, match="gone"):
                call()
        assert blackboard.get_run_summary()["briefs"] == {}


def test_workstream_is_stored_and_an_own_id_is_kept(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        chosen = blackboard.create_workstream(
            workstream_id="w-1", name="ore", tier=1, owner_agent_id="ann"
        )
        made = blackboard.create_workstream(name="steel", tier=2)
        blackboard.update_workstream_status(chosen, "blocked")
    assert chosen == "w-1"
    assert rows(
        tmp_path,
        "SELECT workstream_id, run_id, name, tier, status, owner_agent_id"
        " FROM workstreams ORDER BY tier",
    ) == [
        ("w-1", RUN, "ore", 1, "blocked", "ann"),
        (made, RUN, "steel", 2, "pending", None),
    ]


def test_insert_with_a_taken_id_is_the_same_row_or_an_error(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        for _ in range(2):
            assert blackboard.create_workstream(workstream_id="w", name="ore", tier=1) == "w"
        with pytest.raises(RowConflict, match="tier"):
            blackboard.create_workstream(workstream_id="w", name="ore", tier=2)
        brief = SpawnedBrief(brief_id="b")
        for _ in range(2):
            assert blackboard.create_brief(brief, "w") == "b"
        with pytest.raises(RowConflict, match="payload"):
            blackboard.create_brief(SpawnedBrief("Another", brief_id="b"), "w")
        summary = blackboard.get_run_summary()
        assert (summary["workstreams"], summary["briefs"]) == ({"pending": 1}, {"pending": 1})


def test_brief_is_stored_with_its_payload_as_json(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        parent = SpawnedBrief("Lead")
        child = SpawnedBrief(parent_brief_id=parent.brief_id, retry_count=2, more={"ü": [1, None]})
        blackboard.create_brief(parent)
        blackboard.create_brief(child)
    ((parent_id, tier, role, status, payload, retries, created),) = rows(
        tmp_path,
        "SELECT parent_brief_id, tier, role, status, payload, retry_count, created_at"
        f" FROM briefs WHERE brief_id = '{child.brief_id}'",
    )
    assert (parent_id, tier, role, status) == (parent.brief_id, 2, "smelter", "pending")
    assert json.loads(payload) == child.to_dict()
    assert retries == 2
    moment = datetime.fromisoformat(created)
    assert moment.tzinfo == UTC
    assert created == moment.isoformat(timespec="microseconds")


def test_brief_that_is_its_own_parent_is_refused(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard, pytest.raises(SelfEdge):
        blackboard.create_brief(SpawnedBrief(brief_id="b", parent_brief_id="b"))


def test_what_json_or_utf8_cannot_hold_is_refused_with_the_field_named(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        blackboard.create_brief(SpawnedBrief(brief_id="b"))
        with pytest.raises(InvalidField, match="payload"):
            blackboard.create_brief(SpawnedBrief(more={"when": datetime.now(UTC)}))
        with pytest.raises(InvalidField, match="result"):
            blackboard.update_brief_result("b", {"score": float("nan")})
        with pytest.raises(InvalidField, match="name"):
            blackboard.create_workstream(name="\ud800", tier=1)
        assert blackboard.get_run_summary()["briefs"] == {"pending": 1}


def test_result_is_stored_and_sets_done_in_one_change(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        brief = blackboard.create_brief(SpawnedBrief())
        blackboard.update_brief_result(brief, {"iron": 3})
    assert rows(tmp_path, "SELECT status, result FROM briefs") == [("done", '{"iron": 3}')]


def test_retry_is_counted(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        brief = blackboard.create_brief(SpawnedBrief())
        assert [blackboard.increment_brief_retry(brief) for _ in range(3)] == [1, 2, 3]


def test_event_is_stored_with_its_brief_and_detail(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        brief = blackboard.create_brief(SpawnedBrief())
        event = blackboard.log_event("escalated", brief, {"why": "too hot"})
        bare = blackboard.log_event("spawned")
    found = rows(tmp_path, "SELECT event_id, run_id, brief_id, kind, detail FROM events")
    assert sorted(found) == sorted(
        [
            (event, RUN, brief, "escalated", '{"why": "too hot"}'),
            (bare, RUN, None, "spawned", None),
        ]
    )


def test_summary_counts_by_status_and_kind(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        blackboard.create_workstream(name="ore", tier=1)
        for state in ("active", "active", "failed"):
            brief = blackboard.create_brief(SpawnedBrief())
            blackboard.update_brief_status(brief, state)
            blackboard.log_event("spawned", brief)
        summary = blackboard.get_run_summary()
    assert summary["run_id"] == RUN
    assert summary["status"] == "pending"
    assert summary["workstreams"] == {"pending": 1}
    assert summary["briefs"] == {"active": 2, "failed": 1}
    assert summary["events"] == {"spawned": 3}


def test_summary_without_a_run_is_an_error_text(tmp_path: Path) -> None:
    with Blackboard(RUN, tmp_path) as blackboard:
        assert set(blackboard.get_run_summary()) == {"error"}


def test_closed_blackboard_refuses_calls_and_closes_again(tmp_path: Path) -> None:
    blackboard = started(tmp_path)
    blackboard.close()
    blackboard.close()
    with pytest.raises(ValueError, match="closed"):
        blackboard.get_run_summary()


def test_writer_that_stays_busy_ends_in_a_timeout_and_nothing_is_written(tmp_path: Path) -> None:
    started(tmp_path).close()
    other = sqlite3.connect(tmp_path / RUN / DATABASE, isolation_level=None)
    with Blackboard(RUN, tmp_path, wait_s=0.1) as blackboard:
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(LockTimeout) as refused:
                blackboard.update_run_status("active")
            assert refused.value.holder.pid in (os.getpid(), None)
            assert blackboard.get_run_summary()["status"] == "pending"  # readers do not wait
        finally:
            other.execute("ROLLBACK")
            other.close()
        blackboard.update_run_status("active")
        assert blackboard.get_run_summary()["status"] == "active"


def test_database_that_its_owner_made_in_its_own_way_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / RUN).mkdir()
    with sqlite3.connect(tmp_path / RUN / DATABASE) as owner:
        owner.executescript(OWNERS_TABLES)
    owner.close()
    with started(tmp_path) as blackboard:
        brief = blackboard.create_brief(SpawnedBrief())
        blackboard.log_event("spawned", brief)
        assert blackboard.get_run_summary()["briefs"] == {"pending": 1}


OWNERS_TABLES = """
    CREATE TABLE runs (run_id TEXT PRIMARY KEY, goal TEXT NOT NULL, status TEXT DEFAULT 'pending',
        created_at TEXT, updated_at TEXT);
    CREATE TABLE workstreams (workstream_id TEXT PRIMARY KEY, run_id TEXT REFERENCES runs(run_id),
        name TEXT, tier INTEGER, status TEXT DEFAULT 'pending', owner_agent_id TEXT,
        created_at TEXT, updated_at TEXT);
    CREATE TABLE briefs (brief_id TEXT PRIMARY KEY, run_id TEXT REFERENCES runs(run_id),
        parent_brief_id TEXT, workstream_id TEXT, tier INTEGER, role TEXT,
        status TEXT DEFAULT 'pending', payload TEXT, result TEXT, retry_count INTEGER DEFAULT 0,
        created_at TEXT, updated_at TEXT);
    CREATE TABLE events (event_id TEXT PRIMARY KEY, run_id TEXT, brief_id TEXT, kind TEXT,
        detail TEXT, created_at TEXT);
"""

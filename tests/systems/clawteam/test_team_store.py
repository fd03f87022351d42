"""`TeamStore`: the calls that agents know, on files that ClawTeam's own way writes and reads."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import store
from store import (
    ClaimRefused,
    CycleRefused,
    InvalidField,
    InvalidListId,
    LockTimeout,
    SelfEdge,
    TaskNotFound,
    TeamStore,
    UnreadableTask,
)
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM, record
from tests.systems.clawteam.owner import Owner, Status


@pytest.fixture
def team(tmp_path: Path) -> TeamStore:
    return TeamStore(TEAM, root=tmp_path)


@contextmanager
def held_lock(root: Path) -> Iterator[None]:
    """The team's lock is held by somebody else: another open file."""
    place = root / "tasks" / TEAM / ".tasks.lock"
    descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def dead_pid() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_public_names_are_those_of_the_package() -> None:
    assert {"TeamStore", "TeamTask", "TeamStats", "ClaimRefused"} <= set(store.__all__)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../x", "a b", "x" * 200, "é", "a\0"])
def test_team_that_no_team_can_be_called_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidListId):
        TeamStore(name, root=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "A.b_c-9", ".hidden", "..."])
def test_team_by_any_plain_name_has_its_own_directory(tmp_path: Path, name: str) -> None:
    made = TeamStore(name, root=tmp_path).create("S")
    assert [p.name for p in (tmp_path / "tasks").iterdir()] == [name]
    theirs = Owner(tmp_path, name).get(made.id)
    assert theirs is not None
    assert theirs.subject == "S"


def test_reading_a_team_that_is_not_there_makes_nothing(tmp_path: Path, team: TeamStore) -> None:
    assert team.get("0a1b2c3d") is None
    assert team.list_tasks() == []
    assert team.release_stale_locks() == []
    assert team.get_stats().total == 0
    assert list(tmp_path.iterdir()) == []


def test_create_is_seen_by_the_owner_as_it_was_made(tmp_path: Path, team: TeamStore) -> None:
    first = team.create("Mine", "deep", "ann", "urgent", ["later"], metadata={"tier": 2})
    second = team.create("Smelt", blocked_by=[first.id])
    theirs = Owner(tmp_path, TEAM).get(first.id)
    assert theirs is not None
    assert (theirs.description, theirs.owner, theirs.priority, theirs.metadata) == (
        "deep",
        "ann",
        "urgent",
        {"tier": 2},
    )
    assert (theirs.blocks, theirs.status) == (["later"], "pending")
    assert (second.status, second.priority, second.blocked_by) == ("blocked", "medium", (first.id,))
    assert len(first.id) == 8
    assert int(first.id, 16) >= 0
    assert team.get(first.id) == first
    assert layout.read(tmp_path, first.id)["blocks"] == ["later"], "edges are not mirrored"


def test_create_with_a_completed_blocker_starts_free(tmp_path: Path, team: TeamStore) -> None:
    layout.write(tmp_path, record("d0", status="completed"), record("o1"))
    assert team.create("A", blocked_by=["d0"]).status == "pending"
    waiting = team.create("B", blocked_by=["d0", "o1"])
    assert (waiting.status, waiting.blocked_by) == ("blocked", ("o1",))


def test_create_refuses_what_cannot_be_stored(tmp_path: Path, team: TeamStore) -> None:
    with pytest.raises(TaskNotFound):
        team.create("A", blocked_by=["nobody"])
    with pytest.raises(InvalidField):
        team.create("A", priority="someday")
    with pytest.raises(InvalidField):
        team.create("A", metadata={"when": float("nan")})
    assert list(tmp_path.rglob("task-*")) == []


def test_update_changes_what_it_names(team: TeamStore) -> None:
    made = team.create("Mine", owner="ann", metadata={"keep": 1, "null": 2})
    now = team.update(
        made.id,
        owner="",
        subject="Dig",
        description="more",
        priority="low",
        add_blocks=["x", "x"],
        metadata={"null": None, "new": [1]},
    )
    assert (now.owner, now.subject, now.description, now.priority, now.blocks) == (
        "",
        "Dig",
        "more",
        "low",
        ("x",),
    )
    assert now.metadata == {"keep": 1, "null": None, "new": [1]}
    assert now == team.get(made.id)
    assert team.update(made.id) == now


def test_update_of_what_is_not_there_or_cannot_be_read_is_refused(
    tmp_path: Path, team: TeamStore
) -> None:
    layout.put(layout.path(tmp_path, "torn"), '{"id": "torn"')
    with pytest.raises(TaskNotFound):
        team.update("gone", subject="x")
    with pytest.raises(TaskNotFound):
        team.update("../../x", subject="x")
    with pytest.raises(UnreadableTask):
        team.update("torn", subject="x")
    with pytest.raises(InvalidField):
        team.update("gone", status="someday")
    assert layout.path(tmp_path, "torn").read_text() == '{"id": "torn"'
    assert team.get("torn") is None


def test_start_locks_for_the_caller_and_only_once(tmp_path: Path, team: TeamStore) -> None:
    made = team.create("Mine")
    started = team.update(made.id, "in_progress", caller="ann")
    assert (started.status, started.owner, started.locked_by) == ("in_progress", "ann", "ann")
    assert started.locked_at is not None
    assert started.started_at is not None
    again = team.update(made.id, "in_progress", caller="ann")
    assert again.started_at == started.started_at
    before = layout.read(tmp_path, made.id)
    for caller in ("bob", ""):
        with pytest.raises(ClaimRefused) as caught:
            team.update(made.id, "in_progress", caller=caller)
        assert (caught.value.reason, caught.value.by) == ("locked", ("ann",))
    assert layout.read(tmp_path, made.id) == before


def test_forced_start_takes_the_lock_over(team: TeamStore) -> None:
    made = team.create("Mine")
    team.update(made.id, "in_progress", caller="ann")
    taken = team.update(made.id, "in_progress", caller="bob", force=True)
    assert (taken.locked_by, taken.owner) == ("bob", "ann")


def test_start_of_what_a_dead_agent_holds_needs_no_force(tmp_path: Path, team: TeamStore) -> None:
    dead = {"backend": "subprocess", "pid": dead_pid()}
    alive = {"backend": "subprocess", "pid": os.getpid()}
    layout.write_registry(tmp_path, ann=dead, bob=alive)
    held = {"status": "in_progress", "lockedBy": "ann", "lockedAt": layout.CREATED}
    layout.write(tmp_path, record("t1", **held), record("t2", **{**held, "lockedBy": "bob"}))
    assert team.update("t1", "in_progress", caller="cy").locked_by == "cy"
    with pytest.raises(ClaimRefused, match="bob, who is alive"):
        team.update("t2", "in_progress", caller="cy")


@pytest.mark.parametrize("status", ["completed", "pending"])
def test_end_and_return_unlock(team: TeamStore, status: str) -> None:
    made = team.create("Mine")
    team.update(made.id, "in_progress", caller="ann")
    now = team.update(made.id, status, caller="bob")
    assert (now.status, now.locked_by, now.locked_at) == (status, "", None)


def test_task_that_is_held_up_stays_locked_as_its_owner_keeps_it(
    tmp_path: Path, team: TeamStore
) -> None:
    made = team.create("Mine")
    team.update(made.id, "in_progress", caller="ann")
    assert team.update(made.id, "blocked").locked_by == "ann"
    theirs = Owner(tmp_path, TEAM)
    other = theirs.create("Theirs")
    theirs.update(other.id, Status.IN_PROGRESS, caller="ann")
    held = theirs.update(other.id, Status.BLOCKED)
    assert held is not None
    assert held.locked_by == "ann"


def test_completion_frees_exactly_those_that_wait_for_it_alone(
    tmp_path: Path, team: TeamStore
) -> None:
    layout.write(
        tmp_path,
        record("a", status="in_progress", startedAt=layout.CREATED),
        record("b"),
        record("c", status="blocked", blockedBy=["a"]),
        record("d", status="blocked", blockedBy=["a", "b"]),
        record("e", status="in_progress", blockedBy=["a"]),
        record("f", status="blocked", blockedBy=["b"]),
        record("g", subject="torn"),
    )
    layout.path(tmp_path, "g").write_text("{")
    done = team.update("a", "completed")
    assert done.duration_seconds is not None
    stored = {i: layout.read(tmp_path, i) for i in "bcdef"}
    assert {i: (r["status"], r["blockedBy"]) for i, r in stored.items()} == {
        "b": ("pending", []),
        "c": ("pending", []),
        "d": ("blocked", ["b"]),
        "e": ("in_progress", []),
        "f": ("blocked", ["b"]),
    }
    assert stored["b"]["updatedAt"] == stored["f"]["updatedAt"] == layout.CREATED
    assert layout.path(tmp_path, "g").read_text() == "{"


def test_completion_again_frees_who_was_forgotten(tmp_path: Path, team: TeamStore) -> None:
    layout.write(
        tmp_path,
        record("a", status="completed"),
        record("b", status="blocked", blockedBy=["a"]),
    )
    team.update("a", "completed")
    assert layout.read(tmp_path, "b")["status"] == "pending"


def test_reopened_task_blocks_nobody_again(team: TeamStore) -> None:
    first = team.create("A")
    second = team.create("B", blocked_by=[first.id])
    team.update(first.id, "completed")
    team.update(first.id, "pending")
    now = team.get(second.id)
    assert now is not None
    assert (now.status, now.blocked_by) == ("pending", ())


def test_new_blocker_blocks_a_pending_task_and_leaves_a_started_one(team: TeamStore) -> None:
    first, second, third = (team.create(name) for name in "ABC")
    team.update(third.id, "in_progress", caller="ann")
    assert team.update(second.id, add_blocked_by=[first.id]).status == "blocked"
    assert team.update(third.id, add_blocked_by=[first.id]).status == "in_progress"


def test_cycle_is_refused_also_over_a_chain_too_long_to_recurse(
    tmp_path: Path, team: TeamStore
) -> None:
    count = sys.getrecursionlimit() + 500
    chain = [record(f"t{n}", blockedBy=[f"t{n - 1}"] if n else []) for n in range(count)]
    layout.write(tmp_path, *chain)
    with pytest.raises(CycleRefused) as caught:
        team.update("t0", add_blocked_by=[f"t{count - 1}"])
    assert len(set(caught.value.cycle)) == count
    with pytest.raises(SelfEdge):
        team.update("t0", add_blocked_by=["t0"])
    assert layout.read(tmp_path, "t0")["blockedBy"] == []


def test_list_is_filtered_and_ordered(tmp_path: Path, team: TeamStore) -> None:
    old, new = "2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00"
    layout.write(
        tmp_path,
        record("a", priority="low", owner="ann"),
        record("b", priority="urgent", createdAt=new, status="completed"),
        record("c", priority="urgent", createdAt=old),
        record("d", priority="high", owner="ann"),
        record("e", priority="odd"),
    )
    layout.path(tmp_path, "torn").write_text("")

    def ids(**filters: object) -> list[str]:
        return [task.id for task in team.list_tasks(**filters)]  # type: ignore[arg-type]

    assert ids() == ["a", "b", "c", "d", "e"]
    assert ids(sort_by_priority=True) == ["c", "b", "d", "e", "a"]
    assert ids(owner="ann") == ["a", "d"]
    assert ids(status="completed") == ["b"]
    assert ids(priority="urgent", status="pending") == ["c"]


def test_stats_count_and_mean(tmp_path: Path, team: TeamStore) -> None:
    layout.write(
        tmp_path,
        record("a", status="completed", metadata={"duration_seconds": 2}),
        record("b", status="completed", metadata={"duration_seconds": 3.01}),
        record("c", status="completed", metadata={"duration_seconds": "long"}),
        record("d", status="blocked"),
        record("e", status="in_progress"),
        record("f"),
    )
    stats = team.get_stats()
    assert (stats.total, stats.completed, stats.in_progress, stats.pending, stats.blocked) == (
        6,
        3,
        1,
        1,
        1,
    )
    assert (stats.timed_completed, stats.avg_duration_seconds) == (2, 2.5)


def test_stale_locks_are_released_and_those_in_doubt_stay(tmp_path: Path, team: TeamStore) -> None:
    layout.write_registry(
        tmp_path,
        dead={"backend": "subprocess", "pid": dead_pid()},
        alive={"backend": "subprocess", "pid": os.getpid()},
    )
    held = {"status": "in_progress", "lockedAt": layout.CREATED}
    names = ("dead", "alive", "unknown")
    layout.write(tmp_path, *(record(n, **held, lockedBy=n, own={"kept": 1.0}) for n in names))
    assert team.release_stale_locks() == ["dead"]
    freed = layout.read(tmp_path, "dead")
    assert (freed["lockedBy"], freed["lockedAt"], freed["status"]) == ("", "", "in_progress")
    assert freed["own"] == {"kept": 1.0}
    assert layout.read(tmp_path, "alive")["lockedBy"] == "alive"
    assert layout.read(tmp_path, "unknown")["updatedAt"] == layout.CREATED
    assert team.release_stale_locks() == []


def test_change_waits_for_the_owners_lock_and_gives_up(tmp_path: Path, team: TeamStore) -> None:
    made = team.create("A")
    hasty = TeamStore(TEAM, root=tmp_path, lock_timeout_s=0.05)
    before = layout.read(tmp_path, made.id)
    with held_lock(tmp_path):
        for change in (
            lambda: hasty.update(made.id, subject="B"),
            lambda: hasty.create("C"),
            lambda: hasty.release_stale_locks(),
        ):
            with pytest.raises(LockTimeout):
                change()
        assert hasty.get(made.id) == made, "who reads takes no lock"
    assert layout.read(tmp_path, made.id) == before
    assert hasty.update(made.id, subject="B").subject == "B"


def test_unknown_keys_outlive_our_edits(tmp_path: Path, team: TeamStore) -> None:
    layout.write(tmp_path, {"lineage": [1, 1.0, None]} | record("a", x={"y": 2.50}))
    team.update("a", "in_progress", caller="ann")
    team.update("a", "completed")
    found = layout.read(tmp_path, "a")
    assert next(iter(found)) == "lineage"
    assert (found["lineage"], found["x"]) == ([1, 1.0, None], {"y": 2.5})


def test_owner_goes_on_from_what_we_leave(tmp_path: Path, team: TeamStore) -> None:
    theirs = Owner(tmp_path, TEAM)
    first = theirs.create("A")
    second = team.create("B", blocked_by=[first.id])
    third = theirs.create("C", [second.id])
    assert theirs.update(first.id, Status.COMPLETED) is not None
    now = team.update(second.id, "in_progress", caller="ann")
    assert now.blocked_by == ()
    team.update(second.id, "completed")
    ended = theirs.get(third.id)
    assert ended is not None
    assert (ended.status, ended.blocked_by) == (Status.PENDING, [])

"""ClawTeam as a system: what is found, what a list says beside its tasks, edits and repairs."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from store.model.edits import (
    BatchRefused,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    Tick,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    EditRefused,
    InvalidField,
    InvalidListId,
    ListGone,
    StaleEdit,
    StorageFailure,
    UnreadableTask,
)
from store.model.execution import Member, Spent, TaskLock, TickKind
from store.model.inverse import inverse
from store.model.repairs import RepairKind
from store.model.snapshot import TaskList
from store.model.task import (
    ListKey,
    ProblemKind,
    TaskId,
    TaskKey,
    TaskListId,
    TaskStatus,
    Verb,
)
from store.systems.clawteam.adapter import ClawTeamSystem
from store.systems.clawteam.places import default_root, team_of
from tests.contract import native
from tests.patience import wait_until
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM, record
from tests.systems.clawteam.owner import Owner
from tests.systems.clawteam.test_team_store import dead_pid, held_lock

HELD = {"status": "in_progress", "lockedAt": layout.CREATED}


@pytest.fixture
def system() -> ClawTeamSystem:
    return ClawTeamSystem()


def key_of(root: Path, team: str = TEAM) -> ListKey:
    return ListKey("clawteam", str(root), TaskListId(f"team:{team}"))


def task_key(root: Path, task_id: str) -> TaskKey:
    return TaskKey(key_of(root), TaskId(task_id))


def load(root: Path, system: ClawTeamSystem | None = None) -> TaskList:
    return (system or ClawTeamSystem()).load(key_of(root))


def kinds(task_list: TaskList) -> list[tuple[ProblemKind, str | None]]:
    return sorted((p.kind, p.task) for p in task_list.problems)


# places


def test_default_root_is_what_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_root({"CLAWTEAM_DATA_DIR": "/x/y"}) == (Path("/x/y"), "$CLAWTEAM_DATA_DIR")
    assert default_root({}) == (tmp_path / ".clawteam", "default ~/.clawteam")
    layout.put(tmp_path / ".clawteam" / "config.json", '{"data_dir": "~/data"}')
    found = default_root({"CLAWTEAM_DATA_DIR": ""})
    assert found == (tmp_path / "data", "data_dir in ~/.clawteam/config.json")
    layout.put(tmp_path / ".clawteam" / "config.json", '{"data_dir": ""')
    assert default_root({})[0] == tmp_path / ".clawteam"


@pytest.mark.parametrize("list_id", ["forge", "team:", "team:..", "team:a/b", "colony:x"])
def test_list_id_that_names_no_team_is_refused(list_id: str) -> None:
    with pytest.raises(InvalidListId):
        team_of(list_id)


# discovery


def test_discover_finds_teams_by_a_task_a_lock_or_their_settings(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a"), team="zinc")
    layout.put(tmp_path / "tasks" / "ash" / ".tasks.lock", "")
    (tmp_path / "tasks" / "empty").mkdir()
    layout.write_team(tmp_path, team="empty")
    layout.write_team(tmp_path, team="no-tasks-yet")
    before = native.tree(tmp_path)
    found = [key.id for key in system.discover(tmp_path)]
    assert found == ["team:ash", "team:empty", "team:no-tasks-yet", "team:zinc"]
    assert native.tree(tmp_path) == before
    assert system.problems(tmp_path) == []


def test_discover_passes_over_what_belongs_to_other_tools(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.put(tmp_path / "tasks" / "session" / "1.json", '{"id": "1"}')
    layout.put(tmp_path / "tasks" / "session" / ".lock", "")
    (tmp_path / "tasks" / "bare").mkdir()
    (tmp_path / "tasks" / "theirs").mkdir()
    layout.put(tmp_path / "teams" / "theirs" / "config.json", '{"createdAt": 1, "members": []}')
    layout.put(tmp_path / "tasks" / "task-a.json", "{}")
    (tmp_path / "tasks" / "link").symlink_to(tmp_path / "tasks" / "session")
    assert list(system.discover(tmp_path)) == []
    assert system.problems(tmp_path) == []


def test_discover_tells_what_it_may_not_enter(tmp_path: Path, system: ClawTeamSystem) -> None:
    elsewhere = tmp_path / "elsewhere"
    layout.write(elsewhere, record("a"))
    root = tmp_path / "root"
    layout.write(root, record("a"), team="b ad")
    (root / "tasks" / "link").symlink_to(elsewhere / "tasks" / TEAM)
    assert list(system.discover(root)) == []
    assert [p.kind for p in system.problems(root)] == [ProblemKind.SKIPPED_DIRECTORY] * 2
    with pytest.raises(ListGone):
        system.load(key_of(root, "link"))
    with pytest.raises(ListGone):
        system.apply(CreateTask(key_of(root, "link"), "x"))


def test_team_without_a_directory_of_tasks_is_an_empty_list_with_members(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write_team(tmp_path, {"name": "ann", "agentType": "x"}, description="Build")
    before = native.tree(tmp_path)
    (key,) = system.discover(tmp_path)
    first = system.load(key)
    assert (dict(first.tasks), first.problems, first.info.goal) == ({}, (), "Build")
    assert first.info.members == (Member("ann", "x", None, None, None),)
    assert first.info.capabilities.refusal(Verb.CREATE) is None
    assert system.load(key, first, quick=True) is first
    assert system.lock_holders([key]) == {}
    assert system.repair(key, dry_run=False).repairs == ()
    assert system.list_above(tmp_path / "teams" / TEAM) == (tmp_path, key.id)
    assert tmp_path / "teams" / TEAM in system.watch_paths(tmp_path)
    assert native.tree(tmp_path) == before


def test_first_task_of_a_team_makes_its_directory_and_its_end_empties_the_list(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write_team(tmp_path, {"name": "ann", "agentType": "x"})
    (key,) = system.discover(tmp_path)
    empty = system.load(key)
    made = system.apply(CreateTask(key, "Dig")).task
    assert made is not None
    (file,) = layout.files(tmp_path)
    assert file == f"task-{made.id}.json"
    filled = system.load(key, empty, quick=True)
    assert [task.subject for task in filled.tasks.values()] == ["Dig"]
    Owner(tmp_path, TEAM).create("Theirs")
    assert len(system.load(key, filled).tasks) == 2
    shutil.rmtree(tmp_path / "tasks")
    assert dict(system.load(key, filled).tasks) == {}


def test_team_without_settings_or_with_those_of_another_tool_is_no_list_without_tasks(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    (tmp_path / "teams" / "young").mkdir(parents=True)
    layout.put(tmp_path / "teams" / "theirs" / "config.json", '{"createdAt": 1, "members": []}')
    layout.write_team(tmp_path, team="taken")
    layout.put(tmp_path / "tasks" / "taken", "a file")
    assert list(system.discover(tmp_path)) == []
    assert tmp_path / "teams" / "young" in system.watch_paths(tmp_path)
    for team in ("young", "theirs", "taken", "nobody"):
        with pytest.raises(ListGone):
            system.apply(CreateTask(key_of(tmp_path, team), "x"))


def test_list_above_knows_every_directory_of_a_team(tmp_path: Path, system: ClawTeamSystem) -> None:
    layout.write(tmp_path, record("a"))
    layout.write_team(tmp_path)
    found = (tmp_path, "team:forge")
    for kind in ("tasks", "teams", "costs"):
        assert system.list_above(tmp_path / kind / TEAM) == found
    for path in (tmp_path, tmp_path / "tasks", tmp_path / "tasks" / "x", tmp_path / "y" / TEAM):
        assert system.list_above(path) is None


def test_paths_of_a_team_lead_to_its_list(tmp_path: Path, system: ClawTeamSystem) -> None:
    layout.write(tmp_path, record("a"))
    layout.write_team(tmp_path)
    layout.write_cost(tmp_path, "1", "ann", 1.0)
    system.discover(tmp_path)
    watched = set(system.watch_paths(tmp_path))
    for kind, name in (
        ("tasks", "task-b.json"),
        ("teams", "config.json"),
        ("teams", "spawn_registry.json"),
        ("costs", "cost-2.json"),
    ):
        assert tmp_path / kind / TEAM in watched
        assert system.list_of_path(tmp_path, tmp_path / kind / TEAM / name) == key_of(tmp_path)
    assert {tmp_path, tmp_path / "tasks", tmp_path / "teams", tmp_path / "costs"} <= watched
    for path in ("tasks/forge", "tasks/new/task-a.json", "inbox/forge/x", "../x"):
        assert system.list_of_path(tmp_path, tmp_path / path) is None


# what a list says beside its tasks


def test_members_are_those_of_the_settings_the_registry_and_the_reports(tmp_path: Path) -> None:
    layout.write(tmp_path, record("a"))
    layout.write_team(
        tmp_path,
        {"name": "lead", "agentType": "leader", "agentId": "a1"},
        {"name": "ann", "agentType": ""},
        {"agentType": "nameless"},
        description="Build the forge",
        budgetCents=500.0,
    )
    layout.write_registry(
        tmp_path,
        lead={"backend": "subprocess", "pid": os.getpid()},
        temp={"backend": "subprocess", "pid": dead_pid()},
    )
    layout.write_cost(tmp_path, "1", "ann", 12.5)
    layout.write_cost(tmp_path, "2", "ann", 25.0)
    layout.write_cost(tmp_path, "3", "gone", 100.0)
    layout.put(tmp_path / "costs" / TEAM / "cost-torn.json", "{")
    layout.put(tmp_path / "costs" / TEAM / "summary.json", "{}")
    info = load(tmp_path).info
    assert info.members == (
        Member("lead", "leader", None, True, None),
        Member("ann", None, None, None, Spent(0.375, 200, 20)),
        Member("temp", None, None, False, None),
        Member("gone", None, None, None, Spent(1.0, 100, 10)),
    )
    assert info.spent == Spent(1.375, 300, 30)
    assert (info.goal, info.role, info.name) == ("Build the forge", "team", TEAM)
    assert info.created_at is not None
    assert info.notes == (
        "$1.38 of a budget of $5.00 is spent",
        "1 cost reports cannot be read and are not counted",
    )


def test_team_that_only_has_tasks_says_nothing_beside_them(tmp_path: Path) -> None:
    layout.write(tmp_path, record("a"))
    info = load(tmp_path).info
    assert (info.members, info.spent, info.goal, info.notes) == ((), None, None, ())


def test_settings_that_cannot_be_read_are_a_problem_and_the_tasks_are_shown(tmp_path: Path) -> None:
    layout.write(tmp_path, record("a"))
    layout.put(tmp_path / "teams" / TEAM / "config.json", "{")
    layout.put(tmp_path / "teams" / TEAM / "spawn_registry.json", "[]")
    found = load(tmp_path)
    assert kinds(found) == [(ProblemKind.BAD_META, None)] * 2
    assert list(found.tasks) == ["a"]


def test_new_report_member_and_registry_are_seen_without_a_change_of_tasks(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a"))
    first = load(tmp_path, system)
    layout.write_team(tmp_path, {"name": "ann", "agentType": "x"})
    layout.write_cost(tmp_path, "1", "ann", 100.0)
    changed = [tmp_path / "costs" / TEAM / "cost-2026-1.json"]
    second = system.load(key_of(tmp_path), first, changed=changed)
    assert second.info.members == (Member("ann", "x", None, None, Spent(1.0, 100, 10)),)
    assert second.tasks is first.tasks
    layout.write_cost(tmp_path, "2", "ann", 50.0)
    third = system.load(key_of(tmp_path), second, quick=True)
    assert third.info.spent == Spent(1.5, 200, 20)
    assert system.load(key_of(tmp_path), third) is third


def test_lock_says_whether_its_holder_is_alive_and_notices_his_end(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    names = ("ann", "bob", "cy")
    layout.write(tmp_path, *(record(n, **HELD, lockedBy=n) for n in names), record("free"))
    layout.write_registry(
        tmp_path,
        ann={"backend": "subprocess", "pid": os.getpid()},
        bob={"backend": "subprocess", "pid": dead_pid()},
    )
    found = load(tmp_path, system)
    live = {i: task.lock and task.lock.is_live for i, task in found.tasks.items()}
    assert live == {"ann": True, "bob": False, "cy": None, "free": None}
    assert kinds(found) == [(ProblemKind.STALE_LOCK, "bob")]
    assert system.load(key_of(tmp_path), found) is found
    layout.write_registry(tmp_path, ann={"backend": "subprocess", "pid": dead_pid()})
    now = system.load(key_of(tmp_path), found, quick=True)
    live = {i: task.lock and task.lock.is_live for i, task in now.tasks.items()}
    assert live == {"ann": False, "bob": None, "cy": None, "free": None}
    assert now.tasks[TaskId("free")] is found.tasks[TaskId("free")]
    assert now.tasks[TaskId("cy")] is found.tasks[TaskId("cy")]


def test_problems_name_what_never_starts(tmp_path: Path) -> None:
    blocked = {"status": "blocked"}
    layout.write(
        tmp_path,
        record("done", status="completed"),
        record("a", **blocked, blockedBy=["done"]),
        record("b", **blocked, blockedBy=["nobody"]),
        record("c", **blocked, blockedBy=["d"]),
        record("d", **blocked, blockedBy=["c"]),
        record("e", status="in_progress", blockedBy=["done"]),
    )
    layout.put(tmp_path / "tasks" / TEAM / "notes.txt", "")
    found = load(tmp_path)
    assert kinds(found) == [
        (ProblemKind.CYCLE, "c"),
        (ProblemKind.DANGLING_EDGE, "a"),
        (ProblemKind.DANGLING_EDGE, "b"),
    ]
    assert found.ignored == 1


def test_capabilities_say_what_cannot_be_done(tmp_path: Path, system: ClawTeamSystem) -> None:
    layout.write(tmp_path, record("a"))
    allowed = load(tmp_path, system).info.capabilities
    assert set(allowed.refusals) == {Verb.DELETE, Verb.RESTORE, Verb.TICK, Verb.RETRIES}
    assert allowed.priorities == ("low", "medium", "high", "urgent")
    before = layout.files(tmp_path)
    a = task_key(tmp_path, "a")
    refused: Sequence[tuple[Edit, type[Exception]]] = (
        (DeleteTask(a), EditRefused),
        (UpdateTask(a, ticks=(Tick(TickKind.STEP, "1"),)), EditRefused),
        (UpdateTask(a, most_attempts=2), EditRefused),
        (UpdateTask(a, active_form="Digging"), InvalidField),
        (CreateTask(key_of(tmp_path), "x", active_form="Digging"), InvalidField),
        (UpdateTask(a, priority="7"), InvalidField),
        (UpdateTask(a, status=TaskStatus.FAILED), InvalidField),
    )
    for edit, error in refused:
        with pytest.raises(error):
            system.apply(edit)
    assert layout.files(tmp_path) == before


def test_team_that_may_not_be_written_is_read_only_and_says_why(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    root = open_to_all / "root"
    layout.write(root, record("a"))
    reason = load(root, system).info.capabilities.refusal(Verb.EDIT)
    assert reason is not None
    with pytest.raises(EditRefused, match="anybody may replace the root"):
        system.apply(UpdateTask(task_key(root, "a"), subject="x"))
    with pytest.raises(EditRefused):
        system.repair(key_of(root), dry_run=False)


# edits


def test_claim_starts_and_locks_and_release_gives_back(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a"))
    claimed = system.apply(ClaimTask(task_key(tmp_path, "a"), "cy"))
    assert {"owner", "status", "lock"} <= set(claimed.changed)
    assert claimed.task is not None
    assert claimed.task.lock is not None
    assert (claimed.task.owner, claimed.task.lock.by) == ("cy", "cy")
    with pytest.raises(ClaimRefused):
        system.apply(ClaimTask(task_key(tmp_path, "a"), "ann"))
    taken = system.apply(ClaimTask(task_key(tmp_path, "a"), "ann", is_forced=True)).task
    assert taken is not None
    assert taken.lock is not None
    assert (taken.owner, taken.lock.by) == ("ann", "ann")
    system.apply(ReleaseTask(task_key(tmp_path, "a")))
    stored = layout.read(tmp_path, "a")
    assert (stored["owner"], stored["lockedBy"], stored["lockedAt"], stored["status"]) == (
        "",
        "",
        "",
        "pending",
    )


def test_claim_of_what_a_dead_agent_holds_is_granted(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a", **HELD, lockedBy="bob", owner="bob"))
    layout.write_registry(tmp_path, bob={"backend": "subprocess", "pid": dead_pid()})
    task = system.apply(ClaimTask(task_key(tmp_path, "a"), "cy")).task
    assert task is not None
    assert task.lock == TaskLock("cy", task.lock.at if task.lock else None)


def test_completion_is_undone_with_the_tasks_that_it_freed(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(
        tmp_path,
        record("a", **HELD, lockedBy="ann", owner="ann", startedAt=layout.CREATED),
        record("b", status="blocked", blockedBy=["a"]),
    )
    done = system.apply(UpdateTask(task_key(tmp_path, "a"), status=TaskStatus.COMPLETED))
    assert [task.id for task in done.others] == ["b"]
    for back in inverse(done):
        system.apply(back)
    again = {i: layout.read(tmp_path, i) for i in "ab"}
    assert (again["a"]["status"], again["a"]["lockedBy"], again["a"]["metadata"]) == (
        "in_progress",
        "ann",
        {},
    )
    assert (again["b"]["status"], again["b"]["blockedBy"]) == ("blocked", ["a"])


def test_unblocking_frees_and_writes_one_side_only(tmp_path: Path, system: ClawTeamSystem) -> None:
    layout.write(
        tmp_path, record("a", blocks=["b"]), record("b", status="blocked", blockedBy=["a"])
    )
    before = layout.path(tmp_path, "a").read_bytes()
    edit = UpdateTask(task_key(tmp_path, "b"), remove_blocked_by=(TaskId("a"),))
    result = system.apply(edit)
    assert result.others == ()
    assert layout.path(tmp_path, "a").read_bytes() == before
    assert (layout.read(tmp_path, "b")["status"], layout.read(tmp_path, "b")["blockedBy"]) == (
        "pending",
        [],
    )


def test_batch_is_one_commit_in_which_later_edits_see_earlier_ones(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a"), record("b"), record("c"))
    a, b, gone = (task_key(tmp_path, i) for i in ("a", "b", "gone"))
    edits: list[Edit] = [
        UpdateTask(b, add_blocked_by=(a.id,)),
        UpdateTask(a, status=TaskStatus.COMPLETED),
        CreateTask(key_of(tmp_path), "New", blocked_by=(b.id,), priority="high"),
        UpdateTask(gone, subject="x"),
    ]
    before = layout.files(tmp_path)
    with pytest.raises(BatchRefused):
        system.apply_all(edits, all_or_none=True)
    assert layout.files(tmp_path) == before
    done = system.apply_all(edits, all_or_none=False)
    assert [failure.edit for failure in done.failures] == edits[3:]
    assert layout.read(tmp_path, "b")["status"] == "pending"
    new = done.results[2].task
    assert new is not None
    assert (layout.read(tmp_path, new.id)["status"], new.priority) == ("blocked", "high")
    assert system.apply_all([], all_or_none=True).results == ()


def test_edit_on_stale_sight_names_priority_and_lock_too(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a", priority="high"))
    edit = UpdateTask(task_key(tmp_path, "a"), priority="low", expected={"priority": "medium"})
    with pytest.raises(StaleEdit):
        system.apply(edit)
    assert layout.read(tmp_path, "a")["priority"] == "high"


def test_edit_of_a_list_that_is_gone_makes_nothing_unless_it_starts_one(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    with pytest.raises(ListGone):
        system.apply(CreateTask(key_of(tmp_path), "x"))
    assert list(tmp_path.iterdir()) == []
    task = system.apply(CreateTask(key_of(tmp_path), "x", starts_list=True)).task
    assert task is not None
    assert list(load(tmp_path, system).tasks) == [task.id]


def test_symlinked_record_and_lock_are_never_written_through(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"id": "a", "subject": "theirs"}')
    root = tmp_path / "root"
    layout.write(root, record("b"))
    layout.path(root, "a").symlink_to(outside)
    assert not load(root, system).tasks[TaskId("a")].is_readable
    with pytest.raises(UnreadableTask, match="symbolic link"):
        system.apply(UpdateTask(task_key(root, "a"), subject="x"))
    lock = root / "tasks" / TEAM / ".tasks.lock"
    lock.unlink()
    lock.symlink_to(outside)
    with pytest.raises(StorageFailure):
        system.apply(UpdateTask(task_key(root, "b"), subject="x"))
    assert outside.read_text() == '{"id": "a", "subject": "theirs"}'
    assert layout.read(root, "b") == record("b")


def test_holder_of_the_lock_is_told(tmp_path: Path, system: ClawTeamSystem) -> None:
    layout.write(tmp_path, record("a"))
    keys = system.discover(tmp_path)
    assert system.lock_holders(keys) == {}
    with held_lock(tmp_path):
        assert system.lock_holders(keys)[key_of(tmp_path)].pid == os.getpid()


# repairs


def test_repair_releases_frees_and_clears_away_and_a_dry_run_only_says_so(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write_registry(tmp_path, bob={"backend": "subprocess", "pid": dead_pid()})
    blocked = {"status": "blocked"}
    layout.write(
        tmp_path,
        record("done", status="completed"),
        record("open"),
        record("a", **HELD, lockedBy="bob", own=1.0),
        record("b", **blocked, blockedBy=["done"]),
        record("c", **blocked, blockedBy=["done", "open"], lockedBy="bob"),
        record("d", **blocked, blockedBy=["nobody"]),
        record("e", **blocked),
        record("f", **HELD, lockedBy="ann"),
    )
    place = tmp_path / "tasks" / TEAM
    names = (".task-a.json.12.0123abcd.ctmp", "task-a-x8_k.tmp", "task-new-x9_k.tmp")
    for name in names:
        (place / name).write_text("{}")
    long_ago = time.time() - 3600
    for name in names[:2]:
        os.utime(place / name, (long_ago, long_ago))
    before = native.tree(tmp_path)
    told = system.repair(key_of(tmp_path), dry_run=True)
    assert native.tree(tmp_path) == before
    made = system.repair(key_of(tmp_path), dry_run=False)
    assert made.repairs == told.repairs
    assert [(r.kind, r.task) for r in made.repairs] == [
        (RepairKind.RELEASE_LOCK, "a"),
        (RepairKind.FREE_TASK, "b"),
        (RepairKind.RELEASE_LOCK, "c"),
        (RepairKind.FREE_TASK, "c"),
        (RepairKind.LEAVE, "d"),
        (RepairKind.LEAVE, "e"),
        (RepairKind.REMOVE_LEFTOVER, None),
        (RepairKind.REMOVE_LEFTOVER, None),
    ]
    stored = {i: layout.read(tmp_path, i) for i in "abcdef"}
    assert {i: (r["status"], r["blockedBy"], r["lockedBy"]) for i, r in stored.items()} == {
        "a": ("in_progress", [], ""),
        "b": ("pending", [], ""),
        "c": ("blocked", ["open"], ""),
        "d": ("blocked", ["nobody"], ""),
        "e": ("blocked", [], ""),
        "f": ("in_progress", [], "ann"),
    }
    assert stored["a"]["own"] == 1.0
    assert [name for name in names if (place / name).exists()] == [names[2]]
    kept = {r.kind for r in system.repair(key_of(tmp_path), dry_run=False).repairs}
    assert kept == {RepairKind.LEAVE}


def test_torn_file_keeps_showing_what_it_held_and_is_told_if_it_stays_so(
    tmp_path: Path, system: ClawTeamSystem
) -> None:
    layout.write(tmp_path, record("a", "Dig"), record("b"))
    first = load(tmp_path, system)
    layout.path(tmp_path, "a").write_text('{"id": "a"')
    second = system.load(key_of(tmp_path), first)
    assert second.tasks[TaskId("a")].subject == "Dig"
    assert not system.is_settled(key_of(tmp_path))
    seen = second

    def is_settled() -> bool:
        nonlocal seen
        seen = system.load(key_of(tmp_path), seen)
        return system.is_settled(key_of(tmp_path))

    wait_until(is_settled, "a verdict on the torn file")
    assert not seen.tasks[TaskId("a")].is_readable

"""Roots, lists and snapshots: what is found, what is shared, what is said of it."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from store.choosing import AmbiguousList
from store.model.edits import CreateTask, UpdateTask
from store.model.errors import EditRefused, ListNotFound, StaleEdit
from store.model.snapshot import ChangeKind, Snapshot, diff
from store.model.task import ListKey, ProblemKind, TaskId, TaskKey, TaskListId
from store.systems.hive.adapter import HiveSystem
from store.workspace import FIRST_PART, RootSpec, Workspace, choose_roots
from tests.contract import native

FORGE = "colony:forge"
MILL = "colony:mill"


def open_workspace(*roots: Path) -> Workspace:
    return Workspace([RootSpec(root, "argument") for root in roots])


def key_of(root: Path, list_id: str = FORGE) -> ListKey:
    return ListKey("hive", str(root), TaskListId(list_id))


# roots


def test_choose_roots_takes_arguments_before_the_environment(tmp_path: Path) -> None:
    environ = {"HIVE_HOME": str(tmp_path / "env")}
    assert choose_roots([tmp_path / "a"], environ) == (RootSpec(tmp_path / "a", "argument"),)
    chosen, *_ = choose_roots([], environ)
    assert (chosen.path, chosen.source) == (tmp_path / "env", "$HIVE_HOME")
    usual, *_ = choose_roots([], {})
    assert (usual.path, usual.source) == (Path.home() / ".hive", "default ~/.hive")
    assert all(spec.is_optional and spec.systems for spec in choose_roots([], {}))


def test_choose_roots_of_one_system_takes_no_other(tmp_path: Path) -> None:
    (only,) = choose_roots([], {}, ["hive"])
    assert "hive" in (only.systems or ())
    (named,) = choose_roots([tmp_path], {}, ["hive"])
    assert named == RootSpec(tmp_path, "argument", frozenset({"hive"}))


def test_roots_given_twice_count_once(hive_root: Path, tmp_path: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    link = tmp_path / "link"
    link.symlink_to(hive_root)
    workspace = open_workspace(hive_root, hive_root / ".", link)
    assert [spec.path for spec in workspace.roots] == [hive_root]
    assert workspace.scan().count() == 1


def test_a_root_that_is_one_list_shows_that_list_and_says_so(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, MILL, native.record(1), native.record(2))
    for given in (
        native.list_directory(hive_root, FORGE),
        native.list_directory(hive_root, FORGE) / "tasks",
    ):
        snapshot = open_workspace(given).scan()
        assert list(snapshot.lists) == [key_of(hive_root)]
        (state,) = snapshot.roots
        assert state.path == str(hive_root)
        assert FORGE in (state.problem or "")


def test_a_root_that_is_no_directory_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    snapshot = open_workspace(tmp_path / "file", tmp_path / "absent").scan()
    assert [(state.exists, state.problem) for state in snapshot.roots] == [
        (False, "not a directory"),
        (False, None),
    ]


def test_a_root_that_is_a_link_is_followed_and_links_below_are_not(
    hive_root: Path, tmp_path: Path
) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    elsewhere = tmp_path / "elsewhere"
    native.write_list(elsewhere, MILL, native.record(1))
    (hive_root / "colonies" / "mill").symlink_to(elsewhere / "colonies" / "mill")
    (hive_root / "colonies" / "loop").symlink_to(hive_root / "colonies")
    link = tmp_path / "link"
    link.symlink_to(hive_root)
    assert [key.id for key in open_workspace(link).scan().lists] == [FORGE]


# scans


def test_scan_of_an_absent_root_is_empty_and_makes_nothing(hive_root: Path) -> None:
    snapshot = open_workspace(hive_root).scan()
    assert snapshot.count() == 0
    assert snapshot.is_complete
    assert not snapshot.roots[0].exists
    assert not hive_root.exists()


def test_reading_changes_nothing_on_disk(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, "release", native.record(1))
    (hive_root / "unscoped" / "drone" / "tasks").mkdir(parents=True)
    before = native.tree(hive_root)
    workspace = open_workspace(hive_root)
    list(workspace.scan_progressively())
    workspace.scan()
    workspace.rescan([hive_root / "colonies" / "new", native.record_path(hive_root, FORGE, 1)])
    workspace.refresh(quick=True)
    assert native.tree(hive_root) == before


def test_scan_without_news_is_the_same_snapshot(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = open_workspace(hive_root)
    snapshot = workspace.scan()
    assert workspace.scan() is snapshot
    assert workspace.rescan([native.record_path(hive_root, FORGE, 1)]) is snapshot
    assert workspace.snapshot is snapshot


def test_rescan_shares_every_list_and_task_that_did_not_move(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    native.write_list(hive_root, MILL, native.record(1))
    workspace = open_workspace(hive_root)
    before = workspace.scan()
    path = native.write_record(hive_root, FORGE, native.record(2, owner="ann"))
    after = workspace.rescan([path])
    forge = key_of(hive_root)
    assert after.number == before.number + 1
    assert after.lists[key_of(hive_root, MILL)] is before.lists[key_of(hive_root, MILL)]
    assert after.lists[forge].tasks[TaskId("1")] is before.lists[forge].tasks[TaskId("1")]
    (change,) = diff(before, after)
    assert (change.task, change.field, change.new) == ("2", "owner", "ann")


def test_tasks_are_in_id_order_however_they_came(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(3), native.record(10_000))
    workspace = open_workspace(hive_root)
    workspace.scan()
    paths = [native.write_record(hive_root, FORGE, native.record(i)) for i in (12_000, 2, 10_001)]
    assert list(workspace.rescan(paths).lists[key_of(hive_root)].tasks) == [
        "2", "3", "10000", "10001", "12000",
    ]  # fmt: skip


def test_rescan_of_an_unknown_path_discovers_its_list(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = open_workspace(hive_root)
    workspace.scan()
    path = native.write_record(hive_root, MILL, native.record(1))
    assert [key.id for key in workspace.rescan([path]).lists] == [FORGE, MILL]


def test_scan_after_a_list_is_removed_drops_it(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, MILL, native.record(1))
    workspace = open_workspace(hive_root)
    before = workspace.scan()
    shutil.rmtree(hive_root / "colonies" / "mill")
    after = workspace.scan()
    assert [change.kind for change in diff(before, after)] == [ChangeKind.LIST_VANISHED]
    assert [key.id for key in after.lists] == [FORGE]


def test_refresh_with_patience_shows_a_list_that_is_gone_as_stale_first(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = open_workspace(hive_root)
    workspace.scan()
    (hive_root / "colonies").rename(hive_root / "away")
    stale = workspace.refresh(patience_s=60).lists[key_of(hive_root)]
    assert stale.is_stale
    assert len(stale.tasks) == 1
    assert ProblemKind.GONE in [p.kind for p in stale.problems]
    (hive_root / "away").rename(hive_root / "colonies")
    back = workspace.refresh(patience_s=60).lists[key_of(hive_root)]
    assert not back.is_stale
    assert back.problems == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_scan_of_a_list_that_cannot_be_read_now_keeps_the_last_view(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = open_workspace(hive_root)
    workspace.scan()
    directory = native.list_directory(hive_root, FORGE) / "tasks"
    directory.chmod(0)
    try:
        shown = workspace.scan().lists[key_of(hive_root)]
    finally:
        directory.chmod(0o700)
    assert shown.is_stale
    assert len(shown.tasks) == 1
    assert not workspace.scan().lists[key_of(hive_root)].is_stale


def test_a_link_in_place_of_the_tasks_keeps_the_last_view(hive_root: Path, tmp_path: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, "Ours"))
    native.write_list(tmp_path / "other", FORGE, native.record(1, "Foreign"))
    workspace = open_workspace(hive_root)
    workspace.scan()
    tasks = native.list_directory(hive_root, FORGE) / "tasks"
    tasks.rename(tmp_path / "away")
    tasks.symlink_to(native.list_directory(tmp_path / "other", FORGE) / "tasks")
    shown = workspace.scan().lists[key_of(hive_root)]
    assert shown.is_stale
    assert [task.subject for task in shown.tasks.values()] == ["Ours"]


def test_scan_reads_only_the_list_whose_directory_was_replaced_anew(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, "Old"), native.record(2))
    workspace = open_workspace(hive_root)
    workspace.scan()
    directory = native.list_directory(hive_root, FORGE)
    (directory / "tasks").rename(directory / "before")
    path = native.write_record(hive_root, FORGE, native.record(1, "New"))
    tasks = workspace.rescan([path]).lists[key_of(hive_root)].tasks
    assert [task.subject for task in tasks.values()] == ["New"]


def test_scan_settles_files_that_stay_unreadable(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    workspace = open_workspace(hive_root)
    workspace.scan()
    path = native.record_path(hive_root, FORGE, 1)
    path.write_bytes(b"{")
    found = workspace.rescan([path]).lists[key_of(hive_root)]
    assert not found.tasks[TaskId("1")].is_readable
    assert workspace.is_settled


def test_scan_progressively_shows_the_first_part_early(hive_root: Path) -> None:
    count = FIRST_PART + 200
    directory = native.list_directory(hive_root, FORGE) / "tasks"
    directory.mkdir(parents=True)
    for number in range(1, count + 1):
        blocked = f"[{number - 1}]" if number > 1 else "[]"
        blocks = f"[{number + 1}]" if number < count else "[]"
        (directory / f"{number:04d}.json").write_text(
            f'{{"id": {number}, "subject": "x", "blocks": {blocks}, "blocked_by": {blocked}}}'
        )
    (directory.parent / ".highwatermark").write_text(str(count))
    workspace = open_workspace(hive_root)
    seen = [(s.count(), s.is_complete) for s in workspace.scan_progressively()]
    assert seen == [(FIRST_PART, False), (count, True)]
    (found,) = workspace.snapshot.lists.values()
    assert found.problems == ()
    fresh = next(iter(open_workspace(hive_root).scan().lists.values()))
    assert dict(found.graph.waves) == dict(fresh.graph.waves)
    assert dict(found.graph.held) == dict(fresh.graph.held)


def test_snapshot_is_whole_while_other_threads_scan(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, *(native.record(i) for i in range(1, 30)))
    workspace = open_workspace(hive_root)
    workspace.scan()
    torn: list[Snapshot] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            snapshot = workspace.snapshot
            if [len(found.tasks) for found in snapshot.lists.values()] != [29]:
                torn.append(snapshot)

    def scan(first: int) -> None:
        for number in range(first, first + 10):
            path = native.write_record(hive_root, FORGE, native.record(number, owner="ann"))
            workspace.rescan([path])

    watcher = threading.Thread(target=look)
    scanners = [threading.Thread(target=scan, args=(first,)) for first in (1, 11)]
    watcher.start()
    for thread in scanners:
        thread.start()
    for thread in scanners:
        thread.join()
    stop.set()
    watcher.join()
    assert not torn


# finding and editing


def test_find_list_takes_an_id_or_a_unique_short_name(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, "unscoped:mill", native.record(1))
    native.write_list(hive_root, MILL, native.record(1))
    workspace = open_workspace(hive_root)
    assert workspace.find_list("forge").key.id == FORGE
    assert workspace.find_list(MILL).key.id == MILL
    with pytest.raises(AmbiguousList, match=r"colony:mill.*unscoped:mill"):
        workspace.find_list("mill")
    with pytest.raises(ListNotFound, match="did you mean forge"):
        workspace.find_list("forgr")


def test_find_list_under_two_roots_says_that_it_is_ambiguous(tmp_path: Path) -> None:
    for name in ("a", "b"):
        native.write_list(tmp_path / name, FORGE, native.record(1))
    with pytest.raises(AmbiguousList):
        open_workspace(tmp_path / "a", tmp_path / "b").find_list(FORGE)


def test_apply_writes_what_a_later_scan_shows(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = open_workspace(hive_root)
    workspace.scan()
    result = workspace.apply(CreateTask(key_of(hive_root), "Forge it", blocked_by=(TaskId("1"),)))
    assert result.task is not None
    stored = workspace.scan().task(result.task.key)
    assert stored is not None
    assert (stored.subject, stored.blocked_by) == ("Forge it", ("1",))


def test_apply_on_stale_sight_is_refused(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, owner="ann"))
    key = TaskKey(key_of(hive_root), TaskId("1"))
    with pytest.raises(StaleEdit) as refused:
        open_workspace(hive_root).apply(UpdateTask(key, owner="bob", expected={"owner": None}))
    assert refused.value.actual == {"owner": "ann"}


def test_apply_in_a_read_only_workspace_is_refused(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    before = native.tree(hive_root)
    workspace = Workspace([RootSpec(hive_root, "argument")], read_only=True)
    workspace.scan()
    with pytest.raises(EditRefused, match="read-only"):
        workspace.apply(CreateTask(key_of(hive_root), "Forge it"))
    assert native.tree(hive_root) == before


def test_open_list_reads_that_list_alone_and_as_it_is_now(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    native.write_list(hive_root, MILL, native.record(1), native.record(2))
    system = HiveSystem()
    workspace = Workspace([RootSpec(hive_root, "argument")], systems=[system])
    found = workspace.open_list("forge")
    assert list(found.tasks) == ["1"]
    assert system.reads(key_of(hive_root, MILL)) == 0
    assert workspace.snapshot.number == 0
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    assert list(workspace.open_list(FORGE).tasks) == ["1", "2"]
    assert workspace.scan().count() == 4


def test_open_list_without_one_of_that_name_says_what_is_near(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    with pytest.raises(ListNotFound, match=r"did you mean .*forge"):
        open_workspace(hive_root).open_list("frge")


def test_a_root_that_is_its_directory_of_lists_shows_each_systems_lists_there(
    tmp_path: Path,
) -> None:
    team, plan = tmp_path / "tasks" / "forge", tmp_path / "tasks" / "plan"
    for place, name, record in (
        (team, "task-0a1b2c3d.json", '{"id": "0a1b2c3d", "subject": "a", "status": "pending"}'),
        (plan, "1.json", '{"id": "1", "subject": "a", "blocks": [], "blockedBy": []}'),
    ):
        place.mkdir(parents=True)
        (place / name).write_text(record)
    native.write_list(tmp_path, FORGE, native.record(1))
    given = tmp_path / "tasks"
    assert {key.id for key in open_workspace(given).scan().lists} == {"team:forge", "claude:plan"}
    only = Workspace(choose_roots([given], {}, ["clawteam"])).scan()
    assert {key.id for key in only.lists} == {"team:forge"}


def test_a_root_that_is_only_named_like_a_directory_of_lists_is_taken_as_it_is(
    tmp_path: Path,
) -> None:
    root = tmp_path / "tasks"
    native.write_list(root, FORGE, native.record(1))
    assert [key.root for key in open_workspace(root).scan().lists] == [str(root)]

"""The watcher on real files, real threads and real events: the last state always arrives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store.files import reading
from store.model.snapshot import ChangeKind, Snapshot, TaskList, WatchMode
from store.model.task import ListKey, TaskId, TaskListId
from store.workspace import RootSpec, Workspace
from tests.contract import native
from tests.patience import PATIENCE_S
from tests.systems.watching import Feed, watching

FORGE = "colony:forge"
MILL = "colony:mill"


def in_place(path: Path, whole: dict[str, Any]) -> None:
    path.write_text(json.dumps(whole))


def fresh(root: Path) -> Snapshot:
    return Workspace([RootSpec(root, "argument")]).scan()


def state(task_list: TaskList) -> dict[str, tuple[object, ...]]:
    """What a list shows, to compare two ways of coming to know it."""
    return {
        i: (t.subject, t.status, t.owner, t.blocked_by, t.is_readable)
        for i, t in task_list.tasks.items()
    }


def shows(feed: Feed, subject: str) -> bool:
    task = feed.task(1)
    return task is not None and task.subject == subject


MODES = [pytest.param(False, id="events"), pytest.param(True, id="polling")]


@pytest.mark.parametrize("polling", MODES)
def test_watch_of_one_task_through_its_life(hive_root: Path, polling: bool) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    with watching(hive_root, force_polling=polling) as feed:
        assert feed.changes == []
        native.write_record(hive_root, FORGE, native.record(2, "Forge it"))
        assert feed.wait_for_task(2, lambda task: task is not None)
        native.write_record(hive_root, FORGE, native.record(2, "Forge it", owner="ann"))
        assert feed.wait_for_task(2, lambda task: task is not None and task.owner == "ann")
        path = native.record_path(hive_root, FORGE, 2)
        in_place(path, native.record(2, "Forge it", owner="bob"))
        assert feed.wait_for_task(2, lambda task: task is not None and task.owner == "bob")
        path.unlink()
        assert feed.wait_for_task(2, lambda task: task is None)
        told = [(c.kind, c.field, c.new) for c in feed.changes]
        assert told == [
            (ChangeKind.CREATED, None, "Forge it"),
            (ChangeKind.CHANGED, "owner", "ann"),
            (ChangeKind.CHANGED, "owner", "bob"),
            (ChangeKind.VANISHED, None, None),
        ]
        mode = WatchMode.POLLING if polling else WatchMode.EVENTS
        assert feed.snapshot.roots[0].mode is mode


def test_watch_delivers_after_every_scan_with_its_time(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    start = time.time()
    with watching(hive_root, reconcile_s=0.05) as feed:
        seen = len(feed.scans)
        assert feed.wait(lambda: len(feed.scans) >= seen + 3)
        last = feed.scans[-3:]
        assert len({id(scan.snapshot) for scan in last}) == 1
        assert start < last[0].at < last[1].at < last[2].at
        assert all(scan.changes == () for scan in last)


def test_watch_tells_a_change_long_before_the_next_tick(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    with watching(hive_root, reconcile_s=3600) as feed:
        native.write_record(hive_root, FORGE, native.record(1, owner="ann"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")


def test_hint_looks_at_once_where_no_event_comes(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    with watching(hive_root, force_polling=True, reconcile_s=3600) as feed:
        seen = len(feed.scans)
        feed.watcher.hint()
        assert feed.wait(lambda: len(feed.scans) > seen)
        path = native.write_record(hive_root, FORGE, native.record(1, owner="ann"))
        feed.watcher.hint(path)
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")


@pytest.mark.parametrize("polling", MODES)
def test_watch_of_a_root_that_comes_later(tmp_path: Path, polling: bool) -> None:
    root = tmp_path / "deep" / "er" / "hive"
    with watching(root, force_polling=polling) as feed:
        if not polling:
            assert feed.snapshot.roots[0].mode is WatchMode.WAITING
        assert not (tmp_path / "deep").exists()
        native.write_list(root, FORGE, native.record(1))
        assert feed.wait_for_task(1, lambda task: task is not None)
        native.write_record(root, FORGE, native.record(1, owner="ann"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")
        assert feed.wait(lambda: feed.snapshot.roots[0].exists)


def test_watch_of_lists_as_they_come_and_go(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    with watching(hive_root) as feed:
        native.write_list(hive_root, MILL, native.record(1))
        native.write_list(hive_root, "session:queen:s1", native.record(1))
        assert feed.wait_for_lists(FORGE, MILL, "session:queen:s1")
        assert feed.wait(lambda: feed.task(1, "session:queen:s1") is not None)
        native.write_record(hive_root, MILL, native.record(1, owner="ann"))
        assert feed.wait(lambda: getattr(feed.task(1, MILL), "owner", None) == "ann")
        shutil.rmtree(hive_root / "colonies" / "forge")
        assert feed.wait_for_lists(MILL, "session:queen:s1")
        told = [c.list.id for c in feed.changes if c.kind is ChangeKind.LIST_VANISHED]
        assert told == [FORGE]


def test_watch_of_a_list_that_is_replaced_goes_on_in_the_new_one(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1, "Old"))
    with watching(hive_root) as feed:
        (hive_root / "colonies" / "forge").rename(hive_root / "away")
        native.write_list(hive_root, FORGE, native.record(1, "New"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "New")
        native.write_record(hive_root, FORGE, native.record(1, "Newer"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "Newer")
        away = native.list_directory(hive_root, FORGE) / "tasks"
        shutil.rmtree(away)
        assert feed.wait_for_task(1, lambda task: task is None)
        native.write_record(hive_root, FORGE, native.record(2, "Again"))
        assert feed.wait_for_task(2, lambda task: task is not None)


def test_watch_of_a_root_that_is_replaced_goes_on_in_the_new_one(
    hive_root: Path, tmp_path: Path
) -> None:
    native.write_list(hive_root, FORGE, native.record(1, "Old"))
    with watching(hive_root) as feed:
        hive_root.rename(tmp_path / "away")
        native.write_list(hive_root, FORGE, native.record(1, "New"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "New")
        native.write_record(hive_root, FORGE, native.record(1, "Newer"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "Newer")
        shutil.rmtree(hive_root)
        assert feed.wait_for_lists()
        native.write_list(hive_root, FORGE, native.record(5))
        assert feed.wait_for_task(5, lambda task: task is not None)


def test_watch_of_a_link_that_is_pointed_elsewhere_follows_it(tmp_path: Path) -> None:
    for name in ("one", "two"):
        native.write_list(tmp_path / name, FORGE, native.record(1, name))
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "one")
    with watching(link, reconcile_s=0.1) as feed:
        (tmp_path / "next").symlink_to(tmp_path / "two")
        (tmp_path / "next").replace(link)
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "two")
        native.write_record(tmp_path / "two", FORGE, native.record(1, "three"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == "three")


_BURST = """
import json, os, sys
directory, count = sys.argv[1], int(sys.argv[2])
for n in range(count):
    number = n % 500 + 1
    path = f"{directory}/{number:04d}.json"
    with open(path + ".tmp", "w") as out:
        json.dump({"id": number, "subject": f"version {n}", "owner": f"agent-{n % 7}"}, out)
    os.replace(path + ".tmp", path)
    if n % 50 == 49:
        os.unlink(f"{directory}/{number:04d}.json")
"""


@pytest.mark.processes
def test_watch_of_a_burst_ends_equal_to_a_fresh_scan(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    directory = native.list_directory(hive_root, FORGE) / "tasks"
    with watching(hive_root) as feed:
        burst = [sys.executable, "-c", _BURST, str(directory), "5000"]
        subprocess.run(burst, check=True, timeout=PATIENCE_S)
        (wanted,) = fresh(hive_root).lists.values()
        assert feed.wait(
            lambda: [state(f) for f in feed.snapshot.lists.values()] == [state(wanted)]
        )


@pytest.mark.processes
def test_watch_of_a_burst_while_it_is_held_up_takes_it_in_at_once(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    directory = native.list_directory(hive_root, FORGE) / "tasks"
    with watching(hive_root, reconcile_s=3600) as feed:
        feed.gate.clear()
        burst = [sys.executable, "-c", _BURST, str(directory), "2000"]
        subprocess.run(burst, check=True, timeout=PATIENCE_S)
        (wanted,) = fresh(hive_root).lists.values()
        before = len(feed.scans)
        feed.gate.set()
        assert feed.wait(
            lambda: [state(f) for f in feed.snapshot.lists.values()] == [state(wanted)]
        )
        assert len(feed.scans) - before < 200  # of 2000 changes


_TEARING = """
import json, sys, time
path, seconds = sys.argv[1], float(sys.argv[2])
end, n = time.monotonic() + seconds, 0
while time.monotonic() < end:
    n += 1
    with open(path, "w", buffering=1) as out:
        text = json.dumps({"id": 1, "subject": f"version {n}", "description": "x" * 2000})
        out.write(text[:1000]); out.flush(); out.write(text[1000:])
    time.sleep(0.001)
"""


@pytest.mark.processes
def test_watch_beside_a_writer_in_place_never_loses_sight_of_the_task(
    hive_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A writer that the machine stops in the middle is not to be taken for one that has ended.
    for patience in ("KNOWN_PATIENCE_S", "LONGEST_PATIENCE_S"):
        monkeypatch.setattr(reading, patience, PATIENCE_S)
    path = native.write_record(hive_root, FORGE, native.record(1, "version 0"))
    with watching(hive_root) as feed:
        writer = [sys.executable, "-c", _TEARING, str(path), "1.5"]
        subprocess.run(writer, check=True, timeout=PATIENCE_S)
        last = json.loads(path.read_text())["subject"]
        assert feed.wait_for_task(1, lambda task: task is not None and task.subject == last)
        assert {c.kind for c in feed.changes} == {ChangeKind.CHANGED}
        assert all(task.is_readable for scan in feed.scans for _, task in scan.snapshot.all_tasks())


def test_watch_beside_names_that_are_no_text_goes_on(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    directory = native.list_directory(hive_root, FORGE) / "tasks"
    with watching(hive_root) as feed:
        for byte in range(0xF0, 0xF5):
            directory.joinpath(os.fsdecode(bytes([byte]) + b".json")).write_text("{}")
            native.write_record(hive_root, FORGE, native.record(1, f"after {byte}"))
            assert feed.wait(partial(shows, feed, f"after {byte}"))
        (hive_root / "colonies" / os.fsdecode(b"\xff")).mkdir()
        native.write_list(hive_root, MILL, native.record(1))
        assert feed.wait_for_lists(FORGE, MILL)


def test_watch_of_a_root_whose_name_is_no_text_polls_it(tmp_path: Path) -> None:
    root = tmp_path / os.fsdecode(b"hive\xff")
    native.write_list(root, FORGE, native.record(1))
    with watching(root) as feed:
        assert feed.snapshot.roots[0].mode is WatchMode.POLLING
        native.write_record(root, FORGE, native.record(1, owner="ann"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")


def test_watch_with_no_watch_to_be_had_polls_and_says_so(
    hive_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("OS file watch limit reached")

    native.write_list(hive_root, FORGE, native.record(1))
    monkeypatch.setattr("store.events.RustNotify", refuse)
    with watching(hive_root) as feed:
        (root,) = feed.snapshot.roots
        assert root.mode is WatchMode.POLLING
        assert "limit reached" in (root.problem or "")
        native.write_record(hive_root, FORGE, native.record(1, owner="ann"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")
        in_place(native.record_path(hive_root, FORGE, 1), native.record(1, owner="bob"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "bob")


def test_watch_that_is_told_nothing_finds_changes_by_its_tick(
    hive_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events get lost: queues overflow, and some file systems send none."""
    monkeypatch.setattr("store.events.Inbox.put", lambda *_, **__: None)
    native.write_list(hive_root, FORGE, native.record(1))
    with watching(hive_root, reconcile_s=0.1) as feed:
        native.write_record(hive_root, FORGE, native.record(1, owner="ann"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "ann")
        in_place(native.record_path(hive_root, FORGE, 1), native.record(1, owner="bob"))
        assert feed.wait_for_task(1, lambda task: task is not None and task.owner == "bob")
        native.write_list(hive_root, MILL, native.record(1))
        assert feed.wait_for_lists(FORGE, MILL)
        shutil.rmtree(hive_root / "colonies" / "mill")
        assert feed.wait_for_lists(FORGE)


def test_watch_writes_nothing(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    (hive_root / "agents" / "queen").mkdir(parents=True)
    before = native.tree(hive_root)
    with watching(hive_root, reconcile_s=0.05) as feed:
        seen = len(feed.scans)
        assert feed.wait(lambda: len(feed.scans) > seen + 3)
    assert native.tree(hive_root) == before


def test_watch_ends_soon_after_it_is_told_to(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    threads = set(threading.enumerate())
    for polling in (False, True):
        with watching(hive_root, force_polling=polling, reconcile_s=3600):
            pass
    assert set(threading.enumerate()) <= threads


def test_watch_of_two_roots_keeps_their_lists_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        native.write_list(tmp_path / name, FORGE, native.record(1, name))
    with watching(tmp_path / "a", tmp_path / "b") as feed:
        native.write_record(tmp_path / "b", FORGE, native.record(1, "news"))
        key = ListKey("hive", str(tmp_path / "b"), TaskListId(FORGE))
        assert feed.wait(lambda: feed.snapshot.lists[key].tasks[TaskId("1")].subject == "news")
        assert [c.list for c in feed.changes] == [key]

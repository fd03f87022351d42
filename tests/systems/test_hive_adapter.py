"""What the native system says of a list beside its tasks: problems, capabilities, meta."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import ClaimTask, CreateTask, DeleteTask, UpdateTask
from store.model.errors import ClaimRefused, EditRefused, ListGone, TaskNotFound
from store.model.snapshot import TaskList
from store.model.task import ListKey, ProblemKind, TaskId, TaskKey, TaskListId, Verb
from store.systems.hive.adapter import HiveSystem
from store.workspace import RootSpec, Workspace
from tests.contract import native

FORGE = "colony:forge"


def load(root: Path) -> TaskList:
    return Workspace([RootSpec(root, "argument")]).scan().lists[key_of(root)]


def key_of(root: Path) -> ListKey:
    return ListKey("hive", str(root), TaskListId(FORGE))


def kinds(task_list: TaskList) -> list[tuple[ProblemKind, str | None]]:
    return sorted((p.kind, p.task) for p in task_list.problems)


def test_problems_of_a_sound_list_are_none(hive_root: Path) -> None:
    native.write_list(
        hive_root,
        FORGE,
        native.record(1, blocks=[2]),
        native.record(2, blocked_by=[1]),
    )
    assert load(hive_root).problems == ()


def test_problems_name_each_kind_of_wrong_edge(hive_root: Path) -> None:
    native.write_list(
        hive_root,
        FORGE,
        native.record(1, blocks=[2]),
        native.record(2),
        native.record(3, blocked_by=[2]),
        native.record(4, blocked_by=[77], blocks=[78]),
        native.record(5, blocks=[5], blocked_by=[5]),
        native.record(6, blocked_by=[7], blocks=[7]),
        native.record(7, blocked_by=[6], blocks=[6]),
    )
    found = load(hive_root)
    assert kinds(found) == [
        (ProblemKind.CYCLE, "6"),
        (ProblemKind.DANGLING_EDGE, "4"),
        (ProblemKind.DANGLING_EDGE, "4"),
        (ProblemKind.HALF_EDGE, "1"),
        (ProblemKind.HALF_EDGE, "3"),
        (ProblemKind.SELF_EDGE, "5"),
    ]
    assert all(p.repair for p in found.problems)


def one(root: Path, number: int, **fields: Any) -> Path:
    return native.write_record(root, FORGE, native.record(number, **fields))


def _delete(root: Path, number: int) -> Path:
    path = native.record_path(root, FORGE, number)
    path.unlink(missing_ok=True)
    return path


def _spoil(root: Path, number: int) -> Path:
    path = native.record_path(root, FORGE, number)
    path.write_bytes(b"[]")
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda root: one(root, 1, blocks=[]),
        lambda root: one(root, 1, blocks=[2, 3]),
        lambda root: one(root, 2, blocked_by=[]),
        lambda root: one(root, 3, blocked_by=[9], blocks=[1]),
        lambda root: one(root, 9, blocked_by=[4]),
        lambda root: one(root, 9, blocks=[1]),
        lambda root: one(root, 4, blocks=[1, 4]),
        lambda root: _delete(root, 1),
        lambda root: _delete(root, 2),
        lambda root: _delete(root, 4),
        lambda root: _spoil(root, 1),
        lambda root: _spoil(root, 3),
        lambda root: one(root, 3, blocked_by=[]),
    ],
)
def test_problems_after_any_change_equal_those_of_a_fresh_look(
    hive_root: Path, change: Callable[[Path], Path]
) -> None:
    native.write_list(
        hive_root,
        FORGE,
        native.record(1, blocks=[2]),
        native.record(2, blocked_by=[1], blocks=[3]),
        native.record(4, blocks=[3, 8]),
    )
    _spoil_new(hive_root, 3)
    workspace = Workspace([RootSpec(hive_root, "argument")])
    workspace.scan()
    workspace.rescan([change(hive_root)])
    workspace.rescan([one(hive_root, 3, blocked_by=[2])])
    workspace.rescan([change(hive_root)])
    known = workspace.snapshot.lists[key_of(hive_root)]
    fresh = load(hive_root)
    assert [(p.kind, p.text) for p in known.problems] == [(p.kind, p.text) for p in fresh.problems]
    assert dict(known.graph.unmet) == dict(fresh.graph.unmet)


def _spoil_new(root: Path, number: int) -> None:
    one(root, number)
    _spoil(root, number)


@pytest.mark.parametrize("mark", [b"", b"-5", b"1_000", "١٢".encode(), b"9" * 5000, b"1", None])
def test_problems_name_a_mark_that_cannot_do_its_work(hive_root: Path, mark: bytes | None) -> None:
    native.write_list(hive_root, FORGE, native.record(1), native.record(2))
    path = native.list_directory(hive_root, FORGE) / ".highwatermark"
    if mark is None:
        path.unlink()
    else:
        path.write_bytes(mark)
    assert kinds(load(hive_root)) == [(ProblemKind.LOST_MARK, None)]


def test_problems_of_a_task_written_before_its_mark_wait_for_the_mark(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    workspace = Workspace([RootSpec(hive_root, "argument")])
    workspace.scan()
    path = native.record_path(hive_root, FORGE, 2)
    native.write_bytes(path, json.dumps(native.record(2)).encode())
    found = workspace.rescan([path]).lists[key_of(hive_root)]
    assert len(found.tasks) == 2
    assert found.problems == ()


def test_problems_name_bad_meta_and_files_that_look_like_tasks(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    directory = native.list_directory(hive_root, FORGE)
    (directory / "meta.json").write_bytes(b'{"task_list_id": "colony:forge", "role": "king"}')
    for name in ("1.json", "00002.json", "notes.txt"):
        (directory / "tasks" / name).write_bytes(b"{}")
    found = load(hive_root)
    assert kinds(found) == [
        (ProblemKind.BAD_META, None),
        (ProblemKind.IGNORED_FILE, None),
        (ProblemKind.IGNORED_FILE, None),
    ]
    assert found.ignored == 3
    assert found.info.role is None
    assert found.info.capabilities.refusal(Verb.EDIT) is None


def test_meta_gives_role_goal_and_time(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    meta = {"task_list_id": FORGE, "role": "template", "created_at": 5.0, "goal": "Iron"}
    path = native.list_directory(hive_root, FORGE) / "meta.json"
    path.write_text(json.dumps(meta))
    info = load(hive_root).info
    assert (info.role, info.goal, info.created_at, info.name) == ("template", "Iron", 5.0, "forge")


def test_a_list_beside_which_a_newer_layout_appears_becomes_read_only(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    system = HiveSystem()
    (key,) = system.discover(hive_root)
    (hive_root / "colonies" / "forge" / "tasks.json").write_text('{"meta": {}, "tasks": []}')
    found = system.load(key)
    assert "newer layout" in (found.info.capabilities.refusal(Verb.STATUS) or "")
    assert [p.kind for p in found.problems] == [ProblemKind.IGNORED_FILE]


def test_a_list_beside_a_newer_layout_is_passed_over_and_named(hive_root: Path) -> None:
    """The document beside it is the list: nothing shall be shown twice."""
    native.write_list(hive_root, FORGE, native.record(1))
    tasks = native.list_directory(hive_root, FORGE)
    (tasks.parent / "tasks.json").write_text('{"meta": {}, "tasks": []}')
    system = HiveSystem()
    assert list(system.discover(hive_root)) == []
    (problem,) = system.problems(hive_root)
    assert (problem.kind, problem.path) == (ProblemKind.SKIPPED_DIRECTORY, str(tasks))
    assert system.list_above(tasks) is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_list_without_write_permission_is_read_only(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    tasks = native.list_directory(hive_root, FORGE) / "tasks"
    tasks.chmod(0o500)
    try:
        assert load(hive_root).info.capabilities.refusal(Verb.EDIT)
    finally:
        tasks.chmod(0o700)


def test_a_root_that_anybody_may_replace_is_shown_and_not_edited(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    root = tmp_path / "open" / "hive"
    native.write_list(root, FORGE, native.record(1))
    workspace = Workspace([RootSpec(root, "argument")])
    found = workspace.scan().lists[key_of(root)]
    assert len(found.tasks) == 1
    with pytest.raises(EditRefused, match="parent"):
        workspace.apply(CreateTask(found.key, "Forge it"))


def test_a_lock_that_other_users_can_take_is_a_problem(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    directory = native.list_directory(hive_root, FORGE)
    (directory / ".lock").touch()
    for path, mode in ((directory / ".lock", 0o644), (directory, 0o755), (hive_root, 0o755)):
        path.chmod(mode)
    assert kinds(load(hive_root)) == [(ProblemKind.UNSAFE_PERMISSIONS, None)]
    hive_root.chmod(0o700)
    assert kinds(load(hive_root)) == []


def test_apply_to_a_list_that_is_gone_makes_nothing(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    system = HiveSystem()
    key = key_of(hive_root)
    for path in (hive_root / "colonies").iterdir():
        path.rename(hive_root / "away")
    with pytest.raises(ListGone):
        system.apply(CreateTask(key, "Forge it"))
    assert list((hive_root / "colonies").iterdir()) == []


def test_apply_of_a_priority_is_refused_with_the_reason(hive_root: Path) -> None:
    native.write_list(hive_root, FORGE, native.record(1))
    key = TaskKey(key_of(hive_root), TaskId("1"))
    with pytest.raises(EditRefused, match="no priority"):
        HiveSystem().apply(UpdateTask(key, priority="high"))
    assert load(hive_root).info.capabilities.refusal(Verb.PRIORITY)


def test_apply_of_a_refused_claim_says_who_or_what_is_in_the_way(hive_root: Path) -> None:
    native.write_list(
        hive_root,
        FORGE,
        native.record(1, owner="ann"),
        native.record(2, blocked_by=[1]),
        native.record(3, status="completed"),
    )
    system, key = HiveSystem(), key_of(hive_root)
    found = []
    for number in ("1", "2", "3"):
        with pytest.raises(ClaimRefused) as refused:
            system.apply(ClaimTask(TaskKey(key, TaskId(number)), "bob"))
        found.append((refused.value.reason, refused.value.by))
    assert found == [
        ("already_owned", ("ann",)),
        ("blocked", ("1",)),
        ("already_completed", ()),
    ]
    with pytest.raises(TaskNotFound):
        system.apply(ClaimTask(TaskKey(key, TaskId("9")), "bob"))


def test_apply_of_a_delete_gives_the_tasks_whose_edges_were_stripped(hive_root: Path) -> None:
    native.write_list(
        hive_root, FORGE, native.record(1, blocks=[2]), native.record(2, blocked_by=[1])
    )
    key = key_of(hive_root)
    result = HiveSystem().apply(DeleteTask(TaskKey(key, TaskId("1"))))
    assert result.task is None
    assert result.stripped == ("2",)
    assert [(t.id, t.blocked_by) for t in result.others] == [("2", ())]

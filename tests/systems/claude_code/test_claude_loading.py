"""Claude Code's lists as they are seen: found, followed, and kept when their owner deletes them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from store.files import reading
from store.model.edits import CreateTask, DeleteTask, UpdateTask
from store.model.errors import EditRefused, ListGone
from store.model.execution import Member
from store.model.task import ProblemKind, TaskStatus, Verb
from store.systems.claude_code import loading
from store.systems.claude_code.adapter import ClaudeCodeSystem
from store.systems.claude_code.places import default_root
from tests.patience import PATIENCE_S, wait_until
from tests.systems.claude_code.a_list import Scene, put, record

BESIDE_S = PATIENCE_S / 2


def put_list(root: Path, name: str) -> Path:
    place = root / "tasks" / name
    place.mkdir(parents=True)
    put(place, 1)
    return place


def wipe(scene: Scene, *, leave: int = 0) -> None:
    """What the owner does when all is completed: the mark first, then file by file."""
    found = sorted(scene.place.glob("*.json"), key=lambda path: int(path.stem))
    (scene.place / ".highwatermark").write_text(found[-1].stem)
    for path in found[: len(found) - leave]:
        path.unlink()


def test_root_is_what_the_variable_says_or_the_usual_place() -> None:
    assert default_root({"CLAUDE_CONFIG_DIR": "/x/y"}) == (Path("/x/y"), "$CLAUDE_CONFIG_DIR")
    assert default_root({}) == (Path.home() / ".claude", "default ~/.claude")


def test_lists_are_found_by_lock_mark_or_task_and_nothing_else_is_one(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    put_list(root, "b-plan")
    for name, sign in (("a", ".lock"), ("c", ".highwatermark")):
        (root / "tasks" / name).mkdir()
        (root / "tasks" / name / sign).touch()
    (root / "tasks" / "empty").mkdir()
    (root / "tasks" / "other").mkdir()
    (root / "tasks" / "other" / "0001.json").write_text('{"id": 1, "blocked_by": []}')
    (root / "tasks" / "team").mkdir()
    (root / "tasks" / "team" / "task-12345678.json").write_text("{}")
    (root / "tasks" / "notes.json").write_text("{}")
    system = ClaudeCodeSystem()
    assert [key.id for key in system.discover(root)] == ["claude:a", "claude:b-plan", "claude:c"]
    assert system.problems(root) == []
    assert list(system.discover(tmp_path / "nothing")) == []


def test_looking_for_lists_changes_nothing_on_disk(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    place = put_list(root, "plan")
    before = sorted(map(str, root.rglob("*")))
    system = ClaudeCodeSystem()
    (key,) = system.discover(root)
    system.load(key)
    system.lock_holders([key])
    assert sorted(map(str, root.rglob("*"))) == before
    assert [path.name for path in place.iterdir()] == ["1.json"]


def test_list_that_comes_later_is_found_and_one_that_goes_is_gone(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    place = put_list(root, "plan")
    late = root / "tasks" / "late"
    late.mkdir()
    system = ClaudeCodeSystem()
    (key,) = system.discover(root)
    put(late, 1)
    assert [found.id for found in system.discover(root)] == ["claude:late", "claude:plan"]
    (place / "1.json").unlink()
    place.rmdir()
    with pytest.raises(ListGone):
        system.load(key)
    assert [found.id for found in system.discover(root)] == ["claude:late"]


def test_list_whose_one_task_is_empty_for_a_moment_stays_a_list(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    place = put_list(root, "plan")
    system = ClaudeCodeSystem()
    keys = system.discover(root)
    (place / "1.json").write_text("")
    assert system.discover(root) == keys
    assert ClaudeCodeSystem().discover(root) == keys


def test_links_and_names_that_cannot_be_are_passed_over_and_told(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    place = put_list(root, "plan")
    put_list(root, "no list is called so")
    (root / "tasks" / "link").symlink_to(place)
    system = ClaudeCodeSystem()
    assert [key.id for key in system.discover(root)] == ["claude:plan"]
    told = system.problems(root)
    assert {problem.kind for problem in told} == {ProblemKind.SKIPPED_DIRECTORY}
    assert len(told) == 2


def test_lists_own_directory_or_file_leads_to_its_root(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    place = put_list(root, "plan")
    system = ClaudeCodeSystem()
    assert system.list_above(place) == (root, "claude:plan")
    assert system.list_above(place / "1.json") == (root, "claude:plan")
    assert system.list_above(root) is None
    assert system.list_above(root / "tasks") is None


def test_paths_of_tasks_and_of_the_team_belong_to_the_list(scene: Scene) -> None:
    put(scene.place, 1)
    system, root = scene.system, scene.root
    assert system.list_of_path(root, scene.place / "1.json") == scene.key
    assert system.list_of_path(root, root / "teams" / "plan" / "config.json") == scene.key
    assert system.list_of_path(root, root / "tasks" / "other" / "1.json") is None
    assert system.list_of_path(root, root / "history.jsonl") is None
    assert scene.place in system.watch_paths(root)
    assert root / "tasks" in system.watch_paths(root)


def test_what_did_not_move_is_the_same_object(scene: Scene) -> None:
    put(scene.place, 1)
    put(scene.place, 2)
    first = scene.settle()
    assert scene.load() is first
    assert scene.load(quick=True) is first
    put(scene.place, 2, subject="new")
    second = scene.settle()
    assert second is not first
    assert second.tasks["1"] is first.tasks["1"]  # type: ignore[index]
    assert second.tasks["2"].subject == "new"  # type: ignore[index]


def test_team_of_a_list_gives_members_and_colours_and_never_a_prompt(scene: Scene) -> None:
    put(scene.place, 1)
    team = scene.root / "teams" / "plan"
    team.mkdir(parents=True)
    members = [
        {"name": "ann", "agentId": "ann@plan", "agentType": "builder", "color": "blue",
         "prompt": "secret words"},
        {"agentId": "bob@plan", "color": None, "prompt": "secret words"},
        "no member",
    ]  # fmt: skip
    config = {"name": "plan", "description": "Forge", "createdAt": 1_700_000_000_000}
    (team / "config.json").write_text(json.dumps({**config, "members": members}))
    info = scene.settle().info
    assert info.members == (Member("ann", kind="builder", colour="blue"), Member("bob"))
    assert (info.goal, info.created_at) == ("Forge", 1_700_000_000.0)
    assert "secret" not in repr(scene.shown)
    (team / "config.json").write_text("{ half")
    assert scene.settle().info.members == ()


def test_list_that_is_named_after_a_session_tells_its_project(tmp_path: Path) -> None:
    root = tmp_path / "claude"
    session = "3f2a0c1e-77aa-4b1c-9d2e-0123456789ab"
    for name in (session, "plan"):
        put(put_list(root, name), 2)
    project = root / "projects" / "-home-ann-forge"
    project.mkdir(parents=True)
    (project / "plan.jsonl").write_text("secret words")
    system = ClaudeCodeSystem()
    first, second = system.discover(root)
    assert system.load(first).info.notes == ()
    (project / f"{session}.jsonl").write_text("secret words")
    system.discover(root)
    assert system.load(first).info.notes == ("a session in -home-ann-forge",)
    assert system.load(second).info.notes == ()


def test_list_says_what_cannot_be_edited_and_warns_of_the_last_open_task(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    put(scene.place, 2)
    put(scene.place, 3)
    info = scene.settle().info
    assert info.capabilities.refusal(Verb.PRIORITY) == "tasks of Claude Code have no priority"
    assert info.capabilities.refusal(Verb.DELETE) is None
    assert info.notes == ()
    put(scene.place, 2, status="completed")
    assert "#3 is the last open task" in scene.settle().info.notes[0]
    put(scene.place, 3, status="completed")
    assert "all tasks are completed" in scene.settle().info.notes[0]


def test_list_that_may_not_be_written_is_read_only_with_the_reason(scene: Scene) -> None:
    if os.geteuid() == 0:
        pytest.skip("nothing is forbidden to the superuser")
    put(scene.place, 1)
    scene.place.chmod(0o500)
    try:
        assert "may not write" in str(scene.settle().info.capabilities.refusal(Verb.EDIT))
    finally:
        scene.place.chmod(0o700)


def test_mark_tells_the_highest_number_and_one_that_cannot_be_used_is_told(scene: Scene) -> None:
    put(scene.place, 1)
    assert scene.settle().highest_id is None
    (scene.place / ".highwatermark").write_text("41\n")
    assert scene.settle().highest_id == 41
    (scene.place / ".highwatermark").write_text("many")
    found = scene.settle()
    assert found.highest_id is None
    assert [problem.kind for problem in found.problems] == [ProblemKind.LOST_MARK]


def test_half_written_file_is_shown_as_it_was_until_it_is_whole(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "KNOWN_PATIENCE_S", BESIDE_S)
    monkeypatch.setattr(reading, "LONGEST_PATIENCE_S", BESIDE_S)
    path = put(scene.place, 1)
    first = scene.settle()
    for half in ("", '{"id": "1", "subj'):
        path.write_text(half)
        for _ in range(5):
            assert scene.load().tasks == first.tasks
        assert not scene.system.is_settled(scene.key)
    put(scene.place, 1, subject="whole again")
    assert scene.task(1).subject == "whole again"


def test_wiped_list_is_archived_and_its_tasks_are_kept(scene: Scene) -> None:
    for number in (1, 2, 3):
        put(scene.place, number, status="completed", owner="ann")
    before = scene.settle()
    wipe(scene)
    after = scene.settle()
    assert after.info.archived_at is not None
    assert [task.status for task in after.tasks.values()] == [TaskStatus.ARCHIVED] * 3
    assert [task.owner for task in after.tasks.values()] == ["ann"] * 3
    assert [task.subject for task in after.tasks.values()] == [
        task.subject for task in before.tasks.values()
    ]
    assert [(event.kind, event.text) for event in after.events] == [
        ("archived", "Claude Code deleted all 3 tasks of the list")
    ]
    assert scene.load() is after


def test_open_tasks_that_are_wiped_too_are_told(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    put(scene.place, 2, status="in_progress")
    scene.settle()
    wipe(scene)
    after = scene.settle()
    assert after.events[0].text.endswith("all 2 tasks of the list, 1 of them not completed")
    assert [task.status for task in after.tasks.values()] == [TaskStatus.ARCHIVED] * 2


def test_wipe_that_is_seen_half_way_shows_nothing_as_gone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "WIPE_PATIENCE_S", BESIDE_S)
    for number in (1, 2, 3):
        put(scene.place, number, status="completed")
    before = scene.settle()
    wipe(scene, leave=1)
    assert scene.load() is before
    assert not scene.system.is_settled(scene.key)
    (scene.place / "3.json").unlink()
    after = scene.settle()
    assert list(after.tasks) == ["1", "2", "3"]
    assert after.info.archived_at is not None


def test_one_of_several_finished_tasks_that_is_deleted_by_itself_is_gone(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "WIPE_PATIENCE_S", 0.0)
    for number in (1, 2):
        put(scene.place, number, status="completed")
    scene.settle()
    (scene.place / ".highwatermark").write_text("2")
    (scene.place / "1.json").unlink()
    found = scene.settle()
    assert list(found.tasks) == ["2"]
    assert found.info.archived_at is None
    assert found.events == ()


def test_tasks_deleted_without_a_mark_for_them_are_gone(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    scene.settle()
    (scene.place / "1.json").unlink()
    assert scene.settle().tasks == {}
    assert scene.settle().info.archived_at is None


def test_tasks_deleted_here_are_gone_and_not_archived(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    put(scene.place, 2, status="completed")
    scene.settle()
    scene.system.apply(DeleteTask(scene.of(2)))
    assert list(scene.settle().tasks) == ["1"]
    scene.system.apply(DeleteTask(scene.of(1)))
    found = scene.settle()
    assert found.tasks == {}
    assert found.events == ()


def test_archived_tasks_stay_beside_new_ones_and_cannot_be_edited(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    scene.settle()
    wipe(scene)
    scene.settle()
    made = scene.system.apply(CreateTask(scene.key, "new"))
    assert made.task is not None
    assert made.task.id == "2"
    found = scene.settle()
    assert [(task.id, task.status) for task in found.tasks.values()] == [
        ("1", TaskStatus.ARCHIVED),
        ("2", TaskStatus.PENDING),
    ]
    assert found.info.archived_at is None
    with pytest.raises(EditRefused, match="make a new task"):
        scene.system.apply(UpdateTask(scene.of(1), status=TaskStatus.PENDING))


def test_list_that_was_wiped_before_anybody_looked_is_archived_and_says_so(scene: Scene) -> None:
    mark = scene.place / ".highwatermark"
    mark.write_text("5")
    os.utime(mark, (1_700_000_000, 1_700_000_000))
    info = scene.settle().info
    assert info.archived_at == 1_700_000_000
    assert "up to 5" in info.notes[0]


def test_record_that_comes_back_ends_its_archiving(scene: Scene) -> None:
    put(scene.place, 1, status="completed")
    scene.settle()
    wipe(scene)
    scene.settle()
    (scene.place / "1.json").write_text(json.dumps(record(1, subject="anew")))
    wait_until(lambda: scene.task(1).subject == "anew", "the new record")
    assert scene.task(1).status is TaskStatus.PENDING

"""Reading session documents: where they are found, what is shown of them, and what is wrong."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from store.model.snapshot import TaskList
from store.model.task import ListKey, ProblemKind, TaskId, TaskStatus, Verb
from store.roots import RootSpec
from store.systems.hive_session.adapter import HiveSessionSystem
from store.systems.hive_session.describing import IDLE_S
from store.systems.hive_session.document import DOCUMENT_LIMIT
from store.workspace import Workspace
from tests.contract import native
from tests.contract.hooks import settled
from tests.systems.hive_session import sessions
from tests.systems.hive_session.sessions import document, record, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "hive"


def load(root: Path, previous: TaskList | None = None) -> TaskList:
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    return settled(system, key, previous)


def ids(root: Path) -> dict[str, str]:
    """List id → the directory of its document."""
    system = HiveSessionSystem()
    found = {}
    for key in system.discover(root):
        path = Path(system.load(key).info.path)
        found[str(key.id)] = str(path.parent.relative_to(root))
    return found


# where they are


def test_discover_finds_every_place_of_both_generations(root: Path) -> None:
    session, earlier = document([record(1)]), document([record(1)], task_list_id="session:bee:s9")
    for parts in [
        ("queens", "ann", "sessions", "s1"),
        ("colonies", "forge", "workers", "s2"),
        ("colonies", "forge", "queens", "ann", "sessions", "s3"),
        ("_misc", "s4"),
    ]:
        write(root, parts, session)
    write(root, ("colonies", "forge"), document([], task_list_id="colony:forge"))
    write(root, ("agents", "bo", "sessions", "s5"), document([], task_list_id="session:bo:s5"))
    write(root, ("agents", "queens", "bee", "sessions", "s9"), earlier)
    write(root, ("unscoped", "cy"), document([], task_list_id="unscoped:cy"))
    write(root, ("_misc", "release_42"), document([], task_list_id="release#42"))
    assert ids(root) == {
        "colony:forge": "colonies/forge",
        "release#42": "_misc/release_42",
        "s4": "_misc/s4",
        "session:ann:s1": "queens/ann/sessions/s1",
        "session:bee:s9": "agents/queens/bee/sessions/s9",
        "session:bo:s5": "agents/bo/sessions/s5",
        "session:forge/queens/ann:s3": "colonies/forge/queens/ann/sessions/s3",
        "session:forge/workers:s2": "colonies/forge/workers/s2",
        "unscoped:cy": "unscoped/cy",
    }


def test_two_documents_that_mean_the_same_session_are_told_apart(root: Path) -> None:
    """Moved to where the later generation looks, and left behind as well."""
    write(root, ("queens", "ann", "sessions", "s1"), document([record(1)]))
    left = document([], task_list_id="session:ann:s1")
    write(root, ("agents", "queens", "ann", "sessions", "s1"), left)
    assert ids(root) == {
        "agents/queens/ann/sessions/s1": "agents/queens/ann/sessions/s1",
        "session:ann:s1": "queens/ann/sessions/s1",
    }


def test_document_that_becomes_unreadable_keeps_the_id_that_it_gave_itself(root: Path) -> None:
    path = write(root, ("_misc", "release_42"), document([], task_list_id="release#42"))
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    path.write_bytes(b"{")
    assert list(system.discover(root)) == [key]


def test_discover_passes_over_links_and_other_names(root: Path, tmp_path: Path) -> None:
    elsewhere = write(tmp_path / "elsewhere", (), document([record(1)]))
    session = root / "queens" / "ann" / "sessions" / "s1"
    session.mkdir(parents=True)
    (session / "tasks.json").symlink_to(elsewhere)
    (session / "reminder_state.json").write_text("{}")
    (root / "colonies").mkdir()
    (root / "colonies" / "linked").symlink_to(elsewhere.parent)
    system = HiveSessionSystem()
    assert list(system.discover(root)) == []
    assert ["linked" in problem.text for problem in system.problems(root)] == [True]


def test_list_above_knows_a_session_and_its_document(root: Path) -> None:
    path = write(root, sessions.WORKER, document([record(1)]))
    system = HiveSessionSystem()
    for place in (path, path.parent):
        assert system.list_above(place) == (root, "session:forge/workers:s1")
    assert system.list_above(path.parent.parent) is None


def test_document_beside_a_native_list_is_shown_and_the_native_one_is_named(root: Path) -> None:
    native.write_list(root, "colony:forge", native.record(1, "Left behind"))
    write(root, sessions.COLONY, document([record(1, "Moved")], task_list_id="colony:forge"))
    workspace = Workspace([RootSpec(root, "test")])
    snapshot = workspace.scan()
    assert [(key.system, key.id) for key in snapshot.lists] == [("hive_session", "colony:forge")]
    problems = [problem for state in snapshot.roots for problem in state.problems]
    assert [p.path for p in problems] == [str(native.list_directory(root, "colony:forge"))]


# what is shown


def test_load_tells_goal_role_statuses_and_markers(root: Path) -> None:
    marks = {"archived_from": "completed", "archived_at": 5.5, "archived_goal": "Iron"}
    tasks = [
        record(1, status="archived", metadata=marks),
        record(2, status="abandoned"),
        record(3, status="in_progress", owner="ann", updated_at=time.time()),
    ]
    write(root, sessions.WORKER, document(tasks, goal="Steel"))
    found = load(root)
    assert (found.info.goal, found.info.role) == ("Steel", "session")
    statuses = [task.status for task in found.tasks.values()]
    assert statuses == [TaskStatus.ARCHIVED, TaskStatus.ABANDONED, TaskStatus.IN_PROGRESS]
    assert found.tasks[TaskId("1")].metadata == marks
    assert found.highest_id == 3
    assert found.problems == ()
    assert TaskStatus.ARCHIVED in found.info.capabilities.statuses


def test_statuses_of_the_later_generation_are_unknown_to_the_earlier_one(root: Path) -> None:
    tasks = [record(1, status="archived")]
    write(root, sessions.COLONY, document(tasks, task_list_id="colony:forge", role="template"))
    found = load(root)
    assert found.tasks[TaskId("1")].status is TaskStatus.UNKNOWN
    assert found.tasks[TaskId("1")].native_status == "archived"
    assert TaskStatus.ARCHIVED not in found.info.capabilities.statuses
    assert any("replaces the whole list" in problem.text for problem in found.problems)


def test_session_is_read_only_and_says_why_until_it_is_unlocked(root: Path) -> None:
    write(root, sessions.WORKER, document([record(1)]))
    assert "--edit-unlocked" in (load(root).info.capabilities.refusal(Verb.EDIT) or "")
    system = HiveSessionSystem(edit_unlocked=True, state=root / "state")
    (key,) = system.discover(root)
    info = system.load(key).info
    assert info.capabilities.refusal(Verb.EDIT) is None
    assert [str(root / "state") in note for note in info.notes] == [True]


def test_colony_document_is_edited_by_its_lock_without_more_ado(root: Path) -> None:
    write(root, sessions.COLONY, document([record(1)], task_list_id="colony:forge"))
    info = load(root).info
    assert info.capabilities.refusal(Verb.EDIT) is None
    assert info.notes == ()


def test_idle_tasks_are_named_and_nothing_is_swept(root: Path) -> None:
    now = time.time()
    tasks = [
        record(1, status="in_progress", updated_at=now - IDLE_S - 60),
        record(2, status="in_progress", updated_at=now),
        record(3, updated_at=now - 10 * IDLE_S),
        record(4, status="in_progress", updated_at=now - IDLE_S - 60),
    ]
    path = write(root, sessions.WORKER, document(tasks))
    before = path.read_bytes()
    found = load(root)
    (note,) = found.info.notes
    assert note.startswith("#1 and #4 are in progress without a change for over 30 minutes")
    assert path.read_bytes() == before
    assert found.tasks[TaskId("1")].status is TaskStatus.IN_PROGRESS


def test_task_that_becomes_idle_is_named_although_the_document_did_not_move(root: Path) -> None:
    now = time.time()
    write(root, sessions.WORKER, document([record(1, status="in_progress", updated_at=now)]))
    system = HiveSessionSystem(clock=lambda: now)
    (key,) = system.discover(root)
    first = settled(system, key)
    assert first.info.notes == ()
    assert system.load(key, first) is first
    now += IDLE_S + 1
    second = system.load(key, first)
    assert second.info.notes
    assert second.tasks is first.tasks


def test_load_after_the_owner_rewrote_all_shares_what_did_not_change(root: Path) -> None:
    tasks = [record(number) for number in range(1, 101)]
    write(root, sessions.WORKER, document(tasks))
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    first = settled(system, key)
    tasks[41]["subject"] = "Changed"
    tasks.append(record(101))
    write(root, sessions.WORKER, document(tasks))
    second = settled(system, key, first)
    moved = [i for i, task in second.tasks.items() if first.tasks.get(i) is not task]
    assert moved == ["42", "101"]


# what is wrong


def spoilt(root: Path, tasks: list[Any]) -> TaskList:
    write(root, sessions.WORKER, document(tasks))
    return load(root)


BAD_TASKS: list[tuple[dict[str, Any], str]] = [
    (record(2, blocks="all"), "field blocks"),
    ({**record(2), "subject": 7}, "field subject"),
    ({"id": 2}, "field subject"),
    (record(2, metadata=[1]), "field metadata"),
    (record(2, updated_at="yesterday"), "field updated_at"),
    (record(2, description="x" * (2 << 20)), "over the limit"),
    (record(2, metadata={"a": 10**70}), "digits"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_TASKS)
def test_bad_task_keeps_its_id_and_hides_no_other(
    root: Path, bad: dict[str, Any], reason: str
) -> None:
    found = spoilt(root, [record(1), bad, record(3, blocked_by=[2])])
    assert list(found.tasks) == ["1", "2", "3"]
    shown = found.tasks[TaskId("2")]
    assert not shown.is_readable
    assert reason in shown.problems[0].text
    assert not found.readiness(found.tasks[TaskId("3")]).ready
    (danger,) = [p for p in found.problems if p.kind is ProblemKind.BAD_META]
    assert "#2" in danger.text
    assert found.info.capabilities.refusal(Verb.EDIT) != danger.text


@pytest.mark.parametrize(
    "bad",
    [7, "x", None, [], {}, {"id": "2", "subject": "a"}, {"id": 0, "subject": "a"}, {"id": True}],
)
def test_element_without_an_id_is_a_problem_of_the_list(root: Path, bad: Any) -> None:
    write(root, sessions.WORKER, document([record(1), bad, record(3)], mark=9))
    found = load(root)
    assert list(found.tasks) == ["1", "3"]
    assert "tasks[1]" in found.problems[0].text


def test_id_that_stands_there_twice_is_nobodys_to_edit(root: Path) -> None:
    found = spoilt(root, [record(1), record(2, "One"), record(2, "Other"), record(3)])
    assert list(found.tasks) == ["1", "2", "3"]
    shown = found.tasks[TaskId("2")]
    assert not shown.is_readable
    assert "'One', 'Other'" in shown.problems[0].text


def test_unknown_status_is_shown_and_named(root: Path) -> None:
    found = spoilt(root, [record(1, status="polishing"), record(2)])
    shown = found.tasks[TaskId("1")]
    assert (shown.status, shown.native_status) == (TaskStatus.UNKNOWN, "polishing")
    assert shown.is_readable
    assert any("#1" in problem.text for problem in found.problems)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xff", b"[]", b'{"tasks": 7}', b"\0" * 100, b'{"tasks": [' + b"[" * 10**5],
)
def test_document_that_cannot_be_understood_is_named_and_read_only(
    root: Path, content: bytes
) -> None:
    write(root, sessions.WORKER, content)
    found = load(root)
    assert found.is_stale
    assert dict(found.tasks) == {}
    assert found.problems[0].kind is ProblemKind.UNREADABLE
    assert "cannot be understood" in (found.info.capabilities.refusal(Verb.EDIT) or "")


def test_document_that_becomes_unreadable_keeps_its_last_good_view(root: Path) -> None:
    path = write(root, sessions.WORKER, document([record(1), record(2)]))
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    first = settled(system, key)
    path.write_bytes(path.read_bytes()[:-30])
    second = settled(system, key, first)
    assert second.is_stale
    assert second.tasks is first.tasks
    write(root, sessions.WORKER, document([record(1), record(2)]))
    third = settled(system, key, second)
    assert not third.is_stale
    assert third.problems == ()
    assert all(third.tasks[i] is task for i, task in first.tasks.items())


def test_document_over_the_limit_is_not_read(root: Path) -> None:
    path = write(root, sessions.WORKER, document([record(1)]))
    os.truncate(path, DOCUMENT_LIMIT + 1)
    found = load(root)
    assert "over the limit" in found.problems[0].text


def test_large_document_is_read_whole_and_again_only_where_it_moved(root: Path) -> None:
    tasks = [record(number, description="x" * 400) for number in range(1, 5_001)]
    write(root, sessions.WORKER, document(tasks))
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    first = settled(system, key)
    assert len(first.tasks) == 5_000
    reads = system.reads(key)
    os.utime(Path(first.info.path), (1.0, 1.0))
    second = settled(system, key, first)
    assert second is first
    assert system.reads(key) > reads


@pytest.mark.parametrize(
    "fields",
    [{"meta": 7}, {"highwatermark": "nine"}, {"highwatermark": -1}],
)
def test_document_that_its_owner_would_not_take_is_shown_and_read_only(
    root: Path, fields: dict[str, Any]
) -> None:
    write(root, sessions.WORKER, {**document([record(1)]), **fields})
    found = load(root)
    assert list(found.tasks) == ["1"]
    assert "mend the document" in (found.info.capabilities.refusal(Verb.EDIT) or "")


def test_leftover_of_an_interrupted_edit_is_named(root: Path) -> None:
    path = write(root, sessions.WORKER, document([record(1)]))
    left = path.with_name(".tasks.json.4711.0badf00d.ctmp")
    left.write_text(json.dumps(document([record(1)])))
    os.utime(left, (1.0, 1.0))
    assert [left.name in problem.text for problem in load(root).problems] == [True]


def test_list_of_path_names_the_list_of_whatever_lies_beside_its_document(root: Path) -> None:
    write(root, sessions.WORKER, document([record(1)]))
    system = HiveSessionSystem()
    (key,) = system.discover(root)
    session = root.joinpath(*sessions.WORKER)
    found: list[ListKey | None] = [
        system.list_of_path(root, session / name) for name in ("tasks.json", ".tasks.json.x.tmp")
    ]
    assert found == [key, key]
    assert system.list_of_path(root, session) is None

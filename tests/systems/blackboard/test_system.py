"""Runs as lists: found, read without leaving anything behind, and steered."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from store.model.edits import (
    BatchRefused,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    UpdateTask,
)
from store.model.errors import (
    ColonytopError,
    EditRefused,
    InvalidField,
    ListGone,
    LockTimeout,
    StaleEdit,
    TaskNotFound,
)
from store.model.inverse import inverse
from store.model.task import ListKey, ProblemKind, Task, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.blackboard.adapter import BlackboardSystem
from store.systems.blackboard.blackboard import Blackboard
from store.systems.blackboard.places import DATABASE
from tests.patience import wait_until
from tests.systems.blackboard.spawning import RUN, SpawnedBrief, rows, started


@pytest.fixture
def system() -> BlackboardSystem:
    return BlackboardSystem(lock_timeout_s=0.3)


def key_of(root: Path, run_id: str = RUN) -> ListKey:
    return ListKey("blackboard", str(root), TaskListId(f"run:{run_id}"))


def task_key(root: Path, brief: str) -> TaskKey:
    return TaskKey(key_of(root), TaskId(brief))


def forge(root: Path) -> None:
    """A run with a workstream, a brief, and one that the first spawned and that failed."""
    with started(root) as blackboard:
        stream = blackboard.create_workstream(
            workstream_id="w", name="ore", tier=1, owner_agent_id="ann"
        )
        blackboard.create_brief(SpawnedBrief("Lead", brief_id="b1", role="lead"), stream)
        child = SpawnedBrief("Dig", brief_id="b2", parent_brief_id="b1", more={"depth": 3})
        blackboard.create_brief(child, stream)
        blackboard.update_brief_status("b1", "active")
        blackboard.update_brief_status("b2", "failed")
        blackboard.increment_brief_retry("b2")
        blackboard.log_event("spawned", "b2")
        blackboard.log_event("failed", "b2", {"error": "the shaft fell in"})
        blackboard.update_run_status("active")


def task_of(system: BlackboardSystem, root: Path, brief: str) -> Task:
    return system.load(key_of(root)).tasks[TaskId(brief)]


def test_runs_are_found_below_a_root_and_below_its_runs(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    started(tmp_path, "b").close()
    started(tmp_path / "runs", "a").close()
    (tmp_path / "other").mkdir()
    assert [key.id for key in system.discover(tmp_path)] == ["run:a", "run:b"]
    assert set(system.watch_paths(tmp_path)) >= {
        tmp_path,
        tmp_path / "b",
        tmp_path / "runs",
        tmp_path / "runs" / "a",
    }
    wal = tmp_path / "runs" / "a" / f"{DATABASE}-wal"
    assert system.list_of_path(tmp_path, wal) == key_of(tmp_path, "a")
    assert system.list_of_path(tmp_path, tmp_path / "c" / DATABASE) is None
    assert system.discover(tmp_path / "nowhere") == []


def test_directories_that_cannot_be_runs_are_passed_over_with_the_reason(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    started(tmp_path, "a").close()
    started(tmp_path / "runs", "a").close()
    (tmp_path / "a").rename(tmp_path / ".odd")
    started(tmp_path, "a").close()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert system.discover(tmp_path) == [key_of(tmp_path, "a")]
    assert {Path(problem.path or "").name for problem in system.problems(tmp_path)} == {".odd", "a"}


def test_run_given_by_its_directory_or_database_is_that_one_list(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    for path in (tmp_path / RUN, tmp_path / RUN / DATABASE):
        assert system.list_above(path) == (tmp_path, "run:" + RUN)
    assert system.list_above(tmp_path) is None


def test_run_is_shown_with_what_its_agents_wrote(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    shown = system.load(key_of(tmp_path))
    assert (shown.info.goal, shown.info.role, shown.info.name) == ("Forge the sword", "run", RUN)
    assert shown.info.notes == ("the run is active", "workstream ore: pending, tier 1")
    assert [(member.name, member.kind) for member in shown.info.members] == [("ann", "ore")]
    assert [(event.kind, event.task) for event in shown.events] == [
        ("spawned", "b2"),
        ("failed", "b2"),
    ]
    lead, dig = shown.tasks.values()
    assert (lead.status, lead.native_status) == (TaskStatus.IN_PROGRESS, "active")
    assert (dig.status, dig.native_status) == (TaskStatus.FAILED, "failed")
    assert (dig.subject, dig.description) == ("Dig", "Dig, carefully.")
    assert (dig.parent, dig.owner, dict(dig.metadata)) == ("b1", "smelter", {"depth": 3})
    assert dig.created_at is not None
    assert dig.execution is not None
    assert (dig.execution.tier, dig.execution.group) == ("2", "ore")
    assert dig.execution.attempts is not None
    assert dig.execution.attempts.number == 1
    assert dig.execution.attempts.last_error == "the shaft fell in"


def test_reading_a_run_that_nobody_has_open_leaves_its_directory_as_it_was(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / RUN).iterdir()}
    system.load(key_of(tmp_path))
    system.discover(tmp_path)
    after = {path.name: path.stat().st_mtime_ns for path in (tmp_path / RUN).iterdir()}
    assert (set(after), after) == ({DATABASE}, before)


def test_load_returns_the_same_objects_for_what_did_not_move(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    with Blackboard(RUN, tmp_path) as blackboard:
        first = system.load(key_of(tmp_path))
        wait_until(lambda: system.load(key_of(tmp_path), first) is first)
        blackboard.update_brief_status("b1", "done")
        second = system.load(key_of(tmp_path), first)
        assert second is not first
        assert second.tasks[TaskId("b1")].status is TaskStatus.COMPLETED
        assert second.tasks[TaskId("b2")] is first.tasks[TaskId("b2")]
        assert second.info is first.info
        assert second.changed_since(first) == {"b1"}
        blackboard.update_run_status("review")
        third = system.load(key_of(tmp_path), second)
        assert third.tasks is second.tasks
        assert third.info.notes[0] == "the run is review"


def test_run_that_goes_is_gone_and_one_without_tables_says_so(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    started(tmp_path).close()
    shown = system.load(key_of(tmp_path))
    assert shown.problems == ()
    for path in (tmp_path / RUN).iterdir():
        path.unlink()
    sqlite3.connect(tmp_path / RUN / DATABASE).close()
    (tmp_path / RUN / DATABASE).touch()
    empty = system.load(key_of(tmp_path), shown)
    assert [problem.kind for problem in empty.problems] == [ProblemKind.BAD_META]
    (tmp_path / RUN / DATABASE).unlink()
    with pytest.raises(ListGone):
        system.load(key_of(tmp_path), empty)


def test_status_is_written_in_the_blackboards_own_word_and_told_as_an_event(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    ((before,),) = rows(tmp_path, "SELECT updated_at FROM briefs WHERE brief_id = 'b1'")
    made = system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.COMPLETED))
    assert "status" in made.changed
    assert made.task is not None
    assert made.task.native_status == "done"
    ((state, after),) = rows(
        tmp_path, "SELECT status, updated_at FROM briefs WHERE brief_id = 'b1'"
    )
    assert state == "done"
    assert after > before
    ((detail,),) = rows(
        tmp_path, "SELECT detail FROM events WHERE brief_id = 'b1' AND kind = 'completed'"
    )
    assert json.loads(detail) == {"from": "active", "to": "done", "by": "an operator"}


def test_failed_brief_set_to_pending_is_retried_and_counted(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    system.apply(UpdateTask(task_key(tmp_path, "b2"), status=TaskStatus.PENDING))
    assert rows(tmp_path, "SELECT status, retry_count FROM briefs WHERE brief_id = 'b2'") == [
        ("pending", 2)
    ]
    assert rows(tmp_path, "SELECT count(*) FROM events WHERE kind = 'retried'") == [(1,)]


def test_active_brief_given_back_is_no_retry(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.PENDING))
    assert rows(tmp_path, "SELECT status, retry_count FROM briefs WHERE brief_id = 'b1'") == [
        ("pending", 0)
    ]
    assert rows(tmp_path, "SELECT count(*) FROM events WHERE kind = 'retried'") == [(0,)]


def test_result_sets_done_as_the_agents_own_call_does(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    patch = {"result": {"iron": 3}}
    made = system.apply(UpdateTask(task_key(tmp_path, "b1"), metadata_patch=patch))
    assert made.task is not None
    assert made.task.status is TaskStatus.COMPLETED
    assert made.task.execution is not None
    assert made.task.execution.result == '{"iron": 3}'
    assert rows(tmp_path, "SELECT status, result FROM briefs WHERE brief_id = 'b1'") == [
        ("done", '{"iron": 3}')
    ]


def test_texts_are_patched_in_the_payload_and_all_else_of_it_stays(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    with sqlite3.connect(tmp_path / RUN / DATABASE) as owner:
        payload = '{"z": 1.50, "title": "Dig", "a": [1, {"ü": null}], "instructions": "x"}'
        owner.execute("UPDATE briefs SET payload = ? WHERE brief_id = 'b2'", (payload,))
    owner.close()
    edit = UpdateTask(
        task_key(tmp_path, "b2"), subject="Delve", metadata_patch={"z": None, "new": [True]}
    )
    system.apply(edit)
    ((stored,),) = rows(tmp_path, "SELECT payload FROM briefs WHERE brief_id = 'b2'")
    expected = '{"title": "Delve", "a": [1, {"ü": null}], "instructions": "x", "new": [true]}'
    assert stored == expected


def test_edit_that_changes_nothing_writes_nothing(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    before = rows(tmp_path, "SELECT * FROM briefs") + rows(tmp_path, "SELECT * FROM events")
    made = system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.IN_PROGRESS))
    assert made.changed == ()
    assert rows(tmp_path, "SELECT * FROM briefs") + rows(tmp_path, "SELECT * FROM events") == before


def test_edit_is_undone_by_its_inverse(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    before = task_of(system, tmp_path, "b1")
    edit = UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.FAILED, subject="Other")
    for back in inverse(system.apply(edit)):
        system.apply(back)
    after = task_of(system, tmp_path, "b1")
    assert (after.native_status, after.subject) == (before.native_status, before.subject)


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: CreateTask(key_of(root), "New"),
        lambda root: DeleteTask(task_key(root, "b1")),
        lambda root: ClaimTask(task_key(root, "b1"), "ann"),
        lambda root: ReleaseTask(task_key(root, "b1")),
        lambda root: UpdateTask(task_key(root, "b1"), owner="ann"),
        lambda root: UpdateTask(task_key(root, "b1"), add_blocked_by=(TaskId("b2"),)),
        lambda root: UpdateTask(task_key(root, "b1"), priority="1"),
        lambda root: UpdateTask(task_key(root, "b1"), most_attempts=3),
    ],
)
def test_edit_that_a_blackboard_has_no_room_for_is_refused_with_its_sentence(
    tmp_path: Path, system: BlackboardSystem, edit: object
) -> None:
    forge(tmp_path)
    assert callable(edit)
    made: Edit = edit(tmp_path)
    before = rows(tmp_path, "SELECT * FROM briefs")
    with pytest.raises(EditRefused) as refused:
        system.apply(made)
    allowed = system.load(key_of(tmp_path)).info.capabilities
    assert str(refused.value) == allowed.refusal(made.verb)
    assert rows(tmp_path, "SELECT * FROM briefs") == before


def test_trigger_that_takes_briefs_away_is_told_and_undone(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    connection = sqlite3.connect(tmp_path / RUN / DATABASE)
    away = "BEGIN DELETE FROM events; DELETE FROM briefs; END"
    connection.execute(f"CREATE TRIGGER away AFTER UPDATE ON briefs {away}")
    connection.commit()
    connection.close()
    with pytest.raises(EditRefused, match="trigger"):
        system.apply(UpdateTask(task_key(tmp_path, "b2"), subject="Dig deeper"))
    assert task_of(system, tmp_path, "b2").subject == "Dig"


def test_state_that_no_brief_has_is_refused(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    with pytest.raises(InvalidField, match="review"):
        system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.REVIEW))
    with pytest.raises(TaskNotFound):
        system.apply(UpdateTask(task_key(tmp_path, "b9"), status=TaskStatus.PENDING))


def test_edit_on_what_moved_since_it_was_seen_is_stale(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    seen = {"status": "active"}
    with Blackboard(RUN, tmp_path) as blackboard:
        blackboard.update_brief_status("b1", "done")
    with pytest.raises(StaleEdit):
        system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.FAILED, expected=seen))
    assert rows(tmp_path, "SELECT status FROM briefs WHERE brief_id = 'b1'") == [("done",)]


def test_batch_is_one_transaction_all_or_none(tmp_path: Path, system: BlackboardSystem) -> None:
    forge(tmp_path)
    good = UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.COMPLETED)
    bad = UpdateTask(task_key(tmp_path, "b9"), status=TaskStatus.COMPLETED)
    with pytest.raises(BatchRefused):
        system.apply_all([good, bad], all_or_none=True)
    assert task_of(system, tmp_path, "b1").native_status == "active"
    made = system.apply_all([good, bad], all_or_none=False)
    assert (len(made.results), len(made.failures)) == (1, 1)
    assert task_of(system, tmp_path, "b1").native_status == "done"


def test_run_that_stays_locked_is_named_and_its_edit_times_out(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    system.discover(tmp_path)
    other = sqlite3.connect(tmp_path / RUN / DATABASE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE runs SET goal = 'x'")
    try:
        with pytest.raises(LockTimeout):
            system.apply(UpdateTask(task_key(tmp_path, "b1"), status=TaskStatus.FAILED))
        assert task_of(system, tmp_path, "b1").native_status == "active"
        assert set(system.lock_holders([key_of(tmp_path)])) <= {key_of(tmp_path)}
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert system.lock_holders([key_of(tmp_path)]) == {}


def test_rows_that_no_blackboard_would_write_are_shown_and_never_break_the_list(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    other = sqlite3.connect(tmp_path / RUN / DATABASE)
    other.executescript("""
        PRAGMA ignore_check_constraints = ON;
        UPDATE briefs SET status = 'zonked', payload = '{"title": ' WHERE brief_id = 'b1';
        UPDATE briefs SET payload = '["no object"]', result = 'plain words',
            created_at = 'yesterday' WHERE brief_id = 'b2';
    """)
    other.close()
    odd, plain = system.load(key_of(tmp_path)).tasks.values()
    assert (odd.status, odd.native_status) == (TaskStatus.UNKNOWN, "zonked")
    kinds = {problem.kind for problem in odd.problems}
    assert kinds == {ProblemKind.BAD_META, ProblemKind.UNKNOWN_STATUS}
    assert odd.subject == "lead brief"
    assert plain.created_at is None
    assert plain.execution is not None
    assert plain.execution.result == "plain words"
    with pytest.raises(ColonytopError, match="payload"):
        system.apply(UpdateTask(task_key(tmp_path, "b1"), subject="New"))
    system.apply(UpdateTask(task_key(tmp_path, "b2"), status=TaskStatus.COMPLETED))
    assert rows(tmp_path, "SELECT payload FROM briefs WHERE brief_id = 'b2'") == [
        ('["no object"]',)
    ]


def test_database_that_is_none_cannot_be_read_and_says_why(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    forge(tmp_path)
    shown = system.load(key_of(tmp_path))
    (tmp_path / RUN / DATABASE).write_bytes(b"no database at all" * 100)
    with pytest.raises(ColonytopError, match="not a SQLite database"):
        system.load(key_of(tmp_path), shown)


def test_payload_of_megabytes_is_passed_over_and_kept(
    tmp_path: Path, system: BlackboardSystem
) -> None:
    with started(tmp_path) as blackboard:
        blackboard.create_brief(SpawnedBrief(brief_id="big", more={"blob": "x" * 3_000_000}))
    task = task_of(system, tmp_path, "big")
    assert task.subject == "smelter brief"
    assert task.problems
    system.apply(UpdateTask(task_key(tmp_path, "big"), status=TaskStatus.COMPLETED))
    assert rows(tmp_path, "SELECT status, length(payload) > 3000000 FROM briefs") == [("done", 1)]

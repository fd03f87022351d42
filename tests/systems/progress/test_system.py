"""Queues as a system shows and steers them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import store
from store.files.sqlite_file import DatabaseBusy
from store.model.edits import ClaimTask, CreateTask, DeleteTask, ReleaseTask, Tick, UpdateTask
from store.model.errors import ClaimRefused, EditRefused, InvalidField, ListGone, StaleEdit
from store.model.execution import Attempts, TickKind
from store.model.inverse import inverse
from store.model.repairs import RepairKind
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId, TaskStatus
from store.model.ticking import ChecksOpen
from store.roots import RootSpec
from store.systems.progress import loading
from store.systems.progress.adapter import ProgressSystem
from store.watch import Watcher
from store.workspace import Workspace
from tests.contract.hooks import settled
from tests.patience import PATIENCE_S, wait_until
from tests.systems.progress import layout
from tests.systems.progress.owner import Worker

ID = "0f6c8f6e-4a5e-4f0e-9a55-3f7f0b8f0001"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "hive"


@pytest.fixture
def queue(root: Path) -> Path:
    return layout.make(layout.database(root))


@pytest.fixture
def key(root: Path, queue: Path) -> ListKey:
    return ListKey("progress", str(root), TaskListId("queue:forge"))


@pytest.fixture
def system() -> ProgressSystem:
    return ProgressSystem()


def task(system: ProgressSystem, key: ListKey, task_id: str = ID) -> Task:
    return settled(system, key).tasks[TaskId(task_id)]


def at(key: ListKey, task_id: str = ID) -> TaskKey:
    return TaskKey(key, TaskId(task_id))


# reading


def test_task_shows_all_that_its_rows_tell(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, "parent", goal="Whole")
    layout.put_task(
        queue,
        ID,
        goal="\n  Forge the sword  \n\n  Hot.\nThen cold.\n",
        seq=3,
        priority=-2,
        payload='{"ore": "iron", "kg": 1.50}',
        status="in_progress",
        worker_id="ann",
        claim_token="abc",
        claimed_at="2026-04-15T10:00:00+00:00",
        started_at="2026-04-15 10:00:01",
        retry_count=1,
        last_error="too cold",
        parent_task_id="parent",
        source="queen_create",
    )
    step = layout.put_step(queue, ID, 2, "Beat", status="in_progress", worker_id="ann")
    layout.put_step(queue, ID, 1, "Heat", status="done", evidence="red", detail="slowly")
    layout.put_check(queue, ID, "hot", description="Glows")
    layout.put_check(queue, ID, "song", required=0, done_at="2026-04-15 10:00:02", done_by="ann")
    seen = task(system, key)
    assert (seen.subject, seen.description) == ("Forge the sword", "  Hot.\nThen cold.\n")
    assert (seen.status, seen.native_status) == (TaskStatus.IN_PROGRESS, "in_progress")
    assert (seen.owner, seen.priority, seen.parent) == ("ann", "-2", "parent")
    assert seen.metadata == {"ore": "iron", "kg": 1.5}
    assert seen.extra == {"seq": 3, "source": "queen_create"}
    assert seen.lock is not None
    assert (seen.lock.by, seen.lock.at, seen.lock.token) == ("ann", 1776247200.0, "abc")
    assert (seen.created_at, seen.updated_at) == (1776247200.123456, 1776247205.0)
    told = seen.execution
    assert told is not None
    assert told.attempts == Attempts(1, 3, "too cold")
    assert (told.claimed_at, told.started_at) == (1776247200.0, 1776247201.0)
    assert [(s.title, s.is_done, s.evidence, s.detail) for s in told.steps] == [
        ("Heat", True, "red", "slowly"),
        ("Beat", False, None, None),
    ]
    assert (told.steps[1].id, told.steps[1].native_status, told.steps[1].worker) == (
        step,
        "in_progress",
        "ann",
    )
    assert [(c.key, c.text, c.is_required, c.is_open) for c in told.checks] == [
        ("hot", "Glows", True, True),
        ("song", "song", False, False),
    ]
    assert [check.key for check in told.open_checks] == ["hot"]
    assert seen.problems == ()


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (None, {}),
        ("plain words", {"payload": "plain words"}),
        ("[1, 2]", {"payload": "[1, 2]"}),
        ('{"broken": ', {"payload": '{"broken": '}),
        (' {"a": null}', {"a": None}),
    ],
)
def test_payload_is_shown_by_its_keys_or_whole(
    system: ProgressSystem, key: ListKey, queue: Path, payload: Any, shown: dict[str, Any]
) -> None:
    layout.put_task(queue, ID, payload=payload)
    assert task(system, key).metadata == shown


def test_load_reads_rows_only_when_something_was_committed(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID)
    first = settled(system, key)
    reads = system.reads(key)
    for _ in range(20):
        assert system.load(key, first) is first
    assert system.reads(key) == reads
    layout.put_task(queue, ID, goal="Other")
    assert system.load(key, first).tasks[TaskId(ID)].subject == "Other"


def test_events_in_quick_succession_do_not_each_read_all_rows_and_the_last_state_is_seen(
    system: ProgressSystem, key: ListKey, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_QUICK_S", 0.0)  # as if there were very many rows
    monkeypatch.setattr(loading, "_PAUSE_SHARE", 1_000_000)
    layout.put_task(queue, ID)
    loaded = system.load(key)
    reads = system.reads(key)
    for number in range(1, 30):
        layout.run(queue, "UPDATE tasks SET priority = ?", number)
        loaded = system.load(key, loaded, changed=[queue])
    assert system.reads(key) == reads
    assert not system.is_settled(key)
    assert system.load(key, loaded).tasks[TaskId(ID)].priority == "29"
    monkeypatch.setattr(loading, "_PAUSE_SHARE", 0)
    layout.run(queue, "UPDATE tasks SET priority = 30")
    assert system.load(key, loaded).tasks[TaskId(ID)].priority == "30"
    assert settled(system, key, loaded).tasks[TaskId(ID)].priority == "30"


def test_queue_that_cannot_be_read_for_a_moment_is_shown_as_it_was(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.run(queue, "PRAGMA journal_mode=DELETE")
    layout.put_task(queue, ID)
    loaded = settled(system, key)
    with layout.elsewhere(queue) as other:
        other.run("BEGIN EXCLUSIVE")
        other.run("UPDATE tasks SET priority = 5")
        assert system.load(key, loaded) is loaded
        with pytest.raises(DatabaseBusy):
            ProgressSystem().load(key)
        other.run("COMMIT")
    assert settled(system, key, loaded).tasks[TaskId(ID)].priority == "5"


def test_steps_and_checks_that_change_make_their_task_another(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID)
    layout.put_task(queue, "other")
    layout.put_step(queue, ID, 1, "Heat")
    first = settled(system, key)
    layout.run(queue, "UPDATE steps SET status = 'done'")
    second = settled(system, key, first)
    execution = second.tasks[TaskId(ID)].execution
    assert execution is not None
    assert execution.steps[0].is_done
    assert second.tasks[TaskId("other")] is first.tasks[TaskId("other")]


def test_old_claims_are_told_of_when_they_have_become_old(
    system: ProgressSystem, key: ListKey, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layout.put_task(queue, ID, status="claimed", worker_id="ann")
    layout.run(queue, "UPDATE tasks SET claimed_at = datetime('now')")
    first = settled(system, key)
    assert first.info.notes == ()
    now = time.time()
    monkeypatch.setattr("store.systems.progress.loading.time.time", lambda: now + 3600)
    second = system.load(key, first)
    assert "15 minutes" in second.info.notes[0]
    assert second.tasks is first.tasks
    assert system.load(key, second) is second


# steering


@pytest.fixture
def claimed(queue: Path, key: ListKey) -> Worker:
    """A worker in the middle of its task."""
    layout.put_task(queue, ID, payload="left alone", last_error="before", retry_count=2)
    layout.put_step(queue, ID, 1, "Heat")
    layout.put_step(queue, ID, 2, "Beat")
    layout.put_check(queue, ID, "hot", description="Glows")
    worker = Worker(queue, "ann")
    assert worker.claim() == ID
    layout.run(queue, "UPDATE tasks SET status = 'in_progress', started_at = claimed_at")
    layout.run(queue, "UPDATE steps SET status = 'in_progress', worker_id = 'ann' WHERE seq = 1")
    return worker


@pytest.mark.parametrize("is_release", [True, False])
def test_release_and_requeue_put_the_task_back_and_revoke_the_claim(
    system: ProgressSystem, key: ListKey, queue: Path, claimed: Worker, is_release: bool
) -> None:
    edit = ReleaseTask(at(key)) if is_release else UpdateTask(at(key), status=TaskStatus.PENDING)
    result = system.apply(edit)
    assert result.task is not None
    assert (result.task.status, result.task.owner, result.task.lock) == (
        TaskStatus.PENDING,
        None,
        None,
    )
    row = layout.row_of(queue, ID)
    cleared = ("worker_id", "claim_token", "claimed_at", "started_at", "completed_at")
    assert [row[name] for name in cleared] == [None] * 5
    assert (row["payload"], row["last_error"], row["retry_count"]) == ("left alone", "before", 2)
    assert layout.run(queue, "SELECT status FROM steps ORDER BY seq") == [("pending",)] * 2
    assert not claimed.work(ID)
    assert claimed.revoked == [ID]
    (back,) = inverse(result)
    again = system.apply(back).task
    assert again is not None
    assert (again.status, again.owner) == (TaskStatus.IN_PROGRESS, "ann")
    assert again.lock is not None
    assert layout.row_of(queue, ID)["claim_token"]


def test_failed_task_says_so_and_is_requeued_with_all_its_columns_clear(
    system: ProgressSystem, key: ListKey, queue: Path, claimed: Worker
) -> None:
    layout.run(queue, "UPDATE tasks SET last_error = NULL")
    failed = system.apply(UpdateTask(at(key), status=TaskStatus.FAILED)).task
    assert failed is not None
    row = layout.row_of(queue, ID)
    assert (row["status"], bool(row["last_error"]), bool(row["completed_at"])) == (
        "failed",
        True,
        True,
    )
    assert not claimed.fail(ID, "mine") or layout.row_of(queue, ID)["status"] == "failed"
    requeued = system.apply(UpdateTask(at(key), status=TaskStatus.PENDING)).task
    assert requeued is not None
    assert (requeued.status, requeued.owner) == (TaskStatus.PENDING, None)
    assert claimed.claim() == ID


def test_task_with_open_required_checks_is_done_only_when_forced_or_ticked(
    system: ProgressSystem, key: ListKey, queue: Path, claimed: Worker
) -> None:
    done = UpdateTask(at(key), status=TaskStatus.COMPLETED)
    with pytest.raises(ChecksOpen) as caught:
        system.apply(done)
    assert "Glows" in str(caught.value)
    assert layout.row_of(queue, ID)["status"] == "in_progress"
    ticked = replace(done, ticks=(Tick(TickKind.CHECK, "hot", by="cy", note="seen"),))
    result = system.apply(ticked)
    row = layout.row_of(queue, ID)
    assert (row["status"], row["worker_id"]) == ("done", "ann")
    assert row["completed_at"]
    checks = layout.run(queue, "SELECT done_by, note, done_at IS NOT NULL FROM sop_checklist")
    assert checks == [("cy", "seen", 1)]
    for back in inverse(result):
        system.apply(back)
    assert layout.row_of(queue, ID)["status"] == "in_progress"
    assert layout.run(queue, "SELECT done_by, done_at FROM sop_checklist") == [(None, None)]
    forced = system.apply(replace(done, is_forced=True)).task
    assert forced is not None
    assert forced.native_status == "done"


def test_steps_are_ticked_and_opened_again(
    system: ProgressSystem, key: ListKey, queue: Path, claimed: Worker
) -> None:
    step = f"{ID}-s1"
    result = system.apply(UpdateTask(at(key), ticks=(Tick(TickKind.STEP, step, note="hot"),)))
    row = "SELECT status, evidence, worker_id, completed_at IS NOT NULL FROM steps WHERE seq = 1"
    assert layout.run(queue, row) == [("done", "hot", "ann", 1)]
    (back,) = inverse(result)
    system.apply(back)
    assert layout.run(queue, row)[0][0] == "in_progress"
    assert layout.run(queue, "SELECT completed_at FROM steps") == [(None,), (None,)]
    with pytest.raises(InvalidField):
        system.apply(UpdateTask(at(key), ticks=(Tick(TickKind.STEP, "nowhere"),)))


def test_priority_retry_limit_and_texts_change_nothing_else(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID, goal="  Dig \n\n\nDeep.\n", payload='{"a": 1.50,  "b": 2}', seq=1)
    before = layout.row_of(queue, ID)
    system.apply(UpdateTask(at(key), priority="12"))
    system.apply(UpdateTask(at(key), most_attempts=9))
    assert layout.row_of(queue, ID) == {
        **before,
        "priority": 12,
        "max_retries": 9,
        "updated_at": layout.row_of(queue, ID)["updated_at"],
    }
    system.apply(UpdateTask(at(key), subject="Burrow"))
    assert layout.row_of(queue, ID)["goal"] == "  Burrow \n\n\nDeep.\n"
    system.apply(UpdateTask(at(key), description="Wide."))
    assert layout.row_of(queue, ID)["goal"] == "  Burrow \n\n\nWide."
    system.apply(UpdateTask(at(key), metadata_patch={"b": None, "c": [1]}))
    assert layout.row_of(queue, ID)["payload"] == '{"a": 1.50, "c": [1]}'
    for wrong in ("high", "1.5", ""):
        with pytest.raises(InvalidField):
            system.apply(UpdateTask(at(key), priority=wrong))


def test_plain_payload_has_no_keys_to_change(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID, payload="plain words")
    with pytest.raises(InvalidField):
        system.apply(UpdateTask(at(key), metadata_patch={"a": 1}))
    assert layout.row_of(queue, ID)["payload"] == "plain words"


def test_new_task_is_one_that_workers_take(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    edit = CreateTask(key, "Forge", "Hot.", metadata={"a": {"b": [1]}}, priority="4")
    created = system.apply(edit).task
    assert created is not None
    row = layout.row_of(queue, created.id)
    assert (row["goal"], row["payload"], row["priority"], row["status"]) == (
        "Forge\n\nHot.",
        '{"a": {"b": [1]}}',
        4,
        "pending",
    )
    assert Worker(queue, "ann").claim() == created.id


def test_claim_for_a_worker_is_one_that_the_worker_finishes(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID)
    claimed = system.apply(ClaimTask(at(key), "ann")).task
    assert claimed is not None
    assert claimed.native_status == "claimed"
    assert claimed.lock is not None
    assert Worker(queue, "bob").claim() is None
    assert Worker(queue, "ann").work(ID)
    assert layout.row_of(queue, ID)["status"] == "done"


def test_claim_that_another_holds_is_taken_over_only_when_forced(
    system: ProgressSystem, key: ListKey, queue: Path, claimed: Worker
) -> None:
    token = layout.row_of(queue, ID)["claim_token"]
    with pytest.raises(ClaimRefused) as caught:
        system.apply(ClaimTask(at(key), "bob"))
    assert caught.value.by == ("ann",)
    taken = system.apply(ClaimTask(at(key), "bob", is_forced=True)).task
    assert taken is not None
    assert taken.owner == "bob"
    assert layout.row_of(queue, ID)["claim_token"] not in (None, token)
    assert not claimed.work(ID)


def test_edits_of_one_batch_are_one_commit(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    for number in range(50):
        layout.put_task(queue, f"t-{number:02}")
    edits = [UpdateTask(at(key, f"t-{number:02}"), priority="1") for number in range(50)]
    with layout.elsewhere(queue) as other:
        other.run("SELECT count(*) FROM tasks")
        before = other.run("PRAGMA data_version")
        done = system.apply_all([*edits, DeleteTask(at(key, "t-00"))], all_or_none=False)
        after = other.run("PRAGMA data_version")
    assert (len(done.results), len(done.failures)) == (50, 1)
    assert int(after.strip("[](),")) == int(before.strip("[](),")) + 1


def test_edit_of_a_queue_that_went_away_is_refused_and_brings_nothing_back(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID)
    settled(system, key)
    queue.unlink()
    with pytest.raises(ListGone):
        system.apply(UpdateTask(at(key), priority="1"))
    assert list(queue.parent.iterdir()) == []


# mending


def test_repair_gives_back_old_claims_and_clears_what_belongs_to_nobody(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    old = {"status": "claimed", "claimed_at": "2020-01-01T00:00:00+00:00", "worker_id": "ann"}
    layout.put_task(queue, ID, **old)
    layout.put_task(queue, "tried", **old, retry_count=3)
    layout.put_task(queue, "gone")
    layout.put_step(queue, "gone", 1, "Heat")
    layout.put_check(queue, "gone", "hot")
    layout.run(queue, "DELETE FROM tasks WHERE id = 'gone'")  # foreign keys are off by default
    planned = system.repair(key, dry_run=True)
    assert layout.row_of(queue, ID)["status"] == "claimed"
    made = system.repair(key, dry_run=False)
    assert made.repairs == planned.repairs
    assert [repair.kind for repair in made.repairs] == [
        RepairKind.RELEASE_LOCK,
        RepairKind.RELEASE_LOCK,
        RepairKind.REMOVE_LEFTOVER,
        RepairKind.REMOVE_LEFTOVER,
    ]
    assert layout.row_of(queue, ID)["status"] == "pending"
    assert layout.row_of(queue, "tried")["status"] == "failed"
    assert layout.run(queue, "SELECT count(*) FROM steps") == [(0,)]
    assert system.repair(key, dry_run=False).repairs == ()


# finding


def test_queue_is_found_from_its_colony_its_data_and_its_database(
    system: ProgressSystem, key: ListKey, root: Path, queue: Path
) -> None:
    for path in (queue, queue.parent, queue.parent.parent):
        assert system.list_above(path) == (root, "queue:forge")
    assert system.list_above(root) is None
    assert system.list_above(root / "colonies") is None
    assert list(system.discover(root / "colonies")) == [
        ListKey("progress", str(root / "colonies"), TaskListId("queue:forge"))
    ]


def test_library_and_panes_agree_on_a_queue_anywhere(
    system: ProgressSystem, tmp_path: Path
) -> None:
    (tmp_path / "forge").mkdir()
    path = store.ensure_progress_db(tmp_path / "forge")
    task_id = store.enqueue_task(path, "Dig")
    above = system.list_above(path)
    assert above == (tmp_path, "queue:forge")
    (key,) = system.discover(tmp_path)
    assert task(system, key, task_id).subject == "Dig"


def test_databases_that_are_no_plain_files_are_passed_over_with_a_word(
    system: ProgressSystem, root: Path, queue: Path
) -> None:
    link = layout.database(root, "linked")
    link.parent.mkdir(parents=True)
    link.symlink_to(queue)
    (root / "colonies" / "round").symlink_to(root / "colonies" / "forge")
    assert [key.id for key in system.discover(root)] == ["queue:forge"]
    (problem,) = system.problems(root)
    assert problem.path == str(link)
    assert "'linked'" in problem.text


# watching


@pytest.fixture
def watched(root: Path, queue: Path) -> Iterator[tuple[Workspace, list[Any]]]:
    layout.put_task(queue, ID)
    workspace = Workspace([RootSpec(root, "test")], systems=[ProgressSystem()])
    scans: list[Any] = []
    stop = threading.Event()
    watcher = Watcher(workspace, reconcile_s=3600.0)
    thread = threading.Thread(target=watcher.run, args=(scans.append, stop))
    thread.start()
    wait_until(lambda: scans and scans[-1].snapshot.is_complete, "the first state")
    yield workspace, scans
    stop.set()
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


def test_commits_of_workers_that_come_and_go_are_seen_by_their_events(
    watched: tuple[Workspace, list[Any]], key: ListKey, queue: Path
) -> None:
    workspace, _ = watched
    worker = Worker(queue, "ann")

    def seen() -> TaskStatus:
        return workspace.snapshot.lists[key].tasks[TaskId(ID)].status

    assert worker.claim() == ID
    wait_until(lambda: seen() is TaskStatus.CLAIMED, "the claim")
    worker.work(ID)
    wait_until(lambda: seen() is TaskStatus.COMPLETED, "the end")


def test_commits_of_a_worker_that_stays_connected_are_seen_by_their_events(
    watched: tuple[Workspace, list[Any]], key: ListKey, queue: Path
) -> None:
    workspace, _ = watched
    with layout.elsewhere(queue) as other:
        for number in range(1, 6):
            other.run(f"UPDATE tasks SET priority = {number}")

            def is_seen(wanted: str = str(number)) -> bool:
                return workspace.snapshot.lists[key].tasks[TaskId(ID)].priority == wanted

            wait_until(is_seen, f"priority {number}")


def next_look(scans: list[Any]) -> None:
    """Wait for a look at the disk that begins now."""
    seen = len(scans)
    wait_until(lambda: len(scans) > seen, "the next look")


def test_own_reading_tells_no_news_and_ends(
    watched: tuple[Workspace, list[Any]], key: ListKey, queue: Path
) -> None:
    """As root each opening of `-wal` is an event; it must not lead to the next opening."""
    workspace, scans = watched
    with layout.elsewhere(queue) as other:
        other.run("UPDATE tasks SET priority = 7")
        wait_until(
            lambda: workspace.snapshot.lists[key].tasks[TaskId(ID)].priority == "7", "the priority"
        )
        wait_until(lambda: workspace.is_settled, "rest")
        quiet = len(scans)
        marker = queue.parent / "marker.txt"
        for number in range(5):  # each is an event behind all that were before it
            marker.write_text(str(number))
            next_look(scans)
        assert all(not scan.changes for scan in scans[quiet:])
        snapshots = {id(scan.snapshot) for scan in scans[quiet:]}
        assert len(snapshots) == 1


# refusals


def test_what_a_queue_does_not_do_is_said(
    system: ProgressSystem, key: ListKey, queue: Path
) -> None:
    layout.put_task(queue, ID)
    layout.put_task(queue, "other")
    for edit in (DeleteTask(at(key)), UpdateTask(at(key), add_blocked_by=(TaskId("other"),))):
        with pytest.raises(EditRefused):
            system.apply(edit)
    with pytest.raises(StaleEdit):
        system.apply(UpdateTask(at(key), priority="3", expected={"priority": "8"}))
    with pytest.raises(InvalidField):
        system.apply(UpdateTask(at(key), active_form="Forging"))

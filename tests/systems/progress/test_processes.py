"""Many real processes at one queue: one winner each, whoever they are."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import store
from store.model.edits import ReleaseTask, UpdateTask
from store.model.errors import StaleEdit
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.progress.adapter import ProgressSystem
from tests.contract.hooks import settled
from tests.patience import PATIENCE_S, wait_until
from tests.systems.progress import layout

pytestmark = pytest.mark.processes

Start = Callable[..., subprocess.Popen[str]]

WORKERS = 16
TASKS = 10_000
HERE = "tests.systems.progress"


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    colony = tmp_path / "colonies" / "forge"
    colony.mkdir(parents=True)
    return store.ensure_progress_db(colony)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts workers; none outlives its test."""
    processes = []

    def started(module: str, *arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"{HERE}.{module}", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        return process

    yield started
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=PATIENCE_S)


def ready(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """The worker, when it has said so."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def told(processes: Sequence[subprocess.Popen[str]]) -> list[Any]:
    """Let them go all at once; what each says in the end."""
    for process in [ready(process) for process in processes]:
        go(process)
    found = []
    for process in processes:
        said, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0
        found.append(json.loads(said))
    return found


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_each_of_ten_thousand_tasks_is_claimed_by_one_of_sixteen_processes(
    queue: Path, start: Start
) -> None:
    ids = store.seed_tasks(queue, [{"goal": f"Task {number}"} for number in range(TASKS)])
    names = [f"w{number}" for number in range(WORKERS)]
    claims = told([start("claimer", queue, name) for name in names])
    claimed = Counter(task_id for claim in claims for task_id, _ in claim)
    assert claimed == Counter(ids)
    stored = layout.run(queue, "SELECT id, worker_id, claim_token, status FROM tasks")
    mine = {
        (task_id, name, token, "claimed")
        for name, claim in zip(names, claims, strict=True)
        for task_id, token in claim
    }
    assert set(stored) == mine
    assert len({token for _, _, token, _ in stored}) == TASKS
    assert layout.run(queue, "PRAGMA integrity_check") == [("ok",)]


def test_workers_of_both_kinds_share_a_queue_without_loss(queue: Path, start: Start) -> None:
    tasks = [
        {
            "goal": f"Task {number}",
            "steps": [{"title": "only"}],
            "sop_items": [{"key": "k", "description": "d"}],
        }
        for number in range(40)
    ]
    ids = store.seed_tasks(queue, tasks)
    owners = [start("owner", "work", queue, f"o{n}") for n in range(3)]
    ours = [start("claimer", queue, f"c{n}") for n in range(2)]
    found = told([*owners, *ours])
    finished = [task_id for one in found[:3] for task_id in one["finished"]]
    claimed = [task_id for claim in found[3:] for task_id, _ in claim]
    assert sorted(finished + claimed) == sorted(ids)
    assert [one["revoked"] for one in found[:3]] == [[], [], []]
    done = layout.run(queue, "SELECT count(*) FROM tasks WHERE status = 'done'")
    assert done == [(len(finished),)]


def test_operator_steers_beside_a_worker_at_work_and_neither_loses_anything(
    queue: Path, start: Start
) -> None:
    ids = store.seed_tasks(queue, [{"goal": f"Task {number}"} for number in range(60)])
    root = queue.parents[3]
    key = ListKey("progress", str(root), TaskListId("queue:forge"))
    system = ProgressSystem()
    worker = ready(start("owner", "work", queue, "ann", len(ids), 0.001))
    go(worker)
    revoked = 0
    for number, task_id in enumerate(ids):
        edit = UpdateTask(TaskKey(key, TaskId(task_id)), priority=str(number + 1))
        assert system.apply(edit).changed == ("priority",)
        loaded = system.load(key)
        held = [t for t in loaded.tasks.values() if t.owner == "ann" and t.status.is_active]
        for task in held[:1] if number % 10 == 0 else ():
            try:
                system.apply(ReleaseTask(task.key, expected_owner="ann"))
                revoked += 1
            except StaleEdit:  # done meanwhile, or given away
                continue
    said, _ = worker.communicate(timeout=PATIENCE_S)
    report = json.loads(said)
    rows = {task_id: layout.row_of(queue, task_id) for task_id in ids}
    assert [row["priority"] for row in rows.values()] == list(range(1, len(ids) + 1))
    done = {task_id for task_id, row in rows.items() if row["status"] == "done"}
    assert done <= set(report["finished"])
    assert len(report["revoked"]) <= revoked
    assert done | set(report["revoked"]) | {
        i for i, row in rows.items() if row["status"] == "pending"
    } == set(ids)


def test_looking_on_while_workers_come_and_go_sees_all_and_leaves_no_log(
    queue: Path, start: Start
) -> None:
    ids = store.seed_tasks(queue, [{"goal": "x", "steps": [{"title": "s"}]} for _ in range(20)])
    key = ListKey("progress", str(queue.parents[3]), TaskListId("queue:forge"))
    system = ProgressSystem()
    workers = [ready(start("owner", "work", queue, f"w{n}", 100, 0.002)) for n in range(2)]
    for worker in workers:
        go(worker)
    loaded = system.load(key)
    while any(worker.poll() is None for worker in workers):
        loaded = system.load(key, loaded)
    for worker in workers:
        worker.communicate(timeout=PATIENCE_S)
    loaded = settled(system, key, loaded)
    done = [task.id for task in loaded.tasks.values() if task.native_status == "done"]
    assert sorted(done) == sorted(ids)
    wait_until(lambda: system.load(key, loaded) is loaded, "a look that finds no change")
    assert [file.name for file in queue.parent.iterdir()] == [queue.name]


def test_worker_that_is_killed_leaves_a_claim_that_is_given_back_and_done_by_another(
    queue: Path,
    start: Start,
) -> None:
    task_id = store.enqueue_task(queue, "x", steps=[{"title": "a"}, {"title": "b"}])
    worker = ready(start("owner", "work", queue, "ann", 1, 3600))
    go(worker)
    begun = "SELECT count(*) FROM steps WHERE status = 'in_progress'"
    wait_until(lambda: layout.run(queue, begun) == [(1,)], "a step that is begun")
    worker.send_signal(signal.SIGKILL)
    worker.communicate(timeout=PATIENCE_S)
    layout.run(queue, "UPDATE tasks SET claimed_at = datetime('now', '-1 hour')")
    assert store.reclaim_stale(queue) == 1
    (found,) = told([start("owner", "work", queue, "bob", 1)])
    assert found["finished"] == [task_id]
    assert layout.run(queue, "SELECT status, worker_id FROM steps") == [("done", "bob")] * 2


def test_library_call_beside_a_writer_that_holds_the_lock_waits_for_it(
    queue: Path, start: Start
) -> None:
    (task_id,) = store.seed_tasks(queue, [{"goal": "x"}])
    with layout.elsewhere(queue) as other:
        other.run("BEGIN IMMEDIATE")
        other.run("UPDATE tasks SET priority = 9")
        claimer = ready(start("claimer", queue, "ann"))
        go(claimer)
        other.run("COMMIT")
        said, _ = claimer.communicate(timeout=PATIENCE_S)
    assert [claim[0] for claim in json.loads(said)] == [task_id]
    assert layout.row_of(queue, task_id)["priority"] == 9


def test_status_of_a_task_that_another_finished_since_it_was_seen_is_not_overwritten(
    queue: Path,
    start: Start,
) -> None:
    (task_id,) = store.seed_tasks(queue, [{"goal": "x"}])
    key = ListKey("progress", str(queue.parents[3]), TaskListId("queue:forge"))
    system = ProgressSystem()
    seen = system.load(key).tasks[TaskId(task_id)]
    told([start("owner", "work", queue, "ann", 1)])
    edit = UpdateTask(seen.key, status=TaskStatus.FAILED, expected={"status": seen.native_status})
    with pytest.raises(StaleEdit):
        system.apply(edit)
    assert layout.row_of(queue, task_id)["status"] == "done"

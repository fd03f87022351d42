"""Several real processes on one blackboard at once: everything that each wrote is there."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from store.model.edits import UpdateTask
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.blackboard.adapter import BlackboardSystem
from store.systems.blackboard.blackboard import Blackboard
from tests.patience import PATIENCE_S, wait_until
from tests.systems.blackboard.agent import SHARED
from tests.systems.blackboard.spawning import RUN, SpawnedBrief, rows, started

pytestmark = pytest.mark.processes

PROCESSES = 6
BRIEFS = 30


def agent(root: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.systems.blackboard.agent", str(root), name, str(count)],
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> str:
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, errors
    return errors


def test_blackboard_written_by_several_processes_from_its_first_moment_loses_nothing(
    tmp_path: Path,
) -> None:
    names = [f"agent{number}" for number in range(PROCESSES)]
    for process in [agent(tmp_path, name, BRIEFS) for name in names]:
        finished(process)
    with Blackboard(RUN, tmp_path) as blackboard:
        summary = blackboard.get_run_summary()
    failed = PROCESSES * (BRIEFS // 3)
    done = PROCESSES * BRIEFS - failed
    assert summary["workstreams"] == {"done": PROCESSES}
    assert summary["briefs"] == {"done": done, "failed": failed, "pending": 1}
    assert summary["events"] == {"spawned": done + failed, "completed": done, "failed": failed}
    ((retries,),) = rows(tmp_path, f"SELECT retry_count FROM briefs WHERE brief_id = '{SHARED}'")
    assert retries == PROCESSES * BRIEFS
    assert rows(tmp_path, "PRAGMA foreign_key_check") == []
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_threads_that_share_one_blackboard_lose_nothing(tmp_path: Path) -> None:
    with started(tmp_path) as blackboard:
        threads = [
            threading.Thread(
                target=lambda: [blackboard.log_event("spawned") for _ in range(BRIEFS)]
            )
            for _ in range(PROCESSES)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
        assert blackboard.get_run_summary()["events"] == {"spawned": PROCESSES * BRIEFS}


def test_summary_read_beside_writers_is_of_one_moment(tmp_path: Path) -> None:
    """Each event is written after its brief, so no moment has more events than briefs."""
    writers = [agent(tmp_path, name, BRIEFS) for name in ("ann", "bob")]
    with started(tmp_path) as blackboard:
        looks = 0
        while any(writer.poll() is None for writer in writers):
            summary = blackboard.get_run_summary()
            briefs, events = summary["briefs"], summary["events"]
            spawned = sum(briefs.values()) - 1  # the shared one has no event
            assert events.get("spawned", 0) <= max(spawned, 0)
            assert events.get("completed", 0) <= briefs.get("done", 0)
            looks += 1
        assert looks > 0
    for writer in writers:
        finished(writer)


def test_agent_killed_while_it_writes_leaves_a_whole_blackboard(tmp_path: Path) -> None:
    writer = agent(tmp_path, "ann", 100_000)
    try:
        wait_until(lambda: (tmp_path / RUN).exists(), "the blackboard")
        with started(tmp_path) as blackboard:
            wait_until(lambda: blackboard.get_run_summary()["events"].get("completed", 0) > 5)
            writer.send_signal(signal.SIGKILL)
            writer.wait(PATIENCE_S)
            summary = blackboard.get_run_summary()
            assert sum(summary["briefs"].values()) >= summary["events"]["spawned"]
            blackboard.update_run_status("failed")
    finally:
        writer.kill()
        writer.communicate()
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    assert rows(tmp_path, "SELECT status FROM runs") == [("failed",)]


def test_operator_steering_beside_agents_loses_nothing_on_either_side(tmp_path: Path) -> None:
    system = BlackboardSystem(lock_timeout_s=PATIENCE_S)
    key = ListKey("blackboard", str(tmp_path), TaskListId(f"run:{RUN}"))
    with started(tmp_path) as blackboard:
        ours = [blackboard.create_brief(SpawnedBrief(f"Ours {n}")) for n in range(BRIEFS)]
    writers = [agent(tmp_path, name, BRIEFS) for name in ("ann", "bob")]
    for brief in ours:
        task = TaskKey(key, TaskId(brief))
        system.apply(UpdateTask(task, status=TaskStatus.IN_PROGRESS))
        system.apply(UpdateTask(task, metadata_patch={"result": {"by": "operator"}}))
    for writer in writers:
        finished(writer)
    tasks = system.load(key).tasks
    steered = [tasks[TaskId(brief)] for brief in ours]
    assert {task.status for task in steered} == {TaskStatus.COMPLETED}
    assert {str(task.metadata["result"]["by"]) for task in steered} == {"operator"}
    assert len(tasks) == 3 * BRIEFS + 1
    theirs = [task for task in tasks.values() if task.owner in ("ann", "bob")]
    assert {task.native_status for task in theirs} == {"done", "failed"}
    execution = tasks[TaskId(SHARED)].execution
    assert execution is not None
    assert execution.attempts is not None
    assert execution.attempts.number == 2 * BRIEFS

"""Progress queues: workers that run one statement on each connection, and wait for no lock."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from store import ensure_progress_db, seed_tasks
from store.model.edits import CreateTask, Edit, Tick, UpdateTask
from store.model.execution import TickKind
from store.model.task import ListKey, TaskId, TaskKey
from store.systems.progress.adapter import ProgressSystem
from tests.beside.figures import Figures, at_work, make
from tests.patience import PATIENCE_S
from tests.systems.progress import layout

HERE = Path(__file__).parents[2]
STRETCH = 8
"""Tasks that a worker takes before it says what it did."""
STATEMENTS = 8
"""That change a task on its way: claim, start, two for each of two steps, checks, finish."""
PAUSE_S = 0.001


def run(root: Path, edits: int) -> Figures:
    """Workers take tasks to their end while an operator sets priorities, limits, checks, texts."""
    directory = root / "colonies" / "beside"
    directory.mkdir(parents=True)
    path = ensure_progress_db(directory)
    ids = seed_tasks(path, [_task(f"Task {n}") for n in range(max(2 * edits, 4 * STRETCH))])
    system = ProgressSystem(lock_timeout_s=PATIENCE_S)
    (key,) = system.discover(root)
    figures = Figures("workers with SQLite's own tool, no waiting for locks")
    ours: list[tuple[str, Edit]] = []
    with at_work(lambda name: _worker(path, name)) as reports:
        for result in make(system, _edits(key, ids, edits), figures):
            assert result.task is not None
            ours.append((result.task.id, result.edit))
    finished = [i for report in reports.values() for i in report["finished"]]
    figures.theirs = STATEMENTS * len(finished)
    figures.twice = sorted({i for i in finished if finished.count(i) > 1})
    for name, report in reports.items():
        figures.lost_theirs += _lost_of_worker(path, name, report, set(ids))
    figures.lost_ours = _lost_of_ours(path, ours)
    return figures


def _task(goal: str) -> dict[str, Any]:
    return {
        "goal": goal,
        "steps": [{"title": "Begin"}, {"title": "End"}],
        "sop_items": [{"key": "ours", "description": "Ticked by an operator", "required": False}],
    }


def _edits(key: ListKey, ids: Sequence[str], count: int) -> Iterator[Edit]:
    """One kind after the other, on the tasks that are taken and on those that wait."""
    for number in range(count):
        task = TaskKey(key, TaskId(ids[number]))
        if number % 5 == 0:
            yield UpdateTask(task, priority=str(number + 1))
        elif number % 5 == 1:
            yield UpdateTask(task, most_attempts=number + 10)
        elif number % 5 == 2:
            yield UpdateTask(task, subject=f"Ours {number}")
        elif number % 5 == 3:
            yield CreateTask(key, f"Ours {number}")
        else:
            yield UpdateTask(task, ticks=(Tick(TickKind.CHECK, "ours", by="operator"),))


def _worker(path: Path, name: str) -> dict[str, Any]:
    module = "tests.systems.progress.owner"
    numbers = [str(STRETCH), str(PAUSE_S)]
    command = [sys.executable, "-m", module, "work", str(path), name, *numbers]
    done = subprocess.run(command, cwd=HERE, input="\n", capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _lost_of_worker(
    path: Path, name: str, report: Mapping[str, Any], with_steps: Collection[str]
) -> list[str]:
    lost = [f"{name} was told that {i} was taken away" for i in report["revoked"]]
    for task_id in report["finished"]:
        row = layout.row_of(path, task_id)
        if (row["status"], row["worker_id"]) != ("done", name):
            lost.append(f"{task_id} is {row['status']} of {row['worker_id']}, not done by {name}")
        steps = layout.run(path, "SELECT status, worker_id FROM steps WHERE task_id = ?", task_id)
        if steps != [("done", name)] * (2 if task_id in with_steps else 0):
            lost.append(f"{task_id}: steps {steps}")
    return lost


def _lost_of_ours(path: Path, made: Sequence[tuple[str, Edit]]) -> list[str]:
    lost = []
    for task_id, edit in made:
        row = layout.row_of(path, task_id)
        if isinstance(edit, CreateTask):
            is_there = row["goal"] == edit.subject
        elif isinstance(edit, UpdateTask) and edit.priority is not None:
            is_there = row["priority"] == int(edit.priority)
        elif isinstance(edit, UpdateTask) and edit.most_attempts is not None:
            is_there = row["max_retries"] == edit.most_attempts
        elif isinstance(edit, UpdateTask) and edit.subject is not None:
            is_there = row["goal"] == edit.subject
        else:
            is_there = _is_ticked(path, task_id)
        if not is_there:
            lost.append(f"{task_id}: {edit}")
    return lost


def _is_ticked(path: Path, task_id: str) -> bool:
    """By whoever came first: a worker ticks what is open when it ends a task."""
    found = layout.run(path, "SELECT done_by FROM sop_checklist WHERE task_id = ?", task_id)
    return len(found) == 1 and found[0][0] is not None

"""Compound runs: a runner in a process of its own, with a real command for each subtask."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from store.model.edits import Edit, UpdateTask
from store.model.task import ListKey, Task, TaskId, TaskKey
from store.systems.hive.adapter import HiveSystem
from tests.beside.figures import Figures, make, missing
from tests.patience import PATIENCE_S
from tests.running.workshop import Workshop

HERE = Path(__file__).parents[2]
WRITES = 2
"""Of the runner for each subtask: it begins, it is done."""


def run(root: Path, edits: int) -> Figures:
    """An operator marks and renames subtasks while the runner carries them out."""
    workshop = Workshop(root)
    count = max(8, edits // WRITES)
    record = workshop.submit("\n".join(f"- Part {number}" for number in range(1, count + 1)))
    figures = Figures("a runner with a command for each subtask", theirs=WRITES * count)
    command = [sys.executable, "-m", "tests.running.worker", str(root), record.id]
    runner = subprocess.Popen(command, cwd=HERE, stderr=subprocess.PIPE, text=True)
    try:
        system = HiveSystem(lock_timeout_s=PATIENCE_S)
        (key,) = system.discover(workshop.root)
        made = [result.edit for result in make(system, _edits(key, count, edits), figures)]
        _, errors = runner.communicate(timeout=10 * PATIENCE_S)
        assert runner.returncode == 0, errors
    finally:
        runner.kill()
        runner.wait()
    tasks = workshop.tasks(record)
    ended = sorted(workshop.ended())
    figures.twice = sorted({f"{i} was run twice" for i in ended if ended.count(i) > 1})
    figures.lost_theirs = [
        f"#{i} is {task.native_status}" for i, task in tasks.items() if not task.is_closed
    ]
    figures.lost_theirs += [f"#{i} was never run" for i in tasks if i not in ended]
    figures.lost_ours = _lost(tasks, made)
    return figures


def _edits(key: ListKey, tasks: int, count: int) -> Iterator[Edit]:
    for number in range(count):
        task = TaskKey(key, TaskId(str(1 + number % tasks)))
        if number < tasks and number % 2:
            yield UpdateTask(task, subject=f"Ours {number}")
        else:
            yield UpdateTask(task, metadata_patch={f"ours-{number}": number})


def _lost(tasks: Mapping[TaskId, Task], made: list[Edit]) -> list[str]:
    lost = []
    for edit in made:
        assert isinstance(edit, UpdateTask)
        task = tasks[edit.key.id]
        if edit.subject is not None:
            lost += missing({"subject": edit.subject}, {"subject": task.subject}, f"#{task.id}")
        lost += missing(edit.metadata_patch, task.metadata, f"#{task.id}")
    return lost

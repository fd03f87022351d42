"""The native layout: a file for each task, both sides of each edge, one lock for the list."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from store.model.edits import CreateTask, DeleteTask, Edit, UpdateTask
from store.model.task import ListKey, TaskId, TaskKey
from store.systems.hive.adapter import HiveSystem
from store.systems.protocol import System
from tests.beside.figures import Figures, at_work, make, missing
from tests.contract import native
from tests.patience import PATIENCE_S

HERE = Path(__file__).parents[2]
LIST = "colony:beside"
STRETCH = 64
SHARED = 6
"""Tasks that both sides write to."""


def run(root: Path, edits: int, system: System | None = None) -> Figures:
    """Tasks, edges, deletes, and marks on the tasks that both sides write to.

    Args:
        root: an empty directory.
        edits: how many of ours.
        system: what makes them, if not the system itself.
    """
    for number in range(1, SHARED + 1):
        native.write_record(root, LIST, native.record(number, f"Shared {number}"))
    system = system or HiveSystem(lock_timeout_s=PATIENCE_S)
    (key,) = system.discover(root)
    assert key.id == LIST
    figures = Figures("the plain store made again, a FileLock for each change")
    done = _Ours()
    with at_work(lambda name: _owner(native.list_directory(root, LIST), name)) as reports:
        for result in make(system, done.edits(key, edits), figures):
            if isinstance(result.edit, CreateTask) and result.task is not None:
                done.made.append(result.task.id)
    tasks = {str(task["id"]): task for task in map(_read, _files(root))}
    figures.theirs = len(reports) * STRETCH
    for report in reports.values():
        figures.lost_theirs += _lost(tasks, report)
    figures.lost_ours = _lost(tasks, done.report())
    sides = [*reports.values(), done.report()]
    given = Counter(str(i) for side in sides for i in (*side["made"], *side["deleted"]))
    figures.twice = [i for i, count in given.items() if count > 1]
    return figures


class _Ours:
    """Our edits, and what must be found of them."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.deleted: list[str] = []
        self.linked: list[tuple[str, str]] = []
        self.marks: list[tuple[int, str, int]] = []

    def edits(self, key: ListKey, count: int) -> Iterator[Edit]:
        for number in range(count):
            if number % 4 == 0:
                yield CreateTask(key, f"ours {number}")
            elif number % 4 == 1 and len(self.made) > 1:
                task, blocker = self.made[-1], self.made[-2]
                self.linked.append((task, blocker))
                yield UpdateTask(TaskKey(key, TaskId(task)), add_blocked_by=(TaskId(blocker),))
            elif number % 16 == 14:
                self.deleted.append(self.made.pop())
                yield DeleteTask(TaskKey(key, TaskId(self.deleted[-1])))
            else:
                self.marks.append((1 + number % SHARED, f"ours-{number}", number))
                task_id, name, value = self.marks[-1]
                yield UpdateTask(TaskKey(key, TaskId(str(task_id))), metadata_patch={name: value})

    def report(self) -> dict[str, Any]:
        edges = [edge for edge in self.linked if not set(edge) & set(self.deleted)]
        return {"made": self.made, "deleted": self.deleted, "edges": edges, "marks": self.marks}


def _owner(directory: Path, name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.beside.hive_owner", str(directory), name]
    done = subprocess.run(
        [*command, str(STRETCH), str(SHARED)], cwd=HERE, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def _files(root: Path) -> Iterator[Path]:
    return (native.list_directory(root, LIST) / "tasks").glob("*.json")


def _lost(tasks: Mapping[str, Any], report: Mapping[str, Any]) -> list[str]:
    """What a side did of which the files say something else."""
    lost = [f"#{i} is not there" for i in report["made"] if str(i) not in tasks]
    lost += [f"#{i} is there again" for i in report["deleted"] if str(i) in tasks]
    for task_id, name, value in report["marks"]:
        lost += missing({name: value}, tasks[str(task_id)]["metadata"], f"#{task_id}")
    for task_id, blocker in report["edges"]:
        if int(blocker) not in tasks[str(task_id)]["blocked_by"]:
            lost.append(f"#{task_id} does not wait on #{blocker}")
        if int(task_id) not in tasks[str(blocker)]["blocks"]:
            lost.append(f"#{blocker} does not block #{task_id}")
    return lost

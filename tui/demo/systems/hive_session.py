"""A session document and the one process that owns it: its lock is inside that process, and every
change writes the whole document anew. One task was left idle by an agent that is gone.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tui.demo.agent import Dropped
from tui.demo.systems.plots import REPORT, Job, job_of, next_round, number_of, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "hive_session"
QUEEN, GONE = "vesper", "hal"
AGENTS = ("nia", "rolf")
"""The agents that the process speaks for."""
_FEW = 2  # open tasks, at which the next round is planned
_KEPT = 2  # rounds that are archived before they are deleted
_MINUTE_S = 60.0
_OPEN = ("pending", "in_progress")

Fields = dict[str, Any]


class SessionHost(Writer):
    """The process that owns the document."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._path = document_path(setting.root)
        self._lock = threading.Lock()  # the only one that there is

    def turn(self) -> Iterator[float]:
        tasks = {task["id"]: task for task in self._read()["tasks"]}
        steps = [(t["metadata"].get("step"), t["status"] in _OPEN) for t in tasks.values()]
        if (number := next_round(steps, _FEW)) is not None:
            self._change(partial(self._plan, number))
            return
        for number, task in tasks.items():
            if _is_free(task, tasks):
                yield from self._work(number, task)
                return

    def _work(self, number: int, task: Fields) -> Iterator[float]:
        job = job_of(REPORT, self.setting.seed, task["metadata"].get("step"), AGENTS)
        owner = task["owner"] or job.worker or AGENTS[0]
        begun = {"status": "in_progress", "owner": owner, "active_form": job.active_form}
        self._tell(number, {"status": task["status"], "owner": task["owner"]}, begun, 0)
        seen = {"status": "in_progress", "owner": owner}
        for tick in range(1, job.ticks + 1):
            yield job.seconds / job.ticks
            fields = {"status": "completed"} if tick == job.ticks else {}
            self._tell(number, seen, fields, 100 * tick // job.ticks)
        self.tally.completed += 1

    def _tell(self, number: int, seen: Fields, fields: Fields, progress: int) -> None:
        """Change one task, if it is as it was seen.

        Raises:
            Dropped: it is not.
        """

        def change(document: Fields) -> None:
            task = next((task for task in document["tasks"] if task["id"] == number), None)
            if task is None or any(task[name] != value for name, value in seen.items()):
                raise Dropped("the task is no longer as it was")
            task.update(fields, updated_at=time.time())
            task["metadata"]["progress"] = progress

        self._change(change)

    def _plan(self, number: int, document: Fields) -> None:
        """Add a round of the story; archive what is done, and drop what was archived long ago."""
        now = time.time()
        rounds = [number_of(task["metadata"].get("step")) for task in document["tasks"]]
        needed = {i for t in document["tasks"] if t["status"] in _OPEN for i in t["blocked_by"]}
        for task in document["tasks"]:
            if task["status"] == "completed" and task["id"] not in needed:
                archived = {"archived_from": "completed", "archived_at": now}
                task["metadata"] |= {**archived, "archived_goal": document["meta"]["goal"]}
                task.update(status="archived", updated_at=now)
        old = {
            task["id"]
            for task, told in zip(document["tasks"], rounds, strict=True)
            if task["status"] == "archived" and 0 <= told <= number - 1 - _KEPT
        }
        document["tasks"] = [task for task in document["tasks"] if task["id"] not in old]
        for task in document["tasks"]:
            for side in ("blocks", "blocked_by"):
                task[side] = [other for other in task[side] if other not in old]
        jobs = round_of(REPORT, self.setting.seed, number, AGENTS)
        document["tasks"] += _records(jobs, document["highwatermark"], now)
        document["highwatermark"] += len(jobs)

    def _read(self) -> Fields:
        found: Fields = json.loads(self._path.read_text(encoding="utf-8"))
        return found

    def _change(self, change: Callable[[Fields], None]) -> None:
        with self._lock:
            document = self._read()
            change(document)
            write_document(self._path, document)
        self.count()


def open_writer(name: str, setting: Setting) -> Writer:
    return SessionHost(name, setting)


def document_path(root: Path) -> Path:
    return root / "queens" / QUEEN / "sessions" / REPORT.list_id / "tasks.json"


def set_stage(setting: Setting) -> None:
    """The document with its first round under way."""
    before = time.time() - 55 * _MINUTE_S
    jobs = round_of(REPORT, setting.seed, 0, AGENTS)
    tasks = _records(jobs, 0, before)
    tasks[0].update(status="completed", owner=AGENTS[0], updated_at=before + 10 * _MINUTE_S)
    tasks[1].update(status="in_progress", owner=GONE, updated_at=before + 15 * _MINUTE_S)
    tasks[1]["metadata"]["progress"] = 20
    meta = {
        "role": "session",
        "creator_agent_id": None,
        "goal": "A report that the board can read in ten minutes",
        "created_at": before,
        "schema_version": 1,
    }
    path = document_path(setting.root)
    path.parent.mkdir(parents=True)
    # a second piece of work that does not wait on what was left behind
    more = _records(round_of(REPORT, setting.seed, 1, AGENTS), len(tasks), before)
    document = {"meta": meta, "highwatermark": len(tasks) + len(more), "tasks": tasks + more}
    write_document(path, document)


def write_document(path: Path, document: Fields) -> None:
    """Replace the whole document."""
    descriptor, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"
    )
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)


def _records(jobs: tuple[Job, ...], mark: int, now: float) -> list[Fields]:
    """New records, their ids from `mark` + 1."""
    ids = {job.key: number for number, job in enumerate(jobs, mark + 1)}
    return [
        {
            "id": ids[job.key],
            "subject": job.subject,
            "description": job.description,
            "active_form": None,
            "owner": None,
            "status": "pending",
            "blocks": [ids[other.key] for other in jobs if job.key in other.needs],
            "blocked_by": [ids[key] for key in job.needs],
            "metadata": {"plan": REPORT.name, "step": job.key},
            "created_at": now,
            "updated_at": now,
        }
        for job in jobs
    ]


def _is_free(task: Fields, tasks: dict[int, Fields]) -> bool:
    """The process may go on with it: ready and nobody else's, or begun by one of its agents."""
    is_ours = task["owner"] in (None, *AGENTS)
    if task["status"] == "in_progress":
        return is_ours and task["owner"] is not None
    blockers = (tasks.get(number) for number in task["blocked_by"])
    done = ("completed", "archived")
    is_ready = all(found is not None and found["status"] in done for found in blockers)
    return is_ours and task["status"] == "pending" and is_ready

"""Edits of session documents while their owner writes them: what is lost on either side.

    python -m tests.systems.hive_session.beside --edits 1000 --tasks 20 1000

prints one line for each number of tasks. `--naive` edits as a program does that knows nothing of
the owner: read, change, replace.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from store.model.edits import CreateTask, UpdateTask
from store.model.task import ListKey
from store.systems.hive_session.adapter import HiveSessionSystem
from tests.systems.hive_session import sessions

_COLONY = {"task_list_id": "colony:forge", "role": "template"}
_OWNER = Path(__file__).with_name("owner.py")


@dataclass(slots=True)
class Tally:
    """What was done on both sides, and what of it is no longer there."""

    edits: int = 0
    owner_changes: int = 0
    owner_lost: int = 0
    ours_lost: int = 0
    duplicates: int = 0
    attempts: int = 0
    seconds: float = 0.0
    wanted: dict[int, str] = field(default_factory=dict)
    """Id → the owner or subject that our last edit of it set."""

    def __str__(self) -> str:
        return (
            f"{self.edits} edits beside {self.owner_changes} changes of the owner: "
            f"{self.owner_lost} of the owner's lost, {self.ours_lost} of ours lost, "
            f"{self.duplicates} ids twice, {self.attempts / max(self.edits, 1):.2f} attempts per "
            f"edit, {self.seconds:.1f} s"
        )


@contextmanager
def working_owner(path: Path, log: Path, *options: str) -> Iterator[None]:
    """The owner as a process of its own, at work until the end."""
    command = [sys.executable, str(_OWNER), str(path), "--log", str(log), *options]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        assert owner.stdout.readline() == "working\n"
        try:
            yield
        finally:
            owner.stdin.close()
            owner.wait(60)


def edit_beside(
    root: Path,
    tasks: int,
    edits: int,
    *,
    pause_s: float,
    is_naive: bool = False,
    has_lock: bool = False,
) -> Tally:
    """Edit a session document of so many tasks while its owner works; count afterwards.

    `has_lock`: it is the document of a colony, of which the owner takes the lock.
    """
    records = [sessions.record(n, f"task {n}", description="x" * 100) for n in range(1, tasks + 1)]
    session: dict[str, Any] = {"goal": "Iron"}
    parts, meta = (sessions.COLONY, _COLONY) if has_lock else (sessions.WORKER, session)
    path = sessions.write(root, parts, sessions.document(records, **meta))
    system = HiveSessionSystem(lock_timeout_s=60.0, edit_unlocked=True, state=root / "state")
    (key,) = system.discover(root)
    tally, log = Tally(edits=edits), root / "owner.log"
    started = time.monotonic()
    options = ["--lock"] if has_lock else []
    with working_owner(path, log, "--pause", str(pause_s), *options):
        for number in range(edits):
            target = random.Random(number).randint(1, tasks)
            if is_naive:
                _edit_naively(path, target, f"us {number}")
                tally.wanted[target] = f"us {number}"
            else:
                _edit(system, key, target, number, tally)
            if has_lock:  # the owner looks every 50 ms whether it is free
                time.sleep(pause_s)
    tally.seconds = time.monotonic() - started
    tally.attempts = edits if is_naive else system.attempts(key)
    _count(path, log, tally)
    return tally


def _edit(system: HiveSessionSystem, key: ListKey, target: int, number: int, tally: Tally) -> None:
    """Every fifth edit makes a task, the others give one to somebody."""
    name = f"us {number}"
    if number % 5:
        system.apply(UpdateTask(sessions.task_key(key, target), owner=name))
        tally.wanted[target] = name
        return
    made = system.apply(CreateTask(key, name)).task
    assert made is not None
    tally.wanted[int(made.id)] = name


def _edit_naively(path: Path, target: int, name: str) -> None:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for task in found["tasks"]:
        if task["id"] == target:
            task["owner"] = name
    temporary = path.with_name(f".tasks.json.{os.getpid()}.tmp")
    temporary.write_text(json.dumps(found, indent=2), encoding="utf-8")
    temporary.replace(path)
    time.sleep(0.01)


def _count(path: Path, log: Path, tally: Tally) -> None:
    """Compare what both were told with what is there."""
    tasks = json.loads(path.read_text(encoding="utf-8"))["tasks"]
    found = {task["id"]: task for task in tasks}
    tally.duplicates = len(tasks) - len(found)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    tally.owner_changes = len(lines)
    for line in lines:
        if line["op"] == "create":
            tally.owner_lost += found.get(line["id"], {}).get("subject") != line["subject"]
    last = {line["id"]: line["beat"] for line in lines if line["op"] == "update" and line["found"]}
    tally.owner_lost += sum(found[i]["metadata"].get("beat") != beat for i, beat in last.items())
    for number, name in tally.wanted.items():
        task = found.get(number, {})
        tally.ours_lost += name not in (task.get("owner"), task.get("subject"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=1000)
    parser.add_argument("--tasks", type=int, nargs="+", default=[20, 1000])
    parser.add_argument("--pause", type=float, default=0.01)
    parser.add_argument("--naive", action="store_true")
    chosen = parser.parse_args()
    for tasks in chosen.tasks:
        with tempfile.TemporaryDirectory() as place:
            tally = edit_beside(
                Path(place), tasks, chosen.edits, pause_s=chosen.pause, is_naive=chosen.naive
            )
        print(f"{tasks} tasks, owner pauses {chosen.pause * 1000:.0f} ms: {tally}")  # noqa: T201


if __name__ == "__main__":
    main()

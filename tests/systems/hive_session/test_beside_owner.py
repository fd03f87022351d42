"""Edits beside the owner at work: nothing of either side is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

from store.files.temporaries import is_temporary
from store.model.edits import CreateTask, UpdateTask
from store.systems.hive_session.adapter import HiveSessionSystem
from tests.patience import PATIENCE_S, wait_until
from tests.systems.hive_session import sessions
from tests.systems.hive_session.beside import edit_beside, working_owner

pytestmark = pytest.mark.processes


@pytest.mark.parametrize(
    ("tasks", "edits", "pause_s"), [(20, 60, 0.01), (20, 20, 0.0), (1000, 20, 0.01)]
)
def test_edits_beside_an_owner_without_a_lock_lose_nothing_on_either_side(
    tmp_path: Path, tasks: int, edits: int, pause_s: float
) -> None:
    tally = edit_beside(tmp_path, tasks, edits, pause_s=pause_s)
    assert tally.owner_changes > 0
    assert (tally.owner_lost, tally.ours_lost, tally.duplicates) == (0, 0, 0)
    beside = sorted(path.name for path in tmp_path.joinpath(*sessions.WORKER).iterdir())
    assert beside == ["tasks.json"]


def test_edits_by_several_of_us_beside_the_owner_lose_nothing(tmp_path: Path) -> None:
    """Two systems, as in two processes: they take turns by themselves."""
    records = [sessions.record(number) for number in range(1, 21)]
    path = sessions.write(tmp_path, sessions.WORKER, sessions.document(records))
    key = sessions.key_of(tmp_path, "session:forge/workers:s1")

    def edit(name: str) -> None:
        system = HiveSessionSystem(
            lock_timeout_s=PATIENCE_S, edit_unlocked=True, state=tmp_path / "state"
        )
        for number in range(10):
            system.apply(CreateTask(key, f"{name} {number}"))

    with working_owner(path, tmp_path / "log", "--pause", "0.01"):
        editors = [threading.Thread(target=edit, args=(name,)) for name in ("ann", "bo")]
        for editor in editors:
            editor.start()
        for editor in editors:
            editor.join(PATIENCE_S)
    tasks = json.loads(path.read_text())["tasks"]
    subjects = [task["subject"] for task in tasks]
    wanted = [f"{name} {number}" for name in ("ann", "bo") for number in range(10)]
    assert sorted(s for s in subjects if s.startswith(("ann", "bo"))) == sorted(wanted)
    assert len({task["id"] for task in tasks}) == len(tasks)


def test_edits_of_a_colony_document_beside_its_locking_owner_lose_nothing(tmp_path: Path) -> None:
    records = [sessions.record(number) for number in range(1, 21)]
    whole = sessions.document(records, task_list_id="colony:forge", role="template")
    path = sessions.write(tmp_path, sessions.COLONY, whole)
    log = tmp_path / "log"
    system = HiveSessionSystem(lock_timeout_s=PATIENCE_S)
    (key,) = system.discover(tmp_path)
    with working_owner(path, log, "--pause", "0.002", "--lock"):
        wanted = {}
        for number in range(200):
            wanted[number % 20 + 1] = f"us {number}"
            target = sessions.task_key(key, number % 20 + 1)
            system.apply(UpdateTask(target, owner=f"us {number}"))
    found = sessions.stored(path)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines
    for line in lines:
        if line["op"] == "create":
            assert found[line["id"]]["subject"] == line["subject"]
    last = {line["id"]: line["beat"] for line in lines if line["op"] == "update"}
    assert {i: found[i]["metadata"]["beat"] for i in last} == last
    assert {number: found[number]["owner"] for number in wanted} == wanted


_EDITOR = """
import sys
from pathlib import Path
from store.model.edits import UpdateTask
from store.model.task import TaskId, TaskKey
from store.systems.hive_session.adapter import HiveSessionSystem

root = Path(sys.argv[1])
system = HiveSessionSystem(lock_timeout_s=60.0, edit_unlocked=True, state=root / "state")
(key,) = system.discover(root)
number = 0
while True:
    number += 1
    system.apply(UpdateTask(TaskKey(key, TaskId("1")), owner=f"us {number}"))
    print(number, flush=True)
"""


def _has_grown(log: Path, size: int) -> bool:
    return log.stat().st_size > size


def test_owner_goes_on_and_loses_nothing_when_we_are_killed_at_any_moment(tmp_path: Path) -> None:
    records = [sessions.record(number) for number in range(1, 21)]
    path = sessions.write(tmp_path, sessions.WORKER, sessions.document(records))
    log = tmp_path / "log"
    with working_owner(path, log, "--pause", "0.001"):
        for edits in (1, 2, 3, 4, 5):
            with subprocess.Popen(
                [sys.executable, "-c", _EDITOR, str(tmp_path)], stdout=subprocess.PIPE
            ) as editor:
                assert editor.stdout is not None
                for _ in range(edits):
                    assert editor.stdout.readline()
                editor.kill()
            wait_until(partial(_has_grown, log, log.stat().st_size), "the owner's next change")
    found = sessions.stored(path)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    made = {line["id"]: line["subject"] for line in lines if line["op"] == "create"}
    assert {number: found[number]["subject"] for number in made} == made
    last = {line["id"]: line["beat"] for line in lines if line["op"] == "update"}
    assert {number: found[number]["metadata"]["beat"] for number in last} == last
    beside = {beside.name for beside in path.parent.iterdir()} - {"tasks.json"}
    assert all(is_temporary(name) for name in beside)

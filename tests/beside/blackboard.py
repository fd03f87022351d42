"""Blackboards: agents that spawn, count and end briefs while an operator steers others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from store.model.edits import Edit, UpdateTask
from store.model.task import ListKey, TaskId, TaskKey, TaskStatus
from store.systems.blackboard.adapter import BlackboardSystem
from store.systems.blackboard.places import DATABASE
from tests.beside.blackboard_owner import RUN, SHARED, Owner
from tests.beside.figures import Figures, at_work, make
from tests.patience import PATIENCE_S
from tests.systems.blackboard.spawning import rows

HERE = Path(__file__).parents[2]
STRETCH = 12
"""Briefs of an agent's process."""
WRITES = 6
"""Of an agent for each brief: spawned, its event, active, one more try, its end, that event."""


def run(root: Path, edits: int) -> Figures:
    """Each of our briefs is begun and given a result; agents work beside."""
    owner, ours = Owner(root / RUN / DATABASE), [f"ours-{n}" for n in range(edits // 2 + 1)]
    owner.begin_run()
    for brief in (SHARED, *ours):
        owner.spawn(brief, "smith")
    owner.close()
    system = BlackboardSystem(lock_timeout_s=PATIENCE_S)
    (key,) = system.discover(root)
    figures = Figures("its library made again, deferred transactions, foreign keys off")
    with at_work(lambda name: _agent(root, name)) as reports:
        made = [result.edit for result in make(system, _edits(key, ours, edits), figures)]
    figures.theirs = WRITES * STRETCH * len(reports)
    figures.lost_theirs = _lost_of_agents(root, list(reports))
    figures.lost_ours = _lost_of_ours(root, made)
    return figures


def _edits(key: ListKey, ours: Sequence[str], count: int) -> Iterator[Edit]:
    for number in range(count):
        task = TaskKey(key, TaskId(ours[number // 2]))
        if number % 2:
            yield UpdateTask(task, metadata_patch={"result": {"number": number}})
        else:
            yield UpdateTask(task, status=TaskStatus.IN_PROGRESS)


def _agent(root: Path, name: str) -> None:
    module, database = "tests.beside.blackboard_owner", str(root / RUN / DATABASE)
    command = [sys.executable, "-m", module, database, name, str(STRETCH)]
    subprocess.run(command, cwd=HERE, check=True, capture_output=True)


def _lost_of_agents(root: Path, names: Sequence[str]) -> list[str]:
    lost = []
    briefs = {i: (s, r) for i, s, r in rows(root, "SELECT brief_id, status, result FROM briefs")}
    events = {tuple(row) for row in rows(root, "SELECT kind, brief_id FROM events")}
    for name in names:
        for number in range(STRETCH):
            brief, is_failed = f"{name}-{number}", number % 3 == 2
            status, result = briefs.get(brief, (None, None))
            said = None if result is None else json.loads(result)
            wanted: Any = ("failed", None) if is_failed else ("done", {"number": number})
            if (status, said) != wanted:
                lost.append(f"{brief} is {status} with {said}")
            for kind in ("spawned", "failed" if is_failed else "completed"):
                if (kind, brief) not in events:
                    lost.append(f"{brief}: no event {kind}")
    ((tries,),) = rows(root, f"SELECT retry_count FROM briefs WHERE brief_id = '{SHARED}'")
    return lost + ["one more try"] * abs(STRETCH * len(names) - tries)


def _lost_of_ours(root: Path, made: Sequence[Edit]) -> list[str]:
    lost = []
    found = {i: (s, r) for i, s, r in rows(root, "SELECT brief_id, status, result FROM briefs")}
    for edit in made:
        assert isinstance(edit, UpdateTask)
        status, result = found[edit.key.id]
        wanted = edit.metadata_patch.get("result")
        is_there = status in ("active", "done") if wanted is None else json.loads(result) == wanted
        if not is_there:
            lost.append(f"{edit.key.id} is {status} with {result}")
    return lost

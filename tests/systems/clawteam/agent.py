"""An agent that uses `TeamStore`: `python -m tests.systems.clawteam.agent ROLE ROOT TEAM NAME N`.

Says "ready", waits for a line, does its work and prints one JSON object.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from store import ClaimRefused, TeamStore
from store.model.edits import ClaimTask
from store.model.task import TaskId, TaskKey
from store.systems.clawteam.adapter import ClawTeamSystem

LONG_WAIT_S = 60.0


def work(store: TeamStore, name: str, count: int) -> dict[str, Any]:
    """The same work as the owner's: marks on `shared`, and chains of three that are worked off."""
    chains: list[list[str]] = []
    for number in range(count):
        step = number % 8
        if step == 0:
            chains.append([store.create(f"{name} first {number}").id])
        elif step in (1, 2):
            before = chains[-1][-1]
            chains[-1].append(store.create(f"{name} next {number}", blocked_by=[before]).id)
        elif step == 3:
            store.update(chains[-1][0], "in_progress", caller=name)
        elif step == 4:
            store.update(chains[-1][0], "completed", caller=name)
        elif step == 5:
            store.update(chains[-1][1], metadata={"seen": number}, priority="high")
        else:
            store.update("shared", metadata={f"{name}-{number}": number})
    return {"chains": chains}


def claim(store: TeamStore, name: str, count: int) -> dict[str, Any]:
    """Try to start the tasks 0 to `count`, in order."""
    won: list[str] = []
    lost: dict[str, str] = {}
    for number in range(count):
        try:
            store.update(f"t{number}", "in_progress", caller=name)
            won.append(f"t{number}")
        except ClaimRefused as error:
            lost[f"t{number}"] = f"{error.reason} {error.by[0]}"
    return {"won": won, "lost": lost}


def take(store: TeamStore, name: str, count: int) -> dict[str, Any]:
    """The same as an operator's program does it."""
    won: list[str] = []
    lost: dict[str, str] = {}
    system = ClawTeamSystem(lock_timeout_s=LONG_WAIT_S)
    (key,) = system.discover(store.root)
    for number in range(count):
        task = TaskKey(key, TaskId(f"t{number}"))
        try:
            system.apply(ClaimTask(task, name))
            won.append(task.id)
        except ClaimRefused as error:
            lost[task.id] = f"{error.reason} {error.by[0]}"
    return {"won": won, "lost": lost}


ROLES = {"work": work, "claim": claim, "take": take}


def main() -> None:
    role, root, team, name, count = sys.argv[1:]
    store = TeamStore(team, root=Path(root), lock_timeout_s=LONG_WAIT_S)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(ROLES[role](store, name, int(count))) + "\n")


if __name__ == "__main__":
    main()

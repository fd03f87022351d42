"""ClawTeam: edges that a completion frees, soft locks, and one task that all write to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from store.model.edits import ClaimTask, CreateTask, Edit, UpdateTask
from store.model.task import ListKey, TaskId, TaskKey, TaskStatus
from store.systems.clawteam.adapter import ClawTeamSystem
from tests.beside.figures import Figures, at_work, make, missing
from tests.patience import PATIENCE_S
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM
from tests.systems.clawteam.owner import Owner
from tests.systems.clawteam.processes import compete

SHARED = TaskId("shared")
STRETCH = 48
"""Edits of an owner's process: whole chains of eight."""


def run(root: Path, edits: int) -> Figures:
    """Chains of three tasks are worked off, and marks set on the shared one, on both sides."""
    Owner(root, TEAM).create("Shared", id=SHARED)
    system = ClawTeamSystem(lock_timeout_s=PATIENCE_S)
    (key,) = system.discover(root)
    figures, chains = Figures("its store made again, flock without a time-out"), list[list[str]]()
    with at_work(lambda name: compete(root, [("owner", "work", name, STRETCH)])[name]) as reports:
        for result in make(system, _edits(key, edits, chains), figures):
            if isinstance(result.edit, CreateTask) and result.task is not None:
                chains[-1].append(result.task.id)
    figures.theirs = len(reports) * STRETCH
    marks = layout.read(root, SHARED)["metadata"]
    for name, report in reports.items():
        wanted = {f"{name}-{n}": n for n in range(STRETCH) if n % 8 > 5}
        figures.lost_theirs += missing(wanted, marks, "shared")
        figures.lost_theirs += _lost_of_chains(root, report["chains"], STRETCH)
    ours = {f"ours-{n}": n for n in range(edits) if n % 8 > 5}
    figures.lost_ours = missing(ours, marks, "shared") + _lost_of_chains(root, chains, edits)
    return figures


def _edits(key: ListKey, count: int, chains: list[list[str]]) -> Iterator[Edit]:
    """The same work as the owner's, as a person's edits."""
    for number in range(count):
        step = number % 8
        if step == 0:
            chains.append([])
        named = [TaskKey(key, TaskId(i)) for i in chains[-1]]
        if step < 3:
            yield CreateTask(key, f"ours {number}", blocked_by=tuple(one.id for one in named[-1:]))
        elif step == 3:
            yield ClaimTask(named[0], "ours")
        elif step == 4:
            yield UpdateTask(named[0], status=TaskStatus.COMPLETED)
        elif step == 5:
            yield UpdateTask(named[1], priority="high", metadata_patch={"seen": number})
        else:
            patch = {f"ours-{number}": number}
            yield UpdateTask(TaskKey(key, SHARED), metadata_patch=patch)


def _lost_of_chains(root: Path, chains: Sequence[Sequence[str]], edits: int) -> list[str]:
    """What of the work on each chain is not in its files."""
    lost: list[str] = []
    for number, chain in enumerate(chains):
        begun = edits - 8 * number  # edits that belong to this chain
        for place, task_id in enumerate(chain):
            wanted = _wanted(place, chain, begun, 8 * number + 5)
            lost += missing(wanted, layout.read(root, task_id), task_id)
    return lost


def _wanted(place: int, chain: Sequence[str], begun: int, seen: int) -> dict[str, Any]:
    """How the first, second or third task of a chain stands after so many edits of it."""
    is_done, is_seen = begun > 4, begun > 5
    if place == 0:
        status = "completed" if is_done else "in_progress" if begun > 3 else "pending"
        return {"status": status, "blockedBy": []}
    if place == 1:
        freed = {"status": "pending", "blockedBy": []}
        waiting = {"status": "blocked", "blockedBy": [chain[0]]}
        extra = {"priority": "high", "metadata": {"seen": seen}} if is_seen else {}
        return {**(freed if is_done else waiting), **extra}
    return {"status": "blocked", "blockedBy": [chain[1]]}

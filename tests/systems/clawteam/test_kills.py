"""A process of ours that is killed in the middle of a change of several files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from store import TeamStore
from store.model.repairs import RepairKind
from store.systems.clawteam.adapter import ClawTeamSystem
from tests.patience import PATIENCE_S
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM, record
from tests.systems.clawteam.owner import Owner, Status
from tests.systems.clawteam.processes import HERE

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

KILLED = 137
COMPLETE_AND_DIE = f"""
import os, sys
left, rename = int(sys.argv[2]), os.rename

def dying(*names, **options):
    global left
    if not left:
        os._exit({KILLED})
    left -= 1
    rename(*names, **options)

os.rename = dying
from store import TeamStore
TeamStore({TEAM!r}, root=sys.argv[1]).update("a", "completed")
"""
WAITING = ("b", "c", "d")


def complete_and_die(root: Path, renames: int) -> int:
    """Complete the task `a` in a process that dies after so many renames; its exit status."""
    layout.write(
        root,
        record("a", status="in_progress", lockedBy="ann", startedAt=layout.CREATED),
        *(record(i, status="blocked", blockedBy=["a"]) for i in WAITING),
    )
    command = [sys.executable, "-c", COMPLETE_AND_DIE, str(root), str(renames)]
    return subprocess.run(command, cwd=HERE, timeout=PATIENCE_S, check=False).returncode


@pytest.mark.parametrize("renames", range(4))
def test_killed_completion_frees_nobody_too_early_and_can_be_finished(
    tmp_path: Path, renames: int
) -> None:
    assert complete_and_die(tmp_path, renames) == KILLED
    done = layout.read(tmp_path, "a")["status"] == "completed"
    freed = [i for i in WAITING if layout.read(tmp_path, i)["status"] == "pending"]
    assert (done, len(freed)) == (renames > 0, max(0, renames - 1))
    system = ClawTeamSystem()
    (key,) = system.discover(tmp_path)
    loaded = system.load(key)
    assert {p.task for p in loaded.problems} == (set(WAITING) - set(freed) if done else set())
    made = system.repair(key, dry_run=False).repairs
    assert [r.kind for r in made] == [RepairKind.FREE_TASK] * (len(loaded.problems))
    stored = {layout.read(tmp_path, i)["status"] for i in WAITING}
    assert stored == ({"pending"} if done else {"blocked"})


def test_killed_completion_that_is_made_again_is_whole(tmp_path: Path) -> None:
    assert complete_and_die(tmp_path, 2) == KILLED
    TeamStore(TEAM, root=tmp_path).update("a", "completed")
    assert {layout.read(tmp_path, i)["status"] for i in WAITING} == {"pending"}


def test_killed_completion_does_not_keep_the_owner_out(tmp_path: Path) -> None:
    assert complete_and_die(tmp_path, 1) == KILLED
    theirs = Owner(tmp_path, TEAM)
    assert len(theirs.all()) == 4
    theirs.update("a", Status.COMPLETED)
    assert {task.status for task in theirs.all()} == {Status.COMPLETED, Status.PENDING}


def test_completion_in_a_process_that_lives_is_whole(tmp_path: Path) -> None:
    assert complete_and_die(tmp_path, 4) == 0
    assert {layout.read(tmp_path, i)["status"] for i in WAITING} == {"pending"}

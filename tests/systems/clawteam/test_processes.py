"""Real processes at one team: one winner for each task, and nothing lost beside the owner."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from store import LockTimeout, TeamStore
from store.systems.clawteam.adapter import ClawTeamSystem
from tests.patience import PATIENCE_S
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM, record
from tests.systems.clawteam.owner import Owner, Status

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

HERE = Path(__file__).parents[3]
EDITS = 504
"""Of each side: more than a thousand together, in whole chains of eight."""


@contextmanager
def started(
    root: Path, roles: Sequence[tuple[str, str, str, int]]
) -> Iterator[list[subprocess.Popen[str]]]:
    """One process for each `(module, role, name, count)`, all ready to begin."""
    processes = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"tests.systems.clawteam.{module}",
                role,
                root,
                TEAM,
                name,
                str(count),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HERE,
        )
        for module, role, name, count in roles
    ]
    try:
        for process in processes:
            expect(process, "ready")
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def expect(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n", process.communicate()[1]


def say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def compete(root: Path, roles: Sequence[tuple[str, str, str, int]]) -> dict[str, dict[str, Any]]:
    """Run them all at once; what each says at its end, by name."""
    said: dict[str, dict[str, Any]] = {}
    with started(root, roles) as processes:
        for process in processes:
            say(process, "go")
        for process, (_, _, name, _) in zip(processes, roles, strict=True):
            out, errors = process.communicate(timeout=3 * PATIENCE_S)
            assert process.returncode == 0, errors
            said[name] = json.loads(out)
    return said


@pytest.mark.parametrize("modules", [("agent", "agent", "agent"), ("agent", "owner", "agent")])
def test_processes_that_race_have_one_winner_per_task_and_typed_losers(
    tmp_path: Path, modules: tuple[str, ...]
) -> None:
    count = 40
    layout.write(tmp_path, *(record(f"t{n}") for n in range(count)))
    roles = [(module, "claim", f"p{n}", count) for n, module in enumerate(modules)]
    said = compete(tmp_path, roles)
    for number in range(count):
        task_id = f"t{number}"
        winner = layout.read(tmp_path, task_id)["lockedBy"]
        assert [name for name, one in said.items() if task_id in one["won"]] == [winner]
        for one in said.values():
            assert (task_id in one["won"]) != (task_id in one["lost"])
            assert one["lost"].get(task_id, winner).split()[-1] == winner
    for module, _, name, _ in roles:
        if module == "agent":
            assert all(why.startswith("locked ") for why in said[name]["lost"].values())


def test_a_thousand_edits_beside_the_owner_lose_nothing_on_either_side(tmp_path: Path) -> None:
    owner = Owner(tmp_path, TEAM)
    owner.create("Shared", id="shared")
    said = compete(tmp_path, [("owner", "work", "theirs", EDITS), ("agent", "work", "ours", EDITS)])
    marks = layout.read(tmp_path, "shared")["metadata"]
    assert marks == {f"{side}-{n}": n for side in said for n in range(EDITS) if n % 8 > 5}
    ids = [task_id for one in said.values() for chain in one["chains"] for task_id in chain]
    assert len(set(ids)) == len(ids) == 2 * 3 * EDITS // 8
    for name, one in said.items():
        for number, (first, second, third) in enumerate(one["chains"]):
            done, freed, waiting = (layout.read(tmp_path, i) for i in (first, second, third))
            assert done["subject"] == f"{name} first {8 * number}"
            assert (done["status"], done["owner"], done["lockedBy"]) == ("completed", name, "")
            assert done["metadata"]["duration_seconds"] >= 0
            assert (freed["status"], freed["blockedBy"], freed["priority"]) == (
                "pending",
                [],
                "high",
            )
            assert freed["metadata"] == {"seen": 8 * number + 5}
            assert (waiting["status"], waiting["blockedBy"]) == ("blocked", [second])
    assert len(owner.all()) == len(ids) + 1, "the owner sees every record"
    left = [p.name for p in (tmp_path / "tasks" / TEAM).iterdir() if p.suffix != ".json"]
    assert left == [".tasks.lock"]


def test_reader_beside_both_writers_never_misses_a_task_or_sees_half_of_one(tmp_path: Path) -> None:
    owner = Owner(tmp_path, TEAM)
    owner.create("Shared", id="shared")
    system = ClawTeamSystem()
    (key,) = system.discover(tmp_path)
    roles = [("owner", "work", "theirs", 160), ("agent", "work", "ours", 160)]
    seen = system.load(key)
    looks = 0
    with started(tmp_path, roles) as processes:
        for process in processes:
            say(process, "go")
        while any(process.poll() is None for process in processes):
            now = system.load(key, seen, quick=bool(looks % 2))
            assert seen.tasks.keys() <= now.tasks.keys()
            assert all(task.is_readable for task in now.tasks.values())
            seen, looks = now, looks + 1
    assert looks > 0
    assert {str(i) for i in system.load(key, seen).tasks} == {task.id for task in owner.all()}


def test_edit_waits_for_an_owner_that_holds_the_lock_and_is_made_when_it_lets_go(
    tmp_path: Path,
) -> None:
    layout.write(tmp_path, record("a"))
    hasty = TeamStore(TEAM, root=tmp_path, lock_timeout_s=0.1)
    with started(tmp_path, [("owner", "hold", "theirs", 1)]) as (owner,):
        say(owner, "go")
        expect(owner, "held")
        with pytest.raises(LockTimeout) as caught:
            hasty.update("a", subject="B")
        assert caught.value.holder.pid in (owner.pid, None)
        assert layout.read(tmp_path, "a") == record("a")
        say(owner, "let go")
        owner.communicate(timeout=PATIENCE_S)
    assert hasty.update("a", subject="B").subject == "B"


def test_owner_that_is_killed_with_the_lock_keeps_nobody_out(tmp_path: Path) -> None:
    layout.write(tmp_path, record("a"))
    with started(tmp_path, [("owner", "hold", "theirs", 1)]) as (owner,):
        say(owner, "go")
        expect(owner, "held")
        owner.kill()
        owner.communicate(timeout=PATIENCE_S)
    patient = TeamStore(TEAM, root=tmp_path, lock_timeout_s=PATIENCE_S)
    assert patient.update("a", "completed").status == Status.COMPLETED

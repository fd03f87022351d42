"""Real processes at one team: one winner for each task, and nothing lost beside the owner."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from store import LockTimeout, TeamStore
from store.systems.clawteam.adapter import ClawTeamSystem
from tests.patience import PATIENCE_S
from tests.systems.clawteam import layout
from tests.systems.clawteam.layout import TEAM, record
from tests.systems.clawteam.owner import Owner, Status
from tests.systems.clawteam.processes import compete, expect, say, started

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

EDITS = 504
"""Of each side: more than a thousand together, in whole chains of eight."""


AGENT, OPERATOR, OWNER = ("agent", "claim"), ("agent", "take"), ("owner", "claim")


@pytest.mark.parametrize("racers", [(AGENT, AGENT, OPERATOR), (AGENT, OWNER, OPERATOR)])
def test_processes_that_race_have_one_winner_per_task_and_typed_losers(
    tmp_path: Path, racers: Sequence[tuple[str, str]]
) -> None:
    count = 40
    layout.write(tmp_path, *(record(f"t{n}") for n in range(count)))
    roles = [(*racer, f"p{n}", count) for n, racer in enumerate(racers)]
    said = compete(tmp_path, roles)
    for number in range(count):
        task_id = f"t{number}"
        winner = layout.read(tmp_path, task_id)["lockedBy"]
        assert [name for name, one in said.items() if task_id in one["won"]] == [winner]
        for one in said.values():
            assert (task_id in one["won"]) != (task_id in one["lost"])
            assert one["lost"].get(task_id, winner).split()[-1] == winner
    reasons = {"claim": {"locked"}, "take": {"locked", "already_owned"}}
    for module, role, name, _ in roles:
        if module == "agent":
            assert {why.split()[0] for why in said[name]["lost"].values()} <= reasons[role]


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

"""The crash simulator in its fast form, and that it is able to find something."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.systems.hive.native import NativeStore
from tests.faults.damage import judge_damage
from tests.faults.figure import Effort
from tests.faults.invariants import read_plainly, read_tree, task_file
from tests.faults.model import create, look, set_up
from tests.faults.simulator import determined, record, run


@pytest.mark.timeout(240)
def test_simulator_fast_finds_no_violation() -> None:
    figure = run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 1000
    families = ("kill", "ordered", "minimal", "ordered unsynced", "minimal unsynced")
    assert all(figure.detail[family] > 0 for family in families)


def test_simulator_judge_of_damage_finds_out_what_is_made_up(tmp_path: Path) -> None:
    set_up(NativeStore(tmp_path))
    states = [read_plainly(tmp_path).state]
    assert judge_damage(tmp_path, states, look()) == []
    task = task_file(tmp_path, 2)
    task.write_bytes(task.read_bytes().replace(b'"pending"', b'"completed"'))
    assert any("as it never was" in wrong for wrong in judge_damage(tmp_path, states, look()))


def test_simulator_runs_the_same_workload_twice_with_the_same_names(tmp_path: Path) -> None:
    workload = (create("made waiting", blocker=3),)
    with determined():
        set_up(NativeStore(tmp_path / "base"))
    base, start = read_tree(tmp_path / "base"), read_plainly(tmp_path / "base").state
    runs = [record(tmp_path / name, workload, base, start) for name in ("one", "other")]
    assert runs[0].history.steps == runs[1].history.steps

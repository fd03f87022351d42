"""Real kills in their fast form, and every kill that was ever lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.files.transaction import Durability
from tests.faults import recovery_kills
from tests.faults.figure import Effort
from tests.faults.invariants import judge, write_tree
from tests.faults.kills import KEPT, Kill, killed, prepared, run
from tests.faults.model import OPERATIONS, look
from tests.faults.port import When


@pytest.mark.processes
def test_kills_fast_finds_no_violation() -> None:
    figure = run(Effort.FAST)
    assert figure.violations == []
    assert all(figure.detail[level] > 100 for level in Durability)


@pytest.mark.processes
def test_recovery_kills_fast_finds_no_violation() -> None:
    figure = recovery_kills.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 100


@pytest.mark.processes
@pytest.mark.parametrize(("name", "number", "when"), KEPT)
def test_kill_that_was_lost_once_is_recovered(
    tmp_path: Path, name: str, number: int, when: When
) -> None:
    start = prepared(tmp_path / "start")
    operation = next(o for o in OPERATIONS if o.name == name)
    kill = Kill(start, operation, number, when)
    root = tmp_path / "killed"
    write_tree(root, start.tree)
    done = killed(operation, root, number, when)
    assert judge(root, kill.allowed[1:] if done else kill.allowed, look()) == []

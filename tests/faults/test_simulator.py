"""The crash simulator in its fast form, and that it is able to find something."""

from __future__ import annotations

from tests.faults.figure import Effort
from tests.faults.simulator import run


def test_simulator_fast_finds_no_violation() -> None:
    figure = run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 1000
    assert all(figure.detail[family] > 0 for family in ("kill", "ordered", "minimal"))

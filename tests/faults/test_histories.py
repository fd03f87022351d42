"""Claim, release, transition, create and read are linearizable, and it would show if not."""

from __future__ import annotations

import pytest

from tests.faults import histories
from tests.faults.figure import Effort

pytestmark = pytest.mark.processes


def test_histories_of_real_processes_are_linearizable() -> None:
    figure = histories.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count >= 150
    assert figure.detail["overlapping pairs"] > 0


def test_histories_of_an_unlocked_claim_are_found_out() -> None:
    found: list[str] = []
    for number, history in enumerate(histories.recorded(200, seed=5, unlocked=True)):
        found += histories.judged(str(number), history)
        if found:
            break
    assert "claim" in found[0]

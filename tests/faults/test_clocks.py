"""Jumps of the wall clock hurt no record, no lock and no reader."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from store.systems.hive import updating
from tests.faults import clocks
from tests.faults.figure import Effort
from tests.faults.sample_list import LIST, make_sample


def test_clocks_that_jump_hurt_no_record_lock_or_reader() -> None:
    figure = clocks.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count >= 250


def test_clocks_times_that_go_back_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "max", lambda now, before: now, raising=False)
    figure = clocks.run(Effort.FAST)
    assert any("went from" in wrong for wrong in figure.violations)


def test_clocks_moved_clock_is_seen_by_the_store_and_put_back(tmp_path: Path) -> None:
    before = time.time()
    with clocks.moved_clock() as clock:
        clock.ahead_s = 3652 * clocks.DAY_S
        record = make_sample(tmp_path).create_task(LIST, "of the future")
    assert record.created_at is not None
    assert record.created_at > before + 3650 * clocks.DAY_S
    assert time.time() < before + clocks.DAY_S

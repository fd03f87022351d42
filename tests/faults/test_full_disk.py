"""A full disk, a read-only list and a lack of descriptors are told clearly and hurt nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.model.errors import StorageFailure
from store.systems.hive.native import NativeStore
from tests.faults import full_disk
from tests.faults.figure import Effort
from tests.faults.sample_list import OPERATIONS, make_sample


@pytest.mark.processes
def test_full_disk_read_only_and_limits_leave_lists_whole() -> None:
    figure = full_disk.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 100
    assert figure.detail["refused"] > 20
    assert figure.not_run or figure.detail["killed"] > 10
    if figure.not_run:
        pytest.skip(f"not all of it could be tried here: {figure.not_run}")


def test_full_disk_refusal_that_changed_something_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(store: NativeStore) -> None:
        store.update_task("colony:sample", 1, subject="half")
        raise StorageFailure("somewhere", "no space left")

    store = make_sample(tmp_path)
    monkeypatch.setitem(OPERATIONS, "status", half)
    judge = full_disk.Judge(tmp_path)
    judge.try_operation("status", store, "free some space")
    assert "yet the list changed" in judge.violations[0]
    assert "does not say" in judge.violations[1]

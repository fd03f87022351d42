"""A call that fails leaves the list before or after, never between, and leaks nothing."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from store.files.paths import locate
from store.model.errors import ColonytopError, StorageFailure
from store.systems.hive.native import NativeStore
from tests.faults import errors
from tests.faults.figure import Effort
from tests.faults.port import EVERY, When, counting, fail, inject
from tests.faults.sample_list import LIST, OPERATIONS, make_sample


def test_errors_at_every_call_leave_the_list_before_or_after() -> None:
    figure = errors.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 1000
    assert figure.detail["refused"] > figure.detail["committed"]


def test_errors_of_a_store_that_swallows_them_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(store: NativeStore) -> None:
        with suppress(ColonytopError):
            store.update_task(LIST, 1, status="in_progress")

    make_sample(tmp_path / "template")
    monkeypatch.setitem(OPERATIONS, "status", careless)
    trial = errors.Trial(tmp_path, "status")
    detail = {"committed": 0, "refused": 0, "succeeded": 0}
    number = trial.kinds.index("fsync") + 1
    wrong = trial.run(errors.Fault("status", number, "fsync", errno.EIO), detail)
    assert any("success, yet the list is" in text for text in wrong)
    assert any("a sync that failed counts as success" in text for text in wrong)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_errors_reach_calls_that_write_in_every_operation(operation: str, tmp_path: Path) -> None:
    store = make_sample(tmp_path)
    with counting(EVERY) as injection:
        OPERATIONS[operation](store)
    assert "fsync" in injection.calls
    assert {"rename", "link", "unlink"} & set(injection.calls)


def test_errors_when_every_call_from_one_on_fails_are_typed(tmp_path: Path) -> None:
    for operation in OPERATIONS.values():
        store = make_sample(tmp_path / str(len(os.listdir(tmp_path))))  # noqa: PTH208
        with (
            inject(1, When.BEFORE, fail(errno.EIO), kinds=EVERY, lasting=True),
            pytest.raises(ColonytopError),
        ):
            operation(store)


def test_locate_of_a_list_made_elsewhere_when_a_call_fails_is_refused_not_misled(
    tmp_path: Path,
) -> None:
    folded = ("_misc", "notes__a_b")
    meta = tmp_path.joinpath(*folded, "meta.json")
    meta.parent.mkdir(parents=True)
    meta.write_text('{"task_list_id": "notes: a/b"}')
    with counting(EVERY) as injection:
        assert locate(tmp_path, "notes: a/b") == folded
    for number, kind in enumerate(injection.calls, 1):
        when = When.AFTER if kind == "close" else When.BEFORE
        with inject(number, when, fail(errno.EMFILE), kinds=EVERY):
            try:
                found = locate(tmp_path, "notes: a/b")
            except StorageFailure:
                continue
            assert found == folded, f"call {number} ({kind})"

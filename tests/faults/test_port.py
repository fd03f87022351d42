"""The port that the harnesses look through: it changes nothing by itself, and misses nothing."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from store.files import fs
from store.model.errors import StorageFailure
from store.systems.hive.native import NativeStore
from tests.faults.crash_states import History
from tests.faults.invariants import read_plainly, read_tree
from tests.faults.model import FIRST, LIST, OPERATIONS, Operation, set_up
from tests.faults.port import Step, When, counting, fail, inject, recording


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_recording_of_an_operation_replayed_is_what_stands_on_disk(
    tmp_path: Path, operation: Operation
) -> None:
    set_up(NativeStore(tmp_path))
    before = read_tree(tmp_path)
    with recording(tmp_path) as recorded:
        operation.run(NativeStore(tmp_path))
    history = History(before, recorded.steps)
    assert next(history.kills(len(recorded.steps))).tree == read_tree(tmp_path)


def test_recording_of_a_new_list_replayed_is_what_stands_on_disk(tmp_path: Path) -> None:
    with recording(tmp_path) as recorded:
        for operation in FIRST:
            operation.run(NativeStore(tmp_path))
    history = History({}, recorded.steps)
    assert next(history.kills(len(recorded.steps))).tree == read_tree(tmp_path)


def test_port_after_a_context_is_the_real_one(tmp_path: Path) -> None:
    real = fs.__dict__["os"]
    with pytest.raises(StorageFailure), inject(1, When.BEFORE, fail(errno.EIO)):
        NativeStore(tmp_path).create_task(LIST, "never")
    assert fs.__dict__["os"] is real


@pytest.mark.parametrize("when", When)
def test_injection_at_the_last_call_meets_that_call_only(tmp_path: Path, when: When) -> None:
    set_up(NativeStore(tmp_path))
    with counting() as counted:
        NativeStore(tmp_path).claim_task(LIST, 5, "cat")
    NativeStore(tmp_path).release_task(LIST, 5)
    met: list[int] = []

    def note() -> None:
        met.append(len(injection.calls))

    with inject(len(counted.calls), when, note) as injection:
        NativeStore(tmp_path).claim_task(LIST, 5, "cat")
    assert met == [len(counted.calls)]
    assert read_plainly(tmp_path).state.tasks[5].owner == "cat"


def test_lasting_injection_meets_every_later_call(tmp_path: Path) -> None:
    met: list[str] = []
    with inject(2, When.AFTER, lambda: met.append(""), lasting=True) as injection:
        NativeStore(tmp_path).create_task(LIST, "one")
    assert len(met) == len(injection.calls) - 1 > 2


UNSYNCED = (
    Step("create", "d/.x", file=1),
    Step("write", file=1, content=b"new"),
    Step("rename", "d/.x", "d/x"),
)
BASE = {"d": None, "d/x": b"old"}


def test_kill_in_a_write_leaves_part_of_it() -> None:
    trees = [crash.tree.get("d/.x") for crash in History(BASE, UNSYNCED).kills(2)]
    assert sorted(filter(None, trees)) == [b"n", b"ne", b"new"]
    assert b"" in trees


def test_power_cut_before_any_sync_may_leave_an_empty_file_in_place() -> None:
    found = {crash.tree["d/x"] for crash in History(BASE, UNSYNCED).ordered(3)}
    assert found == {b"old", b"new", b""}


def test_power_cut_after_both_syncs_leaves_the_new_file() -> None:
    create, write, rename = UNSYNCED
    steps = (create, write, Step("sync", file=1), rename, Step("syncdir", "d"))
    history = History(BASE, steps)
    for family in (history.ordered(5), history.minimal(5, 10, 1)):
        assert {crash.tree["d/x"] for crash in family} == {b"new"}


def test_power_cut_before_the_directory_is_synced_may_keep_the_old_name() -> None:
    create, write, rename = UNSYNCED
    history = History(BASE, (create, write, Step("sync", file=1), rename))
    assert {crash.tree["d/x"] for crash in history.minimal(4, 10, 1)} == {b"old", b"new"}

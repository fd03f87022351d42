"""Mending a list: what is found, what is done, and what is left alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.files.txn_record import Op, Transaction, encode, temporary_name
from store.model.errors import EditRefused, ListGone, TransactionQuarantined
from store.model.repairs import RepairKind, RepairReport
from store.model.task import ListKey, ProblemKind, TaskListId, Verb
from store.systems.hive.native import NativeStore
from store.workspace import RootSpec, Workspace
from tests.contract import native
from tests.systems.pending_change import LIST, break_off, list_directory, make_list, task_file

TXID = "0123456789abcdef"


def key_of(root: Path) -> ListKey:
    return ListKey("hive", str(root), TaskListId(LIST))


def workspace(root: Path, *, read_only: bool = False) -> Workspace:
    opened = Workspace([RootSpec(root, "argument")], read_only=read_only)
    opened.scan()
    return opened


def mend(root: Path, *, dry_run: bool = False) -> RepairReport:
    return workspace(root).repair(key_of(root), dry_run=dry_run)


def kinds(report: RepairReport) -> list[tuple[RepairKind, str | None]]:
    return [(repair.kind, repair.task) for repair in report.repairs]


def edges(root: Path) -> dict[int, tuple[list[int], list[int]]]:
    found = {}
    for path in sorted((list_directory(root) / "tasks").glob("*.json")):
        record = json.loads(path.read_bytes())
        found[record["id"]] = record["blocks"], record["blocked_by"]
    return found


def contents(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def broken(hive_root: Path) -> Path:
    """Every kind of wrong edge, none of them in the way of another."""
    native.write_list(
        hive_root,
        LIST,
        native.record(1, blocks=[2]),
        native.record(2),
        native.record(3, blocked_by=[2]),
        native.record(4, blocked_by=[7], blocks=[8]),
        native.record(5, blocks=[5], blocked_by=[5]),
        native.record(6, blocks=[6], blocked_by=[99]),
        native.record(9, blocks=[10], metadata={"kept": 1.50}, theirs=True),
        native.record(10, blocked_by=[9]),
    )
    return hive_root


FOUND = [
    (RepairKind.MIRROR_EDGE, "2"),
    (RepairKind.MIRROR_EDGE, "2"),
    (RepairKind.DROP_DANGLING, "4"),
    (RepairKind.DROP_DANGLING, "4"),
    (RepairKind.DROP_SELF_EDGE, "5"),
    (RepairKind.LEAVE, "6"),
    (RepairKind.DROP_SELF_EDGE, "6"),
]


def test_repair_mends_edges_and_a_second_one_finds_only_what_it_leaves(broken: Path) -> None:
    sound = task_file(broken, 9).read_bytes(), task_file(broken, 10).read_bytes()
    assert kinds(mend(broken)) == FOUND
    assert edges(broken) == {
        1: ([2], []),
        2: ([3], [1]),
        3: ([], [2]),
        4: ([], []),
        5: ([], []),
        6: ([], [99]),
        9: ([10], []),
        10: ([], [9]),
    }
    assert sound == (task_file(broken, 9).read_bytes(), task_file(broken, 10).read_bytes())
    before = contents(broken)
    assert kinds(mend(broken)) == [(RepairKind.LEAVE, "6")]
    assert contents(broken) == before


def test_dry_run_finds_the_same_and_writes_nothing(broken: Path) -> None:
    before = contents(broken)
    report = mend(broken, dry_run=True)
    assert kinds(report) == FOUND
    assert report.is_dry_run
    assert contents(broken) == before


def test_edge_that_would_close_a_cycle_is_left(hive_root: Path) -> None:
    native.write_list(
        hive_root,
        LIST,
        native.record(1, blocks=[2], blocked_by=[2]),
        native.record(2, blocks=[1]),
    )
    assert kinds(mend(hive_root)) == [(RepairKind.LEAVE, "1")]
    assert edges(hive_root) == {1: ([2], [2]), 2: ([1], [])}


def test_half_edges_that_would_close_a_cycle_together_become_one_edge(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1, blocks=[2]), native.record(2, blocks=[1]))
    assert [kind for kind, _ in kinds(mend(hive_root))] == [
        RepairKind.MIRROR_EDGE,
        RepairKind.LEAVE,
    ]
    assert edges(hive_root) == {1: ([2], []), 2: ([1], [1])}


def test_unreadable_files_are_not_touched_and_their_edges_stay(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1, blocked_by=[2]), native.record(2))
    task_file(hive_root, 2).write_bytes(b"{")
    assert kinds(mend(hive_root)) == []
    assert task_file(hive_root, 2).read_bytes() == b"{"


@pytest.mark.parametrize("mark", [None, b"", b"-5", b"2", "١٢".encode()])
def test_lost_mark_is_set_above_every_id_that_anything_tells_of(
    hive_root: Path, mark: bytes | None
) -> None:
    native.write_list(hive_root, LIST, native.record(3, blocked_by=[8, 900_000]))
    path = list_directory(hive_root) / ".highwatermark"
    path.unlink()
    if mark is not None:
        path.write_bytes(mark)
    report = mend(hive_root)
    assert kinds(report) == [
        (RepairKind.SET_MARK, None),
        (RepairKind.DROP_DANGLING, "3"),
        (RepairKind.LEAVE, "3"),
    ]
    assert path.read_bytes() == b"8"
    assert NativeStore(hive_root).create_task(LIST, "next").id == 9


# leftovers of a crash


def test_pending_change_is_finished(hive_root: Path) -> None:
    store = make_list(hive_root, 3)
    break_off(lambda: store.update_task(LIST, 3, add_blocked_by=[1]), after=1)
    dry = mend(hive_root, dry_run=True)
    assert kinds(dry) == kinds(mend(hive_root)) == [(RepairKind.FINISH_CHANGE, None)]
    assert edges(hive_root) == {1: ([3], []), 2: ([], []), 3: ([], [1])}
    assert {path.name for path in list_directory(hive_root).iterdir()} == {
        *("tasks", "meta.json", ".lock", ".highwatermark"),
    }


def test_pending_removal_is_finished(hive_root: Path) -> None:
    store = make_list(hive_root, 3)
    store.update_task(LIST, 3, add_blocked_by=[1])
    break_off(lambda: store.delete_task(LIST, 1), after=0)
    assert kinds(mend(hive_root)) == [(RepairKind.FINISH_CHANGE, None)]
    assert edges(hive_root) == {2: ([], []), 3: ([], [])}


def test_temporaries_of_ours_are_removed_and_those_of_others_stay(hive_root: Path) -> None:
    make_list(hive_root, 1)
    directory = list_directory(hive_root)
    ours = [
        directory / temporary_name("0001.json", TXID),
        directory / "tasks/.0001.json.7.0123abcd.ctmp",
    ]
    theirs = [directory / ".0001.json.tmp", directory / "tasks/0001.json.tmp"]
    for path in ours + theirs:
        path.write_bytes(b"x")
    assert kinds(mend(hive_root)) == [(RepairKind.REMOVE_LEFTOVER, None)] * 2
    assert not any(path.exists() for path in ours)
    assert all(path.exists() for path in theirs)


def quarantine(root: Path, content: bytes) -> NativeStore:
    """A list in which a writer has met a change that it does not understand."""
    store = make_list(root, 2)
    (list_directory(root) / ".txn").write_bytes(content)
    with pytest.raises(TransactionQuarantined):
        store.create_task(LIST, "never")
    return store


def test_quarantined_change_makes_the_list_read_only_until_it_is_set_aside(
    hive_root: Path,
) -> None:
    store = quarantine(hive_root, b"{}")
    shown = workspace(hive_root).snapshot.lists[key_of(hive_root)]
    assert [p.kind for p in shown.problems] == [ProblemKind.BAD_TRANSACTION]
    assert "doctor --repair" in (shown.info.capabilities.refusal(Verb.CREATE) or "")
    assert len(store.list_tasks(LIST)) == 2
    assert kinds(mend(hive_root)) == [(RepairKind.SET_ASIDE, None)]
    aside = [p for p in list_directory(hive_root).iterdir() if p.name.startswith(".txn")]
    assert [p.read_bytes() for p in aside] == [b"{}"]
    assert store.create_task(LIST, "now").id == 3
    assert workspace(hive_root).snapshot.lists[key_of(hive_root)].problems == ()


def test_quarantined_change_that_is_valid_after_all_is_finished(hive_root: Path) -> None:
    store = make_list(hive_root, 3)
    break_off(lambda: store.update_task(LIST, 3, add_blocked_by=[1]), after=0)
    directory = list_directory(hive_root)
    (directory / ".txn").rename(directory / ".txn.bad-1700000000")
    with pytest.raises(TransactionQuarantined):
        store.create_task(LIST, "never")
    assert kinds(mend(hive_root)) == [(RepairKind.FINISH_CHANGE, None)]
    assert edges(hive_root) == {1: ([3], []), 2: ([], []), 3: ([], [1])}


def test_planted_change_of_a_file_outside_is_set_aside(hive_root: Path) -> None:
    outside = Op("../../../victim", "0" * 64, None)
    hive_root.mkdir(mode=0o700)
    (hive_root / "victim").write_bytes(b"v")
    quarantine(hive_root, encode(Transaction(TXID, (outside,))))
    assert kinds(mend(hive_root)) == [(RepairKind.SET_ASIDE, None)]
    assert (hive_root / "victim").read_bytes() == b"v"


# who may mend


def test_repair_of_a_read_only_workspace_is_refused_and_a_dry_run_is_not(broken: Path) -> None:
    opened = workspace(broken, read_only=True)
    with pytest.raises(EditRefused):
        opened.repair(key_of(broken), dry_run=False)
    assert kinds(opened.repair(key_of(broken), dry_run=True)) == FOUND


def test_repair_of_a_list_that_is_gone_says_so_and_makes_nothing(hive_root: Path) -> None:
    opened = workspace(hive_root)
    for dry_run in (True, False):
        with pytest.raises(ListGone):
            opened.repair(key_of(hive_root), dry_run=dry_run)
    assert not hive_root.exists()


def test_ids_stay_unique_after_a_restored_file_and_a_lost_mark(hive_root: Path) -> None:
    store = make_list(hive_root, 3)
    last = task_file(hive_root, 3).read_bytes()
    store.delete_task(LIST, 3)
    (list_directory(hive_root) / ".highwatermark").unlink()
    task_file(hive_root, 3).write_bytes(last)
    made: list[Any] = [NativeStore(hive_root).create_task(LIST, "next").id]
    store.delete_task(LIST, 3)
    made.append(store.create_task(LIST, "after").id)
    assert made == [4, 5]

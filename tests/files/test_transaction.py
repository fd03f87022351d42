"""One change of several files: whole or not at all, at whatever call it fails."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.files import txn_record
from store.files.recovery import recover
from store.files.transaction import Write, commit, stage
from store.model.errors import CommittedPending
from tests.files.transaction_list import AFTER, BEFORE, NEW, RULES, A, B, Place, a_list, allow


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with a_list(tmp_path) as opened:
        yield opened


def test_commit_makes_every_write_and_leaves_nothing_beside(place: Place) -> None:
    assert commit(place.change(), RULES, verify=allow) == [place.directory]
    assert place.tasks_now() == AFTER
    assert place.beside() == set()


def test_commit_without_sync_has_nothing_to_sync(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("it was synced"))
    assert commit(place.change(), RULES, verify=allow, sync=False) == []
    assert place.tasks_now() == AFTER


def test_commit_keeps_the_mode_of_what_it_replaces(place: Place) -> None:
    writes = [Write(place.tasks, name, BEFORE[name], b"two") for name in (A, B)]
    commit(writes, RULES, verify=allow)
    assert place.tasks.file_mode(B) == 0o640


def _failing_at(number: int, call: Callable[..., None]) -> Callable[..., None]:
    count = 0

    def called(*arguments: object, **options: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise OSError(errno.EIO, "Input/output error")
        call(*arguments, **options)

    return called


@pytest.mark.parametrize(
    ("call", "number"),
    [("write", 1), ("write", 3), ("fsync", 1), ("fsync", 3), ("fsync", 4), ("rename", 1)],
)
def test_commit_that_fails_before_its_commit_point_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, _failing_at(number, getattr(os, call)))
        with pytest.raises(OSError, match="Input/output"):
            commit(place.change(), RULES, verify=allow)
    assert place.tasks_now() == BEFORE
    assert place.beside() == set()


@pytest.mark.parametrize(
    ("call", "number"), [("fsync", 5), ("rename", 2), ("rename", 3), ("fsync", 6), ("unlink", 1)]
)
def test_commit_that_fails_after_its_commit_point_is_pending_and_finished_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, call, _failing_at(number, getattr(os, call)))
        with pytest.raises(CommittedPending) as caught:
            commit(place.change(), RULES, verify=allow)
    pending = txn_record.read(place.directory)
    assert pending is not None
    assert pending.txid == caught.value.txid
    assert recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER
    assert place.beside() == set()


def test_commit_interrupted_right_after_its_commit_point_is_finished_by_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = os.rename

    def interrupted(*arguments: object, **options: object) -> None:
        rename(*arguments, **options)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            commit(place.change(), RULES, verify=allow)
    assert place.tasks_now() == BEFORE
    recover(place.directory, place.tasks, RULES)
    assert place.tasks_now() == AFTER


def test_commit_without_the_lock_any_more_changes_nothing(place: Place) -> None:
    def lost() -> None:
        raise RuntimeError("the lock was lost")

    with pytest.raises(RuntimeError, match="lost"):
        commit(place.change(), RULES, verify=lost)
    assert place.tasks_now() == BEFORE
    assert place.beside() == set()


def test_create_on_a_taken_name_changes_nothing(place: Place) -> None:
    place.put(NEW, b"theirs")
    with pytest.raises(FileExistsError):
        commit(place.change(), RULES, verify=allow)
    assert place.tasks_now() == BEFORE | {NEW: b"theirs"}
    assert place.beside() == set()


def test_create_alone_on_a_taken_name_changes_nothing(place: Place) -> None:
    with pytest.raises(FileExistsError):
        commit([Write(place.tasks, A, None, b"ours")], RULES, verify=allow)
    assert place.tasks_now() == BEFORE


def test_mark_is_safe_before_the_file_goes_whose_id_it_keeps(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []
    sync = type(place.tasks).sync

    def noted(directory: object) -> None:
        here = "tasks" if directory is place.tasks else "beside"
        synced.append((here, B in place.tasks.names()))
        sync(directory)  # type: ignore[arg-type]

    monkeypatch.setattr(type(place.tasks), "sync", noted)
    mark = Write(place.directory, ".highwatermark", None, b"9")
    left = commit([mark, Write(place.tasks, B, BEFORE[B], None)], RULES, verify=allow)
    assert left == [place.tasks]
    assert synced == [("beside", True)]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT])
def test_removal_with_edges_on_a_full_disk_is_refused_and_changes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def full(_: int, __: bytes) -> int:
        raise OSError(error, "full")

    mark = Write(place.directory, ".highwatermark", b"9", b"9")
    place.directory.add(".highwatermark", b"9", 0o600, sync=False)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="full"):
        commit([mark, *place.change()[1:]], RULES, verify=allow)
    assert place.tasks_now() == BEFORE
    assert place.beside() == {".highwatermark"}


def test_removal_without_edges_on_a_full_disk_needs_no_room(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, "full")

    mark = Write(place.directory, ".highwatermark", b"9", b"9")
    place.directory.add(".highwatermark", b"9", 0o600, sync=False)
    monkeypatch.setattr(os, "write", full)
    commit([mark, Write(place.tasks, B, BEFORE[B], None)], RULES, verify=allow)
    assert B not in place.tasks_now()


def test_staged_replacement_is_put_in_place_with_the_old_mode(place: Place) -> None:
    write = Write(place.tasks, B, BEFORE[B], b"b2")
    staged = stage(write)
    if staged is None:
        pytest.skip("this file system has no nameless files")
    with staged:
        assert place.tasks_now() == BEFORE
        assert commit([write], RULES, verify=allow, staged=staged) == [place.tasks]
    assert place.tasks_now() == BEFORE | {B: b"b2"}
    assert place.tasks.file_mode(B) == 0o640

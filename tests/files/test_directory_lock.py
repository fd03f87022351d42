"""The directory lock inside one process: typed refusals, deadlines, what it never touches."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files import held_locks
from store.files.directory_lock import (
    STALE_S,
    LockLost,
    directory_lock,
    flocked,
    held_in,
    remove_stale,
    stale_in,
)
from store.files.fs import Directory, open_directory
from store.files.waiting import GivenUp, Patience
from store.model.errors import LockReentered, LockTimeout, StorageFailure
from tests.patience import PATIENCE_S, wait_until

LIST = "claude:plan"
NAME = "7.json"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "list"
    path.mkdir()
    (path / NAME).write_text("{}")
    return path


@pytest.fixture
def directory(place: Path) -> Iterator[Directory]:
    with open_directory(place) as opened:
        yield opened


def make_lock(place: Path, age_s: float = 0.0) -> Path:
    """A lock that somebody else made some time ago."""
    lock = place / f"{NAME}.lock"
    lock.mkdir()
    then = time.time() - age_s
    os.utime(lock, (then, then))
    return lock


def names(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir())


def test_lock_is_an_empty_directory_while_held_and_nothing_after(
    place: Path, directory: Directory
) -> None:
    with directory_lock(directory, NAME, LIST, Patience(0)) as held:
        held.verify()
        assert names(place) == [NAME, f"{NAME}.lock"]
        assert names(place / f"{NAME}.lock") == []
        assert held_in(directory) == [NAME]
    assert names(place) == [NAME]
    assert held_in(directory) == []


def test_lock_is_given_back_after_an_error_inside(place: Path, directory: Directory) -> None:
    with pytest.raises(ZeroDivisionError), directory_lock(directory, NAME, LIST, Patience(0)):
        raise ZeroDivisionError
    assert names(place) == [NAME]


def test_fresh_lock_of_another_is_waited_for_and_then_a_timeout(
    place: Path, directory: Directory
) -> None:
    make_lock(place)
    with (
        pytest.raises(LockTimeout) as caught,
        directory_lock(directory, NAME, LIST, Patience(0.05)),
    ):
        pass
    assert caught.value.list_id == LIST
    assert caught.value.waited_s >= 0.05
    assert names(place) == [NAME, f"{NAME}.lock"]


def test_lock_with_a_time_in_the_near_future_is_a_live_one(
    place: Path, directory: Directory
) -> None:
    make_lock(place, age_s=-1.0)
    with pytest.raises(LockTimeout), directory_lock(directory, NAME, LIST, Patience(0)):
        pass


def test_stale_lock_is_taken_over_and_leaves_nothing_behind(
    place: Path, directory: Directory
) -> None:
    make_lock(place, STALE_S + 1)
    with directory_lock(directory, NAME, LIST, Patience(0)) as held:
        held.verify()
        assert names(place) == [NAME, f"{NAME}.lock"]
        assert time.time() - (place / f"{NAME}.lock").stat().st_mtime < STALE_S
    assert names(place) == [NAME]


def test_stale_lock_with_something_in_it_is_left_and_named(
    place: Path, directory: Directory
) -> None:
    lock = make_lock(place)
    (lock / "note").write_text("mine")
    os.utime(lock, (1, 1))
    with (
        pytest.raises(StorageFailure, match="not empty"),
        directory_lock(directory, NAME, LIST, Patience(0)),
    ):
        pass
    assert names(lock) == ["note"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_in_the_locks_place_is_left_and_named(
    place: Path, directory: Directory, kind: str
) -> None:
    lock = place / f"{NAME}.lock"
    if kind == "file":
        lock.touch()
    else:
        (place / "elsewhere").mkdir()
        lock.symlink_to(place / "elsewhere")
    before = lock.lstat()
    with pytest.raises(StorageFailure), directory_lock(directory, NAME, LIST, Patience(0)):
        pass
    assert lock.lstat() == before


def test_file_that_is_not_there_is_never_locked(place: Path, directory: Directory) -> None:
    with (
        pytest.raises(FileNotFoundError),
        directory_lock(directory, "8.json", LIST, Patience(0)),
    ):
        pass
    assert names(place) == [NAME]


def test_same_thread_again_is_refused_at_once_and_other_files_are_free(
    place: Path, directory: Directory
) -> None:
    (place / "8.json").write_text("{}")
    patience = Patience(PATIENCE_S)
    with directory_lock(directory, NAME, LIST, patience):
        with pytest.raises(LockReentered), directory_lock(directory, NAME, LIST, patience):
            pass
        with directory_lock(directory, "8.json", LIST, patience):
            assert len(names(place)) == 4
    assert names(place) == [NAME, "8.json"]


def test_other_thread_waits_its_turn(place: Path, directory: Directory) -> None:
    order: list[str] = []
    asked = threading.Event()

    def second() -> None:
        with open_directory(place) as own:
            asked.set()
            with directory_lock(own, NAME, LIST, Patience(PATIENCE_S)):
                order.append("second")

    with directory_lock(directory, NAME, LIST, Patience(0)):
        thread = threading.Thread(target=second)
        thread.start()
        assert asked.wait(PATIENCE_S)
        order.append("first")
    thread.join(PATIENCE_S)
    assert order == ["first", "second"]
    assert names(place) == [NAME]


def test_giving_up_ends_the_wait(place: Path, directory: Directory) -> None:
    make_lock(place)
    patience = Patience(PATIENCE_S)
    caught: list[BaseException] = []

    def waiting() -> None:
        try:
            with directory_lock(directory, NAME, LIST, patience):
                caught.append(AssertionError("got it"))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=waiting)
    thread.start()
    patience.give_up()
    thread.join(PATIENCE_S)
    assert [type(error) for error in caught] == [GivenUp]


def test_lock_taken_over_while_held_is_noticed_and_neither_refreshed_nor_removed(
    place: Path, directory: Directory
) -> None:
    lock = place / f"{NAME}.lock"
    with directory_lock(directory, NAME, LIST, Patience(0)) as held:
        lock.rmdir()
        lock.mkdir()
        os.utime(lock, (1, 1))
        with pytest.raises(LockLost):
            held.verify()
        held.beat()
        assert lock.stat().st_mtime == 1
    assert lock.is_dir()


def test_lock_is_refreshed_while_held(
    place: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_locks, "BEAT_S", 0.01)
    monkeypatch.setattr(held_locks, "_LOOK_S", 0.005)
    lock = place / f"{NAME}.lock"
    with directory_lock(directory, NAME, LIST, Patience(0)) as held:
        os.utime(lock, (1, 1))
        wait_until(lambda: lock.stat().st_mtime > 1, "a heartbeat")
        held.verify()


def test_release_of_all_locks_ends_what_is_held_under_them(
    place: Path, directory: Directory
) -> None:
    with directory_lock(directory, NAME, LIST, Patience(0)) as held:
        held_locks.release_all()
        assert names(place) == [NAME]
        with pytest.raises(LockLost):
            held.verify()
    assert names(place) == [NAME]


def test_flock_of_a_neighbour_is_waited_for_briefly_and_never_needed(
    place: Path, directory: Directory
) -> None:
    (place / ".lock").touch()
    descriptor = os.open(place / ".lock", os.O_RDWR)
    try:
        with flocked(directory, ".lock") as is_got:
            assert is_got
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with flocked(directory, ".lock") as is_got:
            assert not is_got
    finally:
        os.close(descriptor)
    with flocked(directory, "nothing") as is_got:
        assert not is_got
    assert names(place) == [".lock", NAME]


def test_lock_left_behind_can_be_removed_and_a_fresh_one_cannot(
    place: Path, directory: Directory
) -> None:
    lock = make_lock(place)
    assert held_in(directory) == [NAME]
    assert stale_in(directory) == []
    assert not remove_stale(directory, lock.name)
    os.utime(lock, (1, 1))
    assert held_in(directory) == []
    assert stale_in(directory) == [lock.name]
    assert remove_stale(directory, lock.name)
    assert names(place) == [NAME]

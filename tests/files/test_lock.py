"""The list lock inside one process: typed refusals, deadlines, giving up, replaced files."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files import calm
from store.files.fs import Directory, open_directory
from store.files.lock import LOCK_NAME, list_lock
from store.files.waiting import GivenUp, Patience
from store.model.errors import ListGone, LockReentered, LockTimeout, StorageFailure

LIST = "colony:forge"
LONG_S = 20.0


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "list"
    path.mkdir()
    return path


@pytest.fixture
def directory(place: Path) -> Iterator[Directory]:
    with open_directory(place) as opened:
        yield opened


def is_free(place: Path) -> bool:
    """Whether somebody else could take the lock now."""
    descriptor = os.open(place / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def hold(place: Path) -> int:
    """Take the lock as somebody else: another open file."""
    descriptor = os.open(place / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def wait_until_blocked(place: Path) -> None:
    """Until the kernel lists somebody who waits for the lock file."""
    inode = f":{(place / LOCK_NAME).stat().st_ino} "
    deadline = time.monotonic() + LONG_S
    while time.monotonic() < deadline:
        lines = Path("/proc/locks").read_text().splitlines()
        if any("->" in line and inode in line for line in lines):
            return
        time.sleep(0.002)
    raise AssertionError("nobody waits")


def test_lock_is_held_inside_and_free_after(place: Path, directory: Directory) -> None:
    with list_lock(directory, LIST, Patience(LONG_S)) as held:
        held.verify()
        assert not is_free(place)
    assert is_free(place)
    assert (place / LOCK_NAME).read_bytes() == b""
    assert (place / LOCK_NAME).stat().st_mode & 0o777 == 0o600


def test_lock_is_free_after_an_error_inside(place: Path, directory: Directory) -> None:
    with pytest.raises(ZeroDivisionError), list_lock(directory, LIST, Patience(LONG_S)):
        raise ZeroDivisionError
    assert is_free(place)


def test_same_thread_again_is_refused_at_once(place: Path, directory: Directory) -> None:
    started = time.monotonic()
    with list_lock(directory, LIST, Patience(LONG_S)), open_directory(place) as again:
        with pytest.raises(LockReentered), list_lock(again, LIST, Patience(LONG_S)):
            pass
        assert not is_free(place)
    assert time.monotonic() - started < LONG_S / 2
    assert is_free(place)


def test_other_thread_waits_its_turn(place: Path, directory: Directory) -> None:
    order: list[str] = []

    def second() -> None:
        with open_directory(place) as own, list_lock(own, LIST, Patience(LONG_S)):
            order.append("second")

    with list_lock(directory, LIST, Patience(LONG_S)):
        thread = threading.Thread(target=second)
        thread.start()
        wait_until_blocked(place)
        order.append("first")
    thread.join(LONG_S)
    assert order == ["first", "second"]


def test_timeout_names_the_list_and_the_holder(place: Path, directory: Directory) -> None:
    other = hold(place)
    with pytest.raises(LockTimeout) as caught, list_lock(directory, LIST, Patience(0.1)):
        pass
    os.close(other)
    assert caught.value.list_id == LIST
    assert caught.value.waited_s >= 0.1
    assert caught.value.holder.pid == os.getpid()
    assert caught.value.holder.command


def test_lock_left_behind_by_a_timeout_is_free_once_the_holder_goes(
    place: Path, directory: Directory
) -> None:
    other = hold(place)
    for _ in range(3):  # each takes over the place of the one before
        with pytest.raises(LockTimeout), list_lock(directory, LIST, Patience(0.05)):
            pass
    threads = [t for t in threading.enumerate() if t.name == "store-lock"]
    os.close(other)
    with list_lock(directory, LIST, Patience(LONG_S)):
        assert not is_free(place)
    assert is_free(place)
    assert len(threads) <= 2


def test_giving_up_ends_the_wait_and_takes_nothing(place: Path, directory: Directory) -> None:
    other = hold(place)
    patience = Patience(LONG_S)
    caught: list[BaseException] = []

    def waiting() -> None:
        try:
            with list_lock(directory, LIST, patience):
                caught.append(AssertionError("got it"))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=waiting)
    thread.start()
    wait_until_blocked(place)
    assert patience.give_up()
    thread.join(LONG_S)
    os.close(other)
    assert [type(error) for error in caught] == [GivenUp]
    with list_lock(directory, LIST, Patience(LONG_S)):
        pass


def test_giving_up_before_the_wait_is_remembered_and_after_the_start_is_too_late() -> None:
    patience = Patience(LONG_S)
    assert patience.give_up()
    with pytest.raises(GivenUp):
        patience.begin()
    begun = Patience(LONG_S)
    begun.begin()
    assert not begun.give_up()


@pytest.mark.parametrize("kind", ["directory", "fifo", "link", "read-only"])
def test_lock_file_that_is_no_plain_writable_file_is_a_typed_failure(
    place: Path, directory: Directory, kind: str
) -> None:
    path = place / LOCK_NAME
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(place / "elsewhere")
    else:
        path.touch(mode=0o400)
    before = path.lstat()
    with pytest.raises(StorageFailure) as caught, list_lock(directory, LIST, Patience(LONG_S)):
        pass
    assert str(caught.value)
    assert path.lstat() == before
    assert not (place / "elsewhere").exists()


def test_lock_file_unlinked_while_held_lets_no_second_holder_of_ours_in(
    place: Path, directory: Directory
) -> None:
    with list_lock(directory, LIST, Patience(LONG_S)) as held, open_directory(place) as again:
        (place / LOCK_NAME).unlink()
        outcome: list[type[BaseException]] = []

        def second() -> None:
            try:
                with list_lock(again, LIST, Patience(0.1)):
                    pass
            except LockTimeout as error:
                outcome.append(type(error))

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(LONG_S)
        assert outcome == [LockTimeout]
        with pytest.raises(ListGone):
            held.verify()


def test_directory_replaced_while_waiting_is_a_gone_list(place: Path, directory: Directory) -> None:
    other = hold(place)
    caught: list[BaseException] = []

    def waiting() -> None:
        try:
            with list_lock(directory, LIST, Patience(LONG_S)):
                caught.append(AssertionError("locked the trash copy"))
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=waiting)
    thread.start()
    wait_until_blocked(place)
    place.rename(place.with_name("trash"))
    place.mkdir()
    os.close(other)
    thread.join(LONG_S)
    assert [type(error) for error in caught] == [ListGone]
    assert not list(place.iterdir())


def test_directory_removed_is_a_gone_list(place: Path, directory: Directory) -> None:
    shutil.rmtree(place)
    with (
        pytest.raises((ListGone, StorageFailure)),
        list_lock(directory, LIST, Patience(LONG_S)),
    ):
        pass
    assert not place.exists()


def test_file_system_without_locks_fails_closed(
    place: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    with (
        pytest.raises(StorageFailure, match="not implemented"),
        list_lock(directory, LIST, Patience(LONG_S)),
    ):
        pass
    assert list(place.iterdir()) == [place / LOCK_NAME]


def test_process_that_keeps_a_list_busy_leaves_it_calm_for_others(directory: Directory) -> None:
    """Under load no lock is taken in the calm moment; who cannot wait so long is let through."""
    traffic = calm.traffic_of(directory.identity())
    period, quiet = calm.PERIOD_S, calm.QUIET_S
    traffic.contended_at = time.monotonic()
    time.sleep(period - time.monotonic() % period + 0.001)  # into a calm moment
    traffic.contended_at = time.monotonic()
    with list_lock(directory, LIST, Patience(LONG_S)) as held:
        assert held.taken_at % period >= quiet
    time.sleep(period - time.monotonic() % period + 0.001)
    traffic.contended_at = time.monotonic()
    started = time.monotonic()
    with list_lock(directory, LIST, Patience(quiet / 4)):
        assert time.monotonic() - started < quiet

"""The list lock inside one process: typed refusals, deadlines, giving up, replaced files."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from store.files import calm, lock
from store.files.fs import Directory, open_directory
from store.files.lock import LOCK_NAME, list_lock
from store.files.waiting import GivenUp, Patience
from store.model.errors import ListGone, LockReentered, LockTimeout, StorageFailure
from tests.contract import native
from tests.patience import PATIENCE_S, wait_until

LIST = "colony:forge"
LONG_S = PATIENCE_S


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
    wait_until(lambda: native.somebody_waits(place / LOCK_NAME), "a waiter")


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
    with list_lock(directory, LIST, Patience(LONG_S)), open_directory(place) as again:
        with pytest.raises(LockReentered), list_lock(again, LIST, Patience(LONG_S)):
            pass
        assert not is_free(place)
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
    before = _lock_threads()
    other = hold(place)
    for _ in range(3):  # each takes over the place of the one before
        with pytest.raises(LockTimeout), list_lock(directory, LIST, Patience(0.05)):
            pass
    started = _lock_threads() - before  # those of earlier waits live on for a moment
    os.close(other)
    with list_lock(directory, LIST, Patience(LONG_S)):
        assert not is_free(place)
    assert is_free(place)
    assert len(started) <= 1


def _lock_threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name == "store-lock"}


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


class Clock:
    """Stands in for the module `time`: it moves only by sleeping."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class ClockedPatience(Patience):
    def __init__(self, clock: Clock, left_s: float) -> None:
        super().__init__(left_s)
        self._clock = clock
        self._left_s = left_s

    def left_s(self) -> float:
        return self._left_s

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


CALM_STARTS = 1000 * calm.PERIOD_S


@pytest.mark.parametrize(
    ("into_period_s", "contended_before_s", "released_before_s", "left_s", "slept"),
    [
        pytest.param(0.01, 0.1, 9.0, LONG_S, calm.QUIET_S - 0.01, id="busy-in-calm"),
        pytest.param(0.01, 9.0, 9.0, LONG_S, None, id="seldom-used-in-calm"),
        pytest.param(0.01, 0.1, 9.0, 0.02, None, id="cannot-wait-so-long"),
        pytest.param(calm.QUIET_S + 0.01, 0.1, 9.0, LONG_S, None, id="busy-after-calm"),
        pytest.param(1.0, 0.1, 0.001, LONG_S, calm.STAND_BACK_S, id="asks-again-at-once"),
        pytest.param(1.0, 9.0, 0.001, LONG_S, None, id="asks-again-and-nobody-else-does"),
        pytest.param(1.0, 0.1, 0.1, LONG_S, None, id="asks-again-later"),
    ],
)
def test_before_a_busy_lists_lock_others_get_their_turn(
    monkeypatch: pytest.MonkeyPatch,
    into_period_s: float,
    contended_before_s: float,
    released_before_s: float,
    left_s: float,
    slept: float | None,
) -> None:
    """In calm moments pollers, after letting go those who wait; who cannot wait is let through."""
    clock = Clock(CALM_STARTS + into_period_s)
    monkeypatch.setattr(calm, "time", clock)
    traffic = calm.Traffic()
    traffic.add(clock.now - released_before_s, 0.001)
    traffic.contended_at = clock.now - contended_before_s
    calm.keep_quiet(traffic, ClockedPatience(clock, left_s))
    assert clock.slept == ([] if slept is None else [pytest.approx(slept)])


@pytest.mark.parametrize(("share", "is_busy"), [(0.9, False), (1.1, True)])
def test_list_that_one_process_holds_much_of_the_time_is_busy_now_and_the_period_after(
    share: float, is_busy: bool
) -> None:
    traffic = calm.Traffic()
    traffic.add(CALM_STARTS + 1.0, share * calm.BUSY_SHARE * calm.PERIOD_S)
    for later, busy in ((0.1, is_busy), (calm.PERIOD_S, is_busy), (2 * calm.PERIOD_S, False)):
        assert traffic.is_busy(CALM_STARTS + 1.0 + later) is busy


def test_lock_got_in_a_calm_moment_after_a_wait_is_given_back_until_it_is_over(
    place: Path, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was woken in a calm moment leaves it to those who poll."""
    free: list[bool] = []

    class Watching(ClockedPatience):
        def sleep(self, seconds: float) -> None:
            free.append(is_free(place))
            super().sleep(seconds)

    clock = Clock(CALM_STARTS + 1.0)
    for module in (calm, lock):
        monkeypatch.setattr(module, "time", clock)
    other = hold(place)
    taken: list[float] = []

    def waiting() -> None:
        with list_lock(directory, LIST, Watching(clock, LONG_S)):
            taken.append(clock.now)

    thread = threading.Thread(target=waiting)
    thread.start()
    wait_until_blocked(place)
    clock.now = CALM_STARTS + calm.PERIOD_S + 0.01
    os.close(other)
    thread.join(LONG_S)
    assert free
    assert all(free)
    assert taken == [pytest.approx(CALM_STARTS + calm.PERIOD_S + calm.QUIET_S, rel=1e-6)]


def test_lock_of_another_name_is_the_one_that_others_take(
    place: Path, directory: Directory
) -> None:
    name = ".tasks.lock"
    with list_lock(directory, LIST, Patience(LONG_S), name) as held:
        held.verify()
        assert [path.name for path in place.iterdir()] == [name]
        with (place / name).open("a+") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with (place / name).open("a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LockTimeout), list_lock(directory, LIST, Patience(0.05), name):
            pytest.fail("somebody else holds it")

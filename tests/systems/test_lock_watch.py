"""Locks that are never seen free: told with their holder, and never taken."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from store.files.holders import holders_of_files
from store.lock_watch import LEAST_HELD_S, LOOK_EVERY_S, Holders, LockWatch
from store.model.errors import LockHolder
from store.model.task import ListKey, TaskListId

KEY = ListKey("hive", "/root", TaskListId("colony:demo"))

_HOLD = """
import fcntl, sys
with open(sys.argv[1], "a") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def asking(directory: Path) -> Holders:
    """What a system does whose one list has its lock in the directory."""

    def holders(keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        return holders_of_files(dict.fromkeys(keys, str(directory / ".lock")))

    return holders


@contextmanager
def holder(directory: Path) -> Iterator[int]:
    """Another process that holds the lock of the directory; its id."""
    lock = directory / ".lock"
    lock.touch()
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process.pid
        assert process.stdin is not None
        process.stdin.close()
        process.wait()


def test_look_lock_of_another_process_is_told_after_a_while_with_its_holder(
    tmp_path: Path,
) -> None:
    clock = Clock()
    watch = LockWatch(asking(tmp_path), clock=clock)
    with holder(tmp_path) as pid:
        assert watch.look([KEY]) == {}
        clock.now += LEAST_HELD_S - 0.5
        assert watch.look([KEY]) == {}
        clock.now += 1.5
        held = watch.look([KEY])[KEY]
        assert (held.holder.pid, held.since) == (pid, 1000.0)
        assert held.holder.command
        clock.now += 60
        assert watch.look([KEY]) == {KEY: held}
    clock.now += LOOK_EVERY_S
    assert watch.look([KEY]) == {}


def test_look_lock_seen_free_in_between_begins_anew(tmp_path: Path) -> None:
    clock = Clock()
    watch = LockWatch(asking(tmp_path), clock=clock)
    for _ in range(3):
        with holder(tmp_path):
            assert watch.look([KEY]) == {}
            clock.now += LOOK_EVERY_S
        assert watch.look([KEY]) == {}
        clock.now += LEAST_HELD_S


def test_look_own_lock_and_missing_directories_are_no_news(tmp_path: Path) -> None:
    clock = Clock()
    watch = LockWatch(asking(tmp_path), clock=clock)
    absent = LockWatch(asking(tmp_path / "gone"), clock=clock)
    (tmp_path / ".lock").touch()
    descriptor = os.open(tmp_path / ".lock", os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        for _ in range(9):
            assert watch.look([KEY]) == {}
            assert absent.look([KEY]) == {}
            clock.now += LOOK_EVERY_S
    finally:
        os.close(descriptor)


def test_look_more_often_than_once_a_second_asks_nothing() -> None:
    clock, asked = Clock(), 0

    def count(_: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        nonlocal asked
        asked += 1
        return {}

    watch = LockWatch(count, clock=clock)
    for _ in range(5):
        watch.look([KEY])
        clock.now += LOOK_EVERY_S / 4
    assert asked == 2

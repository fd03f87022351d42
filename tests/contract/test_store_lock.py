"""The list's lock: it excludes other tools, waits a bounded time, and blocks nothing else."""

from __future__ import annotations

import asyncio
import inspect
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from store import LockTimeout, TaskStore
from tests.contract import native
from tests.patience import PATIENCE_S, wait_until

pytestmark = pytest.mark.processes

LIST = "colony:forge"
WAIT_S = 0.3


def impatient(root: Path) -> TaskStore:
    """A store whose writes wait only a moment."""
    return TaskStore(hive_root=root, lock_timeout_s=WAIT_S)


def patient(root: Path) -> TaskStore:
    """A store whose writes wait longer than the machine could hold them up."""
    return TaskStore(hive_root=root, lock_timeout_s=PATIENCE_S)


async def until_somebody_waits(root: Path) -> None:
    """Until a write has found the lock busy and waits for it."""
    lock = native.list_directory(root, LIST) / ".lock"
    await asyncio.to_thread(wait_until, lambda: native.somebody_waits(lock), "a waiter")


@pytest.mark.parametrize("how", ["flock", "filelock"])
async def test_write_beside_a_held_lock_times_out_typed_and_writes_nothing(
    hive_root: Path, how: str
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = impatient(hive_root)
    with native.held_elsewhere(hive_root, LIST, how) as holder:
        before = native.tree(hive_root)
        with pytest.raises(LockTimeout) as caught:
            await store.update_task(LIST, 1, subject="Never")
        assert native.tree(hive_root) == before
    assert caught.value.list_id == LIST
    assert LIST in str(caught.value)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.waited_s >= WAIT_S
    assert caught.value.holder.pid in (None, holder.pid)
    if sys.platform == "linux":
        assert caught.value.holder.pid == holder.pid
    after, _ = await patient(hive_root).update_task(LIST, 1, subject="At last")
    assert after is not None


async def test_reads_beside_a_held_lock_do_not_wait(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = impatient(hive_root)
    with native.held_elsewhere(hive_root, LIST):
        assert [r.id for r in await store.list_tasks(LIST)] == [1]
        assert await store.get_task(LIST, 1) is not None
        assert await store.list_exists(LIST)


async def test_write_waits_for_a_lock_that_is_released_in_time(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = patient(hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "Waited"))
        await until_somebody_waits(hive_root)
        assert not write.done()
        assert holder.stdin is not None
        holder.stdin.close()
        assert (await write).id == 2


async def test_fifty_waiters_leave_the_default_thread_pool_free(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = patient(hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        waiters = [asyncio.create_task(store.create_task(LIST, f"W{n}")) for n in range(50)]
        await asyncio.sleep(0)
        for _ in range(40):
            await asyncio.to_thread(threading.get_ident)
        assert not any(waiter.done() for waiter in waiters)
        assert holder.stdin is not None
        holder.stdin.close()
        made = await asyncio.gather(*waiters)
    assert sorted(r.id for r in made) == list(range(2, 52))


async def test_wait_on_one_list_does_not_hold_up_another(hive_root: Path) -> None:
    store = patient(hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        stuck = [asyncio.create_task(store.create_task(LIST, f"W{n}")) for n in range(20)]
        await asyncio.sleep(0)
        other = await store.create_task("colony:other", "Free")
        assert other.id == 1
        assert not any(waiter.done() for waiter in stuck)
        assert holder.stdin is not None
        holder.stdin.close()
        await asyncio.gather(*stuck)


async def test_cancelled_waiter_writes_nothing_later(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1, "Before"))
    store = patient(hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        doomed = asyncio.create_task(store.update_task(LIST, 1, subject="Cancelled"))
        await until_somebody_waits(hive_root)
        doomed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doomed
        assert holder.stdin is not None
        holder.stdin.close()
    await store.update_task(LIST, 1, owner="ann")  # gets the lock after any leftover waiter
    assert native.read_record(hive_root, LIST, 1)["subject"] == "Before"


async def test_killed_holder_frees_the_list_at_once(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = patient(hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "After the kill"))
        await until_somebody_waits(hive_root)
        holder.send_signal(signal.SIGKILL)
        assert (await write).id == 2


async def test_lock_file_unlinked_while_waiting_does_not_split_the_lock(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = patient(hive_root)
    lock = native.list_directory(hive_root, LIST) / ".lock"
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "Waits"))
        await until_somebody_waits(hive_root)
        lock.unlink()
        assert holder.stdin is not None
        holder.stdin.close()
        await write
    with native.held_elsewhere(hive_root, LIST), pytest.raises(LockTimeout):
        await impatient(hive_root).create_task(LIST, "The new file counts")


def test_writer_beside_a_lock_of_ours_is_excluded(hive_root: Path) -> None:
    """Many small writes of ours, a foreign filelock user that checks nobody is inside with it."""
    native.write_list(hive_root, LIST, native.record(1, metadata={"n": 0}))
    stop = threading.Event()
    failures: list[BaseException] = []

    async def busy() -> None:
        store = patient(hive_root)
        while not stop.is_set():
            await store.update_task(LIST, 1, metadata_patch={"ours": time.time()})

    def run() -> None:
        try:
            asyncio.run(busy())
        except BaseException as error:
            failures.append(error)

    worker = threading.Thread(target=run)
    worker.start()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHECKER, str(native.list_directory(hive_root, LIST))],
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE_S,
            check=False,
        )
    finally:
        stop.set()
        worker.join(PATIENCE_S)
    assert failures == []
    assert (done.returncode, done.stdout.strip()) == (0, "20 sections undisturbed"), done.stderr


_CHECKER = """
import pathlib, sys, time
from filelock import FileLock
root = pathlib.Path(sys.argv[1])
task = root / "tasks" / "0001.json"
for _ in range(20):
    with FileLock(str(root / ".lock"), timeout=60):
        before = task.read_bytes(), task.stat().st_ino
        time.sleep(0.01)
        assert (task.read_bytes(), task.stat().st_ino) == before, "written under a foreign lock"
    time.sleep(0.001)
print("20 sections undisturbed")
"""


def test_store_has_a_bounded_wait_by_default() -> None:
    default = inspect.signature(TaskStore).parameters["lock_timeout_s"].default
    assert 1.0 <= default <= 30.0

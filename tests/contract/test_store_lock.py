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

pytestmark = pytest.mark.processes

LIST = "colony:forge"
WAIT_S = 0.3


def impatient(root: Path) -> TaskStore:
    return TaskStore(hive_root=root, lock_timeout_s=WAIT_S)


@pytest.mark.parametrize("how", ["flock", "filelock"])
async def test_write_beside_a_held_lock_times_out_typed_and_writes_nothing(
    hive_root: Path, how: str
) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = impatient(hive_root)
    with native.held_elsewhere(hive_root, LIST, how) as holder:
        before = native.tree(hive_root)
        started = time.perf_counter()
        with pytest.raises(LockTimeout) as caught:
            await store.update_task(LIST, 1, subject="Never")
        waited = time.perf_counter() - started
        assert native.tree(hive_root) == before
    assert WAIT_S * 0.9 <= waited < WAIT_S + 2.0
    assert caught.value.list_id == LIST
    assert LIST in str(caught.value)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.waited_s >= WAIT_S * 0.9
    assert caught.value.holder.pid in (None, holder.pid)
    if sys.platform == "linux":
        assert caught.value.holder.pid == holder.pid
    after, _ = await store.update_task(LIST, 1, subject="At last")
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
    store = TaskStore(hive_root=hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "Waited"))
        await asyncio.sleep(0.05)
        assert not write.done()
        assert holder.stdin is not None
        holder.stdin.close()
        assert (await asyncio.wait_for(write, 10)).id == 2


async def test_fifty_waiters_leave_the_default_thread_pool_free(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = TaskStore(hive_root=hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        waiters = [asyncio.create_task(store.create_task(LIST, f"W{n}")) for n in range(50)]
        await asyncio.sleep(0)
        for _ in range(40):
            await asyncio.wait_for(asyncio.to_thread(threading.get_ident), 2.0)
        assert not any(waiter.done() for waiter in waiters)
        assert holder.stdin is not None
        holder.stdin.close()
        made = await asyncio.wait_for(asyncio.gather(*waiters), 20)
    assert sorted(r.id for r in made) == list(range(2, 52))


async def test_wait_on_one_list_does_not_hold_up_another(hive_root: Path) -> None:
    store = TaskStore(hive_root=hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        stuck = [asyncio.create_task(store.create_task(LIST, f"W{n}")) for n in range(20)]
        await asyncio.sleep(0)
        other = await asyncio.wait_for(store.create_task("colony:other", "Free"), 5)
        assert other.id == 1
        assert not any(waiter.done() for waiter in stuck)
        assert holder.stdin is not None
        holder.stdin.close()
        await asyncio.gather(*stuck)


async def test_cancelled_waiter_writes_nothing_later(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1, "Before"))
    store = TaskStore(hive_root=hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        doomed = asyncio.create_task(store.update_task(LIST, 1, subject="Cancelled"))
        await asyncio.sleep(0.05)
        doomed.cancel()
        with pytest.raises(asyncio.CancelledError):
            await doomed
        assert holder.stdin is not None
        holder.stdin.close()
    await store.update_task(LIST, 1, owner="ann")  # gets the lock after any leftover waiter
    assert native.read_record(hive_root, LIST, 1)["subject"] == "Before"


async def test_killed_holder_frees_the_list_at_once(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = TaskStore(hive_root=hive_root)
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "After the kill"))
        await asyncio.sleep(0)
        holder.send_signal(signal.SIGKILL)
        assert (await asyncio.wait_for(write, 5)).id == 2


async def test_lock_file_unlinked_while_waiting_does_not_split_the_lock(hive_root: Path) -> None:
    native.write_list(hive_root, LIST, native.record(1))
    store = TaskStore(hive_root=hive_root)
    lock = native.list_directory(hive_root, LIST) / ".lock"
    with native.held_elsewhere(hive_root, LIST) as holder:
        write = asyncio.create_task(store.create_task(LIST, "Waits"))
        await asyncio.sleep(0.05)
        lock.unlink()
        assert holder.stdin is not None
        holder.stdin.close()
        await asyncio.wait_for(write, 10)
    with native.held_elsewhere(hive_root, LIST), pytest.raises(LockTimeout):
        await impatient(hive_root).create_task(LIST, "The new file counts")


def test_writer_beside_a_lock_of_ours_is_excluded(hive_root: Path) -> None:
    """Many small writes of ours, a foreign filelock user that checks nobody is inside with it."""
    native.write_list(hive_root, LIST, native.record(1, metadata={"n": 0}))
    stop = threading.Event()
    failures: list[BaseException] = []

    async def busy() -> None:
        store = TaskStore(hive_root=hive_root)
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
            timeout=40,
            check=False,
        )
    finally:
        stop.set()
        worker.join(20)
    assert failures == []
    assert (done.returncode, done.stdout.strip()) == (0, "20 sections undisturbed"), done.stderr


_CHECKER = """
import pathlib, sys, time
from filelock import FileLock
root = pathlib.Path(sys.argv[1])
task = root / "tasks" / "0001.json"
for _ in range(20):
    with FileLock(str(root / ".lock"), timeout=10):
        before = task.read_bytes(), task.stat().st_ino
        time.sleep(0.01)
        assert (task.read_bytes(), task.stat().st_ino) == before, "written under a foreign lock"
    time.sleep(0.001)
print("20 sections undisturbed")
"""


def test_store_has_a_bounded_wait_by_default() -> None:
    default = inspect.signature(TaskStore).parameters["lock_timeout_s"].default
    assert 1.0 <= default <= 30.0

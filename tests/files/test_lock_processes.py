"""The list lock between processes: crashes, forks, and polling neighbours under load."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
from store.model.errors import LockTimeout

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

HERE = Path(__file__).parents[2]
LIST = "colony:forge"

_HOLDER = """
import pathlib, sys
from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
with open_directory(pathlib.Path(sys.argv[1])) as d, list_lock(d, "x", Patience(20)):
    print("held", flush=True)
    sys.stdin.read()
"""


def start(script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
    )


def acquire(place: Path, timeout_s: float) -> None:
    with open_directory(place) as directory, list_lock(directory, LIST, Patience(timeout_s)):
        pass


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_dead_holder_frees_the_lock_at_once(tmp_path: Path, how: signal.Signals) -> None:
    with start(_HOLDER, str(tmp_path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(how)
        holder.wait(20)
        acquire(tmp_path, 1.0)


def test_stopped_holder_is_named_when_the_wait_ends(tmp_path: Path) -> None:
    with start(_HOLDER, str(tmp_path)) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGSTOP)
        try:
            with pytest.raises(LockTimeout) as caught:
                acquire(tmp_path, 0.2)
        finally:
            holder.send_signal(signal.SIGCONT)
            holder.kill()
    assert caught.value.holder.pid == holder.pid
    assert f"pid {holder.pid}" in str(caught.value)


_FORKER = """
import os, pathlib, sys, time
from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
with open_directory(pathlib.Path(sys.argv[1])) as d, list_lock(d, "x", Patience(20)):
    child = os.fork()
    if child == 0:
        print("child", flush=True)
        sys.stdin.read()
        os._exit(0)
    os._exit(0)
"""


def test_forked_child_does_not_keep_the_lock_of_its_parent(tmp_path: Path) -> None:
    with start(_FORKER, str(tmp_path)) as forker:
        assert forker.stdout is not None
        assert forker.stdout.readline() == "child\n"
        forker.wait(20)
        acquire(tmp_path, 1.0)  # while the child still lives
        assert forker.stdin is not None
        forker.stdin.close()


_BUSY = """
import json, pathlib, sys, time
from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
place, seconds = pathlib.Path(sys.argv[1]), float(sys.argv[2])
sys.stdin.readline()
count, waits, end = 0, [], time.monotonic() + seconds
while time.monotonic() < end:
    started = time.monotonic()
    with open_directory(place) as d, list_lock(d, "x", Patience(20)):
        waits.append(time.monotonic() - started)
        until = time.monotonic() + 0.002
        while time.monotonic() < until:
            pass
    count += 1
print(json.dumps({"count": count, "worst": max(waits)}))
"""

_POLLER = """
import json, sys, time
from filelock import FileLock
sys.stdin.readline()
count, waits, end = 0, [], time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    started = time.monotonic()
    with FileLock(sys.argv[1] + "/.lock", timeout=3.0):
        waits.append(time.monotonic() - started)
    count += 1
print(json.dumps({"count": count, "worst": max(waits)}))
"""


def test_busy_processes_share_the_lock_and_never_starve_a_polling_neighbour(
    tmp_path: Path,
) -> None:
    """The lock is held nearly all the time; filelock polls every 50 ms and gives up after 3 s."""
    seconds = "4"
    busy = [start(_BUSY, str(tmp_path), seconds) for _ in range(4)]
    poller = start(_POLLER, str(tmp_path), seconds)
    for process in [*busy, poller]:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [json.loads(process.communicate(timeout=40)[0]) for process in [*busy, poller]]
    counts = [result["count"] for result in said[:-1]]
    assert min(counts) > 0.4 * max(counts), counts
    assert max(result["worst"] for result in said[:-1]) < 1.0, said
    assert said[-1]["worst"] < 3.0
    assert said[-1]["count"] >= 2
    assert all(process.returncode == 0 for process in [*busy, poller])
    assert list(tmp_path.iterdir()) == [tmp_path / ".lock"]

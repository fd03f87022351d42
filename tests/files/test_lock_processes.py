"""The list lock between processes: crashes, forks, and polling neighbours under load."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
from store.model.errors import LockTimeout
from tests.patience import PATIENCE_S, wait_until

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
        holder.wait(PATIENCE_S)
        acquire(tmp_path, 0.0)


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
        forker.wait(PATIENCE_S)
        acquire(tmp_path, 0.0)  # while the child still lives
        assert forker.stdin is not None
        forker.stdin.close()


_BUSY = """
import os, pathlib, sys, time
from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
place, stop, name = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[4]
log = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND)
while not stop.exists():
    with open_directory(place) as d, list_lock(d, "x", Patience(60)):
        os.write(log, name.encode())
        until = time.monotonic() + 0.002
        while time.monotonic() < until:
            pass
        os.write(log, name.lower().encode())
"""

_POLLER = """
import os, pathlib, sys
from filelock import FileLock
stop, name = pathlib.Path(sys.argv[2]), sys.argv[4]
log = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND)
while not stop.exists():
    with FileLock(sys.argv[1] + "/.lock", timeout=60):
        os.write(log, name.encode())
        os.write(log, name.lower().encode())
"""


def test_busy_processes_and_a_polling_neighbour_all_get_the_lock_and_exclude_each_other(
    tmp_path: Path,
) -> None:
    """The lock is held nearly all the time, and filelock looks only every 50 ms.

    How often each gets it is up to the machine (`python -m tests.benchmarks claims` measures
    it); that nobody is shut out for ever, and nobody comes in beside another, is not.
    """
    place, stop, log = tmp_path / "list", tmp_path / "stop", tmp_path / "log"
    place.mkdir()
    log.touch()
    wanted = {"A": 25, "B": 25, "C": 25, "D": 25, "P": 3}
    running = [
        start(_POLLER if name == "P" else _BUSY, *map(str, (place, stop, log)), name)
        for name in wanted
    ]

    def everybody_was_in() -> bool:
        assert all(process.poll() is None for process in running), "nobody gives up"
        said = log.read_text()
        return all(said.count(name.lower()) >= count for name, count in wanted.items())

    try:
        wait_until(everybody_was_in, "each one's turn")
        stop.touch()
        assert [process.wait(PATIENCE_S) for process in running] == [0] * len(running)
    finally:
        for process in running:
            process.kill()
            process.communicate()
    sections = log.read_text()
    entered, left = sections[::2], sections[1::2]
    assert entered.isupper()
    assert entered.lower() == left
    assert list(place.iterdir()) == [place / ".lock"]

"""The list lock between processes: crashes, forks, and polling neighbours under load."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
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


_WRITER = """
import os, pathlib, sys, time
from store.files.fs import open_directory
from store.files.lock import Patience, list_lock
place, stop, log, number, section_s = sys.argv[1:]
entered, left = bytes([int(number)]), bytes([int(number) + 128])
out = os.open(log, os.O_WRONLY | os.O_APPEND)
while not os.path.exists(stop):
    with open_directory(pathlib.Path(place)) as d, list_lock(d, "x", Patience(60)):
        os.write(out, entered)
        time.sleep(float(section_s))
        os.write(out, left)
"""

_POLLER = """
import os, sys
from filelock import FileLock
place, stop, log, number, _ = sys.argv[1:]
out = os.open(log, os.O_WRONLY | os.O_APPEND)
while not os.path.exists(stop):
    with FileLock(place + "/.lock", timeout=60):
        os.write(out, bytes([int(number)]))
        os.write(out, bytes([int(number) + 128]))
"""


@pytest.mark.parametrize(("writers", "section_s", "turns"), [(4, 0.002, 25), (32, 0.02, 1)])
def test_crowd_and_a_polling_neighbour_all_get_the_lock_and_exclude_each_other(
    tmp_path: Path, writers: int, section_s: float, turns: int
) -> None:
    """The lock is held nearly all the time, and filelock looks only every 50 ms.

    How often each gets it is up to the machine (`python -m tests.benchmarks claims` measures
    it); that nobody is shut out, and nobody comes in beside another, is not.
    """
    place, stop, log = tmp_path / "list", tmp_path / "stop", tmp_path / "log"
    place.mkdir()
    log.touch()
    scripts = [*[_WRITER] * writers, _POLLER]
    wanted = [*[turns] * writers, 2]
    running = [
        start(script, str(place), str(stop), str(log), str(number), str(section_s))
        for number, script in enumerate(scripts)
    ]

    def everybody_was_in() -> bool:
        assert all(process.poll() is None for process in running), "nobody gives up"
        left = Counter(log.read_bytes())
        return all(left[128 + number] >= count for number, count in enumerate(wanted))

    try:
        wait_until(everybody_was_in, "each one's turn")
        stop.touch()
        assert [process.wait(PATIENCE_S) for process in running] == [0] * len(running)
    finally:
        for process in running:
            process.kill()
            process.communicate()
    sections = log.read_bytes()
    assert [entered + 128 for entered in sections[::2]] == list(sections[1::2])
    assert list(place.iterdir()) == [place / ".lock"]

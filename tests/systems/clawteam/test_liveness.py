"""Who is alive, by real processes and a real tmux."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from store.files.processes import START_SLACK_S, has_children, is_running
from store.systems.clawteam.liveness import PANE_AGE_S, PROCESS_AGE_S, Liveness, panes_of
from store.systems.clawteam.spawned import Spawned, parse_registry
from tests.patience import wait_until
from tests.systems.clawteam.test_team_store import dead_pid


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs until it is told to end."""
    started = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield started
    started.kill()
    started.communicate()


def verdict(spawned: Spawned | None, panes: Callable[[str], tuple[str, ...] | None]) -> bool | None:
    registry = {} if spawned is None else {"ann": spawned}
    return Liveness(panes).look(registry, ["ann"])["ann"]


def no_panes(_target: str) -> tuple[str, ...]:
    raise AssertionError("tmux is not to be asked")


def test_process_that_runs_is_alive_and_one_that_ended_is_dead(
    child: subprocess.Popen[bytes],
) -> None:
    assert verdict(Spawned("subprocess", pid=child.pid, at=time.time()), no_panes) is True
    assert verdict(Spawned("subprocess", pid=dead_pid()), no_panes) is False


def test_process_that_ended_and_was_not_waited_for_is_dead(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    wait_until(lambda: is_running(child.pid) is False, "the end of the process")
    os.kill(child.pid, 0)  # its number is still taken


def test_process_that_took_the_number_of_another_is_not_the_one(
    child: subprocess.Popen[bytes],
) -> None:
    told_before = time.time() - START_SLACK_S - 60
    assert is_running(child.pid, told_before) is False
    assert is_running(child.pid, time.time()) is True
    assert is_running(child.pid) is True


@pytest.mark.parametrize("pid", [0, -1, 10**30])
def test_number_that_no_process_can_have_tells_nothing(pid: int) -> None:
    assert is_running(pid) is None


def test_children_of_a_process_are_seen(child: subprocess.Popen[bytes]) -> None:
    assert has_children(os.getpid()) is True
    assert has_children(child.pid) is False
    assert has_children(dead_pid()) is None


def test_agent_of_whom_nothing_is_told_is_in_doubt() -> None:
    assert verdict(None, no_panes) is None
    assert verdict(Spawned("subprocess"), no_panes) is None
    assert verdict(Spawned("wsh"), no_panes) is None
    assert Liveness(no_panes).look(None, ["ann"]) == {"ann": None}


@pytest.mark.parametrize(
    ("lines", "pid", "alive"),
    [
        (("0 4711 python3",), 0, True),
        (("1 4711 python3",), 0, False),
        (("1 4711 python3", "0 4712 node"), 0, True),
        ((), 0, False),
        ((), "running", True),
        (("1 4711 python3",), "ended", False),
        (None, 0, None),
        (None, "ended", False),
        (None, "running", True),
        (("garbage",), 0, True),
    ],
)
def test_pane_tells_first_and_the_process_where_there_is_none(
    child: subprocess.Popen[bytes],
    lines: tuple[str, ...] | None,
    pid: int | str,
    alive: bool | None,
) -> None:
    number = {"running": child.pid, "ended": dead_pid()}.get(str(pid), 0)
    assert verdict(Spawned("tmux", "forge:ann", number), lambda _: lines) is alive


def test_shell_in_a_pane_counts_by_what_runs_in_it(child: subprocess.Popen[bytes]) -> None:
    busy, idle, gone = os.getpid(), child.pid, dead_pid()

    def of(pane_pid: int, pid: int = 0) -> bool | None:
        return verdict(Spawned("tmux", "forge:ann", pid), lambda _: (f"0 {pane_pid} bash",))

    assert of(busy) is True
    assert of(idle) is False, "nothing runs in it"
    assert of(idle, pid=idle) is None, "the shell's own number tells nothing of the agent"
    assert of(idle, pid=gone) is False
    assert of(idle, pid=busy) is True
    assert of(gone) is None


def test_verdict_is_asked_for_again_when_it_is_old_or_the_entry_is_new() -> None:
    asked: list[str] = []
    now = 0.0

    def panes(target: str) -> tuple[str, ...]:
        asked.append(target)
        return ("0 1 node",)

    liveness = Liveness(panes, lambda: now)
    registry = {"ann": Spawned("tmux", "a")}
    for _ in range(3):
        liveness.look(registry, ["ann", "ann"])
    assert asked == ["a"]
    now = PANE_AGE_S
    liveness.look(registry, ["ann"])
    liveness.look(registry, ["ann"], is_fresh=True)
    liveness.look({"ann": Spawned("tmux", "b")}, ["ann"])
    assert asked == ["a", "a", "a", "b"]
    assert PROCESS_AGE_S < PANE_AGE_S


def test_tmux_that_does_not_answer_is_asked_once_in_a_look() -> None:
    asked: list[str] = []

    def panes(target: str) -> None:
        asked.append(target)

    liveness = Liveness(panes)
    registry = {name: Spawned("tmux", name) for name in "abc"}
    for times in (1, 2):
        found = liveness.look(registry, registry, is_fresh=True)
        assert found == dict.fromkeys("abc")
        assert len(asked) == times


def test_registry_is_read_leniently() -> None:
    found = parse_registry(
        b'{"a": {"backend": "tmux", "tmux_target": "s:w", "pid": 7, "spawned_at": 12.5},'
        b' "b": {"backend": "subprocess", "pid": "7", "spawned_at": "2026-03-18T10:00:00Z"},'
        b' "c": 3, "d": {"pid": true}}'
    )
    assert found == {
        "a": Spawned("tmux", "s:w", 7, 12.5),
        "b": Spawned("subprocess", "", 0, 1773828000.0),
        "d": Spawned(""),
    }


needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


@pytest.fixture
def own_tmux(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A tmux that is not that of whoever runs the tests. The path of its socket must be short."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        monkeypatch.setenv("TMUX_TMPDIR", place)
        monkeypatch.delenv("TMUX", raising=False)
        yield


@pytest.fixture
def session(own_tmux: None) -> Iterator[str]:
    """A window of tmux in which a command runs until its window is closed."""
    command = f"{sys.executable} -c 'import time; time.sleep(600)'"
    subprocess.run(["tmux", "new-session", "-d", "-s", "forge", "-n", "ann", command], check=True)
    yield "forge:ann"
    subprocess.run(["tmux", "kill-server"], check=False, capture_output=True)


@needs_tmux
def test_pane_of_a_real_tmux_is_alive_until_its_window_is_closed(session: str) -> None:
    spawned = {"ann": Spawned("tmux", session)}
    liveness = Liveness()
    wait_until(lambda: liveness.look(spawned, ["ann"], is_fresh=True)["ann"] is True, "a pane")
    subprocess.run(["tmux", "new-window", "-d", "-t", "forge", "-n", "bob", "cat"], check=True)
    subprocess.run(["tmux", "kill-window", "-t", session], check=True)
    assert panes_of(session) == ()
    assert liveness.look(spawned, ["ann"], is_fresh=True) == {"ann": False}


@needs_tmux
@pytest.mark.usefixtures("own_tmux")
def test_tmux_that_does_not_run_tells_nothing() -> None:
    assert panes_of("forge:ann") is None
    assert panes_of("a\0b") is None


def test_tmux_that_is_not_there_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert panes_of("forge:ann") is None

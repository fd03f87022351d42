"""The demo with its screen, in a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S

pytestmark = [pytest.mark.pty, pytest.mark.processes]

ROOT = Path(__file__).parents[2]


class Screened:
    """A program in a pseudo-terminal of its own, its output gathered as it comes."""

    def __init__(self, *words: str) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        with no_signal_ignored():
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tui.cli", *words],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
                start_new_session=True,
            )
        os.close(slave)
        self.output = b""

    def read_until(self, condition: Callable[[], bool]) -> None:
        """Keep reading, so that the program can draw, until the condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.output[-2000:]
            if select.select([self.master], [], [], 0.05)[0]:
                try:
                    self.output += os.read(self.master, 65536)
                except OSError:  # Linux says so when the last writer has closed
                    time.sleep(0.02)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def _demo_root(parent: int) -> Path | None:
    """The root of the demo that a process has started."""
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            ppid = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if ppid == parent and b"tui.demo.crew" in words:
            return Path(os.fsdecode(words[words.index(b"tui.demo.crew") + 1]))
    return None


def _is_gone(root: Path) -> bool:
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(root) in (place / "cmdline").read_bytes():
                return False
        except OSError:
            continue
    return not root.exists()


@pytest.mark.parametrize("number", [None, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_demo_screen_shows_live_work_and_leaves_nothing(number: signal.Signals | None) -> None:
    screened = Screened("demo", "--agents", "3", "--tasks", "20", "--speed", "5")
    try:
        # a phase of work that only a running agent writes
        screened.read_until(
            lambda: b"Blockers" in screened.output and b"cost_usd" in screened.output
        )
        root = _demo_root(screened.process.pid)
        assert root is not None
        if number is None:
            os.write(screened.master, b"q")
        else:
            screened.process.send_signal(number)
        screened.read_until(lambda: screened.process.poll() is not None)
        if number is None:
            assert screened.process.returncode == 0
        screened.read_until(lambda: _is_gone(root))
    finally:
        screened.close()

"""The real program in a real pseudo-terminal: it draws, and every way out leaves it clean."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyte
import pytest

from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S
from tests.tui.conftest import Colony

pytestmark = pytest.mark.pty

_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
# Alternate screen, mouse, focus, paste, resize reports, synchronized output.
_MUST_BE_OFF = {1049, 1000, 1003, 1015, 1006, 1016, 1004, 2004, 2048, 2026}
_PROGRAM = """
import sys
from pathlib import Path
from store.workspace import RootSpec
from tui.terminal import run_app
{before}
sys.exit(run_app([RootSpec(Path(sys.argv[1]), "argument")]))
"""


class Terminal:
    """One program on a pseudo-terminal of its own, and all that it wrote there."""

    def __init__(
        self,
        root: Path,
        before: str = "",
        rows: int = 24,
        columns: int = 80,
        command: Sequence[str] = (),
    ) -> None:
        self.ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.found = termios.tcgetattr(self.theirs)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.written = b""
        program = [sys.executable, "-c", _PROGRAM.format(before=before)]
        with no_signal_ignored():
            self.process = subprocess.Popen(
                [*(command or program), str(root)],
                stdin=self.theirs,
                stdout=self.theirs,
                stderr=self.theirs,
                start_new_session=True,
                env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"},
            )

    def read(self, wait_s: float = 0.05) -> None:
        """Take in what has been written."""
        ready, _, _ = select.select([self.ours], [], [], wait_s)
        if ready:
            try:
                data = os.read(self.ours, 65536)
            except OSError:
                return  # nobody has the other side open any more
            self.written += data
            self._stream.feed(data.replace(b"\x1b[<u", b""))

    def until(self, holds: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"{what}:\n" + "\n".join(self.screen.display)
            self.read()

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in "\n".join(self.screen.display), f"{text!r} on the screen")

    def count(self, text: str) -> int:
        return sum(line.count(text) for line in self.screen.display)

    def type(self, keys: bytes) -> None:
        os.write(self.ours, keys)

    def wait(self) -> int:
        """The exit code, once the program has ended; what it still writes is read."""
        self.until(lambda: self.process.poll() is not None, "the program ends")
        for _ in range(20):
            self.read(0.01)
        return self.process.returncode

    def modes_left_on(self) -> set[int]:
        """Those of the modes that a program has to leave which are still set."""
        state: dict[int, bool] = {}
        for numbers, switch in _MODE.findall(self.written):
            for number in numbers.split(b";"):
                state[int(number)] = switch == b"h"
        return {number for number, on in state.items() if on and number in _MUST_BE_OFF}

    def is_as_found(self) -> bool:
        return termios.tcgetattr(self.theirs) == self.found

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for fd in (self.ours, self.theirs):
            if fd >= 0:
                os.close(fd)


@pytest.fixture
def open_terminal() -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def make(*arguments: Any, **options: Any) -> Terminal:
        opened.append(Terminal(*arguments, **options))
        return opened[-1]

    yield make
    for terminal in opened:
        terminal.close()


Open = Callable[..., Terminal]


def test_command_with_dry_run_collects_and_writes_nothing_before_the_draft_is(
    colony: Colony, open_terminal: Open
) -> None:
    command = [sys.executable, "-m", "tui.cli", "--dry-run", "--goto", "demo/6"]
    terminal = open_terminal(colony.root, command=command)
    terminal.until_shown("DRAFT 0")
    terminal.until(lambda: "#6" in terminal.screen.display[22], "#6 in the status line")
    terminal.type(b"azoe\r")
    terminal.until_shown("DRAFT 1")
    assert colony.read(6)["owner"] is None
    terminal.type(b"X")
    terminal.until_shown("none written")
    terminal.type(b"y")
    terminal.until(lambda: colony.read(6)["owner"] == "zoe", "zoe on the disk")
    terminal.until_shown("DRAFT 0")
    terminal.type(b"q")
    assert terminal.wait() == 0


def test_program_in_a_terminal_shows_a_write_and_steers_the_disk(
    colony: Colony, open_terminal: Open
) -> None:
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    colony.write(6, "Fetch other logos")
    terminal.until_shown("Fetch other logos")
    terminal.type(b"'")
    terminal.until_shown("Go to")
    terminal.type(b"other")
    terminal.until(lambda: terminal.count("Fetch other logos") == 2, "one match beside the row")
    terminal.type(b"\r")
    terminal.until(lambda: "#6" in terminal.screen.display[22], "#6 in the status line")
    terminal.type(b"a")
    terminal.until_shown("Assign · demo · #6")
    terminal.type(b"zoe\r")
    terminal.until(lambda: colony.read(6)["owner"] == "zoe", "zoe on the disk")
    terminal.until_shown("owner")
    terminal.type(b"q")
    assert terminal.wait() == 0
    assert terminal.modes_left_on() == set()
    assert terminal.is_as_found()


@pytest.mark.parametrize("keys", [b"q", b"\x03"], ids=["q", "ctrl-c"])
def test_program_that_is_quit_leaves_the_terminal_as_found(
    colony: Colony, open_terminal: Open, keys: bytes
) -> None:
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    assert 1049 in terminal.modes_left_on()
    terminal.type(keys)
    assert terminal.wait() == 0
    assert terminal.modes_left_on() == set()
    assert terminal.is_as_found()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1])
def test_program_that_gets_a_signal_leaves_the_terminal_as_found_and_exits_with_its_code(
    colony: Colony, open_terminal: Open, number: signal.Signals
) -> None:
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    os.kill(terminal.process.pid, number)
    assert terminal.wait() == 128 + number
    assert terminal.modes_left_on() == set()
    assert terminal.is_as_found()


def test_program_whose_loop_is_blocked_still_ends(
    colony: Colony, open_terminal: Open, tmp_path: Path
) -> None:
    blocked = tmp_path / "blocked"
    block = (
        "import time\nfrom tui.screens.main import MainScreen\n"
        "def block(self):\n"
        f"    Path({str(blocked)!r}).touch()\n"
        "    time.sleep(3600)\n"
        "MainScreen.action_toggle_pause = block"
    )
    terminal = open_terminal(colony.root, before=block)
    terminal.until_shown("Crawl target pages")
    terminal.type(b"p")
    terminal.until(blocked.exists, "the loop is blocked")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.wait() == 128 + signal.SIGTERM
    assert terminal.modes_left_on() == set()
    assert terminal.is_as_found()


def test_program_whose_terminal_does_not_read_still_ends(
    colony: Colony, open_terminal: Open
) -> None:
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    fill = "x" * 70
    for number in range(30):  # more to draw than the terminal's buffer holds
        colony.write(100 + number, f"{fill} {number}")
    os.kill(terminal.process.pid, signal.SIGTERM)
    assert terminal.process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert terminal.is_as_found()


def test_program_that_loses_its_terminal_exits_129(colony: Colony, open_terminal: Open) -> None:
    ignore = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)"
    terminal = open_terminal(colony.root, before=ignore)
    terminal.until_shown("Crawl target pages")
    os.close(terminal.theirs)
    os.close(terminal.ours)
    terminal.ours = terminal.theirs = -1
    assert terminal.process.wait(PATIENCE_S) == 129


def test_program_that_crashes_shows_where_and_none_of_the_agents_text(
    colony: Colony, open_terminal: Open
) -> None:
    crash = (
        "from tui.screens.main import MainScreen\n"
        "def crash(self):\n"
        "    secret = self.frame.snapshot\n"
        "    raise RuntimeError('Crawl target pages')\n"
        "MainScreen.action_toggle_pause = crash"
    )
    terminal = open_terminal(colony.root, before=crash)
    terminal.until_shown("Crawl target pages")
    left = len(terminal.written)
    terminal.type(b"p")
    assert terminal.wait() == 1
    said = terminal.written[left:].rpartition(b"\x1b[?1049l")[2]
    assert b"colonytop crashed: RuntimeError" in said
    assert b"Crawl" not in said
    assert terminal.modes_left_on() == set()
    assert terminal.is_as_found()


def test_program_without_colour_emits_no_colour_codes(
    colony: Colony, open_terminal: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    codes = re.findall(rb"\x1b\[([\d;]*)m", terminal.written)
    assert codes
    coloured = [
        c for c in codes if re.search(rb"(^|;)(3[0-7]|4[0-7]|9[0-7]|10[0-7]|[34]8)(;|$)", c)
    ]
    assert coloured == []
    terminal.type(b"q")
    assert terminal.wait() == 0


def test_program_that_gets_keys_in_one_write_gives_each_to_what_the_last_one_opened(
    colony: Colony, open_terminal: Open
) -> None:
    terminal = open_terminal(colony.root)
    terminal.until_shown("Crawl target pages")
    terminal.type(b"'#2\r")
    terminal.until(lambda: "#2" in terminal.screen.display[22], "#2 in the status line")
    terminal.type(b"u \r")  # the only blocker comes ticked: Space unticks it, Enter does nothing
    terminal.until_shown("nothing ticked")
    assert colony.read(2)["blocked_by"] == [1]
    terminal.type(b" \r")
    terminal.until(lambda: colony.read(2)["blocked_by"] == [], "the edge is cut on the disk")
    terminal.type(b"azoe\rsi\rq")
    assert terminal.wait() == 0
    assert (colony.read(2)["owner"], colony.read(2)["status"]) == ("zoe", "in_progress")

"""Whether there is a terminal, and what the locale says it can show."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import select
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE_S
from tui.terminal import (
    CUT_OFF_S,
    GRACE_S,
    LOST_GRACE_S,
    RESTORE,
    restore,
    speaks_utf8,
    terminal_problem,
)


@pytest.fixture
def tty_pair() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    for fd in (ours, theirs):
        os.close(fd)


def test_terminal_problem_with_a_terminal_everywhere_is_none(tty_pair: tuple[int, int]) -> None:
    with os.fdopen(os.dup(tty_pair[1]), "w") as stream:
        assert terminal_problem({"TERM": "xterm-256color"}, (stream, stream, stream)) is None


@pytest.mark.parametrize("term", ["", "dumb", "unknown"])
def test_terminal_problem_with_a_terminal_that_cannot_draw_names_term(
    tty_pair: tuple[int, int], term: str
) -> None:
    with os.fdopen(os.dup(tty_pair[1]), "w") as stream:
        assert "TERM=" in str(terminal_problem({"TERM": term}, (stream, stream, stream)))


@pytest.mark.parametrize(("place", "name"), [(0, "stdin"), (1, "stdout"), (2, "stderr")])
def test_terminal_problem_with_one_stream_redirected_names_it(
    tty_pair: tuple[int, int], place: int, name: str
) -> None:
    with os.fdopen(os.dup(tty_pair[1]), "w") as stream:
        streams = [stream, stream, stream]
        streams[place] = io.StringIO()  # type: ignore[call-overload]
        problem = terminal_problem({"TERM": "xterm"}, (streams[0], streams[1], streams[2]))
    assert problem == f"{name} is not a terminal"


@pytest.mark.parametrize(
    ("environ", "speaks"),
    [
        ({}, True),
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, False),
        ({"LC_CTYPE": "de_DE.ISO-8859-1"}, False),
        ({"LC_ALL": "", "LANG": "en_GB.UTF-8"}, True),
    ],
)
def test_speaks_utf8_follows_the_locale_variables_in_their_order(
    environ: dict[str, str], speaks: bool
) -> None:
    assert speaks_utf8(environ) is speaks


def test_restore_of_a_terminal_in_raw_mode_brings_back_echo_and_leaves_all_modes(
    tty_pair: tuple[int, int],
) -> None:
    ours, theirs = tty_pair
    saved = termios.tcgetattr(theirs)
    raw = termios.tcgetattr(theirs)
    raw[3] &= ~(termios.ECHO | termios.ICANON)
    termios.tcsetattr(theirs, termios.TCSANOW, raw)
    restore(theirs, saved)
    assert termios.tcgetattr(theirs)[3] & termios.ECHO
    assert os.get_blocking(theirs)
    assert read_through(ours, RESTORE) == RESTORE


def test_restore_of_a_terminal_that_reads_late_cuts_off_nothing_of_what_was_drawn(
    tty_pair: tuple[int, int],
) -> None:
    ours, theirs = tty_pair
    saved = termios.tcgetattr(theirs)
    tty.setraw(theirs)
    drawn = b"\x1b[1;1H" + b"\x1b[38;5;250mcolony" * 150
    assert os.write(theirs, drawn) == len(drawn)
    restore(theirs, saved)
    assert read_through(ours, RESTORE) == drawn + RESTORE


def read_through(fd: int, ending: bytes) -> bytes:
    """All that comes until it ends so."""
    found = b""
    while not found.endswith(ending):
        assert select.select([fd], [], [], PATIENCE_S)[0], found[-200:]
        found += os.read(fd, 4096)
    return found


def fill(fd: int) -> None:
    """Write until the other side would have to read."""
    with contextlib.suppress(BlockingIOError):
        while os.write(fd, b"x" * 4096):
            pass


def test_restore_of_a_terminal_that_does_not_read_does_not_wait(
    tty_pair: tuple[int, int],
) -> None:
    ours, theirs = tty_pair
    saved = termios.tcgetattr(theirs)
    os.set_blocking(theirs, False)
    fill(theirs)
    restore(theirs, saved)
    assert os.get_blocking(theirs)
    assert read_through(ours, RESTORE), "it comes once the terminal reads again"


def test_deadlines_of_the_end_keep_their_promises() -> None:
    assert GRACE_S + CUT_OFF_S < 2.0
    assert LOST_GRACE_S + CUT_OFF_S < 1.0


def test_run_app_without_a_terminal_says_so_in_one_line_and_gives_2() -> None:
    code = "from tui.terminal import run_app; raise SystemExit(run_app([]))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == ["colonytop: stdin is not a terminal"]

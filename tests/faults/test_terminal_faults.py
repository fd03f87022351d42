"""Harness 8, second half, in its fast form; and that its session can tell a terminal left dirty."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from tests.faults import terminal_faults
from tests.faults.figure import Effort

pytestmark = pytest.mark.pty

_CARELESS = (
    *(sys.executable, "-c"),
    "import os, sys, termios\n"
    "raw = termios.tcgetattr(0)\n"
    "raw[3] &= {flags}\n"
    "termios.tcsetattr(0, termios.TCSANOW, raw)\n"
    "os.write(1, b'{written}')\n"
    "sys.exit({code})",
)


@pytest.mark.timeout(180)
def test_program_whose_terminal_goes_wrong_ends_in_time_and_leaves_it_clean() -> None:
    figure = terminal_faults.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count > 15


@pytest.mark.parametrize(
    ("flags", "written", "code", "said"),
    [
        ("~termios.ECHO", "", 0, "settings"),
        ("-1", "\\x1b[?1049h", 0, "modes left on: \\[1049\\]"),
        ("-1", "\\x1b[?1000;1006h\\x1b[?1000l", 0, "modes left on: \\[1006\\]"),
        ("-1", "", 3, "exit code 3"),
    ],
)
def test_session_of_a_program_that_leaves_a_mess_says_so(
    flags: str, written: str, code: int, said: str
) -> None:
    *head, script = _CARELESS
    made = script.format(flags=flags, written=written, code=code)
    session = terminal_faults.Session((*head, made))
    try:
        with pytest.raises(terminal_faults.Fail, match=said):
            session.expect_end(0, 10.0)
    finally:
        session.close()


def test_session_of_a_clean_program_says_nothing() -> None:
    session = terminal_faults.Session((sys.executable, "-c", ""))
    try:
        session.expect_end(0, 10.0)
    finally:
        session.close()
    assert session.modes_on() == set()


def test_clock_leaves_out_what_a_process_waits_for_a_processor() -> None:
    """Two that are always busy share one processor, so each of them waits."""
    spin = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\nwhile True: pass"
    busy = [subprocess.Popen([sys.executable, "-c", spin]) for _ in range(2)]
    try:
        began, clock = time.monotonic(), terminal_faults.Clock(busy[0].pid)
        left_out_s = 0.0
        while left_out_s < 0.05:
            time.sleep(0.01)
            left_out_s = time.monotonic() - began - clock.passed_s()
        assert clock.passed_s() < time.monotonic() - began
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_clock_counts_what_a_process_sleeps() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as idle:
        clock = terminal_faults.Clock(idle.pid)
        while clock.passed_s() < 0.1:
            time.sleep(0.01)
        assert idle.poll() is None

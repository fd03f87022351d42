"""Harness 8, second half: the real program in a pseudo-terminal that goes wrong.

Signals, a lost terminal, one that does not read, none at all, sizes from 0x0 to 1000x500: the
terminal is left as it was found, the exit code tells why, and the end comes within two seconds.
All that the program writes goes through the strict parser too.
"""

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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.contract import native
from tests.faults.figure import Effort, Figure, scratch
from tests.faults.payloads import PAYLOADS
from tests.faults.terminal_parser import Parser, sequences
from tests.launching import no_signal_ignored
from tests.patience import PATIENCE_S

HERE = Path(__file__).parents[2]
END_S = 2.0
"""The promise; on a machine that others use too, noise gets half a second more."""
NOISE_S = 0.5
HANG_S = 60.0
"""After so long it hangs, whatever else is going on."""
TIMES = 4
"""A fault counts as survived too late when it was so as often."""
SUBJECT = "Crawl"

_UNFINISHED = re.compile(rb"(?:\x1b[\[0-9;?>]*|[\x80-\xff]+)\Z")
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
_MUST_BE_OFF = {1049, 1000, 1003, 1015, 1006, 1016, 1004, 2004, 2048, 2026}
_PROGRAM = (sys.executable, "-m", "tui.cli")
_EMPTY = (sys.executable, "-c", "from textual.app import App; App().run()")
_HUP_IGNORED = (
    *(sys.executable, "-c"),
    "import signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    "sys.argv = ['colonytop', *sys.argv[1:]]\n"
    "from tui.cli import main; main()",
)

Fault = Callable[["Session"], None]


class Fail(AssertionError):
    """What was promised did not hold; the text says what."""


class Late(Fail):
    """It held, but not in time."""


class Clock:
    """The time since it was made, without that in which the program or we only waited for a
    processor: how many others use the machine is not what is tried here.
    """

    def __init__(self, pid: int) -> None:
        self._places = [Path(f"/proc/{pid}/task"), Path("/proc/self/task")]
        self._began = time.monotonic()
        self._queued = [self._queued_s(place) for place in self._places]
        self._first = sum(self._queued)

    def passed_s(self) -> float:
        """Seconds. Look often: what a process that has ended had waited is not told any more."""
        for number, place in enumerate(self._places):
            self._queued[number] = max(self._queued[number], self._queued_s(place))
        wall_s = time.monotonic() - self._began
        waited_s = sum(self._queued) - self._first
        return wall_s if wall_s > HANG_S else wall_s - waited_s

    def _queued_s(self, tasks: Path) -> float:
        found = 0
        with suppress(OSError, IndexError):
            for path in tasks.glob("*/schedstat"):
                found += int(path.read_text().split()[1])
        return found / 1e9


class Session:
    """One program on a terminal of its own, and all that it wrote there."""

    def __init__(self, command: tuple[str, ...], *, rows: int = 24, columns: int = 80) -> None:
        self.ours, self.theirs = pty.openpty()
        self.resize(rows, columns)
        self.found = termios.tcgetattr(self.theirs)
        self.written = b""
        self.is_cut_off = False
        """We stopped reading in the middle."""
        with no_signal_ignored():
            self.process = subprocess.Popen(
                command,
                cwd=HERE,
                env=environment(),
                stdin=self.theirs,
                stdout=self.theirs,
                stderr=self.theirs,
                start_new_session=True,
            )

    def resize(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, wait_s: float = 0.05) -> None:
        if select.select([self.ours], [], [], wait_s)[0]:
            try:
                self.written += os.read(self.ours, 1 << 16)
            except OSError:
                return  # nobody has the other side open any more

    def until(self, holds: Callable[[], Any], what: str, limit_s: float = PATIENCE_S) -> None:
        clock = Clock(self.process.pid)
        while not holds():
            if clock.passed_s() > limit_s:
                raise Late(f"not within {limit_s} s: {what}")
            self.read()

    def until_drawn(self, text: str = SUBJECT, after: int = 0) -> None:
        self.until(lambda: text.encode() in self.written[after:], f"{text!r} on the screen")

    def is_stopped(self) -> bool:
        """In the state T: the process has suspended itself."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] == "T"

    def expect_end(self, code: int, limit_s: float = END_S, *, clean: bool = True) -> None:
        """The program ends in time, with this code, and leaves the terminal as it found it."""
        self.until(lambda: self.process.poll() is not None, "the end", limit_s + NOISE_S)
        if self.process.returncode != code:
            raise Fail(f"exit code {self.process.returncode}, not {code}")
        if clean:
            self.expect_clean()

    def expect_code(self, *codes: int) -> None:
        """The program ends in time, with one of these codes; its terminal is not looked at."""
        clock = Clock(self.process.pid)
        while self.process.poll() is None:
            if clock.passed_s() > END_S + NOISE_S:
                raise Late(f"not within {END_S} s: the end")
            _breathe(0.02)
        if self.process.returncode not in codes:
            raise Fail(f"exit code {self.process.returncode}, not {codes}")

    def expect_clean(self) -> None:
        for _ in range(20):
            self.read(0.005)
        if left := self.modes_on():
            raise Fail(f"modes left on: {sorted(left)}")
        if termios.tcgetattr(self.theirs) != self.found:
            raise Fail("the terminal's settings are not as they were found")

    def modes_on(self) -> set[int]:
        state: dict[int, bool] = {}
        for numbers, switch in _MODE.findall(self.written):
            for number in numbers.split(b";"):
                state[int(number)] = switch == b"h"
        return {number for number, on in state.items() if on and number in _MUST_BE_OFF}

    def lose(self) -> None:
        """The terminal is gone."""
        self.is_cut_off = True
        for descriptor in (self.theirs, self.ours):
            os.close(descriptor)
        self.ours = self.theirs = -1

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        for descriptor in (self.ours, self.theirs):
            if descriptor >= 0:
                os.close(descriptor)


def environment(**variables: str) -> dict[str, str]:
    """The caller's, in a terminal that everybody knows and without a person's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TEXTUAL")}
    for name in ("NO_COLOR", "XDG_CONFIG_HOME"):
        kept.pop(name, None)
    return kept | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **variables}


# Faults


def _signalled(number: signal.Signals) -> Fault:
    def fault(session: Session) -> None:
        session.until_drawn()
        session.process.send_signal(number)
        session.expect_end(128 + number)

    return fault


def _interrupted(session: Session) -> None:
    """SIGINT from elsewhere: an orderly end, whatever its code, and a clean terminal."""
    session.until_drawn()
    session.process.send_signal(signal.SIGINT)
    session.until(lambda: session.process.poll() is not None, "the end", END_S + NOISE_S)
    session.expect_clean()


def _suspended(session: Session) -> None:
    """SIGTSTP gives the terminal back, SIGCONT takes and paints it again."""
    session.until_drawn()
    session.process.send_signal(signal.SIGTSTP)
    session.until(session.is_stopped, "it stops", END_S + NOISE_S)
    session.expect_clean()
    seen = len(session.written)
    session.process.send_signal(signal.SIGCONT)
    session.until_drawn(after=seen)
    if not session.modes_on():
        raise Fail("it did not take the screen again")
    session.process.send_signal(signal.SIGTERM)
    session.expect_end(128 + signal.SIGTERM)


def _lost(session: Session) -> None:
    """The terminal goes away while hang-ups are ignored: no spinning, code 129."""
    session.until_drawn()
    session.lose()
    session.expect_code(129)


def _hung_up(session: Session) -> None:
    session.until_drawn()
    session.lose()
    session.expect_code(129, -signal.SIGHUP)


def _unread(session: Session) -> None:
    """Nobody reads: the program fills the terminal's buffer, its output is proven to be blocked,
    and a signal still ends it in time.
    """
    session.until_drawn()
    session.is_cut_off = True
    full = 0
    for number in range(2000):
        full = 0 if _has_room(session) else full + 1
        if full > 20:  # and all this time there was more to draw
            break
        session.resize(24 + number % 30, 80 + number % 40)
        session.process.send_signal(signal.SIGWINCH)
        _breathe(0.02)
    else:
        raise Fail("its output never came to a stop")
    session.process.send_signal(signal.SIGTERM)
    session.expect_code(128 + signal.SIGTERM)
    if termios.tcgetattr(session.theirs) != session.found:
        raise Fail("the terminal's settings are not as they were found")


def _has_room(session: Session) -> bool:
    """Whether the other side of the terminal could take one more byte now."""
    return bool(select.select([], [session.theirs], [], 0)[1])


def _breathe(seconds: float) -> None:
    """Let the program run; nothing is decided by how long this takes."""
    select.select([], [], [], seconds)


def _sized(rows: int, columns: int) -> Fault:
    def fault(session: Session) -> None:
        session.until_drawn()
        session.resize(rows, columns)
        seen = len(session.written)
        session.process.send_signal(signal.SIGWINCH)
        session.until(lambda: len(session.written) > seen, "it draws at that size")
        session.resize(24, 80)
        after = len(session.written)
        session.process.send_signal(signal.SIGWINCH)
        session.until_drawn(after=after)
        session.process.send_signal(signal.SIGTERM)
        session.expect_end(128 + signal.SIGTERM)

    return fault


def _stormed(session: Session) -> None:
    """Two hundred sizes as fast as they can be set; it is right at the last of them."""
    session.until_drawn()
    for number in range(200):
        session.resize(1 + (number * 7) % 60, 1 + (number * 13) % 200)
        session.process.send_signal(signal.SIGWINCH)
        session.read(0)
    after = len(session.written)
    session.resize(24, 80)
    session.process.send_signal(signal.SIGWINCH)
    session.until_drawn(after=after)
    session.process.send_signal(signal.SIGTERM)
    session.expect_end(128 + signal.SIGTERM)


def _injected(session: Session) -> None:
    """D14: answers of a terminal that nobody asked are no keys: nothing is edited, it goes on."""
    session.until_drawn()
    for answer in (b"\x1b[12;40R", b"\x1b[?62;1c", b"\x1b]52;c;cQ==\x07", b"\x1b[200~qdy\x1b[201~"):
        os.write(session.ours, answer)
    os.write(session.ours, b"?")
    session.until_drawn("Esc closes")
    session.process.send_signal(signal.SIGTERM)
    session.expect_end(128 + signal.SIGTERM)


FAULTS: dict[str, Fault] = {
    **{
        f"D15 {number.name}": _signalled(number)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1)
    },
    "D15 SIGINT": _interrupted,
    "D16 hang-up": _hung_up,
    "D17 not read": _unread,
    "D18 suspended": _suspended,
    "D19 1x1": _sized(1, 1),
    "D19 0x0": _sized(0, 0),
    "D19 1000x500": _sized(500, 1000),
    "D19 storm of sizes": _stormed,
    "D14 answers": _injected,
}
_LONG_ONLY = {f"D19 {c}x{r}": _sized(r, c) for r, c in ((3, 2), (1, 80), (24, 1), (100, 300))}


def run(effort: Effort) -> Figure:
    faults = FAULTS if effort is Effort.FAST else FAULTS | _LONG_ONLY
    violations: list[str] = []
    with scratch("pty") as place:
        before = _write_colony(place)
        parser = Parser(_known())
        for name, fault in faults.items():
            _try(name, (*_PROGRAM, str(place)), fault, parser, violations)
        _try("D16 lost", (*_HUP_IGNORED, str(place)), _lost, parser, violations)
        violations += _check_no_terminal(place)
        if _records(place) != before:
            violations.append("a task was changed")
    violations += parser.finds
    count = len(faults) + 1 + len(_BARE)
    return Figure("terminal faults", count, "faults", violations, None, {"bytes": parser.parsed})


def _write_colony(place: Path) -> dict[Path, bytes]:
    texts = [text[:2000].encode("utf-8", "replace").decode() for text in PAYLOADS.values()]
    whole = [native.record(n + 2, text, owner=text) for n, text in enumerate(texts)]
    native.write_list(place, "colony:forge", native.record(1, SUBJECT), *whole)
    return _records(place)


def _records(place: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in place.rglob("*.json")}


def _try(
    name: str, command: tuple[str, ...], fault: Fault, parser: Parser, violations: list[str]
) -> None:
    """One fault. What comes late is tried again: it may be for others who use the machine."""
    late: list[Late] = []
    while len(late) < TIMES:
        with _session(command) as session:
            try:
                fault(session)
            except Late as error:
                late.append(error)
                continue
            except Fail as error:
                violations.append(f"{name}: {error}")
            written = session.written
            if session.is_cut_off:
                written = _UNFINISHED.sub(b"", written)
            parser.check(name, written.decode("utf-8", "replace").replace("\r\n", "\n"))
            return
    violations.append(f"{name}, {TIMES} times: {late[-1]}")


@contextmanager
def _session(command: tuple[str, ...]) -> Iterator[Session]:
    session = Session(command)
    try:
        yield session
    finally:
        session.close()


def _known() -> frozenset[str]:
    """What an app without anything writes from its start to its end, and our own last word."""
    from tui.terminal import RESTORE

    with _session(_EMPTY) as session:
        session.until(lambda: b"\n" in session.written, "the empty app draws")
        session.until(lambda: b"\x1b]22;" in session.written, "the empty app chooses a pointer")
        session.process.send_signal(signal.SIGTSTP)
        session.until(session.is_stopped, "the empty app stops")
        session.expect_clean()
        return sequences((session.written + RESTORE).decode().replace("\r\n", "\n"))


# No terminal at all

_BARE: dict[str, Mapping[str, str]] = {
    "D20 no terminal": {},
    "D20 TERM=dumb": {"TERM": "dumb"},
    "D20 TERM empty": {"TERM": ""},
}


def _check_no_terminal(place: Path) -> list[str]:
    """Code 2, the reason in the last line on stderr, and not a byte of drawing."""
    violations = []
    for name, variables in _BARE.items():
        ours, theirs = pty.openpty()
        stdin = subprocess.DEVNULL if not variables else theirs
        try:
            done = subprocess.run(
                [*_PROGRAM, str(place)],
                cwd=HERE,
                env=environment(**variables),
                stdin=stdin,
                stdout=subprocess.PIPE if not variables else theirs,
                stderr=subprocess.PIPE if not variables else theirs,
                timeout=PATIENCE_S,
                check=False,
            )
            said = done.stderr if not variables else os.read(ours, 4096)
        finally:
            os.close(ours)
            os.close(theirs)
        lines = said.decode().splitlines()
        if (
            done.returncode != 2
            or len(lines) > 4
            or b"\x1b" in said
            or "no screen" not in lines[-1]
        ):
            violations.append(f"{name}: code {done.returncode}, {said[:100]!r}")
    return violations

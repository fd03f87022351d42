"""A program in a pseudo-terminal of its own, and when which bytes came out of it."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import gettempdir
from types import TracebackType

from tests.patience import PATIENCE_S

HERE = Path(__file__).parents[2]
ROWS, COLUMNS = 40, 120
COMPILED = Path(gettempdir()) / f"colonytop-bench-modules-{os.getuid()}"


class Terminal:
    """Start a command in a pty and note, for each piece of its output, when it was readable.

    Use it as a context: at the end the program is asked to stop, then made to.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        rows: int = ROWS,
        columns: int = COLUMNS,
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._seen = bytearray()
        self._pieces: list[tuple[int, float]] = []  # (bytes so far, when)
        self._news = threading.Condition()
        self._over = False
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=HERE,
            env=_environment() | dict(environment or {}),
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                piece = os.read(self._master, 1 << 16)
            except OSError:  # the program closed its end
                piece = b""
            now = time.perf_counter()
            with self._news:
                if not piece:
                    self._over = True
                    self._news.notify_all()
                    return
                self._seen += piece
                self._pieces.append((len(self._seen), now))
                self._news.notify_all()

    def size(self) -> int:
        """Bytes seen so far: where to search from for what comes next."""
        with self._news:
            return len(self._seen)

    def wait_for(self, text: bytes, after: int = 0, timeout_s: float = PATIENCE_S) -> float:
        """When the last byte of `text` came (`time.perf_counter` seconds)."""
        return self.wait_for_any([text], after, timeout_s)

    def wait_for_any(
        self, texts: Sequence[bytes], after: int = 0, timeout_s: float = PATIENCE_S
    ) -> float:
        """When the first of some texts was there whole, searching from a place in the output.

        Raises:
            TimeoutError: none came, or the program ended; with the end of its output.
        """
        deadline = time.perf_counter() + timeout_s
        longest = max(map(len, texts))
        with self._news:
            searched = after
            while True:
                ends = [self._seen.find(text, searched) + len(text) for text in texts]
                ends = [end for end, text in zip(ends, texts, strict=True) if end >= len(text)]
                if ends:
                    return next(when for size, when in self._pieces if size >= min(ends))
                searched = max(after, len(self._seen) - longest + 1)
                left = deadline - time.perf_counter()
                if left <= 0 or self._over:
                    raise TimeoutError(f"no {texts}; the end was {bytes(self._seen[-400:])!r}")
                self._news.wait(left)

    def place_after(self, text: bytes) -> int:
        """The place in the output behind a text that has come."""
        with self._news:
            return self._seen.index(text) + len(text)

    def wait_for_quiet(self, quiet_s: float = 0.5, timeout_s: float = 20.0) -> None:
        """Until nothing has come for a while, or the time is up (clocks may keep ticking)."""
        deadline = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline:
            before = self.size()
            with self._news:
                self._news.wait(quiet_s)
            if self.size() == before:
                return

    def write(self, keys: bytes) -> None:
        select.select([], [self._master], [], 5.0)
        os.write(self._master, keys)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self._reader.join(5)
        os.close(self._master)


def _environment() -> dict[str, str]:
    """The caller's, in a terminal that everybody knows and without settings of a person.

    Modules are kept compiled, as an installation keeps them, but not in the source tree.
    """
    dropped = ("NO_COLOR", "PYTHONDONTWRITEBYTECODE", "XDG_CONFIG_HOME")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("TEXTUAL") and name not in dropped
    }
    return kept | {
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LC_ALL": "C.UTF-8",
        "PYTHONPYCACHEPREFIX": str(COMPILED),
        "XDG_CONFIG_HOME": str(COMPILED / "no-settings"),
    }

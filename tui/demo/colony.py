"""A demo colony as its owner sees it: made on entering, ended on leaving, always."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from store.model.errors import ColonytopError
from tui.demo.systems.cast import NATIVE, roots_of

START_S = 60.0
"""For the crew to set the stage; large demos write many files."""
END_S = 10.0
"""For the crew to end everything; then it is killed, and the agents notice."""


class DemoRefused(ColonytopError):
    """The demo cannot be run like that."""

    kind = "demo_refused"


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How large, how fast, and which story."""

    agents: int = 6
    tasks: int = 40
    seed: int = 7
    speed: float = 1.0
    keep: Path | None = None
    """The root to use and to keep; None is a temporary one that is removed."""
    systems: tuple[str, ...] = (NATIVE,)
    """Whose lists there are; with several, each has a root of its own below that one."""


class DemoColony:
    """The crew's process and its root. A context manager; `root` is known after entering."""

    def __init__(self, options: DemoOptions) -> None:
        self.options = options
        self.root = Path()
        self._temporary: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        self._complaint = ""
        self._unread = b""

    def __enter__(self) -> Self:
        self._make_root()
        try:
            self._errors = tempfile.TemporaryFile()
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                start_new_session=True,  # the terminal's Ctrl-C is for the demo, which ends it
                env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            )
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def wait_until_ready(self, timeout_s: float = START_S) -> None:
        """Until the stage is set and the agents run.

        Raises:
            DemoRefused: they do not; the message has the crew's own words.
        """
        said = self._read_line(time.monotonic() + timeout_s)
        if said is None or "ready" not in said:
            raise DemoRefused(f"the agents did not start: {self.trouble() or 'no answer'}")

    def end_agents(self) -> list[dict[str, Any]]:
        """End the agents, keep the root; what each of them did."""
        process = self._process
        if process is None or process.stdin is None:
            return []
        with contextlib.suppress(OSError):
            process.stdin.write(b"end\n")
            process.stdin.flush()
        said = self._read_line(time.monotonic() + END_S)
        agents = (said or {}).get("agents", [])
        return [agent for agent in agents if isinstance(agent, dict)]

    def close(self) -> None:
        """End all processes and remove a temporary root. May be called again."""
        process, self._process = self._process, None
        if process is not None:
            _end_process(process)
        if self._errors is not None:
            self._complaint = self.trouble()
            self._errors.close()
            self._errors = None
        self._remove()

    @property
    def roots(self) -> list[Path]:
        """Where the lists of each system are."""
        return roots_of(self.root, self.options.systems)

    def is_running(self) -> bool:
        """Whether the crew still runs. It ends only when it is told to, or is killed."""
        return self._process is not None and self._process.poll() is None

    def trouble(self) -> str:
        """The last line that the crew or an agent complained with."""
        if self._errors is None:
            return self._complaint
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _make_root(self) -> None:
        if self.options.keep is None:
            self._temporary = Path(tempfile.mkdtemp(prefix="colonytop-demo-"))
            self.root = self._temporary
            return
        self.root = self.options.keep.expanduser().absolute()
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            occupied = any(self.root.iterdir())
        except OSError as error:
            raise DemoRefused(f"{self.root}: {error.strerror}") from error
        if occupied:
            raise DemoRefused(f"{self.root} is not empty; name a new directory")

    def _command(self) -> list[str]:
        options = self.options
        command = [sys.executable, "-m", "tui.demo.crew", str(self.root)]
        command += ["--agents", str(options.agents), "--tasks", str(options.tasks)]
        command += ["--seed", str(options.seed), "--speed", str(options.speed)]
        command += ["--systems", ",".join(options.systems)]
        if self._temporary is not None:
            command += ["--remove", str(self._temporary)]
        return command

    def _read_line(self, deadline: float) -> dict[str, Any] | None:
        """The crew's next line, None if it does not come before the deadline."""
        if self._process is None or self._process.stdout is None:
            return None
        out = self._process.stdout.fileno()
        while b"\n" not in self._unread:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                return None
            part = os.read(out, 65536)
            if not part:
                return None
            self._unread += part
        line, _, self._unread = self._unread.partition(b"\n")
        try:
            said = json.loads(line)
        except ValueError:
            return None
        return said if isinstance(said, dict) else None

    def _remove(self) -> None:
        if self._temporary is not None:
            shutil.rmtree(self._temporary, ignore_errors=True)


def _end_process(process: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which ends the crew; kill it if it does not."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

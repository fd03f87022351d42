"""One execution of a command: begun once, looked at, stopped; also by a runner that adopts it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from store.files.descriptors import close
from store.files.executions import SCRIPT, SHELL, ExecutionPlace
from store.files.processes import is_running
from store.model.errors import StorageFailure
from store.running.outcome import Asked, Ending, Outcome, judge, stopped

GRACE_S = 2.0
"""How long a command that is told to end has for it."""
_KILLED_S = 1.0
_LATE_S = 1.0
_OUTPUT_BYTES = 8 << 20
_ERROR_BYTES = 16 << 10


class Child:
    """A command that runs or has run. Not thread-safe."""

    def __init__(
        self, place: ExecutionPlace, asked: Asked, *, began_at: float, timeout_s: float
    ) -> None:
        """Args:
        place: where its output goes.
        asked: what it is given.
        began_at: epoch seconds.
        timeout_s: how long it may take from then on.
        """
        self.asked = asked
        self.began_at = began_at
        self._place = place
        self._timeout_s = timeout_s
        self._deadline = time.monotonic() + timeout_s - max(0.0, time.time() - began_at)
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping: tuple[Ending, str] | None = None
        self._kill_at = 0.0
        self._is_killed = False
        self._gone_at: float | None = None
        self._group: int | None = None

    def start(
        self, arguments: Sequence[str], environment: Mapping[str, str], directory: str | None
    ) -> None:
        """Begin the command, in a session of its own, so that it outlives a runner that is killed.

        Raises:
            StorageFailure: its files cannot be made, or no process can be started.
        """
        self._place.prepare(self.asked.prompt)
        streams = self._place.streams()
        try:
            self._process = subprocess.Popen(
                [SHELL, "-c", SCRIPT, "colonytop-run", str(self._place.path), *arguments],
                stdin=streams[0],
                stdout=streams[1],
                stderr=streams[2],
                env={**os.environ, **environment},
                cwd=directory,
                start_new_session=True,
            )
        except OSError as error:
            raise StorageFailure(SHELL, f"cannot be started: {error}") from error
        finally:
            for descriptor in streams:
                close(descriptor)

    def poll(self) -> Outcome | None:
        """What came of it; None: it is still running."""
        if self._stopping is None and self._has_ended():
            return self._judged()
        if self._stopping is None and time.monotonic() > self._deadline:
            self.stop(Ending.TIMED_OUT, f"took over {self._timeout_s:g} s")
        if self._stopping is None or not self._is_stopped():
            return None
        return stopped(self.asked, *self._stopping, self._place.output(_OUTPUT_BYTES))

    def stop(self, ending: Ending, error: str) -> None:
        """Tell it to end, and end it if it does not; `poll` says when."""
        if self._stopping is None:
            self._stopping = ending, error
            self._group = self._find_group()
            self._kill_at = time.monotonic() + GRACE_S
            self._signal(signal.SIGTERM)

    def is_alive(self) -> bool:
        """Whether the command of another runner still runs."""
        told = self._place.process()
        return told is not None and is_running(*told) is not False

    def _has_ended(self) -> bool:
        if self._process is not None:
            return self._process.poll() is not None
        if self._place.exit_code() is not None:
            return True
        if self.is_alive():
            self._gone_at = None
            return False
        # it may be just about to write down its number or its exit code
        self._gone_at = self._gone_at or time.monotonic()
        return time.monotonic() - self._gone_at > _LATE_S

    def _judged(self) -> Outcome:
        code = self._place.exit_code()
        output = self._place.output(_OUTPUT_BYTES)
        if code is not None:
            return judge(self.asked, code, output, self._place.errors(_ERROR_BYTES))
        if self._process is not None and self._process.returncode < 0:
            killed = f"killed by signal {-self._process.returncode}"
            return stopped(self.asked, Ending.FAILED, killed, output)
        text = "nobody knows how it ended: it and who ran it were killed"
        return stopped(self.asked, Ending.UNKNOWN, text, output)

    def _is_stopped(self) -> bool:
        """Nothing of it runs any more, or it was killed and does not go away."""
        if self._process is not None:
            self._process.poll()
        if not self._signal(0):
            return True
        now = time.monotonic()
        if now < self._kill_at:
            return False
        if not self._is_killed:
            self._is_killed = True
            self._kill_at = now
            self._signal(signal.SIGKILL)
        return now > self._kill_at + _KILLED_S

    def _signal(self, number: int) -> bool:
        """Send a signal to the command and all that it started; False: there is nothing left."""
        if self._group is None:
            return False
        with suppress(PermissionError):
            try:
                os.killpg(self._group, number)
            except ProcessLookupError:
                return False
        return True

    def _find_group(self) -> int | None:
        if self._process is not None:
            return self._process.pid
        told = self._place.process()
        # Of a leader that is gone nobody knows whether the group is still its own.
        return told[0] if told is not None and is_running(*told) is not False else None

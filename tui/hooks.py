"""Runs the operator's own commands for alerts, one after another, away from everything else."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Sequence

from store.model.alert import Alert
from tui.notice_text import hook_environment, hook_input

TIMEOUT_S = 10.0
_MOST_WAITING = 32
_LOOK_S = 0.02
_Waiting = tuple[Alert, int]


class HookFailure(Exception):
    """A hook was not run to its good end; the words say why."""


class Hooks:
    """A thread that runs hooks as they come; what cannot be run is said once for each reason."""

    def __init__(self, fail: Callable[[str], object], timeout_s: float = TIMEOUT_S) -> None:
        """Args:
        fail: told in words why a hook failed; called from any thread.
        """
        self._fail = fail
        self._timeout_s = timeout_s
        self._waiting: queue.Queue[_Waiting] = queue.Queue(_MOST_WAITING)
        self._said: set[str] = set()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()

    def add(self, alert: Alert, held_back: int = 0) -> None:
        """Run the alert's hook soon."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hooks", daemon=True)
            self._thread.start()
        try:
            self._waiting.put_nowait((alert, held_back))
        except queue.Full:
            self._say(f"{alert.rule.hook[0]}: hooks come faster than they end; some are left out")

    def stop(self, timeout_s: float) -> bool:
        """Begin no more hooks; one that runs is left to end by itself."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                alert, held_back = self._waiting.get(timeout=0.1)
            except queue.Empty:
                continue
            try:
                run_hook(alert, held_back, self._timeout_s, self._stop)
            except HookFailure as error:
                self._say(f"{alert.rule.hook[0]}: {error}")
            except Exception as error:  # whatever it is, the next hook gets its turn
                self._say(f"{alert.rule.hook[0]}: {type(error).__name__}: {error}")

    def _say(self, problem: str) -> None:
        if problem not in self._said:
            self._said.add(problem)
            self._fail(problem)


def run_hook(alert: Alert, held_back: int, timeout_s: float, stop: threading.Event) -> None:
    """Run the command of the alert's rule to its end: no shell, no terminal, no output; the alert
    on its standard input. Given up, and left running, when `stop` is set.

    Raises:
        HookFailure: it could not be started, did not end in time and was killed, or failed.
    """
    process = _start(alert.rule.hook, hook_input(alert, held_back), _environment(alert))
    deadline = time.monotonic() + timeout_s
    while True:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            break
        if time.monotonic() >= deadline:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)  # it leads a session of its own
            os.waitpid(process, 0)
            raise HookFailure(f"not done after {timeout_s:g} s, killed")
        if stop.wait(_LOOK_S):
            return
    code = os.waitstatus_to_exitcode(status)
    if code:
        raise HookFailure(f"ended by signal {-code}" if code < 0 else f"ended with {code}")


def _environment(alert: Alert) -> dict[bytes, bytes]:
    own = {name.encode(): value.encode() for name, value in hook_environment(alert)}
    return {**os.environb, **own}


def _start(command: Sequence[str], given: bytes, environ: dict[bytes, bytes]) -> int:
    """Start the command and return its process id.

    Not by `subprocess`: the signals that the program waits for are blocked in its threads, and a
    child would inherit that and not be ended by them.

    Raises:
        HookFailure: it cannot be started.
    """
    try:
        with tempfile.TemporaryFile() as document, open(os.devnull, "wb") as nowhere:  # noqa: PTH123
            document.write(given)
            document.seek(0)  # a file, not a pipe: whoever does not read it keeps nobody waiting
            return os.posix_spawnp(
                command[0],
                list(command),
                environ,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, document.fileno(), 0),
                    (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, nowhere.fileno(), 2),
                ],
                setsid=True,
                setsigmask=[],
                setsigdef=[signal.SIGPIPE],
            )
    except OSError as error:
        raise HookFailure(error.strerror or "cannot be started") from None

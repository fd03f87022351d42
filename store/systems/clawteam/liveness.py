"""Whether the agents of a team are alive: by process number and start time, or by tmux pane.

Only who is known to be dead may be robbed of a lock, so doubt counts as life here: a number that
was never told, a registry that cannot be read, a tmux that does not answer. ClawTeam takes a pane
that shows a shell for dead; here the shell must have nothing running in it.
"""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping

from store.files.processes import has_children, is_running
from store.systems.clawteam.spawned import Spawned

PROCESS_AGE_S = 1.0
PANE_AGE_S = 5.0
"""How long a verdict is good for; asking tmux starts a process."""

_TMUX_WAIT_S = 1.0
_SHELLS = frozenset({"bash", "zsh", "sh", "fish", "dash", "ksh", "tcsh"})
_NO_SERVER = ("no server running", "error connecting")
_FORMAT = "#{pane_dead} #{pane_pid} #{pane_current_command}"

Panes = Callable[[str], "tuple[str, ...] | None"]
"""Where to look in tmux → a line for each pane; () where there is none, None: tmux did not say."""


class Liveness:
    """Verdicts on the agents of one team, asked for again when they are old. Thread-safe."""

    def __init__(
        self, panes: Panes | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._panes = panes or panes_of
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Spawned, bool | None, float]] = {}
        self._is_mute = False
        """tmux did not answer in this look, so that it is not waited for again and again."""

    def look(
        self,
        registry: Mapping[str, Spawned] | None,
        names: Iterable[str],
        *,
        is_fresh: bool = False,
    ) -> dict[str, bool | None]:
        """Who of them is alive; None: nothing tells.

        Args:
            registry: how each was started; None: that is not known.
            names: who is asked about.
            is_fresh: take no verdict from before, however young.
        """
        with self._lock:
            self._is_mute = False
            return {name: self._verdict(registry or {}, name, is_fresh) for name in set(names)}

    def _verdict(self, registry: Mapping[str, Spawned], name: str, is_fresh: bool) -> bool | None:
        spawned = registry.get(name)
        if spawned is None:
            self._known.pop(name, None)
            return None
        known = self._known.get(name)
        now = self._clock()
        age = PANE_AGE_S if spawned.backend == "tmux" else PROCESS_AGE_S
        if known and known[0] == spawned and not is_fresh and 0 <= now - known[2] < age:
            return known[1]
        verdict = self._judge(spawned)
        self._known[name] = spawned, verdict, now
        return verdict

    def _judge(self, spawned: Spawned) -> bool | None:
        process = is_running(spawned.pid, spawned.at)
        if spawned.backend != "tmux":
            return process
        lines = self._lines(spawned.pane)
        if lines is None:
            return process
        panes = [_pane(line) for line in lines]
        if any(is_alive for _, is_alive in panes):
            return True
        if None in [is_alive for _, is_alive in panes]:
            return process or None
        if not process:
            return False
        # A window that was moved has another name: then the number tells. That of a shell in
        # which nothing runs tells nothing of the agent that was started in it.
        return None if spawned.pid in [pid for pid, _ in panes] else True

    def _lines(self, pane: str) -> tuple[str, ...] | None:
        if not pane:
            return ()
        lines = None if self._is_mute else self._panes(pane)
        self._is_mute = lines is None
        return lines


def _pane(line: str) -> tuple[int, bool | None]:
    """The process of a pane, and whether somebody is at work in it; None: nothing tells."""
    dead, _, rest = line.partition(" ")
    number, _, command = rest.partition(" ")
    pid = int(number) if number.isdecimal() else 0
    if dead == "1":
        return 0, False
    return pid, has_children(pid) if command in _SHELLS else True


def panes_of(target: str) -> tuple[str, ...] | None:
    """Ask tmux: for each pane of a target whether it is dead, its process and its command."""
    command = ["tmux", "list-panes", "-t", target, "-F", _FORMAT]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TMUX_WAIT_S,
            check=False,
        )
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    if done.returncode == 0:
        return tuple(done.stdout.splitlines())
    return None if any(said in done.stderr for said in _NO_SERVER) else ()

"""Whether a process that was started once still runs. Signals nobody; asks only the kernel."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

START_SLACK_S = 120.0
"""A process that began so much later than it was told of is another one with the same number. No
number comes back so soon, and clocks are set right meanwhile.
"""

_BOOT_AGE_S = 10.0
_PROC = Path("/proc")


def is_running(pid: int, told_at: float | None = None) -> bool | None:
    """Whether a process runs, and is the one that was meant; None: nothing tells.

    Args:
        pid: its number; one that no process can have tells nothing.
        told_at: epoch seconds at which it was known to run already, if that was written down.
    """
    if pid <= 0:
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is there, and belongs to another user
    except OverflowError:
        return None
    stat = _stat_of(pid)
    if stat is None:
        return True
    state, ticks = stat
    if state in ("Z", "X"):
        return False
    began = _epoch_of(ticks)
    return told_at is None or began is None or began <= told_at + START_SLACK_S


def has_children(pid: int) -> bool | None:
    """Whether a process has started others that still run; None: nothing tells."""
    try:
        return bool((_PROC / str(pid) / "task" / str(pid) / "children").read_text().split())
    except OSError:
        return None


def _stat_of(pid: int) -> tuple[str, int] | None:
    """The state of a process and the clock tick at which it began; None where nothing tells."""
    with suppress(OSError, ValueError, IndexError):
        text = (_PROC / str(pid) / "stat").read_bytes().decode("ascii", "replace")
        fields = text.rpartition(")")[2].split()  # its name may hold anything
        return fields[0], int(fields[19])
    return None


def _epoch_of(ticks: int) -> float | None:
    boot = _boot_time(int(time.monotonic() / _BOOT_AGE_S))
    return None if boot is None else boot + ticks / os.sysconf("SC_CLK_TCK")


@lru_cache(maxsize=1)
def _boot_time(_when: int) -> int | None:
    """Epoch seconds. It moves when the clock is set, and is slow to read with many processors."""
    with suppress(OSError, ValueError):
        for line in (_PROC / "stat").read_text().splitlines():
            if line.startswith("btime "):
                return int(line.split()[1])
    return None

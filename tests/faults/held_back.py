"""What a loaded machine takes from a program, which is not the program's own slowness."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def held_back_s(pid: int) -> float:
    """Seconds for which threads of a process could have run, but others had the processors.

    They only grow while no thread ends. 0 where the kernel does not count them, or the process has
    ended.
    """
    waited_ns = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(OSError, ValueError, IndexError):
            waited_ns += int(path.read_text().split()[1])
    return waited_ns / 1e9

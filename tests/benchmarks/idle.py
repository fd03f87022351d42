"""`idle`: processor time and memory of the app while nothing happens but its clocks ticking.

The real program in a pseudo-terminal, beside the empty Textual app. Memory is what only the
process has (`Private` of smaps_rollup), so shared libraries count for neither.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import lists
from tests.benchmarks.empty_app import PAINTED
from tests.benchmarks.figures import Table, at_most, progress, verdict
from tests.benchmarks.startup import EMPTY, app, counted
from tests.benchmarks.terminal import Terminal

CPU = at_most(1.0, " %")
MEMORY = at_most(25, " MiB")
SETTLE_S = 5.0
QUIET_S = 3_600.0  # since the last write of any agent: ages tick in minutes then
PER_TASKS = 10_000
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Idle:
    """What a process took while it was left alone."""

    cpu_percent: float
    """Of one core."""
    memory_mib: float
    growth_kib: float
    """Memory at the end over memory at the start."""


def watch(process: int, seconds: float) -> Idle:
    """Leave a process alone for a while and see what it took."""
    time.sleep(SETTLE_S)
    before_s, before = _cpu_s(process), _private_kib(process)
    began = time.perf_counter()
    time.sleep(seconds)
    taken = (_cpu_s(process) - before_s) / (time.perf_counter() - began)
    after = _private_kib(process)
    return Idle(100 * taken, after / 1024, after - before)


def _cpu_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _private_kib(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("Private_"))


def run(sizes: list[int], seconds: int) -> None:
    """Measure and print."""
    table = Table(
        f"idle: {seconds} s alone with the clocks ticking, after {SETTLE_S:.0f} s of rest",
        ("app", "tasks", "% of a core", "MiB", "grown KiB", "aim: cpu", "aim: MiB per 10,000"),
        (14, 8, 11, 7, 9, 16, 26),
    )
    progress("the empty app")
    with Terminal(EMPTY) as terminal:
        terminal.wait_for(PAINTED)
        empty = watch(terminal.process.pid, seconds)
    table.row("empty Textual", "", *_figures(empty), "", "")
    for count in sizes:
        with lists.scratch() as root:
            progress(f"{count:,} tasks")
            lists.populate(root, count, age_s=QUIET_S)
            lists.settle()
            with Terminal(app(root)) as terminal:
                terminal.wait_for_any(counted(count), timeout_s=60)
                found = watch(terminal.process.pid, seconds)
        per_tasks = (found.memory_mib - empty.memory_mib) * PER_TASKS / count
        memory = verdict(MEMORY, per_tasks) if count >= PER_TASKS else ""
        table.row(
            "colonytop", f"{count:,}", *_figures(found), verdict(CPU, found.cpu_percent), memory
        )
    progress("")


def _figures(found: Idle) -> tuple[str, str, str]:
    return f"{found.cpu_percent:.2f}", f"{found.memory_mib:.1f}", f"{found.growth_kib:.0f}"

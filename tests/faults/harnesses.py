"""The harnesses by name, each imported when it is run."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from tests.faults.figure import Effort, Figure

HARNESSES = {
    "simulator": "tests.faults.simulator",
    "kills": "tests.faults.kills",
    "recovery-kills": "tests.faults.recovery_kills",
    "foreign": "tests.faults.foreign",
    "storm": "tests.faults.storm",
    "histories": "tests.faults.histories",
    "errors": "tests.faults.errors",
    "full-disk": "tests.faults.full_disk",
    "clocks": "tests.faults.clocks",
    "port-traced": "tests.faults.port_traced",
    "hostile-files": "tests.faults.hostile_files",
    "ids": "tests.faults.ids_and_paths",
    "terminal": "tests.faults.terminal_oracle",
    "terminal-faults": "tests.faults.terminal_faults",
    "planted": "tests.faults.planted",
}


def harness(name: str) -> Callable[[Effort], Figure]:
    """The `run` of a harness."""
    run: Callable[[Effort], Figure] = importlib.import_module(HARNESSES[name]).run
    return run

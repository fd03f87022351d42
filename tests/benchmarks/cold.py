"""The first call of a fresh process: `python -m tests.benchmarks.cold KIND OPERATION ROOT TASK`.

Prints the seconds from opening the store to the end of the call. The imports are done by then.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.benchmarks.figures import write
from tests.benchmarks.operations import COLD


def main() -> None:
    kind, operation, root, task = sys.argv[1:]
    started = time.perf_counter()
    calls = COLD[kind](Path(root))
    calls.start_at(int(task))
    calls.call(operation)
    write(repr(time.perf_counter() - started))


if __name__ == "__main__":
    main()

"""A runner as a process of its own, to be killed: `python -m tests.running.worker PATH RUN`."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.running.workshop import Workshop

if __name__ == "__main__":
    Workshop(Path(sys.argv[1])).carry_out(sys.argv[2])

"""How long a test waits for what must come.

Waits end as soon as their condition holds, so this is only reached when something hangs. It is
far above what the slowest machine needs: how fast a shared machine was proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 90.0


def wait_until(condition: Callable[[], object], what: str = "it") -> None:
    """Look often until the condition holds.

    Raises:
        AssertionError: it did not come to hold; names what was waited for.
    """
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {PATIENCE_S:g} s"
        time.sleep(0.005)

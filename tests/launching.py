"""Starting a program as a terminal starts it, whoever runs the tests and however."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_signal_ignored() -> Iterator[None]:
    """Who runs us in the background may ignore signals; a program on a terminal does not."""
    wanted = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    ignored = [number for number in wanted if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)

"""Leases: whoever opens a leased file waits in the kernel until the lease ends.

Only the owner of a file can take one, on a file that nobody else has open, and not everywhere. A
process that ends gives its leases back; one that hangs loses them after `lease-break-time`.
"""

from __future__ import annotations

import fcntl
import signal
from contextlib import suppress


def lease(descriptor: int) -> bool:
    """Take a lease for writing, which keeps all others out; whether that was possible."""
    try:
        # Somebody who waits would be told of by SIGIO, which ends a process unprepared for it.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except (OSError, AttributeError):
        return False
    return True


def is_awaited(descriptor: int) -> bool:
    """Whether somebody asked for a file that is leased here: then the lease is to end soon."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_GETLEASE) != fcntl.F_WRLCK
    except (OSError, AttributeError):
        return False


def release(descriptor: int) -> None:
    """End a lease; those who wait go on. Closing the file does the same."""
    with suppress(OSError, AttributeError):
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)

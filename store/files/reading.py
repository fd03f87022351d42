"""Reading one record without a lock: which version it is, and whether to trust what was seen."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass

from store.files.content import FileContent, revision_of
from store.files.flags import READ
from store.files.fs import READ_LIMIT, Directory
from store.model.task import Revision

READS = 3
"""Further looks at a file that cannot be understood, before it is called unreadable."""
NEW_PATIENCE_S = 0.05
KNOWN_PATIENCE_S = 0.3
"""How long the same half-written version is waited for; the last good one is shown meanwhile."""
LONGEST_PATIENCE_S = 2.0

_TICK_NS = 50_000_000
_COARSE_TICK_NS = 2_500_000_000
_SECOND_NS = 1_000_000_000
_FUTURE_NS = 60 * _SECOND_NS


@dataclass(slots=True)
class _Version:
    revision: Revision
    first: float
    since: float
    reads: int = 0


class TornFiles:
    """Names whose content could not be understood, and may be once their writer is done."""

    def __init__(self) -> None:
        self.names: dict[str, _Version] = {}

    def is_worth_waiting(self, name: str, revision: Revision, *, was_readable: bool) -> bool:
        """Whether to look again before the file is called unreadable."""
        now = time.monotonic()
        torn = self.names.setdefault(name, _Version(revision, now, now))
        torn.reads += 1
        if torn.revision != revision:
            torn.revision, torn.since = revision, now
        patience = KNOWN_PATIENCE_S if was_readable else NEW_PATIENCE_S
        waited = now - torn.since >= patience or now - torn.first >= LONGEST_PATIENCE_S
        if torn.reads <= READS or not waited:
            return True
        del self.names[name]
        return False


def read_plain(directory: Directory, name: str) -> FileContent | None:
    """The quick way for what nearly every name is; None: take `Directory.read`.

    Raises:
        FileNotFoundError: the name is not there.
    """
    try:
        descriptor = os.open(name, READ, dir_fd=directory.fileno())
    except FileNotFoundError:
        raise
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > READ_LIMIT:
            return None
        content = os.read(descriptor, status.st_size + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if len(content) != status.st_size:
        return None
    return FileContent(content, revision_of(status), stat.S_IMODE(status.st_mode))


def has_moved(entry: os.DirEntry[str], revision: Revision) -> bool:
    """Whether a listed name is another version than the one that was read."""
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return True
    inode, size, mtime_ns, ctime_ns = revision
    return (
        status.st_mtime_ns != mtime_ns
        or status.st_ino != inode
        or status.st_ctime_ns != ctime_ns
        or status.st_size != size
    )


def is_racy(revision: Revision, start_ns: int) -> bool:
    """The file was written so shortly before it was read that a second write could look the same.

    The status time counts: nobody can set it, and each write moves it.
    """
    ctime_ns = revision.ctime_ns
    tick = _TICK_NS if ctime_ns % _SECOND_NS else _COARSE_TICK_NS
    return start_ns - tick <= ctime_ns <= start_ns + _FUTURE_NS


def is_quiet(mtime_ns: int) -> bool:
    """A directory whose stamp is so old that one more name would have moved it."""
    tick = _TICK_NS if mtime_ns % _SECOND_NS else _COARSE_TICK_NS
    return time.time_ns() - mtime_ns > tick


def may_pass(status: os.stat_result) -> bool:
    """Reading failed for a reason that may be over soon, not for what the file is."""
    is_plain = stat.S_ISREG(status.st_mode) and status.st_size <= READ_LIMIT
    return is_plain and bool(status.st_mode & 0o400)

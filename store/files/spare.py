"""Room kept free under a root for removals: on a full disk nothing else could make any.

A removal that touches several files needs space before it gives some back: for its record, and for
the records that lose an edge. Without it the removal would have to be made file by file, and a
crash between two of them would leave half of it.
"""

from __future__ import annotations

import errno
import stat
from contextlib import suppress
from pathlib import Path

from store.files.flags import FILE_MODE
from store.files.fs import open_directory

SPARE_NAME = ".spare"
SPARE_BYTES = 256 << 10
"""Some sixty records of one block each."""

FULL = (errno.ENOSPC, errno.EDQUOT)


def keep_spare(root: Path) -> None:
    """Set the room aside if it is not, as far as that is possible now."""
    with suppress(OSError), open_directory(root) as directory:
        if directory.status(SPARE_NAME) is None:
            directory.add(SPARE_NAME, bytes(SPARE_BYTES), FILE_MODE, sync=False)


def give_spare(root: Path) -> bool:
    """Give the room back to the file system; whether there was any."""
    with suppress(OSError), open_directory(root) as directory:
        found = directory.status(SPARE_NAME)
        if found is not None and stat.S_ISREG(found.st_mode):
            directory.discard(SPARE_NAME)
            return directory.status(SPARE_NAME) is None
    return False

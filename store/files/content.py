"""A file as it was read: its bytes, and which version of it they are."""

from __future__ import annotations

from os import stat_result
from typing import NamedTuple

from store.model.task import Revision


class FileContent(NamedTuple):
    """A file as it was read, with the revision and mode of what was read."""

    content: bytes
    revision: Revision
    mode: int


def revision_of(status: stat_result) -> Revision:
    return Revision(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

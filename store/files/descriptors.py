"""Open descriptors: reading, writing and closing them. With `fs` the only room of system calls."""

from __future__ import annotations

import os
from typing import Self

from store.files.failures import UnreadableFile, check_plain

READ_STEP = 1 << 16


class Descriptor:
    """Something open, closed at most once. Use as a context manager."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._descriptor >= 0:
            close(self._descriptor)
            self._descriptor = -1


class StagedFile(Descriptor):
    """A complete file that has no name yet; gone if it is never named."""

    __slots__ = ()

    @property
    def source(self) -> str:
        """A path to link it from."""
        return f"/proc/self/fd/{self._descriptor}"


def read_open(descriptor: int, limit: int) -> tuple[bytes, os.stat_result]:
    """The whole of an open plain file, if that is at most `limit` bytes.

    Raises:
        UnreadableFile: with no path yet; it is no plain file, or larger.
    """
    status = os.fstat(descriptor)
    check_plain(status, limit)
    wanted = status.st_size + 1
    content = os.read(descriptor, wanted)
    while len(content) >= wanted and len(content) <= limit:  # it grows while it is read
        wanted = len(content) + READ_STEP
        content += os.read(descriptor, READ_STEP)
    if len(content) > limit:
        raise UnreadableFile("", f"grew over the limit of {limit} bytes while read")
    return content, status


def fill(descriptor: int, content: bytes, mode: int, sync: bool) -> None:
    """Give a new file its content and permission bits."""
    os.fchmod(descriptor, mode)  # whatever the umask says
    write_all(descriptor, content)
    if sync:
        os.fsync(descriptor)


def close(descriptor: int) -> None:
    """Close what was only read, or was synced: an error cannot matter, the descriptor is gone."""
    try:  # noqa: SIM105  (a third of the time of `suppress`, and this is made often)
        os.close(descriptor)
    except OSError:
        pass


def write_all(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]

"""Open descriptors: reading, writing and closing them. With `fs` the only room of system calls."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from typing import Self

from store.files import flags
from store.files.failures import UnreadableFile, check_plain

READ_STEP = 1 << 16
_CALM_READS = 4


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

    A file that is written in place meanwhile is read again, a few times; the status is always from
    before the read, so what was overtaken to the last is seen as moved by the next look.

    Raises:
        UnreadableFile: with no path yet; it is no plain file, or larger.
    """
    for _ in range(_CALM_READS):
        status = os.fstat(descriptor)
        content = _read_whole(descriptor, status, limit)
        now = os.fstat(descriptor)
        if (now.st_mtime_ns, now.st_size) == (status.st_mtime_ns, status.st_size):
            break  # else a writer in place was at it, and this may be of two versions
        os.lseek(descriptor, 0, os.SEEK_SET)
    return content, status


def _read_whole(descriptor: int, status: os.stat_result, limit: int) -> bytes:
    check_plain(status, limit)
    wanted = status.st_size + 1
    content = os.read(descriptor, wanted)
    while len(content) >= wanted and len(content) <= limit:  # it grows while it is read
        wanted = len(content) + READ_STEP
        content += os.read(descriptor, READ_STEP)
    if len(content) > limit:
        raise UnreadableFile("", f"grew over the limit of {limit} bytes while read")
    return content


def read_small(directory: int, names: Iterable[str]) -> tuple[dict[str, bytes], list[str]]:
    """Name → content of plain files in an open directory, and the names to look at closely: of
    what is large, empty or could not be read. What is not there is in neither.
    """
    found: dict[str, bytes] = {}
    odd: list[str] = []
    open_file, read, close_file = os.open, os.read, os.close
    for name in names:
        try:
            descriptor = open_file(name, flags.READ, dir_fd=directory)
        except FileNotFoundError:
            continue
        except OSError:
            odd.append(name)
            continue
        try:
            content = read(descriptor, READ_STEP)
        except OSError:
            content = b""
        finally:
            close_file(descriptor)
        if 0 < len(content) < READ_STEP:
            found[name] = content
        else:
            odd.append(name)
    return found, odd


def nameless(directory: int, content: bytes, mode: int, sync: bool) -> StagedFile | None:
    """A complete file without a name, None where the file system has none such."""
    try:
        descriptor = os.open(".", flags.NAMELESS, mode, dir_fd=directory)
    except OSError as error:
        if error.errno in flags.NO_NAMELESS:
            return None
        raise
    staged = StagedFile(descriptor)
    try:
        fill(descriptor, content, mode, sync)
    except BaseException:
        staged.close()
        raise
    return staged


def hold(directory: int, name: str) -> int | None:
    """What keeps a file while its name goes, for `closing.let_go`; None if it cannot be had."""
    try:
        return os.open(name, flags.HOLD, dir_fd=directory)
    except OSError:
        return None


def fill(descriptor: int, content: bytes, mode: int | None, sync: bool) -> None:
    """Give a new file its content and permission bits; None: those that the umask left it."""
    if mode is not None:
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


def plain_descriptor(directory: int, name: str) -> int | None:
    """A plain file opened to be read, None where there is none to be had."""
    try:
        descriptor = os.open(name, flags.READ, dir_fd=directory)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
    except OSError:
        return None
    close(descriptor)
    return None

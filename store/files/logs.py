"""Append-only files of lines, in numbered segments: appended to under a lock, read from the end.

A line that was cut off by a crash is closed before the next one is written, so it loses only
itself. The oldest segments go when there are too many.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from store.files import flags
from store.files.descriptors import close, write_all
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.holders import holder_of
from store.files.waiting import Patience, wait_for_flock
from store.model.errors import LockTimeout, StorageFailure

MAX_LINE = 8 << 20
"""Bytes: a longer line is passed over when it is read, and not written."""

_BLOCK = 1 << 16
_APPEND = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(slots=True)
class Reading:
    """What reading has cost so far."""

    bytes: int = 0
    lines: int = 0


class LineLog:
    """The segments `NAME-00000001.jsonl`, `NAME-00000002.jsonl`, … of one directory."""

    def __init__(self, name: str, *, segment_bytes: int, segments: int) -> None:
        """Args:
        name: what the files begin with.
        segment_bytes: a segment that has reached this size is not added to any more.
        segments: how many are kept.
        """
        self._name = name
        self._segment_bytes = segment_bytes
        self._segments = segments
        self._names = re.compile(rf"{re.escape(name)}-(\d{{8}})\.jsonl", re.ASCII)

    @contextmanager
    def locked(self, directory: Directory, patience: Patience) -> Iterator[None]:
        """Keep others from appending.

        Raises:
            LockTimeout: they keep at it.
            StorageFailure: there can be no lock.
        """
        with exclusive_lock(directory, f".{self._name}.lock", patience):
            yield

    def append(self, directory: Directory, content: bytes, *, header: bytes, sync: bool) -> None:
        """Add whole lines at the end, all or none. To be called while `locked`.

        Args:
            header: the first line of a new segment.
            sync: make all that was written so far survive a power cut.

        Raises:
            StorageFailure: the file system refused; nothing was added.
        """
        with storage_failures(directory):
            numbers = self._numbers(directory)
            number = numbers[-1] if numbers else 1
            if self._size(directory, number) >= self._segment_bytes:
                number += 1
            descriptor = self._open(directory, number)
            try:
                size = os.fstat(descriptor).st_size
                _append(descriptor, size, content if size else header + content)
                if sync:
                    os.fsync(descriptor)
            finally:
                close(descriptor)
            if not size:
                directory.sync()  # a later append that is to last does not know that it is new
                for old in numbers[: max(0, len({*numbers, number}) - self._segments)]:
                    directory.unlink(self._file(old))

    def lines_back(self, directory: Directory, reading: Reading | None = None) -> Iterator[bytes]:
        """Every line, the last one first, without its end. What cannot be read is passed over."""
        reading = reading or Reading()
        for number in reversed(self._numbers(directory)):
            descriptor = directory.open_plain(self._file(number))
            if descriptor is None:  # it went meanwhile, or somebody put something else there
                continue
            try:
                for line in _lines_back(descriptor, reading):
                    reading.lines += 1
                    yield line
            finally:
                close(descriptor)

    def position(self, directory: Directory) -> tuple[int, int]:
        """Where the next line will be: the number of the segment, and its size in bytes."""
        numbers = self._numbers(directory)
        if not numbers:
            return 1, 0
        return numbers[-1], self._size(directory, numbers[-1])

    def lines_from(
        self, directory: Directory, position: tuple[int, int], most_bytes: int
    ) -> tuple[list[bytes], tuple[int, int]]:
        """The whole lines after a position, and the position after them; see `position`.

        Args:
            most_bytes: about how much is read at once; one line may be longer.
        """
        lines: list[bytes] = []
        number, offset = position
        for each in [n for n in self._numbers(directory) if n >= number]:
            start = offset if each == number else 0
            content = self._read_at(directory, each, start, most_bytes)
            if b"\n" not in content and len(content) == most_bytes:  # one line is longer than that
                content = self._read_at(directory, each, start, MAX_LINE + 1)
            end = content.rfind(b"\n") + 1
            if not end and len(content) > MAX_LINE:  # nobody's line: go on behind this much of it
                return lines, (each, start + len(content))
            lines.extend(content[:end].split(b"\n")[:-1])
            position = each, start + end
            most_bytes -= end
            if most_bytes <= 0:
                break
        return lines, position

    def _read_at(self, directory: Directory, number: int, start: int, most_bytes: int) -> bytes:
        descriptor = directory.open_plain(self._file(number))
        if descriptor is None:
            return b""
        try:
            return os.pread(descriptor, most_bytes, start)
        except OSError:
            return b""
        finally:
            close(descriptor)

    def _size(self, directory: Directory, number: int) -> int:
        found = directory.status(self._file(number))
        return found.st_size if found else 0

    def _numbers(self, directory: Directory) -> list[int]:
        found = (self._names.fullmatch(name) for name in directory.names())
        return sorted(int(match[1]) for match in found if match)

    def _file(self, number: int) -> str:
        return f"{self._name}-{number:08}.jsonl"

    def _open(self, directory: Directory, number: int) -> int:
        name = self._file(number)
        descriptor = os.open(name, _APPEND, flags.FILE_MODE, dir_fd=directory.fileno())
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            close(descriptor)
            raise StorageFailure(directory.path_of(name), "not a plain file")
        return descriptor


@contextmanager
def exclusive_lock(directory: Directory, name: str, patience: Patience) -> Iterator[None]:
    """Hold the lock on a file of ours, which is made if it is not there.

    Raises:
        LockTimeout: it stayed busy.
        StorageFailure: it cannot be had.
    """
    with storage_failures(directory):
        descriptor = directory.open_lock(name)
        status = os.fstat(descriptor)
        key = status.st_dev, status.st_ino
        if not _try(descriptor):
            waiter = wait_for_flock(descriptor, key, patience)
            if waiter is None:
                where = directory.path_of(name)
                raise LockTimeout(where, patience.waited_s(), holder_of(key))
            descriptor = waiter.descriptor
            if waiter.error is not None:
                close(descriptor)
                raise waiter.error
    try:
        yield
    finally:
        close(descriptor)


class SoleHolder:
    """A lock that one process holds for as long as it runs, and nobody waits for."""

    def __init__(self) -> None:
        self._descriptor = -1

    @property
    def is_held(self) -> bool:
        return self._descriptor >= 0

    def take(self, directory: Directory, name: str) -> bool:
        """Take the lock if nobody has it."""
        if self.is_held:
            return True
        with storage_failures(directory):
            descriptor = directory.open_lock(name)
            if _try(descriptor):
                self._descriptor = descriptor
                return True
            close(descriptor)
        return False

    def release(self) -> None:
        if self.is_held:
            close(self._descriptor)
            self._descriptor = -1


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except BaseException:
        close(descriptor)
        raise
    return True


def _append(descriptor: int, size: int, content: bytes) -> None:
    """Add lines to a file of this size; what was cut off before is closed, and taken back is
    what cannot be written whole.
    """
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        content = b"\n" + content
    try:
        write_all(descriptor, content)
    except BaseException:
        with suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def _lines_back(descriptor: int, reading: Reading) -> Iterator[bytes]:
    """The lines of one file, the last one first. Lines over `MAX_LINE` are passed over."""
    end = os.fstat(descriptor).st_size
    rest: list[bytes] = []  # parts of a line whose beginning is not read yet, the last one first
    length = 0
    while end > 0:
        start = max(0, end - _BLOCK)
        try:
            block = os.pread(descriptor, end - start, start)
        except OSError:
            return
        reading.bytes += len(block)
        end = start
        first, *lines = block.split(b"\n")
        if lines:
            if length <= MAX_LINE:
                yield from _whole(lines.pop(), rest)
            else:
                lines.pop()
            yield from (line for line in reversed(lines) if line)
            rest, length = [], 0
        length += len(first)
        if length <= MAX_LINE:
            rest.append(first)
        else:
            rest = []
    if length <= MAX_LINE:
        yield from _whole(b"", rest)


def _whole(head: bytes, rest: list[bytes]) -> Iterator[bytes]:
    line = head + b"".join(reversed(rest))
    if line:
        yield line

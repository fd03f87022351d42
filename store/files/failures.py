"""What a file system refuses, in words that name the file and the way out. No system call here."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from store.model.errors import ColonytopError, StorageFailure


class UnreadableFile(ColonytopError):
    """The name is there, and what it names cannot be read as a record."""

    kind = "unreadable_file"

    def __init__(self, path: str, reason: str, *, is_passing: bool = False) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason
        self.is_passing = is_passing
        """Not the file is at fault but the moment: it may be read the next time."""


class Located(Protocol):
    """An open thing that knows where it was opened."""

    location: str


def refusal_to_read(error: OSError) -> str:
    """Why a name could not be opened as a plain file."""
    return _REFUSALS.get(error.errno or 0, error.strerror or str(error))


def is_refused(error: OSError) -> bool:
    """Whether what stands there is at fault, and not the moment."""
    return error.errno in _REFUSALS


def check_plain(status: os.stat_result, limit: int) -> None:
    """Raise `UnreadableFile`, with no path yet, for what is no plain file or over `limit` bytes."""
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableFile("", "not a plain file")
    if status.st_size > limit:
        raise UnreadableFile("", f"{status.st_size} bytes, over the limit of {limit}")


def component(above: Path, name: str) -> str:
    """The name, if it is a single component of a path that leads downwards.

    Raises:
        StorageFailure: it is not.
    """
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise StorageFailure(str(above / name), "not a single path component")
    return name


def no_directory(path: str, status: os.stat_result | None) -> NotADirectoryError:
    """What stands at a path is no directory that may be entered."""
    is_link = status is not None and stat.S_ISLNK(status.st_mode)
    kind = "a symbolic link" if is_link else "something else"
    text = f"{kind} stands where a directory is expected"
    return NotADirectoryError(errno.ENOTDIR, text, path)


def no_such_name(path: str, name: str, *, create: bool) -> OSError:
    """A path leads to a directory that is stored by another name."""
    if create:
        text = f"this file system takes {name!r} for the name of another list that is there"
        return StorageFailure(path, text)
    return FileNotFoundError(errno.ENOENT, "stored by another name", path)


@contextmanager
def storage_failures(path: str | os.PathLike[str] | Located) -> Iterator[None]:
    """Turn what the file system refuses into an error that names the file and the way out."""
    try:
        yield
    except ColonytopError:
        raise
    except OSError as error:
        hint = _HINTS.get(error.errno or 0, "")
        reason = (error.strerror or str(error)) + (f"; {hint}" if hint else "")
        place = str(path) if isinstance(path, (str, os.PathLike)) else path.location
        raise StorageFailure(str(error.filename or place), reason) from error


_REFUSALS = {
    errno.ELOOP: "a symbolic link, not a plain file",
    errno.ENXIO: "a socket or pipe, not a plain file",
    errno.ENODEV: "a device, not a plain file",
    errno.EACCES: "permission denied",
}

_HINTS = {
    errno.ENOSPC: "free some space and try again, nothing was changed",
    errno.EDQUOT: "the quota is used up, nothing was changed",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "this user may not write there",
    errno.EMFILE: "too many open files in this process",
    errno.ENFILE: "too many open files on this machine",
}

"""Files of one directory put in place one after another: all are on disk before the first takes
its name, and if one cannot, those before it are put back.

For lists whose own tool knows no change of several files. Whoever looks in between, or finds it
after a crash, sees some of the new files, in the order given.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from store.files.flags import FILE_MODE
from store.files.fs import Directory
from store.files.temporaries import temporary_name
from store.model.errors import StorageFailure


@dataclass(frozen=True, slots=True)
class Replacement:
    """One file, as it shall be."""

    name: str
    content: bytes
    old: bytes | None
    """What stands there now; None: the name must be free."""


def replace_all(
    directory: Directory, files: Sequence[Replacement], begin: Callable[[], None]
) -> None:
    """Write the files under temporary names, then rename them in order.

    Args:
        directory: where they are; its owner's lock is held.
        files: in the order in which they become visible.
        begin: called when all are on disk, before the first is renamed; may raise.

    Raises:
        FileExistsError: a name that had to be free is taken; nothing was changed.
        StorageFailure: one could not be put in place, and what was changed before it could not be
            put back either; the message names it.
        OSError: one could not be written or put in place; nothing was changed.
    """
    staged: list[str] = []
    done: list[Replacement] = []
    try:
        for file in files:
            mode = directory.file_mode(file.name)
            staged.append(temporary_name(file.name))
            directory.add(staged[-1], file.content, FILE_MODE if mode is None else mode)
        begin()
        for file, temporary in zip(files, staged, strict=True):
            _put(directory, file, temporary)
            done.append(file)
        directory.sync()
    except OSError as error:
        left = _put_back(directory, done)
        if left:
            reason = f"{error.strerror or error}; not put back: {', '.join(left)}"
            raise StorageFailure(directory.location, reason) from error
        raise
    finally:
        for temporary in staged[len(done) :]:
            directory.discard(temporary)


def _put(directory: Directory, file: Replacement, temporary: str) -> None:
    if file.old is None and directory.status(file.name) is not None:
        place = directory.path_of(file.name)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), place)
    directory.move(temporary, directory, file.name)


def _put_back(directory: Directory, done: Sequence[Replacement]) -> list[str]:
    """Undo, the last one first; the names of those that stay changed."""
    left = []
    for file in reversed(done):
        try:
            if file.old is None:
                directory.unlink(file.name)
            else:
                directory.replace(file.name, file.old)
        except OSError:
            left.append(file.name)
    with suppress(OSError):
        directory.sync()
    return left

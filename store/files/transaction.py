"""One logical change of a list, which may touch several files: the one place where it is made.

Every file is replaced whole by a synced temporary and a rename, in the order given; the directory
is synced last, so an acknowledged change survives a power cut. If a step fails, the steps before
it are taken back. The caller puts the side that blocks first when it adds and last when it
removes: whoever looks in between sees a task blocked too long, never started too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from store.files.fs import Directory


@dataclass(frozen=True, slots=True)
class Write:
    """One file of a change. `before` and `content` are whole files.

    No `before` is a create, which never overwrites; no `content` is a removal.
    """

    directory: Directory
    name: str
    before: bytes | None
    content: bytes | None
    sync: bool = True
    """False where losing this file in a power cut loses nothing."""


def commit(writes: Sequence[Write], *, sync: bool = True) -> None:
    """Make all writes in order, or none. Call it under the list's lock.

    Args:
        writes: each `before` as it was read under this lock.
        sync: False skips every sync: the change then survives a crash of the process only.

    Raises:
        FileExistsError: the name of a create is taken.
        OSError: a step failed; what could not be taken back is named in the error's notes.
    """
    done: list[Write] = []
    try:
        for write in writes:
            done.append(write)
            _make(write, sync and write.sync)
        if sync:
            for directory in {id(w.directory): w.directory for w in writes if w.sync}.values():
                directory.sync()
    except FileExistsError as error:
        _take_back(done[:-1], error)  # what stands there is not ours
        raise
    except BaseException as error:
        _take_back(done, error)
        raise


def _make(write: Write, sync: bool) -> None:
    if write.content is None:
        write.directory.unlink(write.name)
    elif write.before is None:
        write.directory.create(write.name, write.content, sync=sync)
    else:
        write.directory.replace(write.name, write.content, sync=sync)


def _take_back(done: list[Write], error: BaseException) -> None:
    """Undo in reverse. The last step may or may not have happened: look before touching."""
    for write in reversed(done):
        try:
            _restore(write)
        except OSError as second:
            error.add_note(f"{write.directory.path / write.name} could not be restored: {second}")
    for directory in {id(w.directory): w.directory for w in done}.values():
        with suppress(OSError):
            directory.sync()


def _restore(write: Write) -> None:
    try:
        found: bytes | None = write.directory.read(write.name).content
    except FileNotFoundError:
        found = None
    if found == write.before or found != write.content:
        return  # not reached, or not ours
    if write.before is None:
        write.directory.unlink(write.name)
    elif found is None:
        write.directory.create(write.name, write.before)
    else:
        write.directory.replace(write.name, write.before)

"""One logical change of a list, which may touch several files: the one place where it is made.

Every file is replaced whole by a synced new file and a rename, in the order given; the directory
is synced before the change is acknowledged, so it survives a power cut. If a step fails, the steps
before it are taken back. The caller puts the side that blocks first when it adds and last when it
removes: whoever looks in between sees a task blocked too long, never started too early.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from store.files.fs import Directory, StagedFile


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


def stage(write: Write, *, sync: bool = True) -> StagedFile | None:
    """Write the new file of a replacement ahead, still nameless: `commit` then only renames it.

    None where the file system cannot do that, or the old file is gone.
    """
    mode = write.directory.file_mode(write.name)
    if mode is None or write.content is None:
        return None
    return write.directory.stage(write.content, mode, sync=sync and write.sync)


def commit(
    writes: Sequence[Write], *, staged: StagedFile | None = None, sync: bool = True
) -> list[Directory]:
    """Make all writes in order, or none. Call it under the list's lock.

    Args:
        writes: each `before` as it was read under this lock.
        staged: the new file of the only write.
        sync: False skips every sync: the change then survives a crash of the process only.

    Returns:
        The directories to sync before the change is acknowledged. That needs no lock: who builds
        on this change syncs it along with its own.

    Raises:
        FileExistsError: the name of a create is taken.
        OSError: a step failed; what could not be taken back is named in the error's notes.
    """
    done: list[Write] = []
    unsynced: dict[int, Directory] = {}
    try:
        for write in writes:
            if done and done[-1].directory is not write.directory:
                for directory in unsynced.values():
                    directory.sync()  # the mark is safe before what it stands for goes
                unsynced.clear()
            done.append(write)
            if sync and write.sync:
                unsynced[id(write.directory)] = write.directory
            if staged is not None:
                write.directory.replace_by(staged, write.name)
            else:
                _make(write, sync and write.sync)
    except FileExistsError as error:
        _take_back(done[:-1], error)  # what stands there is not ours
        raise
    except BaseException as error:
        _take_back(done, error)
        raise
    return list(unsynced.values())


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
            error.add_note(f"{write.directory.path_of(write.name)} could not be restored: {second}")
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

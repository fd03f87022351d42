"""Replacing a file that its owner replaces too, without any lock: only if it is still the one seen.

The new file and the old one change places in one step of the file system, and what comes out says
whether it was the one seen. If not, somebody was faster: theirs goes back, ours goes away, and the
caller starts again with what stands there now. Nobody who opens ours in between can build on it:
until it is known to stand, the kernel makes them wait (a lease), and if it must go, they find the
content that takes its place. Where a file system cannot exchange, the file is looked at once more
just before it is replaced.

An owner that hardly pauses is always faster. So a version can be held off too: whoever opens it
waits until the new content stands, and then finds that content, under whatever name.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable
from functools import cache

from store.files import flags
from store.files.content import revision_of
from store.files.descriptors import Descriptor, close, fill, read_open, write_all
from store.files.failures import UnreadableFile, is_refused, refusal_to_read
from store.files.fs import Directory
from store.files.leases import is_awaited, lease, release
from store.files.temporaries import temporary_name
from store.model.task import Revision

_EXCHANGE = 2
"""RENAME_EXCHANGE of renameat2(2)."""

_NO_EXCHANGE = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM)


class SeenFile(Descriptor):
    """One version of a file: its content, and a hold on it, so that no other can pass for it."""

    __slots__ = ("content", "directory", "holds_off", "mode", "name", "revision")

    def __init__(
        self,
        directory: Directory,
        name: str,
        descriptor: int,
        content: bytes,
        *,
        holds_off: bool = False,
    ) -> None:
        super().__init__(descriptor)
        status = os.fstat(descriptor)
        self.directory = directory
        self.name = name
        self.content = content
        self.revision: Revision = revision_of(status)
        self.mode = stat.S_IMODE(status.st_mode)
        self.holds_off = holds_off
        """Whoever opens this version waits until it is closed here."""

    def is_current(self) -> bool:
        """Whether its name still leads to this version."""
        return self.is_same(self.directory.status(self.name))

    def is_same(self, status: os.stat_result | None) -> bool:
        """Whether what was found under some name is this version: its inode is held, so it cannot
        be given to another.
        """
        return status is not None and (
            status.st_ino == self.revision.inode
            and status.st_size == self.revision.size
            and status.st_mtime_ns == self.revision.mtime_ns
        )

    def wait_for_turn(self, timeout_s: float) -> bool:
        """Wait, busily, until somebody is held off or replaces this version; whether it stands.

        Who is held off has not begun, and who replaces it has ended: at neither moment anything
        is under way that was begun before. After the time nobody seems to be at it.
        """
        deadline = time.monotonic() + timeout_s
        while self.is_current():
            if is_awaited(self._descriptor) or time.monotonic() > deadline:
                return True
        return False

    def become(self, content: bytes) -> None:
        """Let those who are held off find another content, once the name no longer leads here."""
        if self.holds_off and is_awaited(self._descriptor):
            _rewrite(self._descriptor, content)


def see(directory: Directory, name: str, limit: int, *, holding_off: bool = False) -> SeenFile:
    """Read a plain file whole and hold on to that version.

    Args:
        directory: where it is.
        name: what it is called there.
        limit: the most bytes.
        holding_off: let whoever opens it wait from now on, where the file system can do that.

    Raises:
        FileNotFoundError: the name is not there.
        UnreadableFile: not a plain file, over `limit` bytes, or the file system refused.
    """
    path = directory.path_of(name)
    try:
        how = flags.READ | os.O_RDWR if holding_off else flags.READ
        descriptor = os.open(name, how, dir_fd=directory.fileno())
    except FileNotFoundError:
        raise
    except OSError as error:
        said, is_passing = refusal_to_read(error), not is_refused(error)
        raise UnreadableFile(path, said, is_passing=is_passing) from error
    try:
        is_leased = holding_off and lease(descriptor)
        content, status = read_open(descriptor, limit)
        seen = SeenFile(directory, name, descriptor, content, holds_off=is_leased)
        if not seen.is_same(status):
            raise UnreadableFile(path, "it is being written", is_passing=True)
    except UnreadableFile as error:
        close(descriptor)
        raise UnreadableFile(path, error.reason, is_passing=error.is_passing) from error
    except BaseException:
        close(descriptor)
        raise
    return seen


def replace_seen(
    seen: SeenFile, content: bytes, *, turn_s: float = 0.0, exchanging: bool = True
) -> SeenFile | None:
    """Put a file in the place of the version that was seen, whole and on disk; its mode is kept.
    The directory itself is not synced.

    Args:
        seen: what is to go, and nothing else.
        content: what is to stand there.
        turn_s: how long to wait for a moment at which nobody is at it (see `wait_for_turn`).
        exchanging: False does as where names cannot be exchanged.

    Returns:
        What stands there now, to be closed; None: it was not the one seen any more, and stands as
        somebody else left it.
    """
    directory = seen.directory
    temporary = temporary_name(seen.name)
    ours = os.open(temporary, flags.CREATE, seen.mode, dir_fd=directory.fileno())
    is_put = False
    try:
        fill(ours, content, seen.mode, sync=True)
        if not turn_s or seen.wait_for_turn(turn_s):
            is_put = _put(seen, ours, temporary, exchanging=exchanging)
    except BaseException:
        if _is_ours(directory.status(temporary), seen, ours):
            directory.discard(temporary)
        raise
    else:
        directory.discard(temporary)
    finally:
        if not is_put:
            close(ours)
    if not is_put:
        return None
    seen.become(content)
    return SeenFile(directory, seen.name, ours, content)


def _is_ours(found: os.stat_result | None, seen: SeenFile, ours: int) -> bool:
    """Whether what bears the temporary name is nothing that somebody else would miss."""
    return found is not None and (found.st_ino == os.fstat(ours).st_ino or seen.is_same(found))


def _put(seen: SeenFile, ours: int, temporary: str, *, exchanging: bool) -> bool:
    """Whether our file took the place of the one seen; else whatever stood there stands again."""
    if not seen.is_current():
        return False
    if exchanging:
        is_leased = lease(ours)
        try:
            return _exchanged(seen, ours, temporary)
        except _CannotExchangeError:
            if not seen.is_current():
                return False
        finally:
            if is_leased:
                release(ours)
    place = seen.directory.fileno()
    os.rename(temporary, seen.name, src_dir_fd=place, dst_dir_fd=place)
    return True


def _exchanged(seen: SeenFile, ours: int, temporary: str) -> bool:
    directory, name = seen.directory, seen.name
    _exchange(directory, temporary, name)
    out = directory.status(temporary)
    if seen.is_same(out):
        return True
    # Whatever came out is newer than what was seen, and goes back; what comes out then should be
    # what was put in before. If it is not, it is newer still.
    put_in = os.fstat(ours).st_ino
    while out is not None:
        _rewrite(ours, directory.read(temporary, out.st_size).content)
        expected, put_in = put_in, out.st_ino
        _exchange(directory, temporary, name)
        out = directory.status(temporary)
        if out is not None and out.st_ino == expected:
            break
    return False


def _rewrite(descriptor: int, content: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.ftruncate(descriptor, 0)
    write_all(descriptor, content)


class _CannotExchangeError(OSError):
    """The file system, or the whole system, cannot exchange two names; nothing was changed."""


def _exchange(directory: Directory, one: str, other: str) -> None:
    exchange = _system_call()
    number = errno.ENOSYS
    if exchange is not None:
        number = exchange(directory.fileno(), os.fsencode(one), os.fsencode(other))
    if number:
        kind = _CannotExchangeError if number in _NO_EXCHANGE else OSError
        raise kind(number, os.strerror(number), directory.path_of(other))


@cache
def _system_call() -> Callable[[int, bytes, bytes], int] | None:
    """renameat2 with RENAME_EXCHANGE within a directory, giving the error number; None: there is
    none here.
    """
    import ctypes  # only who edits without a lock needs it

    library = ctypes.CDLL(None, use_errno=True)
    try:
        renameat2 = library.renameat2
    except AttributeError:
        return None

    def exchange(directory: int, one: bytes, other: bytes) -> int:
        failed = renameat2(directory, one, directory, other, ctypes.c_uint(_EXCHANGE))
        return ctypes.get_errno() if failed else 0

    return exchange

"""The port: every file system call of the store is made here, relative to directory descriptors.

A `Directory` is reached from a root by opening each component without following links, so a
directory that is swapped for a symlink or renamed away in mid-operation can never redirect a
write. Reads refuse anything that is not a plain file and are bounded in size.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from store.files import flags
from store.files.closing import let_go
from store.files.content import FileContent, revision_of
from store.files.descriptors import (
    Descriptor,
    StagedFile,
    close,
    fill,
    hold,
    nameless,
    plain_descriptor,
    read_open,
    read_small,
)
from store.files.failures import (
    UnreadableFile,
    component,
    is_refused,
    no_directory,
    no_such_name,
    refusal_to_read,
)
from store.files.folding import is_folded
from store.files.temporaries import temporary_name

READ_LIMIT = 1 << 20
"""Bytes: a record larger than this is shown as unreadable."""

_CAN_NAME = hasattr(os, "O_TMPFILE") and os.path.isdir("/proc/self/fd")


class Directory(Descriptor):
    """An open directory. All names are single components."""

    __slots__ = ("_identity", "location", "staging")

    def __init__(self, descriptor: int, path: Path | str) -> None:
        super().__init__(descriptor)
        self._identity: tuple[int, int] | None = None
        self.location = str(path)
        """Where it was opened, as text. It may have been moved since."""
        self.staging = self
        """The directory on the same file system in which temporaries get their names."""

    @property
    def path(self) -> Path:
        return Path(self.location)

    def path_of(self, name: str) -> str:
        """The path of a name here, for messages."""
        return f"{self.location}/{name}"

    def fileno(self) -> int:
        return self._descriptor

    def identity(self) -> tuple[int, int]:
        """(device, inode): the same directory has the same identity under any name."""
        if self._identity is None:
            found = os.fstat(self._descriptor)
            self._identity = found.st_dev, found.st_ino
        return self._identity

    def mtime_ns(self) -> int:
        """When a name was last added, replaced or removed here."""
        return os.fstat(self._descriptor).st_mtime_ns

    def mode(self) -> int:
        return stat.S_IMODE(os.fstat(self._descriptor).st_mode)

    def subdirectory(self, name: str, *, create: bool = False) -> Directory:
        """Open a sub-directory without following a link.

        Raises:
            FileNotFoundError: it is not there and `create` is False.
            NotADirectoryError: it is something else, or a link.
        """
        if create:
            with suppress(FileExistsError):
                os.mkdir(name, flags.DIRECTORY_MODE, dir_fd=self._descriptor)
        try:
            child = os.open(name, flags.DIRECTORY | os.O_NOFOLLOW, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise no_directory(self.path_of(name), self.status(name)) from error
            raise
        return Directory(child, self.path_of(name))

    def names(self) -> list[str]:
        """Every name here, in no order. Names that are not UTF-8 hold surrogates."""
        return os.listdir(self._descriptor)

    def plain_names(self) -> list[str]:
        """The names of plain files here, in no order."""
        with os.scandir(self._descriptor) as entries:
            return [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]

    def status(self, name: str) -> os.stat_result | None:
        """The status of a name itself (links not followed), None if it is not there."""
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def read(self, name: str, limit: int = READ_LIMIT) -> FileContent:
        """Read a plain file whole.

        Raises:
            FileNotFoundError: the name is not there.
            UnreadableFile: not a plain file, too large, or the file system refused.
        """
        content, status = self._read(name, limit)
        return FileContent(content, revision_of(status), stat.S_IMODE(status.st_mode))

    def read_bytes(self, name: str, limit: int = READ_LIMIT) -> bytes:
        """The same where only the content matters."""
        return self._read(name, limit)[0]

    def read_all(self, names: Sequence[str]) -> dict[str, bytes]:
        """Name → content of those of `plain_names` that can be read, in this order, quickly."""
        found, odd = read_small(self._descriptor, names)
        for name in odd:
            with suppress(FileNotFoundError, UnreadableFile):
                found[name] = self.read_bytes(name)
        return {name: found[name] for name in names if name in found} if odd else found

    def _read(self, name: str, limit: int) -> tuple[bytes, os.stat_result]:
        try:
            descriptor = os.open(name, flags.READ, dir_fd=self._descriptor)
        except FileNotFoundError:
            raise
        except OSError as error:
            said, is_passing = refusal_to_read(error), not is_refused(error)
            raise UnreadableFile(self.path_of(name), said, is_passing=is_passing) from error
        try:
            return read_open(descriptor, limit)
        except UnreadableFile as error:
            raise UnreadableFile(self.path_of(name), error.reason) from error
        except OSError as error:
            raise UnreadableFile(self.path_of(name), str(error), is_passing=True) from error
        finally:
            close(descriptor)

    def replace(self, name: str, content: bytes, *, sync: bool = True) -> None:
        """Put a file in place whole, by a temporary name and a rename; keeps the old mode. The
        directory itself is not synced: see `sync`.
        """
        mode = self.file_mode(name)
        temporary = temporary_name(name)
        self.staging.add(temporary, content, flags.FILE_MODE if mode is None else mode, sync=sync)
        self._put(temporary, name)

    def create(
        self, name: str, content: bytes, *, mode: int | None = flags.FILE_MODE, sync: bool = True
    ) -> None:
        """Put a new file in place whole; `mode` None: as the umask has it. Raises
        `FileExistsError` if the name is taken, by whatever; it is left as it is.
        """
        staged = None if mode is None else self.stage(content, mode, sync=sync)
        if staged is not None:
            with staged:
                os.link(staged.source, name, dst_dir_fd=self._descriptor)
            return
        temporary = temporary_name(name)
        self.staging.add(temporary, content, mode, sync=sync)
        try:
            os.link(
                temporary,
                name,
                src_dir_fd=self.staging.fileno(),
                dst_dir_fd=self._descriptor,
                follow_symlinks=False,
            )
        finally:
            self.staging.discard(temporary)

    def add(self, name: str, content: bytes, mode: int | None, *, sync: bool = True) -> None:
        """Write a new file under its own name, which nobody must look at before it is whole.
        Raises `FileExistsError` as `create` does.
        """
        bits = flags.ANY_MODE if mode is None else mode
        descriptor = os.open(name, flags.CREATE, bits, dir_fd=self._descriptor)
        try:
            fill(descriptor, content, mode, sync)
        except BaseException:
            self.discard(name)
            raise
        finally:
            close(descriptor)

    def move(self, name: str, target: Directory, target_name: str) -> None:
        """Rename a file, over whatever has the new name."""
        replaced = hold(target.fileno(), target_name)
        try:
            os.rename(name, target_name, src_dir_fd=self._descriptor, dst_dir_fd=target.fileno())
        finally:
            let_go(replaced)

    def stage(self, content: bytes, mode: int, *, sync: bool = True) -> StagedFile | None:
        """A complete file without a name yet, so that the slow part needs no lock; None where the
        file system has no such files.
        """
        return nameless(self._descriptor, content, mode, sync) if _CAN_NAME else None

    def replace_by(self, staged: StagedFile, name: str) -> None:
        """Put a staged file in place whole, by a temporary name and a rename."""
        temporary = temporary_name(name)
        os.link(staged.source, temporary, dst_dir_fd=self.staging.fileno())
        self._put(temporary, name)

    def _put(self, temporary: str, name: str) -> None:
        try:
            self.staging.move(temporary, self, name)
        except BaseException:
            self.staging.discard(temporary)
            raise

    def unlink(self, name: str) -> bool:
        """Remove a name; False if it was not there. The space is free after `closing.settle`."""
        removed = hold(self._descriptor, name)
        try:
            os.unlink(name, dir_fd=self._descriptor)
        except FileNotFoundError:
            return False
        finally:
            let_go(removed)
        return True

    def discard(self, name: str) -> None:
        """Remove a temporary as far as that is possible; the next holder of the lock tries too."""
        with suppress(OSError):
            os.unlink(name, dir_fd=self._descriptor)

    def sync_file(self, name: str) -> None:
        """Make the content of a plain file survive a power cut."""
        descriptor = os.open(name, flags.READ, dir_fd=self._descriptor)
        try:
            os.fsync(descriptor)
        finally:
            close(descriptor)

    def sync(self) -> None:
        """Make renames and removals here survive a power cut."""
        os.fsync(self._descriptor)

    def open_lock(self, name: str) -> int:
        """A descriptor of the lock file, created empty if needed and never truncated."""
        return os.open(name, flags.LOCK, flags.FILE_MODE, dir_fd=self._descriptor)

    def open_plain(self, name: str) -> int | None:
        """A descriptor of a plain file to share its lock, None where there is none to be had."""
        return plain_descriptor(self._descriptor, name)

    def file_mode(self, name: str) -> int | None:
        """The permission bits of a plain file, None if the name is not one."""
        found = self.status(name)
        if found is None or not stat.S_ISREG(found.st_mode):
            return None
        return stat.S_IMODE(found.st_mode)


def open_directory(root: Path, parts: Sequence[str] = (), *, create: bool = False) -> Directory:
    """Open `root/parts…`. The root itself may be a link (the operator chose it), nothing below.

    Raises:
        FileNotFoundError: something on the way is not there and `create` is False.
        NotADirectoryError: something on the way is a link or not a directory.
        StorageFailure: it cannot be made, as the file system takes its name for another one.
    """
    if create:
        os.makedirs(root, flags.DIRECTORY_MODE, exist_ok=True)
    current = Directory(os.open(root, flags.DIRECTORY), root)
    for part in parts:
        try:
            following = current.subdirectory(component(root, part), create=create)
            try:
                if is_folded(current, part, following):
                    raise no_such_name(current.path_of(part), part, create=create)
            except BaseException:
                following.close()
                raise
        finally:
            current.close()
        current = following
    return current

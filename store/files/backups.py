"""Copies of files as they were before an edit: in a directory of our own, private and bounded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import open_directory

MOST_OF_ONE = 8
"""Copies of one file; the oldest goes first."""
MOST_BYTES = 256 << 20
"""Bytes of all copies together, apart from the last one of each file."""

_LONGEST = 180  # bytes of a directory's name
_SWEEP_EVERY = 20


class Backups:
    """The copies below one directory, which is made when the first of them is. Thread-safe as far
    as two never keep the same file at once.

    Args:
        place: the directory.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._last: dict[tuple[str, ...], bytes] = {}
        self._count = 0

    def keep(self, parts: Sequence[str], name: str, content: bytes) -> Path:
        """Keep a copy, unless it is the one kept last; where the copies of that file are.

        Args:
            parts: what tells this file from all others, as the components of a path.
            name: what the file itself is called.
            content: the file.

        Raises:
            StorageFailure: it could not be kept.
        """
        own = tuple(parts)
        place = self.place / directory_name(parts)
        if self._last.get(own) == content:
            return place
        with (
            storage_failures(place),
            open_directory(self.place, (place.name,), create=True) as directory,
        ):
            directory.create(f"{time.time_ns():020d}.{name}", content)
            directory.sync()
            copies = sorted(n for n in directory.names() if n.endswith(f".{name}"))
            for old in copies[:-MOST_OF_ONE]:
                directory.unlink(old)
        self._last = {**self._last, own: content} if len(self._last) < 16 else {own: content}
        self._count += 1
        if self._count % _SWEEP_EVERY == 1:
            self._sweep()
        return place

    def copies(self, parts: Sequence[str], name: str, limit: int) -> list[bytes]:
        """Those of a file that are kept and can be read, the oldest first."""
        place = self.place / directory_name(parts)
        found = []
        with suppress(OSError), open_directory(place) as directory:
            for copy in sorted(n for n in directory.names() if n.endswith(f".{name}")):
                with suppress(OSError, UnreadableFile):
                    found.append(directory.read_bytes(copy, limit))
        return found

    def _sweep(self) -> None:
        """Remove the oldest copies where all together are too large, but not the last of a file."""
        copies: list[tuple[str, Path, int]] = []
        with suppress(OSError), open_directory(self.place) as top:
            for name in top.names():
                with suppress(OSError), top.subdirectory(name) as directory:
                    older = sorted(directory.plain_names())[:-1]
                    sizes = [(n, directory.status(n)) for n in older]
                    copies += [(n, self.place / name, found.st_size) for n, found in sizes if found]
        room = MOST_BYTES
        for name, place, size in sorted(copies, reverse=True):
            room -= size
            if room < 0:
                with suppress(OSError), open_directory(place) as directory:
                    directory.unlink(name)


def directory_name(parts: Sequence[str]) -> str:
    """One component that tells a file from all others, and can be read."""
    whole = quote("/".join(parts), safe=" ", errors="surrogateescape").replace(".", "%2E")
    if len(whole) <= _LONGEST:
        return whole
    import hashlib

    digest = hashlib.sha256("/".join(parts).encode("utf-8", "surrogateescape")).hexdigest()
    return f"{digest[:32]} {whole[-(_LONGEST - 40) :]}"

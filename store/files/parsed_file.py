"""One small file beside a list's tasks, read and parsed again only when its revision moved."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from store.files.codec import Unparsable
from store.files.content import revision_of
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.reading import is_racy
from store.model.task import Revision

T = TypeVar("T")

SMALL = 1 << 16
"""Bytes: what a file beside the tasks has at most, if nobody says otherwise."""


class ParsedFile(Generic[T]):
    """What stands in one file, as of the last look. Not thread-safe."""

    def __init__(self, name: str, parse: Callable[[bytes], T], limit: int = SMALL) -> None:
        """`parse`: bytes → value; raises `Unparsable`."""
        self._name = name
        self._parse = parse
        self._limit = limit
        self._revision: Revision | None = None
        self.value: T | None = None
        """None: it is not there, or cannot be used."""
        self.fault: str | None = None
        """Why it cannot be used although it is there."""

    def look(self, directory: Directory | None) -> None:
        """Look again. No directory: the file is not there either."""
        status = directory.status(self._name) if directory is not None else None
        revision = revision_of(status) if status else None
        if revision is not None and revision == self._revision:
            return
        self.value, self.fault, self._revision = None, None, None
        if directory is None or status is None:
            return
        start_ns = time.time_ns()
        try:
            file = directory.read(self._name, limit=self._limit)
            self.value = self._parse(file.content)
            revision = file.revision
        except FileNotFoundError:
            return
        except UnreadableFile as error:
            self.fault = error.reason
        except Unparsable as error:
            self.fault = str(error)
        # What was written a moment ago may be written once more and look the same.
        is_new = revision is not None and is_racy(revision, start_ns)
        self._revision = None if is_new else revision

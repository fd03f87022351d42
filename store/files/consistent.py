"""All records of a directory as they were at one moment, read without changing anything."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from store.files.content import FileContent, revision_of
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.overlay import ATTEMPTS, Moment, Overlay, moment, pending, read_file
from store.files.reading import is_racy

SharedLock = Callable[[Directory, float], AbstractContextManager[bool]]


class RecordsReader:
    """Reads again and again only what moved, until the whole is of one moment."""

    def __init__(
        self, directory: Directory, tasks: Directory, is_record: Callable[[str], bool]
    ) -> None:
        self._directory = directory
        self._tasks = tasks
        self._is_record = is_record
        self._files: dict[str, FileContent] = {}
        self._settled: set[str] = set()

    def read(self, share: SharedLock, wait_s: float) -> dict[str, bytes]:
        """Name → content of every record that can be read, in the order of the names.

        Args:
            share: takes the list's lock shared.
            wait_s: how long to wait for it where the list never stands still. After that the
                records are those of the last look, each whole.
        """
        before = moment(self._directory, self._tasks)
        overlay = pending(self._directory)
        found = self._read_plainly() if overlay is None else {}
        if overlay is None and self._stood_still(before):
            return found
        for attempt in range(ATTEMPTS):
            if attempt or overlay is None:
                before = moment(self._directory, self._tasks)
                overlay = pending(self._directory)
            self._look(overlay)
            if self._stood_still(before):
                break
        else:
            with share(self._directory, wait_s):
                self._look(pending(self._directory))
        return {name: self._files[name].content for name in sorted(self._files)}

    def _stood_still(self, before: Moment) -> bool:
        return before.is_certain and moment(self._directory, self._tasks) == before

    def _read_plainly(self) -> dict[str, bytes]:
        """All at once, without remembering which version each record is: mostly that is enough."""
        return self._tasks.read_all(sorted(filter(self._is_record, self._tasks.plain_names())))

    def _look(self, overlay: Overlay | None) -> None:
        coming = overlay.ops if overlay is not None else {}
        names = {name for name in self._tasks.names() if self._is_record(name)}
        names.update(coming)
        for name in names:
            if name in coming or not self._is_current(name):
                self._read_one(name, overlay if name in coming else None)
        for name in self._files.keys() - names:
            del self._files[name]

    def _is_current(self, name: str) -> bool:
        if name not in self._settled:
            return False
        status = self._tasks.status(name)
        return status is not None and revision_of(status) == self._files[name].revision

    def _read_one(self, name: str, overlay: Overlay | None) -> None:
        start_ns = time.time_ns()
        self._settled.discard(name)
        try:
            if overlay is not None:
                file = overlay.read(self._tasks, name, read_file)
            else:
                file = read_file(self._tasks, name)
        except (FileNotFoundError, UnreadableFile):
            self._files.pop(name, None)
            return
        self._files[name] = file
        if overlay is None and not is_racy(file.revision, start_ns):
            self._settled.add(name)

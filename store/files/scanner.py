"""A directory of records → tasks, re-reading only what moved.

Readers take no lock. What they see is judged by each file's revision, and three things that a
revision cannot tell are settled here: a file that was written within the clock's tick of the last
look is read again, a file that is half written is given a moment before it is called unreadable,
and a name that a listing missed is asked for before it is called gone.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice

from store.files.content import FileContent, revision_of
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.overlay import Overlay, read_file
from store.files.reading import TornFiles, has_moved, is_quiet, is_racy, may_pass
from store.model.task import NO_REVISION, Revision, Task

RETRY_S = 0.017
"""Seconds between two looks at a file that is half written."""

_LISTING_SHARE = 200  # listing again and again may take this part of the time,
_CHEAP_S = 0.002  # beyond so much at once
_MANY_NAMES = 1000  # so many at once may be what is left of more: the kernel drops what overflows
_RACY_AT_ONCE = 500
_SWEEP_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class RecordFormat:
    """How the files of one kind of list become tasks."""

    is_record: Callable[[str], bool]
    """By its name alone."""
    is_ours: Callable[[str], bool]
    """Temporaries, locks: neither records nor worth a word."""
    parse: Callable[[str, FileContent], Task]
    """Name and content → a task, unreadable if the content cannot be understood."""
    unreadable: Callable[[str, str, Revision], Task]
    """Name, reason and revision → a task that shows only these."""


@dataclass(slots=True)
class Moved:
    """What one scan found different from the scan before."""

    changed: dict[str, Task] = field(default_factory=dict)
    """Name → the task as it is now: new ones and those whose record differs."""
    gone: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone)


class Scanner:
    """The records of one directory, as they were last seen. Not thread-safe."""

    def __init__(self, records: RecordFormat, tasks: Mapping[str, Task] | None = None) -> None:
        """Start from tasks (by file name) that were read elsewhere, if any: they are read again,
        and those that did not change stay the same objects.
        """
        self._format = records
        self.tasks: dict[str, Task] = dict(tasks or {})
        """File name → task."""
        self.ignored: frozenset[str] = frozenset()
        """Names that are neither records nor ours, as of the last listing."""
        self.reads = 0
        """Files opened since the beginning."""
        self.overlay: Overlay | None = None
        """A committed change to look through; set it before each scan."""
        self._racy: set[str] = set(self.tasks)
        self._torn = TornFiles()
        self._waiting: list[str] = []
        self._listed_ns = -1
        self._next_listing = 0.0
        self._identity: tuple[int, int] | None = None
        self._sweep: list[str] = []
        # Many lists shall not all be swept at the same moment.
        self._sweep_due = time.monotonic() + random.uniform(0, _SWEEP_EVERY_S)

    @property
    def is_settled(self) -> bool:
        """False: a file is half written or not read yet; scan again soon."""
        return not self._torn.names and not self._waiting

    @property
    def is_restless(self) -> bool:
        """A quick scan would find work even in a directory that did not move."""
        is_due = bool(self._sweep) or time.monotonic() >= self._sweep_due
        return is_due or bool(self._racy) or not self.is_settled

    def scan(self, directory: Directory, limit: int | None = None) -> Moved:
        """Look at every name.

        Args:
            directory: the open directory.
            limit: read at most so many files that were never read; the next scan goes on.
        """
        self._waiting = []
        moved = Moved()
        names = self._list(directory, moved, trust_inodes=False)
        return self._read_limited(directory, names, moved, limit)

    def scan_names(self, directory: Directory, names: Collection[str]) -> Moved:
        """Look only at the names given, and at those that were half written."""
        if directory.identity() != self._identity:
            return self.scan(directory)
        if len(names) >= _MANY_NAMES:
            self._next_listing = 0.0
        moved = Moved()
        wanted = {*names, *self._torn.names} if self._torn.names else names
        self._read(directory, self._examine(directory, wanted, moved), moved)
        return moved

    def scan_quickly(self, directory: Directory, slice_of: int = 1000) -> Moved:
        """Look for what a listing shows, at what may be stale, and at the next few names in turn.

        The `stat` of every name in turn, at most `slice_of` of them or a thirtieth of all at once,
        begins anew every ten seconds.
        """
        moved = Moved()
        listed: list[str] = []
        is_due = directory.mtime_ns() != self._listed_ns and time.monotonic() >= self._next_listing
        if is_due or directory.identity() != self._identity:
            listed = self._list(directory, moved, trust_inodes=True)
        now = time.monotonic()
        if not self._sweep and now >= self._sweep_due:
            self._sweep, self._sweep_due = list(self.tasks), now + _SWEEP_EVERY_S
        count = max(slice_of, len(self.tasks) // 30)
        turn, self._sweep = self._sweep[:count], self._sweep[count:]
        racy = islice(self._racy, _RACY_AT_ONCE)
        wanted = {*turn, *racy, *self._torn.names}.difference(listed)
        self._read(directory, [*listed, *self._examine(directory, wanted, moved)], moved)
        return moved

    def clear(self) -> Moved:
        """The directory is not there: neither is any record."""
        moved = Moved(gone=set(self.tasks))
        self.tasks = {}
        self.ignored = frozenset()
        self._racy.clear()
        self._torn.names.clear()
        self._waiting, self._sweep = [], []
        self._identity = None
        return moved

    def go_on(self, directory: Directory, limit: int | None = None) -> Moved:
        """Read more of what a limited scan left, without listing again."""
        names, self._waiting = self._waiting, []
        return self._read_limited(directory, names, Moved(), limit)

    def _read_limited(
        self, directory: Directory, names: list[str], moved: Moved, limit: int | None
    ) -> Moved:
        if limit is not None and len(names) > limit:
            names.sort(key=_name_order)
            names, self._waiting = names[:limit], names[limit:]
        self._read(directory, names, moved)
        return moved

    @property
    def is_partial(self) -> bool:
        """A limited scan has left names unread."""
        return bool(self._waiting)

    def _list(self, directory: Directory, moved: Moved, *, trust_inodes: bool) -> list[str]:
        """The names to read. `trust_inodes`: the same inode number counts as not moved."""
        start = time.monotonic()
        mtime_ns, identity = directory.mtime_ns(), directory.identity()
        was_quiet = is_quiet(mtime_ns)
        coming = self.overlay.ops if self.overlay is not None else {}
        to_read: list[str] = [*coming]
        ignored: list[str] = []
        seen: set[str] = set()
        with os.scandir(directory.fileno()) as entries:
            for entry in entries:
                name = entry.name
                known = self.tasks.get(name)
                if known is None:
                    if name in coming:
                        continue
                    if self._format.is_record(name):
                        to_read.append(name)
                    elif not self._format.is_ours(name):
                        ignored.append(name)
                    continue
                seen.add(name)
                if name not in coming and self._is_to_read(entry, known, trust_inodes):
                    to_read.append(name)
        if len(seen) < len(self.tasks):
            missed = self.tasks.keys() - seen - coming.keys()
            to_read.extend(self._examine(directory, missed, moved))
        self.ignored = frozenset(ignored)
        for name in self._torn.names.keys() - self.tasks.keys() - set(to_read):
            del self._torn.names[name]
        # A name may still be added within the tick of the clock that stamped the directory.
        self._listed_ns = mtime_ns if was_quiet else -1
        self._identity = identity
        now = time.monotonic()
        self._next_listing = now + max(0.0, now - start - _CHEAP_S) * _LISTING_SHARE
        return to_read

    def _is_to_read(self, entry: os.DirEntry[str], known: Task, trust_inodes: bool) -> bool:
        if trust_inodes:
            return entry.inode() != known.revision.inode
        name = entry.name
        return name in self._racy or name in self._torn.names or has_moved(entry, known.revision)

    def _examine(self, directory: Directory, names: Iterable[str], moved: Moved) -> list[str]:
        """Of these names, those to read; those that are really gone are put in `moved`."""
        to_read: list[str] = []
        for name in names:
            known = self.tasks.get(name)
            if known is None and not self._format.is_record(name):
                continue
            if self._is_coming(name):
                to_read.append(name)
                continue
            status = directory.status(name)
            if status is None:
                self._forget(name, moved)
            elif (
                known is None
                or name in self._racy
                or name in self._torn.names
                or revision_of(status) != known.revision
            ):
                to_read.append(name)
        return to_read

    def _is_coming(self, name: str) -> bool:
        return self.overlay is not None and name in self.overlay.ops

    def _forget(self, name: str, moved: Moved) -> None:
        self._racy.discard(name)
        self._torn.names.pop(name, None)
        moved.changed.pop(name, None)
        if self.tasks.pop(name, None) is not None:
            moved.gone.add(name)

    def _read(self, directory: Directory, names: Iterable[str], moved: Moved) -> None:
        for name in names:
            start_ns = time.time_ns()
            task, may_be_torn = self._read_one(directory, name)
            if task is None:
                self._forget(name, moved)
                continue
            if is_racy(task.revision, start_ns) or self._is_coming(name):
                self._racy.add(name)
            else:
                self._racy.discard(name)
            known = self.tasks.get(name)
            if may_be_torn and (known is None or known.is_readable):
                seen = known is not None
                if self._torn.is_worth_waiting(name, task.revision, was_readable=seen):
                    continue
            elif self._torn.names:
                self._torn.names.pop(name, None)
            if known != task:
                self.tasks[name] = task
                moved.changed[name] = task
                moved.gone.discard(name)

    def _read_one(self, directory: Directory, name: str) -> tuple[Task | None, bool]:
        """The task as the file has it now, None if the name is gone; and whether a writer may be
        in the middle of it.
        """
        self.reads += 1
        try:
            if self.overlay is not None and name in self.overlay.ops:
                file = self.overlay.read(directory, name, read_file)
            else:
                file = read_file(directory, name)
        except FileNotFoundError:
            return None, False
        except UnreadableFile as error:
            status = directory.status(name)
            if status is None:
                return None, False
            passes = may_pass(status)  # then every later look tries again
            revision = NO_REVISION if passes else revision_of(status)
            return self._format.unreadable(name, error.reason, revision), passes
        task = self._format.parse(name, file)
        return task, not task.is_readable


def _name_order(name: str) -> tuple[int, str]:
    return len(name), name

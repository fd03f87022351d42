"""One document → a `TaskList`, keeping whatever did not move."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from store.collector import collector_paused
from store.files.codec import Unparsable
from store.files.content import revision_of
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory
from store.files.places import may_write
from store.files.reading import LONGEST_PATIENCE_S, TornFiles, is_racy
from store.files.scanner import RETRY_S
from store.files.temporaries import is_temporary
from store.model.edge_problems import EdgeProblems
from store.model.errors import ListGone, UnreadableTask
from store.model.reloading import described, with_moved
from store.model.snapshot import TaskList
from store.model.task import ListKey, Revision, Task, TaskId, TaskListInfo
from store.systems.hive_session.describing import Access, describe, next_idle_at
from store.systems.hive_session.discovery import Place
from store.systems.hive_session.document import DOCUMENT_LIMIT, Document, parse_document
from store.systems.hive_session.layouts import DOCUMENT
from store.systems.hive_session.reading import record_reader, tasks_of
from store.systems.listed import list_directories

LEFT_S = 60.0
"""A temporary of ours that is older than this was left behind."""

Tasks = Mapping[TaskId, Task]


class DocumentLoader:
    """Looks at one document again and again. Thread-safe; one look at a time."""

    def __init__(
        self, key: ListKey, root: Path, place: Place, clock: Callable[[], float] = time.time
    ) -> None:
        """`clock`: gives epoch seconds."""
        self.key = key
        self._clock = clock
        self.place = place
        self.directory = root.joinpath(*place.parts)
        self.path = f"{self.directory}/{DOCUMENT}"
        self.reads = 0
        """How often the document was read whole."""
        self._root = root
        self._read = record_reader(key, self.path, place.layout.statuses)
        self._lock = threading.Lock()
        self._torn = TornFiles()
        self._revision: Revision | None = None
        self._document: Document | None = None
        self._tasks: Tasks = {}
        self._fault: str | None = None
        self._access = Access()
        self._leftovers: tuple[int, tuple[str, ...]] = (0, ())
        self._idle_at = 0.0
        self._last: TaskList | None = None
        self._edges = EdgeProblems()
        self._is_settled = True

    @property
    def document(self) -> Document | None:
        """The document as it was last understood."""
        return self._document

    @property
    def is_settled(self) -> bool:
        """False: look again soon."""
        return self._is_settled

    def load(self, previous: TaskList | None, access: Access) -> TaskList:
        """The list as it is now; `previous` itself when nothing moved. See `System.load`."""
        with self._lock, storage_failures(self.path):
            is_anew = previous is None or previous is not self._last
            with list_directories(self._root, self.place.parts, self.key.id) as (_, directory):
                has_moved = self._look(directory)
                access = self._with_directory(directory, access)
            now = self._clock()
            is_same = not is_anew and not has_moved and access == self._access
            if is_same and now < self._idle_at and previous is not None:
                return previous
            self._access = access
            self._idle_at = self._next_due(now)
            self._last = self._next(previous, is_anew, now)
            return self._last

    def now(self) -> TaskList:
        """The list as it is now, whatever was loaded before, apart from whether it may be edited.

        Raises:
            UnreadableTask: its document cannot be understood.
        """
        loader = DocumentLoader(self.key, self._root, self.place)
        deadline = time.monotonic() + LONGEST_PATIENCE_S
        found = loader.load(None, Access(is_unlocked=True))
        while not loader.is_settled and time.monotonic() < deadline:
            time.sleep(RETRY_S)
            found = loader.load(found, Access(is_unlocked=True))
        if found.is_stale or not loader.is_settled:
            raise UnreadableTask(self.path, found.problems[0].text if found.problems else "")
        return found

    def _look(self, directory: Directory) -> bool:
        """Read the document if it moved; whether anything is to be said anew."""
        status = directory.status(DOCUMENT)
        if status is None:
            raise ListGone(self.key.id, str(self._root))
        if revision_of(status) == self._revision:
            return False
        start_ns = time.time_ns()
        self.reads += 1
        try:
            file = directory.read(DOCUMENT, DOCUMENT_LIMIT)
            with collector_paused():
                document = parse_document(file.content, self._read, self._document)
        except FileNotFoundError as error:
            raise ListGone(self.key.id, str(self._root)) from error
        except UnreadableFile as error:
            return self._doubt(revision_of(status), error.reason, is_passing=error.is_passing)
        except Unparsable as error:
            return self._doubt(revision_of(status), str(error))
        self._torn.names.pop(DOCUMENT, None)
        self._is_settled = True
        self._revision = None if is_racy(file.revision, start_ns) else file.revision
        has_moved = document.text != getattr(self._document, "text", None) or bool(self._fault)
        if has_moved:
            self._document, self._fault = document, None
            self._tasks = tasks_of(self.key, self.path, document.records)
        return has_moved

    def _doubt(self, revision: Revision, reason: str, *, is_passing: bool = False) -> bool:
        """It cannot be understood, now or at all: the last good view stays."""
        was_readable = self._document is not None
        if is_passing or self._torn.is_worth_waiting(DOCUMENT, revision, was_readable=was_readable):
            self._is_settled = False
            return False
        self._is_settled = True
        self._revision = revision
        self._fault = reason
        return True

    def _next_due(self, now: float) -> float:
        return next_idle_at(self._tasks.values(), now) if self.place.layout.sweeps else float("inf")

    def _next(self, previous: TaskList | None, is_anew: bool, now: float) -> TaskList:
        base = previous or TaskList(TaskListInfo(self.key, self.path))
        following = base
        if self._fault is None and self._document is not None:
            fresh = {i: task for i, task in self._tasks.items() if base.tasks.get(i) is not task}
            following = with_moved(base, fresh, base.tasks.keys() - self._tasks.keys())
        self._judge_edges(base, following, is_anew)
        told = describe(
            self.key,
            self.path,
            self.place.layout,
            self._document,
            following.tasks,
            self._access,
            self._fault,
            now,
        )
        mark = self._document.mark if self._document is not None else None
        return described(
            previous,
            following,
            told.info,
            problems=(*told.problems, *self._edges.all),
            is_stale=self._fault is not None,
            highest_id=mark if mark is not None else base.highest_id,
        )

    def _judge_edges(self, base: TaskList, following: TaskList, is_anew: bool) -> None:
        if is_anew:
            self._edges = EdgeProblems()
            self._edges.update({}, following.tasks, following.graph, following.tasks)
        elif following is not base:
            touched = following.changed_since(base)
            everything = following.tasks.keys() | base.tasks.keys()
            self._edges.update(
                base.tasks,
                following.tasks,
                following.graph,
                everything if touched is None else touched,
            )

    def _with_directory(self, directory: Directory, access: Access) -> Access:
        """What the directory itself adds."""
        refusal = access.refusal
        if refusal is None and not may_write(directory):
            refusal = "this user may not write in the document's directory"
        mtime_ns, found = self._leftovers
        if mtime_ns != directory.mtime_ns() or found:
            self._leftovers = directory.mtime_ns(), leftovers(directory)
        return replace(access, refusal=refusal, leftovers=self._leftovers[1])


def leftovers(directory: Directory) -> tuple[str, ...]:
    """Temporaries that no edit can still be working with."""
    found = []
    for name in directory.names():
        if name.startswith(f".{DOCUMENT}.") and is_temporary(name):
            status = directory.status(name)
            if status is not None and time.time() - status.st_mtime > LEFT_S:
                found.append(name)
    return tuple(sorted(found))

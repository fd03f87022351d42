"""Lists of one file per task in one directory, for systems without changes of several files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.places import Stamp, stamp
from store.files.reading import is_quiet
from store.files.scanner import Moved, RecordFormat, Scanner
from store.model.edge_problems import EdgeProblems
from store.model.execution import ListEvent
from store.model.reloading import described, with_moved
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, Task, TaskId, TaskListInfo
from store.systems.listed import list_directories, names_below

__all__ = ["Description", "RecordFormat", "RecordListLoader"]

Tasks = Mapping[TaskId, Task]


@dataclass(frozen=True, slots=True)
class Description:
    """What a list is beside its tasks, as of one look."""

    info: TaskListInfo
    problems: tuple[Problem, ...] = ()
    """Of what lies beside the tasks; those of edges are found by the loader."""
    highest_id: int | None = None
    events: tuple[ListEvent, ...] = ()


Describe = Callable[[Directory, Tasks, TaskListInfo | None], Description]
"""The open directory of the list, its tasks, and the info of the look before → what it is now.
Asked at every look, so it must cost next to nothing where nothing moved.
"""
Amend = Callable[[Tasks, Tasks], Tasks]
"""The tasks as they were shown last, and those just read → those to be shown otherwise, for what
their own file does not tell (whether whoever holds one is alive, say). Asked at every look too.
"""


class RecordListLoader:
    """Scans one list again and again. Thread-safe; one scan at a time."""

    def __init__(
        self,
        key: ListKey,
        root: Path,
        parts: tuple[str, ...],
        records: RecordFormat,
        id_of_name: Callable[[str], TaskId],
        describe: Describe,
        *,
        amend: Amend | None = None,
    ) -> None:
        """Args:
        key: the list.
        root: its root.
        parts: the components of its directory below the root.
        records: how a file of it becomes a task.
        id_of_name: the id that a record's file name stands for; no two names for one id.
        describe: what it is beside its tasks.
        amend: what its tasks are beside their files.
        """
        self.key = key
        self.parts = parts
        self.path = root.joinpath(*parts)
        self._root = root
        self._records = records
        self._id_of_name = id_of_name
        self._describe = describe
        self._amend = amend
        self._lock = threading.Lock()
        self._stamp: Stamp | None = None
        self._last: TaskList | None = None
        self._is_broken_off = False
        self._restart(None)

    @property
    def is_settled(self) -> bool:
        """False: load again soon, something is half written or not read yet."""
        return self._scanner.is_settled

    @property
    def reads(self) -> int:
        """Task files opened since the list was first loaded."""
        return self._scanner.reads

    def load(
        self,
        previous: TaskList | None = None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> TaskList:
        """The list as it is now; `previous` itself when nothing moved. See `System.load`."""
        with self._lock, storage_failures(self.path):
            if previous is None or previous is not self._last or self._is_broken_off:
                self._restart(previous)
                changed, quick = None, False
            now = stamp(self.path)
            is_at_rest = quick and now == self._stamp and not self._scanner.is_restless
            self._is_broken_off = True  # until the end: what was found so far is not in `_last`
            with list_directories(self._root, self.parts, self.key.id) as (_, directory):
                moved = Moved() if is_at_rest else self._scan(directory, changed, quick, limit)
                self._last = self._next(directory, moved)
            self._is_broken_off = False
            self._stamp = now if now is not None and is_quiet(now.mtime_ns) else None
            return self._last

    def _restart(self, previous: TaskList | None) -> None:
        """Forget what was read; the objects of `previous` are kept where they still hold."""
        self._scanner = Scanner(self._records)
        self._edges: EdgeProblems | None = None
        self._was_partial = False
        self._last = previous
        self._is_anew = previous is not None
        self._is_broken_off = False

    def _scan(
        self,
        directory: Directory,
        changed: Collection[Path] | None,
        quick: bool,
        limit: int | None,
    ) -> Moved:
        scanner = self._scanner
        most = len(scanner.tasks)
        own = str(self.path)
        names = None if changed is None else names_below(changed, self.path, own, most=most)
        if names is not None:
            return scanner.scan_names(directory, names)
        if scanner.is_partial:
            return scanner.go_on(directory, limit)
        if quick:
            return scanner.scan_quickly(directory)
        return scanner.scan(directory, None if self._is_anew else limit)

    def _next(self, directory: Directory, moved: Moved) -> TaskList:
        last = self._last
        base = TaskList(TaskListInfo(self.key, str(self.path))) if last is None else last
        changed = {task.id: task for task in moved.changed.values()}
        gone = {self._id_of_name(name) for name in moved.gone}
        if self._is_anew and self._scanner.is_settled:
            gone |= base.tasks.keys() - {self._id_of_name(name) for name in self._scanner.tasks}
            self._is_anew = False
        if self._amend is not None:
            changed |= self._amend(base.tasks, changed)
        following = with_moved(base, changed, gone)
        told = self._describe(directory, following.tasks, None if last is None else last.info)
        return described(
            last,
            following,
            told.info,
            problems=(*told.problems, *self._judged(base, following, told.info)),
            ignored=len(self._scanner.ignored),
            highest_id=told.highest_id,
            events=told.events,
        )

    def _judged(self, before: TaskList, now: TaskList, info: TaskListInfo) -> tuple[Problem, ...]:
        """What is wrong with the edges, once it is read whole: till then some ends are missing."""
        if self._scanner.is_partial:
            return ()
        if self._edges is None:
            self._edges = EdgeProblems(mirrors=info.capabilities.rules.mirrors_edges)
            self._edges.update({}, now.tasks, now.graph, now.tasks)
        elif now is not before:
            touched = now.changed_since(before)
            everything = now.tasks.keys() | before.tasks.keys()
            self._edges.update(
                before.tasks, now.tasks, now.graph, everything if touched is None else touched
            )
        return self._edges.all

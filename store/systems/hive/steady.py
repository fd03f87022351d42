"""Scans of a list in which every change of several records is there wholly or not at all.

A change is announced file by file, and a scan may come between two of them. So what a record says
of others leads to those others, and what was seen counts only if the list stood still meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum, auto
from functools import partial

from store.files.fs import Directory
from store.files.overlay import ATTEMPTS, SHARED_WAIT_S, Moment, moment, pending
from store.files.scanner import Moved, Scanner
from store.files.shared_lock import shared_lock
from store.model.task import Task, TaskId
from store.systems.hive.record import file_name, id_of_file
from store.systems.records.record import MAX_ID

Tasks = Mapping[TaskId, Task]


class Width(Enum):
    """How much of a list a look takes in."""

    ALL = auto()
    """Every name, so nothing is left to be led to."""
    SOME = auto()


class SteadyScan:
    """Looks through a scanner until the list stands still. Not thread-safe."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._kept = Moved()
        self._begun: Moment | None = None
        self.is_steady = True
        """False: the list never stood still. What was found is kept for the next run, which looks
        at everything. Only where nothing is shown yet it is given out all the same.
        """

    def run(
        self,
        directory: Directory,
        tasks: Directory,
        look: Callable[[], Moved],
        width: Width,
        shown: Tasks,
    ) -> Moved:
        """What is different from the tasks that are shown.

        Args:
            directory: the list's directory.
            tasks: the one of its tasks.
            look: scans, the first time.
            width: how much `look` takes in.
            shown: the tasks as they were last given out.
        """
        found, self._kept = self._kept, Moved()
        if not self.is_steady and not self._scanner.is_partial:
            look, width = partial(self._scanner.scan, tasks), Width.ALL
        for _ in range(ATTEMPTS):
            before = self._begun or moment(directory, tasks)
            self._begun = None
            self._scanner.overlay = pending(directory)
            _add(found, look())
            if self._scanner.is_partial:
                self._begun = before  # it counts as one look that goes on
                self.is_steady = True
                return found
            if width is Width.SOME:
                self._look_at_pending(tasks, found)
                self._follow(tasks, found, shown)
            if (not found and self.is_steady) or _stood_still(directory, tasks, before):
                self.is_steady = True
                return found
            look = self._next_look(tasks, found, width)
        with shared_lock(directory, SHARED_WAIT_S) as is_shared:
            if is_shared:
                self._scanner.overlay = pending(directory)
                _add(found, look())
                self._follow(tasks, found, shown)
        self.is_steady = is_shared
        if not is_shared and shown:
            self._kept, found = found, Moved()
        return found

    def _next_look(self, tasks: Directory, found: Moved, width: Width) -> Callable[[], Moved]:
        if width is Width.ALL:
            return lambda: self._scanner.scan(tasks)
        return lambda: self._scanner.scan_names(tasks, {*found.changed, *found.gone})

    def _look_at_pending(self, tasks: Directory, found: Moved) -> None:
        """A change may be announced by nothing but its record."""
        overlay = self._scanner.overlay
        if overlay is not None:
            _add(found, self._scanner.scan_names(tasks, set(overlay.ops)))

    def _follow(self, tasks: Directory, found: Moved, shown: Tasks) -> None:
        """Look at the records that those found lead to, and so on."""
        seen: set[str] = set()
        while True:
            fresh = {*found.changed, *found.gone} - seen
            if not fresh:
                return
            seen |= fresh
            names = {other for name in fresh for other in _related(name, found, shown)}
            if names:
                _add(found, self._scanner.scan_names(tasks, names))


def _add(found: Moved, more: Moved) -> None:
    for name, task in more.changed.items():
        found.changed[name] = task
        found.gone.discard(name)
    for name in more.gone:
        found.changed.pop(name, None)
        found.gone.add(name)


def _stood_still(directory: Directory, tasks: Directory, before: Moment) -> bool:
    return before.is_certain and moment(directory, tasks) == before


def _related(name: str, found: Moved, shown: Tasks) -> set[str]:
    """The files that may have changed with this one: the far ends of edges that came or went, and
    for one that came or went itself its neighbours, of the same batch perhaps.
    """
    number = id_of_file(name) or 0
    was, now = shown.get(TaskId(str(number))), found.changed.get(name)
    ends = _edges(was) ^ _edges(now)
    ids = {int(i) for i in ends if len(i) <= len(str(MAX_ID)) and i.isdecimal()}
    if was is None or now is None:
        ids |= {number - 1, number + 1}
    return {file_name(i) for i in ids if 0 < i <= MAX_ID}


def _edges(task: Task | None) -> set[TaskId]:
    return {*task.blocks, *task.blocked_by} if task is not None else set()

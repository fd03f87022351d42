"""One list: its directory → a `TaskList`. When Claude Code deletes all tasks of a list, as it does
once all are completed, they stay to be seen as archived, for as long as this process lives.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from store.files.content import FileContent
from store.files.directory_lock import held_in
from store.files.fs import open_directory
from store.files.places import Stamp, stamp
from store.files.reading import is_quiet
from store.model.execution import ListEvent
from store.model.graph import id_order
from store.model.reloading import moved_between, reloaded
from store.model.snapshot import TaskList
from store.model.task import ListKey, Revision, Task, TaskId, TaskKey, TaskStatus
from store.systems.claude_code.beside import Surroundings
from store.systems.claude_code.places import TASKS
from store.systems.claude_code.record import (
    id_of_name,
    is_ours,
    is_record,
    read_task,
    unreadable_task,
)
from store.systems.record_lists import RecordFormat, RecordListLoader

WIPE_PATIENCE_S = 1.0
"""Tasks are deleted one by one: so long what went first is shown, until it is clear why."""

_MOST_KEPT = 5_000
_MOST_EVENTS = 20

Tasks = Mapping[TaskId, Task]


class ListLoader:
    """Scans one list again and again. Thread-safe."""

    def __init__(self, key: ListKey, root: Path, name: str) -> None:
        self.name = name
        self.surroundings = Surroundings(key, root, root / TASKS / name, name)
        self._path = f"{root / TASKS / name}"
        self.key = key
        self._root = root
        self._unlocked: Stamp | None = None
        """The directory when no lock was held in it."""
        records = RecordFormat(is_record, is_ours, self._parse, self._broken)
        self._loader = RecordListLoader(
            key, root, (TASKS, name), records, id_of_name, self.surroundings.describe
        )
        self._lock = threading.Lock()
        self._shown: TaskList | None = None
        self._restart()

    @property
    def is_settled(self) -> bool:
        """False: load again soon, something is half written, or tasks are just being deleted."""
        return self._loader.is_settled and self._going_since is None

    @property
    def reads(self) -> int:
        """Task files opened since the list was first loaded."""
        return self._loader.reads

    @property
    def archived(self) -> Tasks:
        """The tasks that are shown although Claude Code deleted them with all of their list."""
        return self._archived

    def forget(self, ids: Iterable[TaskId]) -> None:
        """These are deleted here: that they vanish is no archiving."""
        with self._lock:
            self._deleted.update(ids)

    def is_locked(self) -> bool:
        """Whether somebody holds one of the list's locks now. Costs a look at its directory's
        time where no name came or went since the last look.
        """
        now = stamp(self._path)
        if now is None or now == self._unlocked:
            return False
        try:
            with open_directory(self._root, (TASKS, self.name)) as directory:
                is_locked = bool(held_in(directory))
        except OSError:
            return False
        self._unlocked = None if is_locked or not is_quiet(now.mtime_ns) else now
        return is_locked

    def load(
        self,
        previous: TaskList | None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> TaskList:
        """The list as it is now; `previous` itself when nothing moved. See `System.load`."""
        with self._lock:
            before: TaskList | None = previous
            if previous is None or previous is not self._shown:
                self._restart()
            else:
                before = self._read
            now = self._loader.load(before, changed=changed, quick=quick, limit=limit)
            self._shown = self._next(previous, now)
            return self._shown

    def _restart(self) -> None:
        self._read: TaskList | None = None
        """What was read last of the files."""
        self._settled: Tasks = {}
        """The tasks as they were before any of them began to vanish."""
        self._shown = None
        self._archived: dict[TaskId, Task] = {}
        self._events: tuple[ListEvent, ...] = ()
        self._going_since: float | None = None
        self._deleted: set[TaskId] = set()

    def _next(self, previous: TaskList | None, now: TaskList) -> TaskList:
        is_same = now is self._read and self._going_since is None
        self._read = now
        if is_same and self._shown is not None:
            return self._shown
        if self._is_going(now) and self._shown is not None:
            return self._shown
        self._settled = now.tasks
        self._deleted &= now.tasks.keys()
        for task_id in self._archived.keys() & now.tasks.keys():
            del self._archived[task_id]
        if not self._archived and not self._events:
            return now
        return self._with_archived(previous, now)

    def _is_going(self, now: TaskList) -> bool:
        """Whether it is not clear yet why tasks vanish. Once all are gone that is archiving, if
        the mark stands for all of them: it is written before the first one goes.
        """
        was = self._settled
        gone = [i for i in was if i not in now.tasks and i not in self._deleted]
        since, self._going_since = self._going_since, None
        if not gone or now.highest_id is None or now.highest_id < _highest(was):
            return False
        left = [i for i in was if i in now.tasks]
        if not left:
            self._archive([was[i] for i in gone])
            return False
        if not all(task.is_closed for task in was.values()):
            return False
        moment = time.monotonic()
        if since is not None and moment - since >= WIPE_PATIENCE_S:
            return False
        self._going_since = moment if since is None else since
        return True

    def _archive(self, tasks: Sequence[Task]) -> None:
        away = TaskStatus.ARCHIVED
        put_away = {t.id: replace(t, status=away, native_status=away.value) for t in tasks}
        self._archived = dict(list((self._archived | put_away).items())[-_MOST_KEPT:])
        left = sum(not task.is_closed for task in tasks)
        text = f"Claude Code deleted all {len(put_away)} tasks of the list"
        text += f", {left} of them not completed" if left else ""
        event = ListEvent(time.time(), "archived", text)
        self._events = (*self._events, event)[-_MOST_EVENTS:]

    def _with_archived(self, previous: TaskList | None, now: TaskList) -> TaskList:
        both = {**self._archived, **now.tasks}
        tasks = {i: both[i] for i in sorted(both, key=id_order)}
        changed, gone = moved_between(previous.tasks if previous else {}, tasks)
        return reloaded(
            previous,
            now.info,
            changed,
            gone,
            problems=now.problems,
            ignored=now.ignored,
            is_stale=now.is_stale,
            highest_id=now.highest_id,
            events=self._events,
        )

    def _parse(self, name: str, file: FileContent) -> Task:
        return read_task(self._key_of(name), f"{self._path}/{name}", file)

    def _broken(self, name: str, reason: str, revision: Revision) -> Task:
        return unreadable_task(self._key_of(name), f"{self._path}/{name}", reason, revision)

    def _key_of(self, name: str) -> TaskKey:
        return TaskKey(self.key, id_of_name(name))


def _highest(tasks: Tasks) -> int:
    return max((int(task_id) for task_id in tasks), default=0)

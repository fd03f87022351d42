"""One native list: its directory → a `TaskList`, keeping whatever did not move."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from store.files.content import FileContent
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.places import Stamp, mode_of, stamp
from store.files.reading import is_quiet
from store.files.scanner import Moved, RecordFormat, Scanner
from store.model.edge_problems import EdgeProblems
from store.model.reloading import last_id, merged
from store.model.snapshot import TaskList
from store.model.tally import SpendTally
from store.model.task import ListKey, Problem, Revision, Task, TaskId, TaskKey, TaskListInfo
from store.systems.descent import Parts
from store.systems.hive.discovery import LOCK, MARK, NEWER, TASKS, is_ours
from store.systems.hive.problems import ignored_names, lost_mark
from store.systems.hive.record import file_name, id_of_file
from store.systems.hive.sidecars import SidecarReader, Sidecars
from store.systems.hive.steady import SteadyScan, Width
from store.systems.listed import list_directories, names_below
from store.systems.records.record import read_task, unreadable_task

_MARK_DELAY_S = 1.0  # the owner writes a new task first and the mark after it

Stamps = tuple[Stamp | None, Stamp | None]


class ListLoader:
    """Scans one list again and again. Thread-safe; one scan at a time."""

    def __init__(self, key: ListKey, root: Path, parts: Parts) -> None:
        self.key = key
        self.parts = parts
        self._root = root
        self._path = root.joinpath(*parts)
        self._tasks_path = f"{self._path}/{TASKS}"
        self.lock_path = f"{self._path}/{LOCK}"
        self._lock = threading.Lock()
        self._sidecars = SidecarReader(str(self._path))
        self._last: TaskList | None = None
        self._stamps: Stamps | None = None
        self._is_broken_off = False
        self._restart(None)

    @property
    def is_settled(self) -> bool:
        """False: load again soon, something is half written or not read yet."""
        return self._scanner.is_settled and self._steady.is_steady

    @property
    def reads(self) -> int:
        """Task files opened since the list was first loaded."""
        return self._scanner.reads

    def load(
        self,
        previous: TaskList | None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
        root_refusal: str | None = None,
    ) -> TaskList:
        """The list as it is now; `previous` itself when nothing moved. See `System.load`."""
        with self._lock, storage_failures(self._path):
            if previous is None or previous is not self._last or self._is_broken_off:
                self._restart(previous)
                changed, quick = None, False
            stamps = stamp(self._path), stamp(self._tasks_path)
            if quick and self._last is not None and self._is_at_rest(stamps):
                return self._last
            self._is_broken_off = True  # until the end: what was found so far is not in `_last`
            with list_directories(self._root, self.parts, self.key.id) as (above, directory):
                moved = self._scan(directory, changed, quick, limit)
                beside = above if self.parts[-1] == TASKS else directory
                sidecars = self._sidecars.look(
                    directory,
                    has_newer=beside.status(NEWER) is not None,
                    root_mode=mode_of(self._root),
                    root_refusal=root_refusal,
                )
            self._last = self._next(moved, sidecars)
            self._is_broken_off = False
            was_quiet = all(found is None or is_quiet(found.mtime_ns) for found in stamps)
            self._stamps = stamps if was_quiet else None
            return self._last

    def _is_at_rest(self, stamps: Stamps) -> bool:
        """Neither directory moved since it was looked at, and nothing waits for another look."""
        is_mark_due = self._mark_due > 0.0
        return stamps == self._stamps and not is_mark_due and not self._scanner.is_restless

    def _restart(self, previous: TaskList | None) -> None:
        """Forget what was read; take over the objects of `previous` where they still hold."""
        known = {file_name(int(i)): t for i, t in previous.tasks.items()} if previous else None
        self._scanner = Scanner(
            RecordFormat(lambda n: id_of_file(n) is not None, is_ours, self._parse, self._broken),
            known,
        )
        self._steady = SteadyScan(self._scanner)
        self._edges = EdgeProblems()
        self._was_partial = False
        self._last = previous
        self._tally = SpendTally()
        self._mark_due = 0.0
        self._highest = 0
        if previous is not None:
            self._edges.update({}, previous.tasks, previous.graph, previous.tasks)
            self._tally.update(previous.tasks.values())

    def _scan(
        self,
        directory: Directory,
        changed: Collection[Path] | None,
        quick: bool,
        limit: int | None,
    ) -> Moved:
        try:
            tasks = directory.subdirectory(TASKS)
        except FileNotFoundError:
            return self._scanner.clear()
        with tasks:
            names = (
                None
                if changed is None
                else names_below(
                    changed, self._path, self._tasks_path, most=len(self._scanner.tasks)
                )
            )
            width = Width.ALL if names is None and not quick else Width.SOME
            if names is not None:
                look = partial(self._scanner.scan_names, tasks, names)
            elif self._scanner.is_partial:
                look = partial(self._scanner.go_on, tasks, limit)
            elif quick:
                look = partial(self._scanner.scan_quickly, tasks)
            else:
                look = partial(self._scanner.scan, tasks, limit)
            shown = self._last.tasks if self._last is not None else {}
            return self._steady.run(directory, tasks, look, width, shown)

    def _next(self, moved: Moved, sidecars: Sidecars) -> TaskList:
        last = self._last
        if last is None:
            last = TaskList(TaskListInfo(self.key, str(self._path)))
        following = last
        if moved:
            changed = {task.id: task for task in moved.changed.values()}
            gone = [_id_of_name(name) for name in moved.gone]
            self._tally.update(changed.values(), gone)
            touched = frozenset((*changed, *gone))
            following = last.with_tasks(merged(last.tasks, changed, gone), touched)
            self._judge_edges(last, following, touched)
        info = self._described(last.info, sidecars)
        ignored = self._scanner.ignored
        is_stale = not self._steady.is_steady
        problems = (
            *sidecars.problems,
            *self._mark_problem(following.tasks, sidecars),
            *ignored_names(ignored, self._tasks_path),
            *self._edges.all,
        )
        if problems == last.problems:
            problems = last.problems
        if (
            last is self._last
            and not moved
            and info is last.info
            and problems is last.problems
            and len(ignored) == last.ignored
            and last.is_stale == is_stale
            and last.highest_id == sidecars.mark
        ):
            return last
        return replace(
            following,
            info=info,
            problems=problems,
            ignored=len(ignored),
            is_stale=is_stale,
            highest_id=sidecars.mark,
        )

    def _judge_edges(self, last: TaskList, now: TaskList, touched: frozenset[TaskId]) -> None:
        """A list that is loaded by parts is judged when it is there: till then ends are missing."""
        was_partial, self._was_partial = self._was_partial, self._scanner.is_partial
        if was_partial and not self._was_partial:
            self._edges.update({}, now.tasks, now.graph, now.tasks)
        elif not self._was_partial:
            self._edges.update(last.tasks, now.tasks, now.graph, touched)

    def _described(self, last: TaskListInfo, sidecars: Sidecars) -> TaskListInfo:
        meta = sidecars.meta
        goal = (meta.model_extra or {}).get("goal") if meta else None
        now = TaskListInfo(
            self.key,
            str(self._path),
            role=str(meta.role) if meta else None,
            goal=goal if isinstance(goal, str) else None,
            created_at=meta.created_at if meta and "created_at" in meta.model_fields_set else None,
            capabilities=sidecars.capabilities,
            members=self._tally.members,
            spent=self._tally.total,
        )
        return last if now == last else now

    def _mark_problem(self, tasks: Mapping[TaskId, Task], sidecars: Sidecars) -> list[Problem]:
        highest = int(last_id(tasks) or 0)
        problem = lost_mark(sidecars.mark, sidecars.mark_fault, highest, f"{self._path}/{MARK}")
        now = time.monotonic()
        if highest > self._highest and self._last is not None:
            self._mark_due = now + _MARK_DELAY_S
        self._highest = highest
        if problem is None or now >= self._mark_due:
            self._mark_due = 0.0
            return [problem] if problem is not None else []
        return []

    def _parse(self, name: str, file: FileContent) -> Task:
        path = f"{self._tasks_path}/{name}"
        return read_task(self._key_of(name), path, file.content, file.revision)

    def _broken(self, name: str, reason: str, revision: Revision) -> Task:
        return unreadable_task(self._key_of(name), f"{self._tasks_path}/{name}", reason, revision)

    def _key_of(self, name: str) -> TaskKey:
        return TaskKey(self.key, _id_of_name(name))


def _id_of_name(name: str) -> TaskId:
    return TaskId(name[: -len(".json")].lstrip("0"))

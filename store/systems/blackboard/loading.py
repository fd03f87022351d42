"""One run: its database → a `TaskList`, keeping whatever did not move."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import Any

from store.files.places import stamp
from store.files.sqlite_file import DatabaseBusy, DatabaseGone
from store.files.sqlite_reader import SqliteReader
from store.model.errors import ListGone
from store.model.execution import ListEvent, Member
from store.model.reloading import moved_between, reloaded
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, ProblemKind, Task, TaskId, TaskListInfo
from store.systems.blackboard.capabilities import capabilities
from store.systems.blackboard.places import DATABASE, run_of_list_id
from store.systems.blackboard.queries import RunRows, read_run
from store.systems.blackboard.record import BriefRow, epoch_of, read_brief, text_of


class RunLoader:
    """Reads one run again and again. Thread-safe; one look at a time."""

    def __init__(self, key: ListKey, root: Path, parts: tuple[str, ...]) -> None:
        self.key = key
        self.parts = parts
        self.directory = root.joinpath(*parts)
        self.database = self.directory / DATABASE
        self._run_id = run_of_list_id(key.id)
        self._reader = SqliteReader(self.database)
        self._lock = threading.Lock()
        self._last: TaskList | None = None
        self._rows: dict[TaskId, BriefRow] = {}
        self._refusal: str | None = None

    @property
    def is_settled(self) -> bool:
        """False: look again in a moment, it is being written."""
        return self._reader.is_settled

    def load(self, previous: TaskList | None, refusal: str | None) -> TaskList:
        """The run as it is now; `previous` itself when nothing moved.

        Args:
            previous: what the last load returned.
            refusal: why nothing of it may be edited, None if it may.

        Raises:
            ListGone: the database is no longer there.
            ColonytopError: it cannot be read now.
        """
        with self._lock:
            try:
                return self._look(previous, refusal)
            except DatabaseGone as error:
                raise ListGone(self.key.id, self.key.root) from error

    def close(self) -> None:
        self._reader.close()

    def _look(self, previous: TaskList | None, refusal: str | None) -> TaskList:
        if stamp(self.directory) is None:
            raise ListGone(self.key.id, self.key.root)
        is_known = previous is not None and previous is self._last and refusal == self._refusal
        if is_known and previous is not None and not self._reader.has_moved():
            return previous
        try:
            rows = self._reader.read(partial(read_run, run_id=self._run_id))
        except DatabaseBusy:
            if previous is None or previous is not self._last:
                raise
            return previous  # `has_moved` says so again
        if previous is None or previous is not self._last:
            self._rows = {}
        self._refusal = refusal
        self._last = self._next(previous, rows)
        return self._last

    def _next(self, previous: TaskList | None, rows: RunRows | None) -> TaskList:
        found = {TaskId(text_of(row.brief_id)): row for row in rows.briefs} if rows else {}
        shown = previous.tasks if previous is not None else {}
        tasks: dict[TaskId, Task] = {
            task_id: shown[task_id]
            if self._rows.get(task_id) == row and task_id in shown
            else read_brief(self.key, row)
            for task_id, row in found.items()
        }
        self._rows = found
        changed, gone = moved_between(shown, tasks)
        return reloaded(
            previous,
            self._described(rows),
            changed,
            gone,
            problems=self._problems(rows),
            events=tuple(_event(row) for row in reversed(rows.events)) if rows else (),
        )

    def _described(self, rows: RunRows | None) -> TaskListInfo:
        goal, state, created = rows.run if rows and rows.run else (None, None, None)
        streams = rows.workstreams if rows else []
        notes = [f"the run is {text_of(state)}"] if state is not None else []
        notes += [
            f"workstream {text_of(name)}: {text_of(status)}, tier {text_of(tier)}"
            for name, tier, status, _ in streams
        ]
        return TaskListInfo(
            self.key,
            str(self.directory),
            role="run",
            goal=text_of(goal) or None,
            created_at=epoch_of(created),
            capabilities=capabilities(self._refusal),
            members=_members(streams),
            notes=tuple(notes),
        )

    def _problems(self, rows: RunRows | None) -> tuple[Problem, ...]:
        if rows is not None and rows.run is not None:
            return ()
        text = "the run was not created yet" if rows else "it has no tables of a blackboard yet"
        repair = "wait for the run's own program, or remove the directory"
        return (Problem(ProblemKind.BAD_META, text, path=str(self.database), repair=repair),)


def _members(streams: list[tuple[Any, ...]]) -> tuple[Member, ...]:
    """The owners of workstreams, each once, with the first workstream that names it."""
    found: dict[str, Member] = {}
    for name, _, _, owner in streams:
        if owner:
            found.setdefault(text_of(owner), Member(text_of(owner), kind=text_of(name)))
    return tuple(found.values())


def _event(row: tuple[Any, ...]) -> ListEvent:
    kind, brief_id, detail, created = row
    task = None if brief_id is None else text_of(brief_id)
    return ListEvent(epoch_of(created) or 0.0, text_of(kind), text_of(detail), task)

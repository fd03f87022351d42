"""One team's tasks and what is known of the team → a `TaskList`, keeping whatever did not move."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from store.files.content import FileContent
from store.files.fs import Directory, open_directory
from store.files.places import may_write, stamp
from store.model.reloading import reloaded
from store.model.snapshot import TaskList
from store.model.task import (
    ListKey,
    Problem,
    Revision,
    Task,
    TaskId,
    TaskKey,
    TaskListInfo,
)
from store.systems.clawteam.discovery import is_without_tasks
from store.systems.clawteam.places import TASKS
from store.systems.clawteam.problems import problems_of
from store.systems.clawteam.record import (
    id_of_file,
    is_ours,
    read_task,
    unreadable_task,
    with_verdict,
)
from store.systems.clawteam.rules import capabilities
from store.systems.clawteam.team import TeamReader, TeamState
from store.systems.record_lists import Description, RecordFormat, RecordListLoader

Tasks = Mapping[TaskId, Task]


class TeamListing:
    """Loads one team's list again and again. Thread-safe."""

    def __init__(
        self, key: ListKey, root: Path, team: str, reader: TeamReader, refusal: str | None
    ) -> None:
        """`refusal`: why nothing under the root may be edited, if so."""
        self.key = key
        self._reader = reader
        self._refusal = refusal
        self._root = root
        self._team = team
        self._path = root / TASKS / team
        self._state: TeamState | None = None
        self._locked: set[TaskId] = set()
        self._judged: tuple[Tasks, tuple[Problem, ...]] = ({}, ())
        records = RecordFormat(_is_record, is_ours, self._parse, self._broken)
        self._loader = RecordListLoader(
            key, root, (TASKS, team), records, _id_of_name, self._describe, amend=self._amend
        )

    @property
    def is_settled(self) -> bool:
        """False: load again soon."""
        return self._loader.is_settled

    @property
    def reads(self) -> int:
        """Task files opened since the list was first loaded."""
        return self._loader.reads

    def load(
        self,
        previous: TaskList | None,
        *,
        changed: Collection[Path] | None,
        quick: bool,
        limit: int | None,
    ) -> TaskList:
        """The list as it is now; see `System.load`."""
        if stamp(self._path) is None and is_without_tasks(self._root, self._team):
            return self._without_tasks(previous)
        return self._loader.load(previous, changed=changed, quick=quick, limit=limit)

    def _amend(self, shown: Tasks, changed: Tasks) -> Tasks:
        """Tasks of which somebody holds the lock, with whether he is alive."""
        self._state = self._reader.look()
        self._locked |= {i for i, task in changed.items() if task.lock}
        held: dict[TaskId, Task] = {}
        for task_id in self._locked:
            task = changed.get(task_id) or shown.get(task_id)
            if task is not None and task.lock is not None:
                held[task_id] = task
        self._locked = set(held)
        alive = self._reader.alive(task.lock.by for task in held.values() if task.lock)
        return {task_id: with_verdict(task, alive) for task_id, task in held.items()}

    def _describe(
        self, directory: Directory, tasks: Tasks, _last: TaskListInfo | None
    ) -> Description:
        state = self._state or self._reader.look()
        if self._judged[0] is not tasks:
            self._judged = tasks, tuple(problems_of(tasks))
        return Description(self._described(state, directory), (*state.problems, *self._judged[1]))

    def _without_tasks(self, previous: TaskList | None) -> TaskList:
        """The list of a team for which no directory of tasks was made yet."""
        state = self._reader.look()
        with open_directory(self._root) as root:
            info = self._described(state, root)
        gone = () if previous is None else set(previous.tasks)
        return reloaded(previous, info, {}, gone, problems=state.problems)

    def _described(self, state: TeamState, directory: Directory) -> TaskListInfo:
        """`directory`: where names have to be made to edit."""
        refusal = self._refusal
        if refusal is None and not may_write(directory):
            refusal = "this user may not write in the team's task directory"
        return TaskListInfo(
            self.key,
            str(self._path),
            role="team",
            goal=state.goal,
            created_at=state.created_at,
            capabilities=capabilities(refusal),
            members=state.members,
            spent=state.spent,
            notes=state.notes,
        )

    def _parse(self, name: str, file: FileContent) -> Task:
        return read_task(self._key_of(name), f"{self._path}/{name}", file)

    def _broken(self, name: str, reason: str, revision: Revision) -> Task:
        return unreadable_task(self._key_of(name), f"{self._path}/{name}", reason, revision)

    def _key_of(self, name: str) -> TaskKey:
        return TaskKey(self.key, _id_of_name(name))


def _is_record(name: str) -> bool:
    return id_of_file(name) is not None


def _id_of_name(name: str) -> TaskId:
    found = id_of_file(name)
    if found is None:
        raise ValueError(f"{name!r} is no name of a task file")
    return found

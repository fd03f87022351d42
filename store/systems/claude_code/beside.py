"""What lies beside a list's tasks: the mark, the team; and what may be edited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from store.files.codec import Unparsable
from store.files.content import revision_of
from store.files.fs import Directory
from store.files.parsed_file import ParsedFile
from store.files.places import may_write
from store.model.task import (
    Capabilities,
    ListKey,
    ListRules,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskListInfo,
    Verb,
)
from store.systems.claude_code.places import MARK
from store.systems.claude_code.record import MOST_DIGITS
from store.systems.claude_code.team import TeamReader
from store.systems.record_lists import Description

EDITABLE = Capabilities(
    {
        Verb.PRIORITY: "tasks of Claude Code have no priority",
        Verb.TICK: "tasks of Claude Code have no steps or checks to tick off",
        Verb.RETRIES: "tasks of Claude Code have no limit of attempts",
    },
    rules=ListRules(at_end="nothing is open then: Claude Code deletes all of them about 5 s later"),
)

_MARK = re.compile(rb"\s*([0-9]{1,%d})\s*" % MOST_DIGITS, re.ASCII)
_LAST_OPEN = (
    "#{} is the last open task: once it is completed, a running session of Claude Code deletes "
    "all tasks of this list about 5 s later"
)
_ALL_DONE = (
    "all tasks are completed: a running session of Claude Code deletes them about 5 s after that"
)
_EMPTY = "Claude Code has deleted the tasks of this list; ids up to {} were given away"


def parse_mark(content: bytes) -> int:
    """The highest id that was ever given away, as the mark says.

    Raises:
        Unparsable: it says nothing that could be a number.
    """
    found = _MARK.fullmatch(content)
    if found is None:
        raise Unparsable("not a number")
    return int(found[1])


class Surroundings:
    """Describes one list at every look; costs a few stats where nothing moved. Not thread-safe."""

    def __init__(self, key: ListKey, root: Path, path: Path, name: str) -> None:
        self._key = key
        self._path = str(path)
        self._team = TeamReader(root, name)
        self._mark = ParsedFile(MARK, parse_mark)
        self._noted: tuple[Mapping[TaskId, Task] | None, tuple[str, ...]] = (None, ())
        self.refusal: str | None = None
        """Why nothing below the root may be edited."""
        self.project: str | None = None
        """The project of the session that the list is named after."""

    def describe(
        self, directory: Directory, tasks: Mapping[TaskId, Task], before: TaskListInfo | None
    ) -> Description:
        """The list beside its tasks, as `RecordListLoader` asks for it."""
        self._mark.look(directory)
        mark = self._mark.value
        team = self._team.look()
        archived_at = None
        if not tasks and mark:
            status = directory.status(MARK)
            archived_at = revision_of(status).mtime_ns / 1e9 if status else None
        info = TaskListInfo(
            self._key,
            self._path,
            goal=team.purpose,
            created_at=team.created_at,
            capabilities=self._capabilities(directory),
            members=team.members,
            archived_at=archived_at,
            notes=self._told((_EMPTY.format(mark),) if archived_at else self._notes(tasks)),
        )
        return Description(before if info == before else info, self._problems(directory), mark)

    def _capabilities(self, directory: Directory) -> Capabilities:
        if self.refusal is not None:
            return Capabilities.read_only(self.refusal)
        if not may_write(directory):
            return Capabilities.read_only("this user may not write in the list's directory")
        return EDITABLE

    def _problems(self, directory: Directory) -> tuple[Problem, ...]:
        if self._mark.fault is None:
            return ()
        text = f"the high-water mark cannot be used ({self._mark.fault}): deleted ids may come back"
        path = directory.path_of(MARK)
        return (Problem(ProblemKind.LOST_MARK, text, path=path, repair="write it anew"),)

    def _told(self, notes: tuple[str, ...]) -> tuple[str, ...]:
        return notes if self.project is None else (f"a session in {self.project}", *notes)

    def _notes(self, tasks: Mapping[TaskId, Task]) -> tuple[str, ...]:
        if self._noted[0] is not tasks:
            self._noted = tasks, _warnings(tasks)
        return self._noted[1]


def _warnings(tasks: Mapping[TaskId, Task]) -> tuple[str, ...]:
    left = []
    for task in tasks.values():
        if not task.is_closed:
            left.append(task.id)
            if len(left) > 1:
                return ()
    if not tasks:
        return ()
    return (_LAST_OPEN.format(left[0]) if left else _ALL_DONE,)

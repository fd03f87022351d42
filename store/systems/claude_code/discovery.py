"""Which lists lie under a root, and which directories tell when that changes. Reading only."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from store.files.codec import Unparsable, parse_object
from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.files.places import Stamp, stamp
from store.files.reading import is_quiet
from store.model.task import Problem, ProblemKind, TaskListId
from store.systems.claude_code.places import (
    LOCK,
    MARK,
    TASKS,
    TEAMS,
    is_list_name,
    list_id_of,
)
from store.systems.claude_code.projects import ProjectIndex
from store.systems.claude_code.record import is_record

_SAMPLES = 5
_SIGNS = frozenset({LOCK, MARK})


@dataclass(slots=True)
class Found:
    """What lies under a root."""

    lists: dict[TaskListId, str] = field(default_factory=dict)
    """List id → the name of its directory, in id order."""
    directories: list[Path] = field(default_factory=list)
    """Every directory in which a list could appear, or something of one change."""
    projects: dict[str, str] = field(default_factory=dict)
    """The name of a list's directory → the project of the session that it is named after."""
    skipped: list[Problem] = field(default_factory=list)
    """Directories that look like lists and are none, each with the way out."""


class ListFinder:
    """Looks for the lists of one root again and again. There may be a thousand old ones, so each is
    looked at again only when its directory moved; a list once seen stays one while that is there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._projects = ProjectIndex(root)
        self._lists: dict[str, tuple[int, int]] = {}
        """Name → which directory was found to be a list."""
        self._others: dict[str, Stamp] = {}

    def find(self) -> Found:
        """Links below the root are not followed; what cannot be read is passed over."""
        found = Found()
        try:
            with open_directory(self._root) as top:
                found.directories.append(self._root)
                with top.subdirectory(TASKS) as tasks:
                    found.directories.append(self._root / TASKS)
                    for name in sorted(tasks.names()):
                        self._look(tasks, name, found)
        except OSError:
            return found
        if found.lists:
            found.projects = self._projects.look()
        if stamp(self._root / TEAMS):
            found.directories.append(self._root / TEAMS)
        return found

    def _look(self, tasks: Directory, name: str, found: Found) -> None:
        path = self._root / TASKS / name
        now = stamp(path)
        if now is None or self._others.get(name) == now:
            return
        if self._lists.get(name) != now.identity:
            reason = self._judge(tasks, name)
            if reason is not None:
                self._pass_over(path, now, reason, found)
                return
            self._lists[name] = now.identity
        found.lists[list_id_of(name)] = name
        found.directories.append(path)
        team = self._root / TEAMS / name
        if stamp(team):
            found.directories.append(team)

    def _pass_over(self, path: Path, now: Stamp, reason: str, found: Found) -> None:
        self._lists.pop(path.name, None)
        if reason:
            text = f"{path.name!r} is passed over: {reason}"
            kind = ProblemKind.SKIPPED_DIRECTORY
            found.skipped.append(Problem(kind, text, path=str(path), repair=_WAY_OUT))
        elif is_quiet(now.mtime_ns):
            self._others[path.name] = now

    def _judge(self, tasks: Directory, name: str) -> str | None:
        """Why a directory is no list, empty if there is no need to say so; None: it is one."""
        try:
            directory = tasks.subdirectory(name)
        except NotADirectoryError:
            return "it is a link, and links below a root are not followed"
        except OSError as error:
            return (error.strerror or "it cannot be opened").lower()
        with directory:
            if not is_list(directory):
                return ""
        return None if is_list_name(name) else "no list of Claude Code can be called so"


_WAY_OUT = "put the directory itself there, readable, named by letters, digits, '_' and '-'"


def list_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the id of the list whose own directory, or a file of which, a path is."""
    for candidate in (path, path.parent):
        if candidate.parent.name != TASKS or not is_list_name(candidate.name):
            continue
        root = candidate.parent.parent
        try:
            with open_directory(root, (TASKS, candidate.name)) as directory:
                if is_list(directory):
                    return root, list_id_of(candidate.name)
        except OSError:
            continue
    return None


def is_list(directory: Directory) -> bool:
    """Whether a directory is a list of Claude Code: it has the lock or the mark, or a task. Other
    tools keep tasks in files named by numbers too, so one that can be read has to look right.
    """
    names = directory.names()
    records = [name for name in names if is_record(name)]
    for name in sorted(records)[:_SAMPLES]:
        try:
            found = parse_object(directory.read_bytes(name))
        except (OSError, UnreadableFile, Unparsable):
            continue
        return "blockedBy" in found and "subject" in found
    return bool(records) or not _SIGNS.isdisjoint(names)

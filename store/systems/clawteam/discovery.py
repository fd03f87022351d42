"""Which teams lie under a root, and which directories tell when that changes. Reading only."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from store.files.failures import UnreadableFile
from store.files.fs import Directory, open_directory
from store.files.places import stamp
from store.model.task import Problem, ProblemKind, TaskListId
from store.systems.clawteam.places import (
    CONFIG,
    COSTS,
    LOCK,
    TASKS,
    TEAMS,
    is_team,
    list_id_of,
)
from store.systems.clawteam.record import id_of_file
from store.systems.clawteam.team import is_config


@dataclass(slots=True)
class Found:
    """What lies under a root."""

    teams: dict[TaskListId, str] = field(default_factory=dict)
    """List id → team, in id order."""
    directories: list[Path] = field(default_factory=list)
    """Every directory in which a list could appear, or something of one change."""
    skipped: list[Problem] = field(default_factory=list)
    """Directories that look like teams and are none, each with the way out."""


def find_teams(root: Path) -> Found:
    """Look for teams. Links below the root are not followed; what cannot be read is passed over."""
    found = Found()
    try:
        top = open_directory(root)
    except OSError:
        return found
    with top:
        found.directories.append(root)
        found.directories += [root / name for name in (TASKS, TEAMS) if _is_there(top, name)]
        there: set[str] = set()
        with suppress(OSError), top.subdirectory(TASKS) as tasks:
            there.update(tasks.names())
            for name in sorted(there):
                _add_team(tasks, root, name, found)
        with suppress(OSError), top.subdirectory(TEAMS) as teams:
            for name in sorted(set(teams.names()) - there):
                _add_without_tasks(teams, root, name, found)
    found.teams = dict(sorted(found.teams.items()))
    return found


def list_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the id of the team whose own directory, of whatever kind, a path is."""
    kind, team = path.parent.name, path.name
    if kind not in (TASKS, TEAMS, COSTS) or not is_team(team):
        return None
    root = path.parent.parent
    try:
        with open_directory(root, (TASKS, team)) as directory:
            is_one = _is_list(directory, root, team)
    except FileNotFoundError:
        is_one = is_without_tasks(root, team)
    except OSError:
        return None
    return (root, list_id_of(team)) if is_one else None


def _add_team(tasks: Directory, root: Path, name: str, found: Found) -> None:
    path = root / TASKS / name
    try:
        directory = tasks.subdirectory(name)
    except NotADirectoryError:
        if _leads_to_list(path, root):
            reason = "it is a link, and links below a root are not followed"
            _skip(found, path, reason, "put the directory itself there, or give its own root")
        return
    except OSError as error:
        if _has_config(root, name):
            reason = (error.strerror or "it cannot be opened").lower()
            _skip(found, path, reason, "let yourself read it")
        return
    with directory:
        if not _is_list(directory, root, name):
            return
    if not is_team(name):
        reason = "no team of ClawTeam can be called so"
        _skip(found, path, reason, "rename it: letters, digits, '.', '_' and '-' only")
        return
    found.directories.append(path)
    _add(root, name, found)


def _add_without_tasks(teams: Directory, root: Path, name: str, found: Found) -> None:
    """A team that was set up and has no directory of tasks yet: its first task makes it."""
    if not is_team(name) or not _is_there(teams, name):
        return
    if _has_config(root, name):
        _add(root, name, found)
    else:
        found.directories.append(root / TEAMS / name)  # its settings may be about to come


def _add(root: Path, name: str, found: Found) -> None:
    found.teams[list_id_of(name)] = name
    beside = (root / TEAMS / name, root / COSTS, root / COSTS / name)
    found.directories += [p for p in beside if p not in found.directories and stamp(p)]


def is_without_tasks(root: Path, team: str) -> bool:
    """Whether it is a team of ClawTeam's for which no directory of tasks was made yet."""
    try:
        with open_directory(root, (TASKS,)) as tasks:
            is_absent = tasks.status(team) is None
    except FileNotFoundError:
        is_absent = True
    except OSError:
        return False
    return is_absent and _has_config(root, team)


def _skip(found: Found, path: Path, reason: str, repair: str) -> None:
    text = f"{path.name!r} is passed over: {reason}"
    kind = ProblemKind.SKIPPED_DIRECTORY
    found.skipped.append(Problem(kind, text, path=str(path), repair=repair))


def _is_there(directory: Directory, name: str) -> bool:
    try:
        with directory.subdirectory(name):
            return True
    except OSError:
        return False


def _leads_to_list(link: Path, root: Path) -> bool:
    try:
        with open_directory(link) as directory:
            return _is_list(directory, root, link.name)
    except OSError:
        return False


def _is_list(directory: Directory, root: Path, team: str) -> bool:
    """It has ClawTeam's lock or a task; or nothing at all, and the team is one of ClawTeam's."""
    if directory.status(LOCK) is not None:
        return True
    names = directory.names()
    if any(id_of_file(name) is not None for name in names):
        return True
    return not names and is_team(team) and _has_config(root, team)


def _has_config(root: Path, team: str) -> bool:
    try:
        with open_directory(root, (TEAMS, team)) as directory:
            return is_config(directory.read_bytes(CONFIG))
    except (OSError, UnreadableFile):
        return False

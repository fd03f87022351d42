"""Which lists lie under a root, and which directories tell when that changes. Reading only."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from store.files.fs import Directory, open_directory
from store.files.paths import list_id_at, list_id_of_parts
from store.files.places import stamp
from store.model.errors import StorageFailure
from store.model.task import Problem, ProblemKind, TaskListId
from store.systems.hive.record import id_of_file

TASKS = "tasks"
META = "meta.json"
MARK = ".highwatermark"
LOCK = ".lock"
SHOWN = 200
"""Directories passed over that are told one by one."""
NEWER = "tasks.json"
"""Where later versions of the owning tool keep a whole list in one file."""

_SIGNS = frozenset({META, MARK, LOCK})
_TEMPORARY = re.compile(r"\.c?tmp\Z")

# "*" stands for any one directory; the last component is the list's own directory.
_PATTERNS: tuple[tuple[str, ...], ...] = (
    ("colonies", "*", TASKS),
    ("agents", "*", "sessions", "*", TASKS),
    ("unscoped", "*", TASKS),
    ("_misc", "*"),
)

Parts = tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What lies under a root."""

    lists: dict[TaskListId, Parts] = field(default_factory=dict)
    """List id → the components of its directory, in id order."""
    directories: list[Path] = field(default_factory=list)
    """Every directory in which a list could appear, or a record of one change."""
    skipped: list[Problem] = field(default_factory=list)
    """Directories that look like lists and are none, each with the way out; at most SHOWN."""

    def skip(self, path: Path, reason: str, repair: str) -> None:
        if len(self.skipped) < SHOWN:
            text = f"{path.name!r} is passed over: {reason}"
            kind = ProblemKind.SKIPPED_DIRECTORY
            self.skipped.append(Problem(kind, text, path=str(path), repair=repair))


def is_ours(name: str) -> bool:
    """A file that a store of this layout makes beside its records."""
    return name in _SIGNS or _TEMPORARY.search(name) is not None


def find_lists(root: Path) -> Found:
    """Look for lists. Links below the root are not followed; what cannot be read is passed over."""
    found = Found()
    try:
        top = open_directory(root)
    except OSError:
        return found
    with top:
        found.directories.append(root)
        for pattern in _PATTERNS:
            _descend(top, root, (), pattern, found)
    found.lists = dict(sorted(found.lists.items()))
    return found


def list_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the id of the one list whose own directory (or whose `tasks`) a path is."""
    for candidate in (path, path.parent):
        parts = candidate.parts
        for depth in (2, 3, 5):
            list_id = list_id_of_parts(tuple(parts[-depth:])) if len(parts) > depth else None
            if list_id is not None and _is_list_directory(candidate):
                root = candidate.parents[depth - 1]
                return root, list_id_at(root, tuple(parts[-depth:])) or list_id
    return None


def _descend(
    directory: Directory, root: Path, above: Parts, pattern: Sequence[str], found: Found
) -> None:
    wanted, rest = pattern[0], pattern[1:]
    for name in directory.names() if wanted == "*" else (wanted,):
        if not name.isprintable():  # no id leads there, and no watch can be set on some of them
            if _is_directory(directory, name):
                found.skip(root.joinpath(*above, name), "its name cannot be shown", "rename it")
            continue
        try:
            child = directory.subdirectory(name)
        except OSError as error:
            _note_closed(directory, root.joinpath(*above, name), error, found)
            continue
        parts = (*above, name)
        with child:
            found.directories.append(root.joinpath(*parts))
            if rest:
                _descend(child, root, parts, rest, found)
            else:
                _add_list(child, root, parts, found)


def _add_list(directory: Directory, root: Path, parts: Parts, found: Found) -> None:
    try:
        names = set(directory.names())
    except OSError:
        return
    has_tasks = TASKS in names and _is_directory(directory, TASKS)
    if has_tasks:
        found.directories.append(root.joinpath(*parts, TASKS))
    if not names & _SIGNS and not (has_tasks and _has_records(directory)):
        return
    try:
        list_id = list_id_at(root, parts)
    except StorageFailure:
        return
    if list_id is not None:
        found.lists[list_id] = parts
        return
    path = root.joinpath(*(parts[:-1] if parts[-1] == TASKS else parts))
    repair = "write a leading dot as %2E, and a percent sign that stands for itself as %25"
    found.skip(path, "no list id is written like that", f"rename it: {repair}")


def _note_closed(directory: Directory, path: Path, error: OSError, found: Found) -> None:
    """Something that is there and was not entered. Plain files are nothing to speak of."""
    status = directory.status(path.name)
    if status is None:
        return
    if stat.S_ISDIR(status.st_mode):
        found.skip(path, (error.strerror or "it cannot be opened").lower(), "let yourself read it")
    elif stat.S_ISLNK(status.st_mode) and stamp(path) is not None:
        reason = "it is a link, and links below a root are not followed"
        found.skip(path, reason, "put the directory itself there, or give its own root")


def _is_list_directory(path: Path) -> bool:
    try:
        with open_directory(path) as directory:
            names = set(directory.names())
            return bool(names & _SIGNS) or (TASKS in names and _has_records(directory))
    except OSError:
        return False


def _is_directory(directory: Directory, name: str) -> bool:
    try:
        with directory.subdirectory(name):
            return True
    except OSError:
        return False


def _has_records(directory: Directory) -> bool:
    return any(True for _ in _records(directory))


def _records(directory: Directory) -> Iterator[str]:
    try:
        with directory.subdirectory(TASKS) as tasks:
            names = tasks.names()
    except OSError:
        return
    yield from (name for name in names if id_of_file(name) is not None)

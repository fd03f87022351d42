"""Which lists lie under a root, and which directories tell when that changes. Reading only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from store.files.fs import Directory, open_directory
from store.files.paths import list_id_at, list_id_of_parts
from store.model.errors import StorageFailure
from store.model.task import TaskListId
from store.systems.descent import Parts, Passed, descend, is_directory, is_plain_file
from store.systems.hive.record import id_of_file

TASKS = "tasks"
META = "meta.json"
MARK = ".highwatermark"
LOCK = ".lock"
NEWER = "tasks.json"
"""Where later versions of the owning tool keep a whole list in one file. Where that is there, it is
the list, and what lies beside it was left behind.
"""

_SIGNS = frozenset({META, MARK, LOCK})
_TEMPORARY = re.compile(r"\.c?tmp\Z")

# "*" stands for any one directory; the last component is the list's own directory.
_PATTERNS: tuple[tuple[str, ...], ...] = (
    ("colonies", "*", TASKS),
    ("agents", "*", "sessions", "*", TASKS),
    ("unscoped", "*", TASKS),
    ("_misc", "*"),
)


class Found(Passed):
    """What lies under a root."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: dict[TaskListId, Parts] = {}
        """List id → the components of its directory, in id order."""


def is_ours(name: str) -> bool:
    """A file that a store of this layout makes beside its records."""
    return name in _SIGNS or _TEMPORARY.search(name) is not None


def find_lists(root: Path) -> Found:
    """Look for lists. Links below the root are not followed; what cannot be read is passed over."""
    found = Found()

    def arrive(above: Directory, directory: Directory, parts: Parts) -> None:
        _add_list(above, directory, root, parts, found)

    descend(root, [(pattern, arrive) for pattern in _PATTERNS], found)
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


def _add_list(
    above: Directory, directory: Directory, root: Path, parts: Parts, found: Found
) -> None:
    try:
        names = set(directory.names())
    except OSError:
        return
    has_tasks = TASKS in names and is_directory(directory, TASKS)
    if has_tasks:
        found.directories.append(root.joinpath(*parts, TASKS))
    if not names & _SIGNS and not (has_tasks and _has_records(directory)):
        return
    if is_plain_file(above if parts[-1] == TASKS else directory, NEWER):
        if has_tasks and _has_records(directory):
            reason = f"{NEWER} beside it holds this list now, and is what is shown"
            found.skip(root.joinpath(*parts), reason, "move it away if nothing in it is missed")
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


def _is_list_directory(path: Path) -> bool:
    try:
        with open_directory(path.parent if path.name == TASKS else path) as beside:
            if is_plain_file(beside, NEWER):
                return False
        with open_directory(path) as directory:
            names = set(directory.names())
            return bool(names & _SIGNS) or (TASKS in names and _has_records(directory))
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

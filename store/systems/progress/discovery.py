"""Which queues lie under a root. By names alone: no database is opened to look for one."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from store.model.task import Problem, ProblemKind, TaskListId
from store.systems.progress.places import COLONIES, DATA, DATABASE, database_of, list_id_of


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a root found."""

    lists: dict[TaskListId, Path] = field(default_factory=dict)
    """Id → the directory of the colony, in id order."""
    skipped: list[Problem] = field(default_factory=list)
    directories: list[Path] = field(default_factory=list)
    """Where a queue may come, go or change."""


def find_queues(root: Path) -> Found:
    """The queues of the colonies under a root, or under `colonies` there. No link is followed."""
    found = Found(directories=[root])
    above = root / COLONIES
    if _mode(above) == stat.S_IFDIR:
        found.directories.append(above)
    else:
        above = root
    for colony in _directories(above):
        if not _is_text(colony.name):
            reason = "its name is not UTF-8, so no list can be called so"
            found.skipped.append(_skipped(colony, colony, reason))
            continue
        found.directories.append(colony)
        if _mode(colony / DATA) != stat.S_IFDIR:
            continue
        found.directories.append(colony / DATA)
        kind = _mode(database_of(colony))
        if kind == stat.S_IFREG:
            found.lists[list_id_of(colony.name)] = colony
        elif kind is not None:
            found.skipped.append(_skipped(colony, database_of(colony), "not a plain file"))
    return found


def list_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the id of the queue whose database, `data` or colony directory a path is."""
    if path.name == DATABASE and path.parent.name == DATA:
        colony = path.parent.parent
    else:
        colony = path.parent if path.name == DATA else path
    if _mode(database_of(colony)) != stat.S_IFREG or not _is_text(colony.name):
        return None
    above = colony.parent
    return above.parent if above.name == COLONIES else above, list_id_of(colony.name)


def _directories(above: Path) -> Iterator[Path]:
    try:
        with os.scandir(above) as entries:
            names = sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in names:
        if not name.startswith("."):
            yield above / name


def _mode(path: Path) -> int | None:
    """What stands at a path itself; None: nothing that can be seen."""
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return None


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _skipped(colony: Path, path: Path, reason: str) -> Problem:
    text = f"the queue of {colony.name!r} is passed over: {reason}"
    return Problem(ProblemKind.SKIPPED_DIRECTORY, text, path=str(path))

"""Which runs lie under a root. Reading only."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path

from store.files.fs import Directory, open_directory
from store.model.task import Problem, ProblemKind, TaskListId
from store.systems.blackboard.places import DATABASE, RUNS, is_run_id, list_id_of_run

SHOWN = 200
"""Directories passed over that are told one by one."""

Parts = tuple[str, ...]


@dataclass(slots=True)
class Found:
    """What lies under a root."""

    lists: dict[TaskListId, Parts] = field(default_factory=dict)
    """List id → the components of the run's directory, in id order."""
    directories: list[Path] = field(default_factory=list)
    skipped: list[Problem] = field(default_factory=list)

    def skip(self, path: Path, reason: str, repair: str) -> None:
        if len(self.skipped) < SHOWN:
            text = f"{path.name!r} is passed over: {reason}"
            kind = ProblemKind.SKIPPED_DIRECTORY
            self.skipped.append(Problem(kind, text, path=str(path), repair=repair))


def find_runs(root: Path) -> Found:
    """Look for runs right below a root, and below its `runs`. No link is followed there."""
    found = Found()
    try:
        top = open_directory(root)
    except OSError:
        return found
    with top:
        _find_in(top, root, (), found)
        try:
            below = top.subdirectory(RUNS)
        except OSError:
            below = None
        if below is not None:
            with below:
                _find_in(below, root, (RUNS,), found)
    found.lists = dict(sorted(found.lists.items()))
    return found


def run_above(path: Path) -> tuple[Path, TaskListId] | None:
    """The root and the list of the one run whose directory or database a path is."""
    directory = path.parent if path.name == DATABASE else path
    if not is_run_id(directory.name) or directory.parent == directory:
        return None
    try:
        with open_directory(directory) as opened:
            if not _has_database(opened):
                return None
    except OSError:
        return None
    above = directory.parent
    root = above.parent if above.name == RUNS else above
    return root, list_id_of_run(directory.name)


def _find_in(directory: Directory, root: Path, above: Parts, found: Found) -> None:
    here = root.joinpath(*above)
    try:
        names = sorted(directory.names())
    except OSError:
        return
    runs_before = len(found.directories)
    for name in names:
        try:
            child = directory.subdirectory(name)
        except OSError:
            continue
        with child:
            if _has_database(child):
                _add(here / name, (*above, name), found)
    found.directories.insert(runs_before, here)


def _add(path: Path, parts: Parts, found: Found) -> None:
    if not is_run_id(path.name):
        found.skip(path, "no run id is written like that", "rename it")
        return
    list_id = list_id_of_run(path.name)
    if list_id in found.lists:
        found.skip(path, "there is a run of that name right below the root", "rename one of them")
        return
    found.lists[list_id] = parts
    found.directories.append(path)


def _has_database(directory: Directory) -> bool:
    try:
        status = directory.status(DATABASE)
    except OSError:
        return False
    return status is not None and stat.S_ISREG(status.st_mode)

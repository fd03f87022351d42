"""Which roots to look at, and where each setting came from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.places import absolute, problem_of, stamp
from store.model.snapshot import RootState, WatchMode
from store.model.task import TaskListId

if TYPE_CHECKING:
    from store.systems.protocol import System


@dataclass(frozen=True, slots=True)
class RootSpec:
    """A root as it was asked for."""

    path: Path
    source: str
    """Who asked: "argument", "--root", "$HIVE_HOME", "default ~/.hive"."""


@dataclass(frozen=True, slots=True)
class OpenRoot:
    """A root as it is looked at."""

    spec: RootSpec
    path: Path
    """Absolute; links are kept."""
    only: TaskListId | None = None
    """The path given was this one list's own directory: show only this list."""


def choose_roots(
    arguments: Sequence[Path], environ: Mapping[str, str] | None = None
) -> tuple[RootSpec, ...]:
    """The arguments, else `$HIVE_HOME`, else `~/.hive`."""
    if arguments:
        return tuple(RootSpec(absolute(Path(path)), "argument") for path in arguments)
    chosen = (os.environ if environ is None else environ).get("HIVE_HOME")
    if chosen:
        return (RootSpec(absolute(Path(chosen)), "$HIVE_HOME"),)
    return (RootSpec(absolute(Path("~/.hive")), "default ~/.hive"),)


def open_roots(specs: Iterable[RootSpec]) -> list[OpenRoot]:
    """Each directory once, however often and under whatever names it was given."""
    from store.systems.hive.discovery import list_above  # needs far more than choosing roots does

    opened: dict[tuple[object, TaskListId | None], OpenRoot] = {}
    for spec in specs:
        path = absolute(spec.path)
        above = list_above(path)
        only = None
        if above is not None:
            path, only = above
        found = stamp(path)
        identity = found.identity if found else path
        opened.setdefault((identity, only), OpenRoot(spec, path, only))
    whole = {identity for identity, only in opened if only is None}
    return [
        root for (identity, only), root in opened.items() if only is None or identity not in whole
    ]


@dataclass(slots=True)
class Watched:
    """How a root is watched, as the watcher last said."""

    mode: WatchMode = WatchMode.NONE
    problem: str | None = None


def root_state(root: OpenRoot, watched: Watched, systems: Iterable[System]) -> RootState:
    """What a snapshot says of a root now."""
    exists = stamp(root.path) is not None
    problem = problem_of(root.path) or watched.problem
    if problem is None and root.only is not None:
        problem = f"showing only {root.only}, the list that was given as a root"
    skipped = (p for system in systems for p in system.problems(root.path))
    problems = tuple(skipped) if root.only is None else ()
    return RootState(str(root.path), root.spec.source, exists, watched.mode, problem, problems)

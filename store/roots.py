"""Which roots to look at, and where each setting came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.places import absolute, problem_of, stamp
from store.model.snapshot import RootState, WatchMode
from store.model.task import TaskListId
from store.systems.registry import NATIVE, default_roots, root_around

if TYPE_CHECKING:
    from store.systems.protocol import System


@dataclass(frozen=True, slots=True)
class RootSpec:
    """A root as it was asked for."""

    path: Path
    source: str
    """Who asked: "argument", "--root", "$HIVE_HOME", "default ~/.hive"."""
    systems: frozenset[str] | None = None
    """Only lists of these systems are looked for; None: of all."""
    is_optional: bool = False
    """Nobody asked: where it is not there, it is worth a word only if nothing else is found."""


@dataclass(frozen=True, slots=True)
class OpenRoot:
    """A root as it is looked at."""

    spec: RootSpec
    path: Path
    """Absolute; links are kept."""
    only: TaskListId | None = None
    """The path given was this one list's own directory or file: show only this list."""
    systems: frozenset[str] | None = None
    """As in `RootSpec`."""

    def takes(self, system: str) -> bool:
        """Whether lists of that system are looked for."""
        return self.systems is None or system in self.systems


def choose_roots(
    arguments: Sequence[Path],
    environ: Mapping[str, str] | None = None,
    systems: Collection[str] = (),
) -> tuple[RootSpec, ...]:
    """The arguments, else the usual root of each system.

    Args:
        arguments: paths that were asked for; every system looks there.
        environ: by default the process's.
        systems: only these; none named are all.
    """
    only = frozenset(systems) or None
    if arguments:
        return tuple(RootSpec(absolute(Path(path)), "argument", only) for path in arguments)
    found: dict[Path, RootSpec] = {}
    for system, path, source in default_roots(environ):
        if only is None or system in only:
            known = found.get(path)
            taken = frozenset((system,)) | (known.systems or frozenset() if known else frozenset())
            said = known.source if known else source
            found[path] = RootSpec(path, said, taken, is_optional=True)
    return tuple(found.values())


def open_roots(specs: Iterable[RootSpec], systems: Iterable[System]) -> list[OpenRoot]:
    """Each directory once, however often and under whatever names it was given."""
    opened: dict[tuple[object, TaskListId | None], OpenRoot] = {}
    tried = tuple(systems)
    for spec in specs:
        root = _opened(spec, tried)
        found = stamp(root.path)
        place = (found.identity if found else root.path), root.only
        known = opened.get(place)
        if known is not None:
            both = known.systems and root.systems and known.systems | root.systems
            root = replace(known, systems=both or None)
        opened[place] = root
    whole = {identity for identity, only in opened if only is None}
    return [
        root for (identity, only), root in opened.items() if only is None or identity not in whole
    ]


def _opened(spec: RootSpec, systems: Iterable[System]) -> OpenRoot:
    """The root, the one whose directory of lists the path is, or the one list of it whose own
    directory or file the path is.
    """
    path = absolute(spec.path)
    for system in systems:
        if spec.systems is None or system.name in spec.systems:
            above = system.list_above(path)
            if above is not None:
                return OpenRoot(spec, *above, frozenset((system.name,)))
    root, names = root_around(path, spec.systems) or (path, spec.systems)
    return OpenRoot(spec, root, systems=names)


@dataclass(slots=True)
class Watched:
    """How a root is watched, as the watcher last said."""

    mode: WatchMode = WatchMode.NONE
    problem: str | None = None


def root_state(root: OpenRoot, watched: Watched, systems: Iterable[System]) -> RootState:
    """What a snapshot says of a root now."""
    exists = stamp(root.path) is not None
    mode = WatchMode.WAITING if root.spec.is_optional and not exists else watched.mode
    problem = problem_of(root.path) or watched.problem
    if problem is None and root.only is not None:
        problem = f"showing only {root.only}, the list that was given as a root"
    skipped = dict.fromkeys(p for system in systems for p in system.problems(root.path))
    problems = tuple(skipped) if root.only is None else ()
    takes_new = root.only is None and root.takes(NATIVE)
    return RootState(str(root.path), root.spec.source, exists, mode, problem, problems, takes_new)

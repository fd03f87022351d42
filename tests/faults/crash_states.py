"""Every tree that a crash may leave behind, out of the calls that were made before it.

Three families. *kill*: the process ends, every call made is there, the last write perhaps in
part. *ordered*: the power fails on a file system that keeps the order of names: they are there up
to some point after the last sync; files not synced are full or empty. *minimal*: the power fails
where only a file's own sync keeps its content and only a directory's own sync keeps its names, so
each call that no sync covers may be missing.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from tests.faults.invariants import Tree
from tests.faults.port import Step

_NAMING = frozenset({"create", "link", "rename", "unlink", "mkdir"})
_SYNCS = frozenset({"sync", "syncdir"})
_SAMPLES = 24

Node = int | str
"""A file: the number of one made while recording, or the path of one from before."""


@dataclass(frozen=True, slots=True)
class CrashState:
    """One tree, and how it came about."""

    family: str
    length: int
    """How many steps were made before the crash."""
    tree: Tree
    lost: tuple[str, ...] = ()


class History:
    """The steps of a run over a tree. Renames and links know which file they move."""

    def __init__(self, base: Tree, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._base = base
        self._moved = self._follow_names()

    def kills(self, length: int) -> Iterator[CrashState]:
        yield CrashState("kill", length, self._tree(range(length)))
        last = self.steps[length - 1] if length else None
        if last is not None and last.kind == "write":
            size = len(last.content)
            for kept in sorted({0, 1, size // 2, size - 1} & set(range(size))):
                tree = self._tree(range(length), cut=(length - 1, kept))
                text = f"all but {kept} bytes of the last write"
                yield CrashState("kill", length, tree, (text,))

    def ordered(self, length: int) -> Iterator[CrashState]:
        """Names in order up to any point at or after the last sync; unsynced files or nothing."""
        synced = [i for i in range(length) if self.steps[i].kind in _SYNCS]
        last = synced[-1] + 1 if synced else 0
        covered = {self.steps[i].file for i in synced if self.steps[i].kind == "sync"}
        for point in range(last, length + 1):
            named = [i for i in range(point) if self.steps[i].kind in _NAMING]
            lost_names = [i for i in range(point, length) if self.steps[i].kind in _NAMING]
            writes = [i for i in range(length) if self.steps[i].kind == "write"]
            loose = sorted({f for i in writes if (f := self.steps[i].file) not in covered and f})
            for empty in _some_subsets(loose):
                kept = [i for i in writes if self.steps[i].file not in empty]
                gone = [*lost_names, *(i for i in writes if i not in kept)]
                tree = self._tree(sorted([*named, *kept]))
                yield CrashState("ordered", length, tree, self._texts(gone))

    def minimal(self, length: int, bound: int, seed: int) -> Iterator[CrashState]:
        """Any uncovered step may be missing. All subsets up to `bound` steps, else a choice."""
        loose = self._uncovered(length)
        made = set(range(length))
        for lost in _subsets(loose, bound, seed):
            tree = self._tree(sorted(made - lost))
            yield CrashState("minimal", length, tree, self._texts(sorted(lost)))

    def _uncovered(self, length: int) -> list[int]:
        """Steps that no later sync of their own file or directory makes safe."""
        files: set[int | None] = set()
        directories: set[str] = set()
        loose = []
        for i in reversed(range(length)):
            step = self.steps[i]
            if step.kind == "sync":
                files.add(step.file)
            elif step.kind == "syncdir":
                directories.add(step.path)
            elif step.kind == "write":
                loose += [i] if step.file not in files else []
            elif step.kind in _NAMING:
                loose += [i] if directories.isdisjoint(_directories(step)) else []
        return loose[::-1]

    def _follow_names(self) -> dict[int, Node]:
        """For each rename and link, the file that got the new name."""
        names: dict[str, Node] = {
            path: path for path, found in self._base.items() if found is not None
        }
        moved: dict[int, Node] = {}
        for i, step in enumerate(self.steps):
            if step.kind == "create" and step.file is not None:
                names[step.path] = step.file
            elif step.kind == "unlink":
                names.pop(step.path)
            elif step.kind == "link":
                moved[i] = step.file if step.file is not None else names[step.path]
                names[step.target] = moved[i]
            elif step.kind == "rename":
                moved[i] = names.pop(step.path)
                names[step.target] = moved[i]
        return moved

    def _tree(self, chosen: Collection[int], cut: tuple[int, int] | None = None) -> Tree:
        """The tree after these steps only, in order. `cut`: a write and the bytes kept of it."""
        names: dict[str, Node] = {
            path: path for path, found in self._base.items() if found is not None
        }
        directories = {path for path, found in self._base.items() if found is None}
        written: dict[Node, bytes] = {}
        for i in chosen:
            step = self.steps[i]
            if step.kind == "write" and step.file is not None:
                part = step.content[: cut[1]] if cut and cut[0] == i else step.content
                written[step.file] = written.get(step.file, b"") + part
            elif step.kind == "mkdir":
                directories.add(step.path)
            else:
                self._name(i, step, names)
        return self._settled(names, directories, written)

    def _name(self, i: int, step: Step, names: dict[str, Node]) -> None:
        if step.kind == "create" and step.file is not None:
            names[step.path] = step.file
        elif step.kind == "unlink":
            names.pop(step.path, None)
        elif step.kind in ("rename", "link"):
            if step.kind == "rename":
                names.pop(step.path, None)
            names[step.target] = self._moved[i]

    def _settled(
        self, names: dict[str, Node], directories: set[str], written: dict[Node, bytes]
    ) -> Tree:
        tree: dict[str, bytes | None] = {}
        for path in sorted(directories):
            if _parent(path) in tree or _parent(path) == ".":
                tree[path] = None  # a directory whose parent was lost is lost too
        for path, node in names.items():
            if _parent(path) in tree or _parent(path) == ".":
                old = self._base.get(node) if isinstance(node, str) else None
                tree[path] = written.get(node, b"") if old is None else old
        return dict(sorted(tree.items()))

    def _texts(self, lost: Sequence[int]) -> tuple[str, ...]:
        return tuple(str(self.steps[i]) for i in lost)


def _directories(step: Step) -> set[str]:
    """Whose sync keeps a step: a rename between two is one step, so either will do."""
    if step.kind == "rename":
        return {_parent(step.path), _parent(step.target)}
    return {_parent(step.target or step.path)}


def _parent(path: str) -> str:
    return path.rpartition("/")[0] or "."


def _some_subsets(files: Sequence[int]) -> list[frozenset[int]]:
    """None, each one, all."""
    found = [frozenset[int](), *(frozenset({one}) for one in files)]
    return [*found, frozenset(files)] if len(files) > 1 else found


def _subsets(steps: Sequence[int], bound: int, seed: int) -> Iterator[frozenset[int]]:
    """Sets of steps to lose, small ones first."""
    if len(steps) <= bound:
        for size in range(len(steps) + 1):
            yield from map(frozenset, combinations(steps, size))
        return
    yield frozenset()
    for one in steps:
        yield frozenset({one})
    for start in range(len(steps)):
        yield frozenset(steps[start:])
    for one in steps:
        yield frozenset(steps) - {one}
    rng = random.Random(seed)
    for _ in range(_SAMPLES):
        yield frozenset(rng.sample(steps, rng.randrange(1, len(steps))))

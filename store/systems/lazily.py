"""A system that is imported when a root first shows a sign of it; until then it has no lists."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from store.files.signs import directories_along, has_sign, may_be_list, may_be_sign
from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.room import Room

if TYPE_CHECKING:
    from store.model.facts import SystemFacts
    from store.systems.protocol import System

_MOST_WATCHED = 500
"""Directories watched for a system that has no list: a place of the same name may be another's."""


class LazySystem:
    """Stands for a system, and is one. Thread-safe."""

    def __init__(self, room: Room, options: Mapping[str, Any]) -> None:
        """`options`: what its adapter is made with."""
        self.name = room.name
        self._room = room
        self._signs = room.signs
        self._options = options
        self._opening = threading.Lock()
        self._opened: System | None = None

    @property
    def facts(self) -> SystemFacts:
        return self._room.facts

    @property
    def is_open(self) -> bool:
        """Some root has shown a sign of it."""
        return self._opened is not None

    def may_matter(self, root: Path, path: Path) -> bool:
        """Whether a change of a path may bring a list of this system, or take one away."""
        return may_be_sign(root, path, self._signs)

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        return self._system().list_above(path) if may_be_list(path, self._signs) else None

    def discover(self, root: Path) -> Sequence[ListKey]:
        if self._opened is None and not has_sign(root, self._signs):
            return ()
        return self._system().discover(root)

    def problems(self, root: Path) -> Sequence[Problem]:
        return () if self._opened is None else self._opened.problems(root)

    def load(
        self,
        key: ListKey,
        previous: TaskList | None = None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> TaskList:
        return self._system().load(key, previous, changed=changed, quick=quick, limit=limit)

    def is_settled(self, key: ListKey) -> bool:
        return self._opened is None or self._opened.is_settled(key)

    def watch_paths(self, root: Path) -> Sequence[Path]:
        if self._opened is None:
            found = directories_along(root, self._signs)
            return found if len(found) <= _MOST_WATCHED else found[:1]
        return self._opened.watch_paths(root)

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        return None if self._opened is None else self._opened.list_of_path(root, path)

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        return {} if self._opened is None or not keys else self._opened.lock_holders(keys)

    def apply(self, edit: Edit) -> EditResult:
        return self._system().apply(edit)

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        return self._system().apply_all(edits, all_or_none=all_or_none)

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        return self._system().repair(key, dry_run=dry_run)

    def _system(self) -> System:
        if self._opened is None:
            with self._opening:
                if self._opened is None:
                    self._opened = self._room.open(self._options)
        return self._opened

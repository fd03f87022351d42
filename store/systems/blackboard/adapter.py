"""Blackboards as one of the systems: runs as lists, briefs as tasks."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.places import absolute, refusal_to_write
from store.files.sqlite_locks import write_lock_holders
from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import EditRefused, ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.blackboard.discovery import Found, find_runs, run_above
from store.systems.blackboard.facts import FACTS
from store.systems.blackboard.loading import RunLoader

if TYPE_CHECKING:
    from store.systems.blackboard.editing import RunEditor


class BlackboardSystem:
    """Runs, each one SQLite database. Thread-safe."""

    name = FACTS.name
    facts = FACTS

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._lock = threading.Lock()
        self._found: dict[str, Found] = {}
        self._by_directory: dict[str, dict[Path, ListKey]] = {}
        self._loaders: dict[ListKey, RunLoader] = {}
        self._refusals: dict[str, str | None] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The run whose directory or database a path is; see `System.list_above`."""
        return run_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The runs under a root, in id order."""
        found = find_runs(root)
        place = str(root)
        keys = {ListKey(self.name, place, list_id): parts for list_id, parts in found.lists.items()}
        with self._lock:
            self._found[place] = found
            self._by_directory[place] = {root.joinpath(*p): key for key, p in keys.items()}
            self._refusals[place] = refusal_to_write(root) if keys else None
            for key, parts in keys.items():
                loader = self._loaders.get(key)
                if loader is None or loader.parts != parts:
                    self._loaders[key] = RunLoader(key, root, parts)
            for key in [k for k in self._loaders if k.root == place and k not in keys]:
                self._loaders.pop(key).close()
        return list(keys)

    def problems(self, root: Path) -> Sequence[Problem]:
        """Directories that were passed over when runs were last looked for."""
        found = self._found.get(str(root))
        return found.skipped if found else []

    def load(
        self,
        key: ListKey,
        previous: TaskList | None = None,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> TaskList:
        """One run as it is now, which costs next to nothing where nothing was committed; all of
        it is read at once. See `System.load`.
        """
        return self._loader(key).load(previous, self._refusals.get(key.root))

    def is_settled(self, key: ListKey) -> bool:
        """False: load again soon."""
        loader = self._loaders.get(key)
        return loader is None or loader.is_settled

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a run may appear or its database change."""
        found = self._found.get(str(root))
        return found.directories if found else []

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The run in whose directory a path is."""
        return self._by_directory.get(str(root), {}).get(path.parent)

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """The runs that a process is writing to at this moment, as the kernel tells."""
        with self._lock:
            known = {key: loader for key in keys if (loader := self._loaders.get(key))}
        return write_lock_holders({key: loader.database for key, loader in known.items()})

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit in one transaction; see `System.apply`."""
        return self._editor(edit.list).apply(edit)

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one run in one transaction; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        return self._editor(edits[0].list).apply_all(edits, all_or_none=all_or_none)

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Nothing: a transaction leaves nothing half done. See `System.repair`."""
        self._loader(key)
        return RepairReport(key, (), dry_run)

    def _editor(self, key: ListKey) -> RunEditor:
        from store.systems.blackboard.editing import RunEditor  # who only reads does without

        loader = self._loader(key)
        refusal = self._refusals.get(key.root)
        if refusal is not None:
            raise EditRefused(refusal)
        return RunEditor(key, absolute(loader.directory), self._lock_timeout_s)

    def _loader(self, key: ListKey) -> RunLoader:
        loader = self._loaders.get(key)
        if loader is None:
            self.discover(Path(key.root))
            loader = self._loaders.get(key)
        if loader is None:
            raise ListGone(key.id, key.root)
        return loader

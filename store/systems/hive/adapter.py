"""The native layout as one of the systems: its lists, their state, and edits through its store."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.holders import holders_of_files
from store.files.places import absolute, refusal_to_write
from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import EditRefused, ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.descent import Parts
from store.systems.hive.discovery import TASKS, Found, find_lists, list_above
from store.systems.hive.facts import FACTS
from store.systems.hive.loading import ListLoader

if TYPE_CHECKING:
    from store.systems.hive.editing import Editor


class HiveSystem:
    """Lists in the native layout, one file per task. Thread-safe."""

    name = FACTS.name
    facts = FACTS

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._lock = threading.Lock()
        self._found: dict[str, Found] = {}
        self._by_parts: dict[str, dict[Parts, ListKey]] = {}
        self._loaders: dict[ListKey, ListLoader] = {}
        self._refusals: dict[str, str | None] = {}
        self._editors: dict[str, Editor] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and id of the list whose own directory, or whose `tasks`, a path is."""
        return list_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The lists under a root, in id order."""
        found = find_lists(root)
        place = str(root)
        keys = {ListKey(self.name, place, list_id): parts for list_id, parts in found.lists.items()}
        with self._lock:
            self._found[place] = found
            self._by_parts[place] = {parts: key for key, parts in keys.items()}
            self._refusals[place] = refusal_to_write(root)
            for key, parts in keys.items():
                loader = self._loaders.get(key)
                if loader is None or loader.parts != parts:
                    self._loaders[key] = ListLoader(key, root, parts)
            for key in [k for k in self._loaders if k.root == place and k not in keys]:
                del self._loaders[key]
        return list(keys)

    def problems(self, root: Path) -> Sequence[Problem]:
        """Directories that were passed over when lists were last discovered."""
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
        """Scan one list that was discovered; see `System.load`."""
        loader = self._loader(key)
        return loader.load(
            previous,
            changed=changed,
            quick=quick,
            limit=limit,
            root_refusal=self._refusals.get(key.root),
        )

    def is_settled(self, key: ListKey) -> bool:
        """False: load again soon."""
        loader = self._loaders.get(key)
        return loader is None or loader.is_settled

    def reads(self, key: ListKey) -> int:
        """Task files opened for a list since it was first loaded."""
        return self._loader(key).reads

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a list may appear or a record change."""
        found = self._found.get(str(root))
        return found.directories if found else []

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The list that a path belongs to; None where one may have come or gone."""
        known = self._by_parts.get(str(root), {})
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        for length in (len(parts) - 1, len(parts) - 2):
            key = known.get(parts[:length]) if length > 0 else None
            if key is not None:
                # its `tasks` came or went: that directory must be watched anew
                return None if parts[length:] == (TASKS,) else key
        return None

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """Whose locks are held now; see `System.lock_holders`."""
        loaders = ((key, self._loaders.get(key)) for key in keys)
        return holders_of_files({key: found.lock_path for key, found in loaders if found})

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit under the list's lock; see `System.apply`."""
        return self._editor(edit.list).apply(edit)

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list in one change; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        return self._editor(edits[0].list).apply_all(edits, all_or_none=all_or_none)

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Mend one list under its lock; see `System.repair`."""
        if not dry_run:
            self._refuse_writing(key)
        from store.files.lock import Patience
        from store.systems.hive.repair import repair_list

        root, patience = absolute(Path(key.root)), Patience(self._lock_timeout_s)
        made = repair_list(root, key.id, dry_run=dry_run, patience=patience)
        return RepairReport(key, tuple(made), dry_run)

    def _editor(self, key: ListKey) -> Editor:
        self._refuse_writing(key)
        from store.systems.hive.editing import Editor  # who only reads does without the models

        with self._lock:
            editor = self._editors.get(key.root)
            if editor is None:
                editor = Editor(absolute(Path(key.root)), self._lock_timeout_s)
                self._editors[key.root] = editor
        return editor

    def _refuse_writing(self, key: ListKey) -> None:
        refusal = self._refusals.get(key.root)
        if refusal is not None:
            raise EditRefused(refusal)

    def _loader(self, key: ListKey) -> ListLoader:
        loader = self._loaders.get(key)
        if loader is None:
            self.discover(Path(key.root))
            loader = self._loaders.get(key)
        if loader is None:
            raise ListGone(key.id, key.root)
        return loader

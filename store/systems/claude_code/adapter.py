"""Claude Code's lists as one of the systems."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from store.files.places import refusal_to_write
from store.model.edits import BatchResult, CreateTask, DeleteTask, Edit, EditResult, RestoreTask
from store.model.errors import EditRefused, ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.claude_code.discovery import Found, ListFinder, list_above
from store.systems.claude_code.facts import FACTS
from store.systems.claude_code.loading import ListLoader
from store.systems.claude_code.places import TASKS, TEAMS, list_id_of, name_of


class ClaudeCodeSystem:
    """Lists of Claude Code, one file per task. Thread-safe."""

    name = "claude_code"
    facts = FACTS

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._lock = threading.Lock()
        self._finders: dict[str, ListFinder] = {}
        self._found: dict[str, Found] = {}
        self._loaders: dict[ListKey, ListLoader] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and the id of the list whose own directory or file a path is."""
        return list_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The lists under a root, in id order."""
        place = str(root)
        with self._lock:
            found = self._finders.setdefault(place, ListFinder(root)).find()
            self._found[place] = found
            refusal = refusal_to_write(root) if found.lists else None
            keys = {ListKey(self.name, place, i): name for i, name in found.lists.items()}
            for key, name in keys.items():
                loader = self._loaders.get(key)
                if loader is None:
                    loader = self._loaders[key] = ListLoader(key, root, name)
                loader.surroundings.refusal = refusal
                loader.surroundings.project = found.projects.get(name)
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
        return self._loader(key).load(previous, changed=changed, quick=quick, limit=limit)

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
        """The list that a file, or a file of its team, belongs to."""
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        if len(parts) != 3 or parts[0] not in (TASKS, TEAMS):
            return None
        key = ListKey(self.name, str(root), list_id_of(parts[1]))
        return key if key in self._loaders else None

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """Those of the lists of which a lock is held. Such a lock does not say by whom."""
        loaders = [loader for key in keys if (loader := self._loaders.get(key)) is not None]
        return {one.key: LockHolder(None, None, None) for one in loaders if one.is_locked()}

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit under the owner's locks; see `System.apply`."""
        made = self._make([edit], all_or_none=False)
        if made.failures:
            raise made.failures[0].error
        return made.results[0]

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list under one lock; see `System.apply_all`."""
        if len({edit.list for edit in edits}) > 1:
            raise ValueError("the edits of one batch belong to one list")
        return self._make(edits, all_or_none=all_or_none) if edits else BatchResult()

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Mend one list under its locks; see `System.repair`."""
        if not dry_run:
            self._refuse_writing(key)
        from store.systems.claude_code.repairing import repair_list

        made = repair_list(key, dry_run=dry_run, timeout_s=self._lock_timeout_s)
        return RepairReport(key, tuple(made), dry_run)

    def _make(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        key = edits[0].list
        self._refuse_writing(key)
        from store.systems.claude_code.editing import make_edits  # who only reads does without

        loader = self._loaders.get(key)
        if loader is not None:
            _refuse_archived(loader, edits)
            loader.forget(edit.key.id for edit in edits if isinstance(edit, DeleteTask))
        return make_edits(key, edits, all_or_none=all_or_none, timeout_s=self._lock_timeout_s)

    def _refuse_writing(self, key: ListKey) -> None:
        name_of(key.id)
        refusal = refusal_to_write(Path(key.root))
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


def _refuse_archived(loader: ListLoader, edits: Sequence[Edit]) -> None:
    for edit in edits:
        if isinstance(edit, (CreateTask, RestoreTask)) or edit.key.id not in loader.archived:
            continue
        raise EditRefused(
            f"Claude Code deleted #{edit.key.id} when all of its list was completed; "
            "make a new task of it"
        )

"""Session documents as one of the systems."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.holders import holders_of_files
from store.files.places import absolute, refusal_to_write, state_directory
from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import EditRefused, ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import Capabilities, ListKey, Problem, TaskListId
from store.systems.descent import Parts
from store.systems.hive_session.describing import NO_LOCK, REFUSED, Access
from store.systems.hive_session.discovery import DocumentFinder, Found, Place, list_above
from store.systems.hive_session.document import DOCUMENT_LIMIT
from store.systems.hive_session.facts import FACTS
from store.systems.hive_session.layouts import DOCUMENT, LOCK
from store.systems.hive_session.loading import DocumentLoader

if TYPE_CHECKING:
    from store.files.backups import Backups
    from store.systems.hive_session.editing import DocumentEditor


class HiveSessionSystem:
    """Lists that are one document each. Thread-safe.

    Args:
        lock_timeout_s: how long an edit waits for its turn.
        edit_unlocked: also edit documents of which no lock is known.
        state: where copies of documents go before such an edit; by default colonytop's own state
            directory.
        clock: gives epoch seconds.
    """

    name = "hive_session"
    facts = FACTS

    def __init__(
        self,
        *,
        lock_timeout_s: float = 10.0,
        edit_unlocked: bool = False,
        state: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._lock_timeout_s = lock_timeout_s
        self._edit_unlocked = edit_unlocked
        self._state = state
        self._lock = threading.Lock()
        self._finders: dict[str, DocumentFinder] = {}
        self._found: dict[str, Found] = {}
        self._by_parts: dict[str, dict[Parts, ListKey]] = {}
        self._loaders: dict[ListKey, DocumentLoader] = {}
        self._editors: dict[ListKey, DocumentEditor] = {}
        self._access: dict[str, Access] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and the id of the list whose own directory or document a path is."""
        return list_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The lists under a root, in id order."""
        place = str(root)
        with self._lock:
            found = self._finders.setdefault(place, DocumentFinder(root)).find()
            keys = {ListKey(self.name, place, i): there for i, there in found.lists.items()}
            self._found[place] = found
            self._by_parts[place] = {there.parts: key for key, there in keys.items()}
            self._access[place] = self._access_to(root) if keys else Access()
            for key, there in keys.items():
                loader = self._loaders.get(key)
                if loader is None or loader.place != there:
                    self._loaders[key] = DocumentLoader(key, root, there, self._clock)
                    self._editors.pop(key, None)
            for key in [k for k in self._loaders if k.root == place and k not in keys]:
                del self._loaders[key]
                self._editors.pop(key, None)
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
        """Look at one document that was discovered; see `System.load`. It is read whole or not at
        all.
        """
        return self._loader(key).load(previous, self._access.get(key.root, Access()))

    def is_settled(self, key: ListKey) -> bool:
        """False: load again soon."""
        loader = self._loaders.get(key)
        return loader is None or loader.is_settled

    def reads(self, key: ListKey) -> int:
        """How often a list's document was read since it was first loaded."""
        return self._loader(key).reads

    def attempts(self, key: ListKey) -> int:
        """How often a list's document was written for the edits made here, until each stood."""
        editor = self._editors.get(key)
        return editor.attempts if editor is not None else 0

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a document may appear or change."""
        found = self._found.get(str(root))
        return found.directories if found else []

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The list in whose directory a path is."""
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        return self._by_parts.get(str(root), {}).get(parts[:-1])

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """Those of the lists whose lock beside the document is held."""
        places = {}
        for key in keys:
            loader = self._loaders.get(key)
            if loader is not None and loader.place.layout.is_locked:
                places[key] = f"{loader.path.removesuffix(DOCUMENT)}{LOCK}"
        return holders_of_files(places)

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit; see `System.apply`."""
        made = self._editor(edit.list).make([edit], all_or_none=False)
        if made.failures:
            raise made.failures[0].error
        return made.results[0]

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list as one change of its document; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        if len({edit.list for edit in edits}) > 1:
            raise ValueError("the edits of one batch belong to one list")
        return self._editor(edits[0].list).make(edits, all_or_none=all_or_none)

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Mend one list; see `System.repair`."""
        from store.systems.hive_session.editing import backup_parts
        from store.systems.hive_session.repairing import repair_list

        loader = self._loader(key)
        editor = None if dry_run else self._editor(key)
        kept = self._backups().copies(
            backup_parts(loader.key, loader.place.parts), DOCUMENT, DOCUMENT_LIMIT
        )
        made = repair_list(loader, editor, kept)
        return RepairReport(key, tuple(made), dry_run)

    def _access_to(self, root: Path) -> Access:
        refusal = refusal_to_write(root)
        backups = str(self._backups_place()) if self._edit_unlocked else ""
        return Access(refusal, is_unlocked=self._edit_unlocked, backups=backups)

    def _backups_place(self) -> Path:
        return (self._state or state_directory()) / "backups" / self.name

    def _backups(self) -> Backups:
        from store.files.backups import Backups

        return Backups(self._backups_place())

    def _editor(self, key: ListKey) -> DocumentEditor:
        loader = self._loader(key)
        self._refuse(key, loader.place)
        from store.systems.hive_session.committing import Subject
        from store.systems.hive_session.editing import DocumentEditor

        with self._lock:
            editor = self._editors.get(key)
            if editor is None:
                layout = loader.place.layout
                allowed = Capabilities(REFUSED, tuple(layout.statuses.values()))
                editor = self._editors[key] = DocumentEditor(
                    Subject(key, loader.path, layout, allowed),
                    absolute(Path(key.root)),
                    loader.place.parts,
                    self._lock_timeout_s,
                    self._backups(),
                    loader.document,
                )
        return editor

    def _refuse(self, key: ListKey, place: Place) -> None:
        refusal = refusal_to_write(Path(key.root))
        if refusal is None and not place.layout.is_locked and not self._edit_unlocked:
            refusal = NO_LOCK
        if refusal is not None:
            raise EditRefused(refusal)

    def _loader(self, key: ListKey) -> DocumentLoader:
        loader = self._loaders.get(key)
        if loader is None:
            self.discover(Path(key.root))
            loader = self._loaders.get(key)
        if loader is None:
            raise ListGone(key.id, key.root)
        return loader

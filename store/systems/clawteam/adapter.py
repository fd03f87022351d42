"""ClawTeam as one of the systems: its teams' lists, their state, and edits by its own rules."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.files.holders import holders_of_files
from store.files.places import absolute, refusal_to_write
from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.clawteam.discovery import (
    Found,
    find_teams,
    is_without_tasks,
    list_above,
)
from store.systems.clawteam.facts import FACTS
from store.systems.clawteam.listing import TeamListing
from store.systems.clawteam.places import COSTS, LOCK, TASKS, TEAMS, list_id_of, team_of
from store.systems.clawteam.team import TeamReader

if TYPE_CHECKING:
    from store.files.lock import Patience
    from store.systems.clawteam.editing import TeamEditor


class ClawTeamSystem:
    """The task lists of ClawTeam's teams. Thread-safe."""

    name = FACTS.name
    facts = FACTS

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._lock = threading.Lock()
        self._found: dict[str, Found] = {}
        self._refusals: dict[str, str | None] = {}
        self._readers: dict[ListKey, TeamReader] = {}
        self._listings: dict[ListKey, TeamListing] = {}
        self._editors: dict[ListKey, TeamEditor] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and id of the team whose tasks, settings or costs a directory holds."""
        return list_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The teams under a root, in id order."""
        found = find_teams(root)
        place = str(root)
        keys = {ListKey(self.name, place, list_id): team for list_id, team in found.teams.items()}
        with self._lock:
            self._found[place] = found
            refusal = self._refusals[place] = refusal_to_write(root) if keys else None
            for key, team in keys.items():
                if key not in self._listings:
                    reader = self._reader(key)
                    self._listings[key] = TeamListing(key, root, team, reader, refusal)
            for key in [k for k in self._listings if k.root == place and k not in keys]:
                del self._listings[key], self._readers[key]
                self._editors.pop(key, None)
        return list(keys)

    def problems(self, root: Path) -> Sequence[Problem]:
        """Directories that were passed over when teams were last discovered."""
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
        listing = self._listing(key)
        return listing.load(previous, changed=changed, quick=quick, limit=limit)

    def is_settled(self, key: ListKey) -> bool:
        """False: load again soon."""
        listing = self._listings.get(key)
        return listing is None or listing.is_settled

    def reads(self, key: ListKey) -> int:
        """Task files opened for a list since it was first loaded."""
        return self._listing(key).reads

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a team may appear, or something of one change."""
        found = self._found.get(str(root))
        return found.directories if found else []

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The list of the team that a path belongs to; None where one may have come or gone."""
        try:
            parts = path.relative_to(root).parts
        except ValueError:
            return None
        if len(parts) < 3 or parts[0] not in (TASKS, TEAMS, COSTS):
            return None
        key = ListKey(self.name, str(root), list_id_of(parts[1]))
        return key if key in self._listings else None

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """Whose locks are held now; see `System.lock_holders`."""
        known = (key for key in keys if key in self._listings)
        return holders_of_files({k: f"{k.root}/{TASKS}/{team_of(k.id)}/{LOCK}" for k in known})

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit under ClawTeam's lock; see `System.apply`."""
        return self._editor(edit.list).apply(edit, self._patience())

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one list under one lock; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        editor = self._editor(edits[0].list)
        return editor.apply_all(edits, self._patience(), all_or_none=all_or_none)

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Release the locks of the dead, free what was forgotten; see `System.repair`."""
        from store.systems.clawteam.repairing import repair_team

        editor = self._editor(key)
        if not dry_run:
            editor.refuse()
        if is_without_tasks(editor.place.root, team_of(key.id)):
            return RepairReport(key, (), dry_run)
        made = repair_team(editor.place, editor.reader, self._patience(), dry_run=dry_run)
        return RepairReport(key, tuple(made), dry_run)

    def _patience(self) -> Patience:
        from store.files.lock import Patience

        return Patience(self._lock_timeout_s)

    def _reader(self, key: ListKey) -> TeamReader:
        """One for reading and for edits, so that they know the same of who is alive."""
        reader = self._readers.get(key)
        if reader is None:
            reader = self._readers[key] = TeamReader(Path(key.root), team_of(key.id))
        return reader

    def _editor(self, key: ListKey) -> TeamEditor:
        from store.systems.clawteam.editing import TeamEditor  # who only reads does without
        from store.systems.clawteam.locked import TeamPlace

        with self._lock:
            editor = self._editors.get(key)
            if editor is None:
                if key.root not in self._refusals:
                    self._refusals[key.root] = refusal_to_write(Path(key.root))
                place = TeamPlace(key, absolute(Path(key.root)))
                editor = TeamEditor(place, self._reader(key), self._refusals[key.root])
                self._editors[key] = editor
        return editor

    def _listing(self, key: ListKey) -> TeamListing:
        listing = self._listings.get(key)
        if listing is None:
            self.discover(Path(key.root))
            listing = self._listings.get(key)
        if listing is None:
            raise ListGone(key.id, key.root)
        return listing

"""The one door to all lists: opens roots, finds lists, keeps the latest snapshot, routes edits."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from store.choosing import AmbiguousList, find_list
from store.collector import collector_paused, spare_what_is_loaded
from store.files.scanner import RETRY_S
from store.finding import Finder
from store.lock_watch import LockWatch
from store.model.errors import ColonytopError, ListGone, ListNotFound
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot, TaskList, WatchMode
from store.model.task import ListKey, Problem, ProblemKind, TaskListInfo
from store.roots import OpenRoot, RootSpec, Watched, choose_roots
from store.routing import EditRouter
from store.systems.protocol import System
from store.systems.registry import open_systems

__all__ = ["AmbiguousList", "RootSpec", "Workspace", "choose_roots"]

FIRST_PART = 2_000
"""Tasks in the first partial snapshot of a progressive load."""
NEXT_PARTS = 200_000
"""Tasks in each partial snapshot after it."""

_GONE = "the list is no longer there"
_LONGEST_SETTLING_S = 2.5
_FREEZE_FROM = 5_000  # tasks from which the collector is kept from walking over them again


class Workspace(EditRouter):
    """All lists under some roots. Thread-safe; reading never writes, locks or creates anything."""

    def __init__(
        self,
        roots: Sequence[RootSpec],
        *,
        systems: Sequence[System] | None = None,
        read_only: bool = False,
        lock_timeout_s: float = 10.0,
        edit_unlocked: bool = False,
    ) -> None:
        """Args:
        roots: where to look.
        systems: whose lists; by default all that are known, each imported when it is needed.
        read_only: refuse every edit.
        lock_timeout_s: how long an edit waits for a list's lock.
        edit_unlocked: also edit lists of which no lock is known.
        """
        lazy = () if systems else open_systems(lock_timeout_s, edit_unlocked=edit_unlocked)
        self._finder = Finder(roots, systems or lazy)
        self._systems = self._finder.systems
        self.roots: tuple[RootSpec, ...] = tuple(root.spec for root in self._finder.roots)
        self.read_only = read_only
        self._scanning = threading.RLock()
        self._snapshot = EMPTY_SNAPSHOT
        self._loaded: dict[ListKey, TaskList] = {}
        """What each system last returned: the `previous` of its next load."""
        self._shown: dict[ListKey, TaskList] = {}
        self._missing_since: dict[ListKey, float] = {}
        self._locks = LockWatch(self._finder.lock_holders)
        self._watched = {path: Watched() for path in self._finder.paths}

    @property
    def snapshot(self) -> Snapshot:
        """The latest state; complete only after the first whole scan."""
        return self._snapshot

    @property
    def discoveries(self) -> int:
        """How often lists were looked for: the directories to watch are as of then."""
        return self._finder.discoveries

    @property
    def root_paths(self) -> list[Path]:
        """The directories of all roots, whether they are there or not."""
        return self._finder.paths

    def roots_of(self, system: str) -> list[OpenRoot]:
        """The roots where lists of a system are looked for."""
        return self._finder.roots_of(system)

    def shown(self, key: ListKey) -> TaskList | None:
        """A list as it was last read, by a scan or alone; no look at the disk."""
        return self._shown.get(key)

    def scan(self) -> Snapshot:
        """Discover all roots and look at every record; what did not move is reused."""
        with self._scanning:
            return self._settle(self.refresh())

    def rescan(self, paths: Iterable[Path]) -> Snapshot:
        """Look only at the lists that the paths belong to; discover again for any other path."""
        with self._scanning:
            return self._settle(self.refresh(list(paths)))

    def refresh(
        self,
        paths: Collection[Path] | None = None,
        *,
        discover: bool | None = None,
        quick: bool = False,
        patience_s: float = 0.0,
    ) -> Snapshot:
        """One look, which does not wait for half-written files (see `is_settled`).

        Args:
            paths: only these changed; None looks at every list.
            discover: look for lists that came or went; by default if `paths` call for it.
            quick: look at what is cheap to see, and at the rest in turn.
            patience_s: how long a list that is gone is still shown, as stale.
        """
        with self._scanning:
            hinted, unknown = self._sort_paths(paths)
            first = not self._snapshot.number
            if discover or first or (discover is None and (unknown or paths is None)):
                keys = self._finder.discover()
                back = self._missing_since
                whole = {key for key in keys if key not in self._loaded or key in back}
                hinted, _ = self._sort_paths(paths)
            else:
                keys = [key for key in self._shown if key not in self._missing_since]
                whole = set()
            if paths is None or first:
                whole = set(keys)
            for key in keys:
                if key in whole or key in hinted or not self._system(key).is_settled(key):
                    changed = None if key in whole else hinted.get(key, [])
                    self._load(key, changed=changed, quick=quick)
            self._drop_missing(keys, patience_s)
            return self._publish(is_complete=True)

    def scan_progressively(self) -> Iterator[Snapshot]:
        """The first load: yields partial snapshots early, then the complete one."""
        with self._scanning, collector_paused():
            keys = self._finder.discover()
            read, limit = 0, FIRST_PART
            for key in keys:
                while True:
                    before = len(self._loaded[key].tasks) if key in self._loaded else 0
                    self._load(key, limit=limit)
                    loaded = self._loaded.get(key)
                    count = len(loaded.tasks) if loaded else 0
                    read += max(0, count - before)
                    if read >= limit:
                        read, limit = 0, NEXT_PARTS
                        yield self._publish(is_complete=False)
                    if count <= before or self._system(key).is_settled(key):
                        break
            self._drop_missing(keys, 0.0)
            snapshot = self._settle(self._publish(is_complete=True))
        if snapshot.count() >= _FREEZE_FROM:
            spare_what_is_loaded()
        yield snapshot

    @property
    def is_settled(self) -> bool:
        """False: a file is half written, or a list just vanished; refresh again in a moment."""
        settled = all(self._system(key).is_settled(key) for key in list(self._loaded))
        return settled and not self._missing_since

    def find_list(self, name: str) -> TaskList:
        """A list by its exact id, or by its short name where that is unique.

        Raises `AmbiguousList`, or `ListNotFound` with near names in the message.
        """
        snapshot = self._snapshot if self._snapshot.number else self.scan()
        return find_list(snapshot.lists, name, self._finder.paths)

    def open_list(self, name: str) -> TaskList:
        """The same as it is on disk now. No other list is read, and `snapshot` does not change.

        Raises:
            AmbiguousList, ListNotFound: as `find_list`.
        """
        with self._scanning:
            named = {key: TaskList(TaskListInfo(key, key.root)) for key in self._finder.discover()}
            key = find_list(named, name, self._finder.paths).key
            self._load(key)
            deadline = time.monotonic() + _LONGEST_SETTLING_S
            while not self._system(key).is_settled(key) and time.monotonic() < deadline:
                time.sleep(RETRY_S)
                self._load(key, changed=[])
            if key in self._missing_since:
                raise ListNotFound(name, key.root)
            return self._shown[key]

    def watch_paths(self) -> dict[Path, list[Path]]:
        """For each root, the directories whose entries matter; see `Finder.watch_paths`."""
        return self._finder.watch_paths()

    def list_of_path(self, path: Path) -> ListKey | None:
        """The known list that a path belongs to."""
        return self._finder.list_of_path(path)

    def has_new_root(self) -> bool:
        """A root that is not watched came or went since lists were last looked for."""
        return self._finder.has_come()

    def set_watch(self, root: Path, mode: WatchMode, problem: str | None = None) -> None:
        """Say how a root is watched; the next snapshot shows it."""
        self._watched[root] = Watched(mode, problem)

    def _sort_paths(
        self, paths: Collection[Path] | None
    ) -> tuple[Mapping[ListKey, list[Path]], bool]:
        """The paths by list, and whether some belong to none that is known."""
        hinted: dict[ListKey, list[Path]] = {}
        unknown = False
        for path in paths or ():
            key = self.list_of_path(path)
            if key is not None and key in self._loaded:
                hinted.setdefault(key, []).append(path)
            else:
                unknown = unknown or key is not None or self._finder.may_matter(path)
        return hinted, unknown

    def _load(
        self,
        key: ListKey,
        *,
        changed: Collection[Path] | None = None,
        quick: bool = False,
        limit: int | None = None,
    ) -> None:
        """Load one list and show it; what cannot be loaded now is shown as it was, as stale."""
        previous = self._loaded.get(key)
        try:
            loaded = self._system(key).load(
                key, previous, changed=changed, quick=quick, limit=limit
            )
        except ListGone:
            self._missing_since.setdefault(key, time.monotonic())
            self._show_stale(key, ProblemKind.GONE, _GONE)
        except ColonytopError as error:
            text = f"cannot be read now: {error}"
            self._show_stale(key, ProblemKind.UNREADABLE, text, getattr(error, "path", None))
        else:
            self._loaded[key] = self._shown[key] = loaded
            self._missing_since.pop(key, None)

    def _show_stale(
        self, key: ListKey, kind: ProblemKind, text: str, path: str | None = None
    ) -> None:
        """`path`: what is at fault; by default the list's own."""
        shown = self._shown.get(key) or TaskList(TaskListInfo(key, path or key.root))
        problem = Problem(kind, text, path=path or shown.info.path)
        if not shown.is_stale or problem not in shown.problems:
            kept = tuple(p for p in shown.problems if not shown.is_stale or p.kind is not kind)
            self._shown[key] = replace(shown, is_stale=True, problems=(problem, *kept))

    def _drop_missing(self, keys: Collection[ListKey], patience_s: float) -> None:
        """Forget the lists that were looked for in vain for long enough."""
        now = time.monotonic()
        for key in set(self._shown) - set(keys):
            self._missing_since.setdefault(key, now)
            self._show_stale(key, ProblemKind.GONE, _GONE)
        for key, since in list(self._missing_since.items()):
            if now - since >= patience_s:
                del self._missing_since[key]
                self._loaded.pop(key, None)
                self._shown.pop(key, None)

    def _settle(self, snapshot: Snapshot) -> Snapshot:
        """Wait until no file is half written, for a bounded time."""
        deadline = time.monotonic() + _LONGEST_SETTLING_S
        while not self.is_settled and time.monotonic() < deadline:
            time.sleep(RETRY_S)
            snapshot = self.refresh([])
        return snapshot

    def _publish(self, *, is_complete: bool) -> Snapshot:
        """A new snapshot, or the last one if nothing differs."""
        last = self._snapshot
        order = {str(path): place for place, path in enumerate(self._finder.paths)}
        keys = sorted(self._shown, key=lambda k: (order.get(k.root, 0), k.id, k.system))
        lists: Mapping[ListKey, TaskList] = {key: self._shown[key] for key in keys}
        if len(lists) == len(last.lists) and all(last.lists.get(k) is v for k, v in lists.items()):
            lists = last.lists
        states = self._finder.states(self._watched, lists.keys())
        locks = self._locks.look(lists.keys())
        same = lists is last.lists and states == last.roots and is_complete == last.is_complete
        same = same and locks == last.locks
        if same and last.number:
            return last
        number, facts = last.number + 1, self._finder.facts(lists.keys())
        self._snapshot = Snapshot(lists, states, time.time(), number, is_complete, locks, facts)
        return self._snapshot

"""Progress queues as one of the systems: found under a root, read, steered."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from store.model.edits import BatchResult, Edit, EditResult
from store.model.errors import ListGone, LockHolder
from store.model.repairs import RepairReport
from store.model.snapshot import TaskList
from store.model.task import ListKey, Problem, TaskListId
from store.systems.progress import discovery
from store.systems.progress.facts import FACTS
from store.systems.progress.places import DATA, database_of, list_id_of

if TYPE_CHECKING:
    from store.systems.progress.loading import QueueLoader


class ProgressSystem:
    """Work queues of colonies, each one SQLite database. Thread-safe."""

    name = "progress"
    facts = FACTS

    def __init__(self, *, lock_timeout_s: float = 10.0) -> None:
        self._lock_timeout_s = lock_timeout_s
        self._mutex = threading.Lock()
        self._found: dict[str, discovery.Found] = {}
        self._loaders: dict[ListKey, QueueLoader] = {}

    def list_above(self, path: Path) -> tuple[Path, TaskListId] | None:
        """The root and the id of the queue that a path is; see `System.list_above`."""
        return discovery.list_above(path)

    def discover(self, root: Path) -> Sequence[ListKey]:
        """The queues under a root, in id order."""
        found = discovery.find_queues(root)
        place = str(root)
        keys = [ListKey(self.name, place, list_id) for list_id in found.lists]
        with self._mutex:
            self._found[place] = found
            gone = [key for key in self._loaders if key.root == place and key not in set(keys)]
            for key in gone:
                self._loaders.pop(key).close()
        return keys

    def problems(self, root: Path) -> Sequence[Problem]:
        """What was passed over when queues were last discovered."""
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
        """Read one queue if anything was committed; see `System.load`. All of it or nothing."""
        return self._loader(key).load(previous, is_hinted=changed is not None or quick)

    def is_settled(self, key: ListKey) -> bool:
        """False: something is being written; load again soon."""
        loader = self._loaders.get(key)
        return loader is None or loader.is_settled

    def reads(self, key: ListKey) -> int:
        """How often all rows of a queue were read."""
        return self._loader(key).reads

    def watch_paths(self, root: Path) -> Sequence[Path]:
        """The directories in which a queue may appear or its files change."""
        found = self._found.get(str(root))
        return found.directories if found else []

    def list_of_path(self, root: Path, path: Path) -> ListKey | None:
        """The queue in whose directory a path lies."""
        found = self._found.get(str(root))
        directory = path.parent
        if found is None or directory.name != DATA:
            return None
        list_id = list_id_of(directory.parent.name)
        if found.lists.get(list_id) != directory.parent:
            return None
        return ListKey(self.name, str(root), list_id)

    def lock_holders(self, keys: Collection[ListKey]) -> Mapping[ListKey, LockHolder]:
        """The queues that another process is writing now, as far as the kernel tells."""
        from store.files.sqlite_locks import write_lock_holders

        colonies = {key: colony for key in keys if (colony := self._colony(key))}
        return write_lock_holders({key: database_of(colony) for key, colony in colonies.items()})

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit in one transaction; see `System.apply`."""
        done = self.apply_all([edit], all_or_none=False)
        if done.failures:
            raise done.failures[0].error
        return done.results[0]

    def apply_all(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make edits of one queue in one transaction; see `System.apply_all`."""
        if not edits:
            return BatchResult()
        from store.systems.progress import editing  # who only reads does without

        key = edits[0].list
        return editing.apply_all(
            key,
            self._known_colony(key),
            edits,
            all_or_none=all_or_none,
            timeout_s=self._lock_timeout_s,
        )

    def repair(self, key: ListKey, *, dry_run: bool) -> RepairReport:
        """Give back claims that were left behind, remove what belongs to no task."""
        from store.systems.progress.repair import repair_queue

        made = repair_queue(
            key, self._known_colony(key), dry_run=dry_run, timeout_s=self._lock_timeout_s
        )
        return RepairReport(key, made, dry_run)

    def _loader(self, key: ListKey) -> QueueLoader:
        colony = self._known_colony(key)
        from store.systems.progress.loading import QueueLoader

        with self._mutex:
            loader = self._loaders.get(key)
            if loader is None or loader.colony != colony:
                loader = self._loaders[key] = QueueLoader(key, colony)
        return loader

    def _known_colony(self, key: ListKey) -> Path:
        colony = self._colony(key)
        if colony is None:
            self.discover(Path(key.root))
            colony = self._colony(key)
        if colony is None:
            raise ListGone(key.id, key.root)
        return colony

    def _colony(self, key: ListKey) -> Path | None:
        found = self._found.get(key.root)
        return found.lists.get(key.id) if found else None

"""A running watcher, what it delivered, and waiting for more of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.model.snapshot import Change, Snapshot
from store.model.task import Task, TaskId
from store.watch import Scan, Watcher
from store.workspace import RootSpec, Workspace
from tests.patience import PATIENCE_S


class Feed:
    """What a watcher delivered, and waiting for more of it."""

    def __init__(self, workspace: Workspace, watcher: Watcher) -> None:
        self.workspace = workspace
        self.watcher = watcher
        self.scans: list[Scan] = []
        self._news = threading.Condition()
        self.gate = threading.Event()
        """While it is clear, whoever delivers has to wait."""
        self.gate.set()

    def deliver(self, scan: Scan) -> None:
        assert self.gate.wait(PATIENCE_S)
        with self._news:
            self.scans.append(scan)
            self._news.notify_all()

    def wait(self, done: Callable[[], bool]) -> bool:
        """True as soon as it is so; fails with what is there if it never is."""
        with self._news:
            assert self._news.wait_for(done, PATIENCE_S), self.describe()
        return True

    def wait_for_task(self, number: int, done: Callable[[Task | None], bool]) -> bool:
        return self.wait(lambda: done(self.task(number)))

    def wait_for_lists(self, *ids: str) -> bool:
        return self.wait(lambda: [key.id for key in self.snapshot.lists] == list(ids))

    @property
    def snapshot(self) -> Snapshot:
        return self.scans[-1].snapshot

    @property
    def changes(self) -> list[Change]:
        return [change for scan in self.scans for change in scan.changes]

    def task(self, number: int, list_id: str | None = None) -> Task | None:
        for key, found in self.snapshot.lists.items():
            if list_id in (None, key.id):
                return found.tasks.get(TaskId(str(number)))
        return None

    def describe(self) -> str:
        lists = {key.id: list(found.tasks) for key, found in self.snapshot.lists.items()}
        return f"{self.snapshot.roots} {lists} after {len(self.scans)} scans"


@contextmanager
def watching(*roots: Path, **settings: Any) -> Iterator[Feed]:
    """A running watcher whose first load is done."""
    workspace = Workspace([RootSpec(root, "argument") for root in roots])
    watcher = Watcher(workspace, **settings)
    feed = Feed(workspace, watcher)
    stop = threading.Event()
    thread = threading.Thread(target=watcher.run, args=(feed.deliver, stop))
    thread.start()
    try:
        assert feed.wait(lambda: bool(feed.scans) and feed.snapshot.is_complete)
        yield feed
    finally:
        stop.set()
        feed.gate.set()
        watcher.hint()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()

"""The only threads of the app, and the only users of the workspace and the watcher.

They end everything they do by posting one message; they never touch a widget.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from store.model.edits import Edit
from store.model.errors import ColonytopError, EditRefused
from store.model.task import ListKey
from tui.messages import EditFailed, EditSettled, SnapshotArrived, WatchFailed

if TYPE_CHECKING:
    from store.watch import Scan, Watcher
    from store.operating import Operator
    from store.workspace import Workspace

Post = Callable[[Message], object]
"""Must be safe to call from any thread, as Textual's `post_message` is."""
OpenWorkspace = Callable[[], "Workspace"]
"""Makes the workspace, in the watch thread: the store's modules are not needed before."""

MAX_LANES = 16  # lists edited at the same time; each is one thread
MAX_WAITING = 100  # edits of one list that wait for their turn


class EditLanes:
    """Makes edits, those of one list in order, and no list waits for another's lock."""

    def __init__(self, apply: Callable[[Edit], Message], post: Post) -> None:
        self._apply = apply
        self._post = post
        self._lock = threading.Lock()
        self._waiting: dict[ListKey, deque[Edit]] = {}
        self._threads: dict[ListKey, threading.Thread] = {}
        self._closed = False

    def add(self, edit: Edit) -> ColonytopError | None:
        """Put an edit in its list's lane; the error says why it could not be."""
        with self._lock:
            if self._closed:
                return EditRefused("colonytop is ending")
            lane = self._waiting.get(edit.list)
            if lane is None:
                if len(self._waiting) >= MAX_LANES:
                    return EditRefused(f"{MAX_LANES} lists are being edited; try again")
                thread = threading.Thread(
                    target=self._run, args=(edit.list,), name="edits", daemon=True
                )
                self._waiting[edit.list] = deque([edit])
                self._threads[edit.list] = thread
                thread.start()
            elif len(lane) >= MAX_WAITING:
                return EditRefused(f"{MAX_WAITING} edits of this list wait already")
            else:
                lane.append(edit)
        return None

    def pending(self) -> int:
        """Edits that are asked for and not yet settled or failed."""
        with self._lock:
            return sum(len(lane) for lane in self._waiting.values())

    def close(self) -> None:
        """Drop what has not begun; what has begun ends on its own."""
        with self._lock:
            self._closed = True
            for lane in self._waiting.values():
                while len(lane) > 1:
                    lane.pop()

    def join(self, deadline: float) -> bool:
        """Wait until `deadline` (monotonic seconds); True if no thread is left."""
        with self._lock:
            threads = list(self._threads.values())
        return _join(threads, deadline)

    def _run(self, key: ListKey) -> None:
        while True:
            with self._lock:
                edit = self._waiting[key][0]
            outcome = self._apply(edit)
            with self._lock:
                lane = self._waiting[key]
                lane.popleft()
                ended = not lane
                if ended:
                    del self._waiting[key]
                    del self._threads[key]
            self._post(outcome)
            if ended:
                return


class ColonyWorkers:
    """One watch thread and the edit lanes, from `start` to `stop`."""

    def __init__(
        self,
        open_workspace: OpenWorkspace,
        post: Post,
        *,
        reconcile_s: float = 2.0,
        operator: str = "you",
    ) -> None:
        self._open_workspace = open_workspace
        self._reconcile_s = reconcile_s
        self._name = operator
        self._opened: tuple[Operator, Watcher] | None = None
        self._post = post
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._run_watch, name="watch", daemon=True)
        self._lanes = EditLanes(self._apply, post)

    def start(self) -> None:
        """Begin to load and watch."""
        self._watch.start()

    def request(self, edit: Edit) -> None:
        """Make an edit soon; `EditSettled` or `EditFailed` tells the outcome."""
        if error := self._lanes.add(edit):
            self._post(EditFailed(edit, error))

    def rescan(self) -> None:
        """Look at the disk now."""
        if self._opened:
            self._opened[1].hint()

    @property
    def pending(self) -> int:
        """Edits under way."""
        return self._lanes.pending()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """End all threads; False if one did not end in time (a lock it waits for is not held)."""
        deadline = time.monotonic() + timeout_s
        self._stop.set()
        self.rescan()
        self._lanes.close()
        started = [self._watch] if self._watch.is_alive() else []
        return _join(started, deadline) and self._lanes.join(deadline)

    def _run_watch(self) -> None:
        try:
            from store.operating import Operator
            from store.watch import Watcher

            workspace = self._open_workspace()
            watcher = Watcher(workspace, reconcile_s=self._reconcile_s)
            self._opened = Operator(workspace, name=self._name), watcher
            watcher.run(self._deliver, self._stop)
        except Exception as error:  # a dead watch must be seen, whatever killed it
            self._post(WatchFailed(error))

    def _deliver(self, scan: Scan) -> None:
        if not self._stop.is_set():
            self._post(SnapshotArrived(scan.snapshot, scan.at))

    def _apply(self, edit: Edit) -> Message:
        if self._opened is None:
            return EditFailed(edit, EditRefused("no list is loaded yet"))
        operator, watcher = self._opened
        try:
            result = operator.apply(edit)
        except Exception as error:  # an edit must not end its lane, whatever went wrong
            return EditFailed(edit, error)
        found = operator.workspace.snapshot.lists.get(edit.list)
        watcher.hint(Path(found.info.path) if found else None)
        return EditSettled(edit, result)


def _join(threads: list[threading.Thread], deadline: float) -> bool:
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread.is_alive() for thread in threads)

"""The only threads of the app, and the only users of the workspace, the watcher and the journal.

They end everything they do by posting one message; they never touch a widget.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from store.model.edits import BatchResult, Edit, EditBatch, EditFailure
from store.model.errors import ColonytopError, EditRefused
from store.model.task import ListKey, TaskKey
from tui.lanes import Lanes, Post, join
from tui.messages import (
    BatchSettled,
    EditFailed,
    EditSettled,
    EditsSeen,
    HistoryRead,
    JournalFailed,
    SnapshotArrived,
    StepBegun,
    UndoSettled,
    WatchFailed,
)

if TYPE_CHECKING:
    from store.model.history import Direction
    from store.operating import Operator
    from store.watch import Scan, Watcher
    from store.workspace import Workspace

OpenWorkspace = Callable[[], "Workspace"]
"""Makes the workspace, in the watch thread: the store's modules are not needed before."""

MOST_ENTRIES = 500
"""Entries of a task's history that are read for the screen; the command line shows more."""

_NOT_OPEN = EditRefused("no list is loaded yet")


class ColonyWorkers:
    """One watch thread and the lanes of edits, from `start` to `stop`."""

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
        self._lanes = Lanes(post)
        self._reading = Lanes(post)

    def start(self) -> None:
        """Begin to load and watch."""
        self._watch.start()

    def request(self, edit: Edit) -> None:
        """Make an edit soon; `EditSettled` or `EditFailed` tells the outcome."""
        if error := self._lanes.add(lambda: self._apply(edit), [edit.list]):
            self._post(EditFailed(edit, error))

    def request_batch(self, batch: EditBatch) -> None:
        """Make the edits of a batch soon, as one step; `BatchSettled` tells what came of each."""
        if error := self._lanes.add(lambda: self._apply_all(batch), batch.lists):
            self._post(BatchSettled(batch, _refused(batch.edits, error)))

    def undo(self) -> None:
        """Take the operator's last step back, after all edits asked for; `UndoSettled` tells."""
        from store.model.history import Direction

        self.request_step(Direction.UNDO)

    def redo(self) -> None:
        """Make again what was last taken back; `UndoSettled` tells what came of it."""
        from store.model.history import Direction

        self.request_step(Direction.REDO)

    def request_history(self, key: TaskKey) -> None:
        """Read the history of a task; `HistoryRead` brings it."""
        if error := self._reading.add(lambda: self._history(key), [key]):
            self._post(HistoryRead(key, (), problem=str(error)))

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
        started = [self._watch] if self._watch.is_alive() else []
        lanes = (self._lanes, self._reading)
        for each in lanes:
            each.close()
        return join(started, deadline) and all(each.join(deadline) for each in lanes)

    def _run_watch(self) -> None:
        try:
            from store.operating import Operator
            from store.watch import Watcher

            workspace = self._open_workspace()
            watcher = Watcher(workspace, reconcile_s=self._reconcile_s)
            operator = Operator(workspace, name=self._name, warn=self._warn)
            self._opened = operator, watcher
            try:
                watcher.run(self._deliver, self._stop)
            finally:
                operator.close()
        except Exception as error:  # a dead watch must be seen, whatever killed it
            self._post(WatchFailed(error))

    def _deliver(self, scan: Scan) -> None:
        if self._stop.is_set() or self._opened is None:
            return
        operator = self._opened[0]
        if others := operator.observe(scan.snapshot, scan.changes):
            self._post(EditsSeen(others))
        self._post(SnapshotArrived(scan.snapshot, scan.at))
        operator.record()

    def _warn(self, reason: str) -> None:
        self._post(JournalFailed(reason))

    def _apply(self, edit: Edit) -> Message:
        if self._opened is None:
            return EditFailed(edit, _NOT_OPEN)
        try:
            result = self._opened[0].apply(edit)
        except Exception as error:  # an edit must not end its lane, whatever went wrong
            return EditFailed(edit, error)
        self._look_at([edit.list])
        return EditSettled(edit, result)

    def _apply_all(self, batch: EditBatch) -> Message:
        if self._opened is None:
            return BatchSettled(batch, _refused(batch.edits, _NOT_OPEN))
        try:
            result = self._opened[0].apply_all(batch)
        except Exception as error:
            result = _refused(batch.edits, error)
        self._look_at(batch.lists)
        return BatchSettled(batch, result)

    def request_step(self, direction: Direction) -> None:
        """Undo or redo."""
        from store.model.history import StepOutcome

        if error := self._lanes.add_after_all(lambda: self._step(direction)):
            self._post(UndoSettled(StepOutcome(direction, reasons=(str(error),))))

    def _step(self, direction: Direction) -> Message:
        from store.model.history import Direction, StepOutcome

        if self._opened is None:
            return UndoSettled(StepOutcome(direction, reasons=(str(_NOT_OPEN),)))
        operator, begun = self._opened[0], list[Edit]()

        def tell(edits: tuple[Edit, ...]) -> None:
            begun.extend(edits)
            self._post(StepBegun(edits))

        make = operator.undo if direction is Direction.UNDO else operator.redo
        try:
            outcome = make(begun=tell)
        except Exception as error:
            outcome = StepOutcome(direction, reasons=(_said(error),))
        self._look_at(dict.fromkeys(edit.list for edit in begun))
        return UndoSettled(outcome, tuple(begun))

    def _history(self, key: TaskKey) -> Message:
        if self._opened is None:
            return HistoryRead(key, (), problem=str(_NOT_OPEN))
        try:
            found = tuple(islice(self._opened[0].history(key), MOST_ENTRIES + 1))
            return HistoryRead(key, found[:MOST_ENTRIES], len(found) > MOST_ENTRIES)
        except Exception as error:
            return HistoryRead(key, (), problem=_said(error))

    def _look_at(self, lists: Iterable[ListKey]) -> None:
        """Have the watch thread look at lists that were just written."""
        if self._opened is None:
            return
        operator, watcher = self._opened
        for key in lists:
            found = operator.workspace.snapshot.lists.get(key)
            watcher.hint(Path(found.info.path) if found else None)


def _refused(edits: Iterable[Edit], error: Exception) -> BatchResult:
    """Nothing was made, all for the same reason."""
    reason = error if isinstance(error, ColonytopError) else ColonytopError(_said(error))
    return BatchResult((), tuple(EditFailure(edit, reason) for edit in edits))


def _said(error: Exception) -> str:
    return str(error) if isinstance(error, ColonytopError) else f"{type(error).__name__}: {error}"

"""What has arrived, what of it is shown, and which rows carry a mark. No widget, no thread."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from store.model.edits import DeleteTask, Edit, EditResult, RestoreTask, UpdateTask
from store.model.snapshot import EMPTY_SNAPSHOT, Change, ChangeKind, Snapshot, diff
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskKey
from tui.view_state import ChangeMark, ChangeSign

if TYPE_CHECKING:
    from store.model.history import Entry

_MOST_TASKS = 10_000  # tasks that others edited and whose changes may still be seen
_MOST_ENTRIES = 20  # edits of one of them
MARK_S = 2.0
"""How long a changed row keeps its mark."""


class Intake:
    """Takes every snapshot, also while the view is frozen, and tells own edits from others'."""

    def __init__(self) -> None:
        self.latest: Snapshot = EMPTY_SNAPSHOT
        self.shown: Snapshot = EMPTY_SNAPSHOT
        self.scanned_at: float | None = None
        """Epoch seconds of the last scan; None before the first."""
        self.unseen = 0
        """Changes that arrived since the view was frozen."""
        self.marks: dict[TaskKey, ChangeMark] = {}
        self._paused = False
        self._under_way: list[tuple[Edit, frozenset[TaskKey]]] = []
        self._held: list[Change] = []
        self._own: dict[TaskKey, list[Task | None]] = {}
        """What our edits wrote and no snapshot has gone beyond yet; None: they deleted it."""
        self._of_operators: dict[TaskKey | None, deque[Entry]] = {}
        """What others edited through colonytop: told by name, so not told again as seen."""

    @property
    def paused(self) -> bool:
        """The view is frozen; what arrives is kept and counted."""
        return self._paused

    def set_paused(self, paused: bool) -> None:
        self._paused = paused
        self.shown = self.shown if paused else self.latest
        self.unseen = 0

    def arrive(self, snapshot: Snapshot, scanned_at: float, now: float) -> list[Change]:
        """Take a snapshot; the result is what others changed, for the activity pane."""
        before, self.latest, self.scanned_at = self.latest, snapshot, scanned_at
        if not self._paused:
            self.shown = snapshot
        if before is snapshot or not before.is_complete or before is EMPTY_SNAPSHOT:
            return []  # the first load is not news
        changes = diff(before, snapshot)
        if self._paused:
            self.unseen += len(changes)
        self._mark(changes, now)
        return self._of_others(changes)

    def begin(self, edit: Edit) -> None:
        """An edit is on its way: what it touches is not yet somebody else's change."""
        self._under_way.append((edit, _targets(edit, self.latest)))

    def settle(self, edit: Edit, result: EditResult, now: float) -> list[Change]:
        """It is on the disk. The result is what was held back and turned out not to be ours."""
        return self.settle_all([edit], [result], now)

    def settle_all(
        self, edits: Iterable[Edit], results: Sequence[EditResult], now: float
    ) -> list[Change]:
        """The same for the edits of a step, of which only those with a result were made."""
        written: dict[TaskKey, None] = {}
        for result in results:
            for task in (result.task, *result.others):
                if task is not None:
                    self._own.setdefault(task.key, []).append(_content(task))
                    written[task.key] = None
            if isinstance(result.edit, DeleteTask):
                self._own.setdefault(result.edit.key, []).append(None)
        self._mark_saved(written, now)
        return self._end({id(edit) for edit in edits})

    def fail(self, edit: Edit) -> list[Change]:
        """It was not made, so what was held back was somebody else's."""
        return self._end({id(edit)})

    def note_others(self, entries: Iterable[Entry]) -> None:
        """Others edited through colonytop: what shows that is told already."""
        for entry in entries:
            kept = self._of_operators.pop(entry.key, None) or deque(maxlen=_MOST_ENTRIES)
            kept.append(entry)
            self._of_operators[entry.key] = kept  # the keys stand in the order of their last edit
        while len(self._of_operators) > _MOST_TASKS:
            del self._of_operators[next(iter(self._of_operators))]

    def is_own_deletion(self, key: TaskKey) -> bool:
        """Our edit has deleted the task, or is about to."""
        under_way = (edit for edit, _ in self._under_way if isinstance(edit, DeleteTask))
        return None in self._own.get(key, ()) or any(edit.key == key for edit in under_way)

    def prune(self, now: float) -> bool:
        """Drop marks that have run out; True if there were any."""
        old = [key for key, mark in self.marks.items() if mark.until <= now]
        if old:
            self.marks = {k: mark for k, mark in self.marks.items() if mark.until > now}
        return bool(old)

    def _mark(self, changes: Sequence[Change], now: float) -> None:
        if not changes:
            return
        marks = dict(self.marks)  # a frame keeps the mapping it was built with
        for change in changes:
            if change.task is None:
                continue
            key = TaskKey(change.list, change.task)
            saved = marks.get(key)
            if saved and saved.sign is ChangeSign.SAVED and not self._is_own(key):
                continue  # somebody else's write; ours is still to be seen
            created = change.kind is ChangeKind.CREATED
            sign = ChangeSign.ADDED if created else ChangeSign.CHANGED
            marks[key] = ChangeMark(sign, now + MARK_S)
        self.marks = marks

    def _mark_saved(self, keys: Iterable[TaskKey], now: float) -> None:
        marks = dict(self.marks)
        for key in keys:
            if self._is_own(key):  # a snapshot was quicker, and has marked it as it does
                marks.setdefault(key, ChangeMark(ChangeSign.CHANGED, now + MARK_S))
            else:
                marks[key] = ChangeMark(ChangeSign.SAVED, math.inf)
        self.marks = marks

    def _is_own(self, key: TaskKey) -> bool:
        """The state now in the latest snapshot is one that our edits wrote."""
        found = self.latest.task(key)
        return (_content(found) if found else None) in self._own.get(key, ())

    def _of_others(self, changes: Sequence[Change]) -> list[Change]:
        from store.model.authorship import shows  # not before the first paint

        foreign: list[Change] = []
        busy = frozenset[TaskKey]().union(*(targets for _, targets in self._under_way))
        for change in changes:
            if change.task is None:
                foreign.append(change)
                continue
            key = TaskKey(change.list, change.task)
            if key in busy:
                self._held.append(change)
            elif not self._is_own(key):
                self._own.pop(key, None)
                if not any(shows(change, each) for each in self._of_operators.get(key, ())):
                    foreign.append(change)
        return foreign

    def _end(self, ended: set[int]) -> list[Change]:
        """Edits, by the identity of their objects, are no longer under way."""
        self._under_way = [pair for pair in self._under_way if id(pair[0]) not in ended]
        held, self._held = self._held, []
        return self._of_others(held)


def _content(task: Task) -> Task:
    """What was written, without what a scan adds: an edit's result has no revision."""
    return replace(task, revision=NO_REVISION, problems=())


def _targets(edit: Edit, snapshot: Snapshot) -> frozenset[TaskKey]:
    """The tasks that an edit writes, as far as they are known before it is made."""
    key: TaskKey | None = getattr(edit, "key", None)
    if key is None:
        return frozenset()
    ids: set[TaskId] = {key.id}
    if isinstance(edit, UpdateTask):
        ids.update(edit.add_blocks, edit.add_blocked_by, edit.remove_blocks, edit.remove_blocked_by)
    if isinstance(edit, RestoreTask):
        named = (stood.task for stood in edit.standing or ())
        ids.update(named, edit.task.blocks, edit.task.blocked_by)
    if isinstance(edit, DeleteTask):
        ids.update(_neighbours(snapshot, key.list, key.id))
    return frozenset(TaskKey(key.list, task_id) for task_id in ids)


def _neighbours(snapshot: Snapshot, list_key: ListKey, task_id: TaskId) -> set[TaskId]:
    found = snapshot.lists.get(list_key)
    if found is None:
        return set()
    graph = found.graph
    return {*graph.dependents.get(task_id, ()), *graph.blockers.get(task_id, ())}

"""Writing down what is seen to change, and telling it from what colonytop's own edits wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from store.journal.journal import Journal, entries_of
from store.journal.lines import EditLine
from store.model.authorship import MOMENTS_S, by_moment, likely_author, shows
from store.model.edits import CreateTask, DeleteTask, Edit, Keep, RestoreTask, UpdateTask
from store.model.history import Entry, Move
from store.model.snapshot import Change, ChangeKind, Snapshot
from store.model.task import ListKey, TaskId, TaskKey, TaskStatus

_REMEMBERED = 5_000  # edits whose traces may still be seen, and as many older ones
_EDGE_SIDES = ("blocks", "blocked_by")
_TEXTS = ("subject", "description", "active_form", "priority")

_ByTask = dict[tuple[ListKey, TaskId | None], list[Entry | EditLine]]


class Traces:
    """What edits of the last while wrote: a change that shows it is nobody else's."""

    def __init__(self) -> None:
        self._newer: _ByTask = {}
        self._older: _ByTask = {}
        self._settled: set[tuple[str, int]] = set()
        self._count = 0

    def add(self, line: EditLine) -> None:
        if self._count >= _REMEMBERED:
            self._older, self._newer, self._count = self._newer, {}, 0
            self._settled.clear()
        self._count += 1
        if line.made is not None:
            self._settled.add((line.step, line.number))
        if line.made:
            for entry in entries_of(line):
                self._newer.setdefault((entry.list, entry.task), []).append(entry)
        elif line.made is None:
            for task in _touched(line):
                self._newer.setdefault((line.edit.list, task), []).append(line)

    def explain(self, change: Change) -> bool:
        """Whether an edit, made or still under way, leaves this change behind."""
        if change.task is None:
            return False
        places = [(change.list, change.task), (change.list, None)]
        return any(
            shows(change, trace) if isinstance(trace, Entry) else self._may_show(change, trace)
            for place in places
            for traces in (self._newer, self._older)
            for trace in traces.get(place, ())
        )

    def _may_show(self, change: Change, line: EditLine) -> bool:
        """Whether an edit that is still under way may have made the change already."""
        if (line.step, line.number) in self._settled or abs(change.at - line.at) > MOMENTS_S:
            return False
        is_target = line.task == change.task
        if change.kind is ChangeKind.VANISHED:
            return is_target and isinstance(line.edit, DeleteTask)
        if change.kind is ChangeKind.CREATED:
            is_new = isinstance(line.edit, CreateTask) and line.edit.subject == change.subject
            return is_new or (is_target and isinstance(line.edit, RestoreTask))
        return change.field in _EDGE_SIDES or (is_target and change.field in _fields_of(line.edit))


def _touched(line: EditLine) -> set[TaskId | None]:
    """Tasks that an edit may be writing; None for one whose id is not known."""
    touched: set[TaskId | None] = {line.task}
    for ends in (line.edit, line.seen, getattr(line.edit, "task", None)):
        for side in _EDGE_SIDES:
            for name in (side, f"add_{side}", f"remove_{side}"):
                touched.update(getattr(ends, name, ()))
    return touched


def _fields_of(edit: Edit) -> set[str]:
    """Fields of its task that an edit writes, but for the edges."""
    if not isinstance(edit, UpdateTask):
        return {"owner", "status", "lock"}
    found = {name for name in _TEXTS if getattr(edit, name) is not None} | set(edit.clears)
    if edit.status is not None or edit.native_status is not None:
        found |= {"status", "lock"}
    if not isinstance(edit.owner, Keep):
        found.add("owner")
    if edit.ticks:
        found |= {"steps", "checks"}
    found |= {"lock"} if not isinstance(edit.locked_by, Keep) else set()
    found |= {"most_attempts"} if edit.most_attempts is not None else set()
    return found | ({"metadata"} if edit.metadata_patch else set())


class Recorder:
    """Follows one root's journal and adds what is seen. Used by one thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._position = journal.position()
        self._traces = Traces()
        self._noted: list[tuple[Snapshot, list[Change]]] = []

    def observe(
        self, before: Snapshot, changes: Sequence[Change], own: frozenset[str] | set[str]
    ) -> tuple[Entry, ...]:
        """Note the changes that no edit explains, for `record` to write down.

        Args:
            before: the state before them: the last record of what has vanished.
            changes: what was seen.
            own: steps of this process.

        Returns:
            What others edited through colonytop since the last call, the oldest first.

        Raises:
            StorageFailure: the journal cannot be read.
        """
        others: list[Entry] = []
        lines, self._position = self._journal.edits_since(self._position)
        for line in lines:
            self._traces.add(line)
            if line.made and line.step not in own:
                others.extend(entries_of(line))
        unexplained = [change for change in changes if not self._traces.explain(change)]
        if unexplained:
            self._noted.append((before, unexplained))
        return tuple(others)

    def record(self) -> None:
        """Write down what was noted, if this process is the recorder.

        Raises:
            StorageFailure, LockTimeout: it is not written down.
        """
        noted, self._noted = self._noted, []
        if noted and self._journal.become_recorder():
            for before, changes in noted:
                self._journal.record(seen_entries(changes, before))


def _takes_away(change: Change) -> bool:
    """The task is no longer there, or was put away: its system may have kept nothing of it."""
    is_archived = change.field == "status" and change.new == TaskStatus.ARCHIVED.value
    return change.kind is ChangeKind.VANISHED or is_archived


def seen_entries(changes: Iterable[Change], before: Snapshot) -> Iterator[Entry]:
    """One entry for each task and moment."""
    for group in by_moment(changes):
        first = group[0]
        origin, who = likely_author(group)
        is_gone = first.task is not None and any(map(_takes_away, group))
        last = before.task(TaskKey(first.list, TaskId(first.task or ""))) if is_gone else None
        yield Entry(
            first.at,
            origin,
            who,
            first.list,
            first.task,
            str(first.kind),
            tuple(Move(c.field or "", c.old, c.new) for c in group),
            first.subject,
            last=last,
        )

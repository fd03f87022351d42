"""Writing down what is seen to change, and telling it from what colonytop's own edits wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from store.journal.journal import Journal, entries_of
from store.journal.lines import EditLine
from store.model.authorship import by_moment, likely_author
from store.model.edits import CreateTask, DeleteTask, Edit, RestoreTask, UpdateTask
from store.model.history import Entry, Move
from store.model.snapshot import Change, ChangeKind, Snapshot
from store.model.task import ListKey, TaskId, TaskKey

_REMEMBERED = 5_000  # edits whose traces may still be seen, and as many older ones
_MOMENTS_S = 15.0  # by which a change may seem to lie before or after the edit that made it
_EDGE_SIDES = ("blocks", "blocked_by")

_ByTask = dict[tuple[ListKey, TaskId | None], list[EditLine]]


class Traces:
    """What edits of the last while wrote: a change that shows it is nobody else's."""

    def __init__(self) -> None:
        self._newer: _ByTask = {}
        self._older: _ByTask = {}
        self._count = 0

    def add(self, line: EditLine) -> None:
        if self._count >= _REMEMBERED:
            self._older, self._newer, self._count = self._newer, {}, 0
        self._count += 1
        for task in _touched(line):
            self._newer.setdefault((line.edit.list, task), []).append(line)

    def explain(self, change: Change) -> EditLine | None:
        """The edit that made a change, the newest that can have."""
        places = [(change.list, change.task)]
        if change.kind is ChangeKind.CREATED:
            places.append((change.list, None))
        for place in places if change.task is not None else []:
            for line in reversed(self._older.get(place, []) + self._newer.get(place, [])):
                if abs(line.at - change.at) <= _MOMENTS_S and _left(line, change):
                    return line
        return None


def _touched(line: EditLine) -> set[TaskId | None]:
    """Tasks that an edit wrote or may have written; None for one whose id is not known."""
    touched = {line.task, *line.wrote}
    for ends in (line.edit, line.seen, getattr(line.edit, "task", None)):
        for side in ("blocks", "blocked_by"):
            for name in (side, f"add_{side}", f"remove_{side}"):
                touched.update(getattr(ends, name, ()))
    return touched


def _left(line: EditLine, change: Change) -> bool:
    """Whether the edit, made or still under way, leaves this change behind."""
    is_target = line.task == change.task
    if line.made is False or change.task is None:
        return False
    if change.kind is ChangeKind.VANISHED:
        return is_target and isinstance(line.edit, DeleteTask)
    if change.kind is ChangeKind.CREATED:
        if isinstance(line.edit, CreateTask) and line.made is None:
            return line.edit.subject == change.subject
        return is_target and isinstance(line.edit, (CreateTask, RestoreTask))
    if change.kind is not ChangeKind.CHANGED:
        return False
    if line.made is None:
        return change.field in _fields_of(line.edit) and (is_target or change.field in _EDGE_SIDES)
    wrote = line.wrote.get(change.task, ())
    return any(move.field == change.field and _same(move.new, change.new) for move in wrote)


def _same(one: object, other: object) -> bool:
    """Equal, whether the values came through JSON or not."""
    return one == other or (
        isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and [*one] == [*other]
    )


def _fields_of(edit: Edit) -> frozenset[str]:
    """Fields that an edit may write, in its task or at the far ends of its edges."""
    if not isinstance(edit, UpdateTask):
        return frozenset({"status", "owner", *_EDGE_SIDES})
    names = {"subject", "description", "active_form", "owner", "status", "priority", "metadata"}
    return frozenset({*names, *_EDGE_SIDES})


class Recorder:
    """Follows one root's journal and adds what is seen. Used by one thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._position = journal.position()
        self._traces = Traces()

    def observe(
        self, before: Snapshot, changes: Sequence[Change], own: frozenset[str] | set[str]
    ) -> tuple[Entry, ...]:
        """Write down the changes that no edit explains, if this process is the recorder.

        Args:
            before: the state before them: the last record of what has vanished.
            changes: what was seen.
            own: steps of this process.

        Returns:
            What others edited through colonytop since the last call, the oldest first.

        Raises:
            StorageFailure, LockTimeout: they were not written down.
        """
        others: list[Entry] = []
        lines, self._position = self._journal.edits_since(self._position)
        for line in lines:
            self._traces.add(line)
            if line.made and line.step not in own:
                others.extend(entries_of(line))
        if changes:
            unexplained = [change for change in changes if self._traces.explain(change) is None]
            if unexplained and self._journal.become_recorder():
                self._journal.record(seen_entries(unexplained, before))
        return tuple(others)


def seen_entries(changes: Iterable[Change], before: Snapshot) -> Iterator[Entry]:
    """One entry for each task and moment."""
    for group in by_moment(changes):
        first = group[0]
        origin, who = likely_author(group)
        is_gone = first.kind is ChangeKind.VANISHED and first.task is not None
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

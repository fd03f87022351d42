"""Which tasks the next steering key acts on together. Marks are on tasks, never on rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from store.model.snapshot import Snapshot, TaskList
from store.model.task import Task, TaskKey
from tui.rows import Projection

NOTHING: frozenset[TaskKey] = frozenset()


@dataclass(frozen=True, slots=True)
class Marks:
    """The marked tasks. Each step is a new value."""

    keys: frozenset[TaskKey] = NOTHING
    anchor: TaskKey | None = None
    """Where a range began; None while no range is being drawn."""
    before_range: frozenset[TaskKey] = NOTHING

    def toggled(self, key: TaskKey) -> Marks:
        """With the mark of one task set or taken away. A range that was being drawn ends."""
        return Marks(self.keys ^ {key})

    def begin_range(self, key: TaskKey) -> Marks:
        """From this task on every move of the cursor draws the range anew."""
        return Marks(self.keys | {key}, key, self.keys)

    def end_range(self) -> Marks:
        """What the range took in stays marked."""
        return Marks(self.keys)

    def drawn_to(self, cursor: TaskKey, rows: Projection) -> Marks:
        """The range from its anchor to the cursor, in the order of the rows as they are now."""
        if self.anchor is None:
            return self
        between = _between(self.anchor, cursor, rows)
        return Marks(self.before_range | between, self.anchor, self.before_range)

    def toggled_all(self, keys: Iterable[TaskKey]) -> Marks:
        """With all of these; without them if all of them are marked already."""
        wanted = frozenset(keys)
        return Marks(self.keys - wanted if wanted <= self.keys else self.keys | wanted)

    def without(self, keys: Iterable[TaskKey]) -> Marks:
        """Without the marks of these tasks."""
        return Marks(self.keys.difference(keys))

    def kept_in(self, snapshot: Snapshot) -> Marks:
        """Without the tasks that are no longer there; the same value where all are."""
        gone = [key for key in self.keys if snapshot.task(key) is None]
        return self.without(gone) if gone else self


def keys_shown(rows: Projection) -> list[TaskKey]:
    """Every task that has a row, in the order of the rows."""
    return [key for row in range(len(rows)) if (key := rows.key_at(row)) is not None]


def open_tasks_like(task_list: TaskList, task: Task) -> list[TaskKey]:
    """The open tasks of the list that have the same owner as this one; nobody's, if it has none."""
    return [
        other.key
        for other in task_list.tasks.values()
        if (other.owner or None) == (task.owner or None)
        and not other.is_closed
        and not other.is_internal
    ]


def _between(anchor: TaskKey, cursor: TaskKey, rows: Projection) -> frozenset[TaskKey]:
    """Both ends and what lies between them; the ends alone where a row of one is hidden."""
    ends = (rows.row_of(anchor), rows.row_of(cursor))
    if ends[0] is None or ends[1] is None:
        return frozenset((anchor, cursor))
    first, last = sorted((ends[0], ends[1]))
    return frozenset(key for row in range(first, last + 1) if (key := rows.key_at(row)) is not None)

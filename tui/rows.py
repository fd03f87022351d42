"""The table's rows at one moment: a virtual sequence of tasks under group headings. Immutable."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from store.model.attention import DEFAULT_STALE_AFTER_S, DisplayState
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot
from store.model.task import ListKey, TaskKey, TaskListId, TaskListInfo
from tui.kinds import NO_KINDS, Kinds
from tui.ordering import CLOSED_GROUP, CYCLE_GROUP, LAST_WAVE, STATES, Facts, facts_of, place_of
from tui.view_state import Grouping, Lens, ViewState


class Group(NamedTuple):
    """One heading and the run of tasks under it."""

    key: Any
    """What groups are ordered by; of waves their number."""
    title: str
    """May be an owner's or a list's name, so it is untrusted."""
    row: int
    """The row of the heading."""
    first: int
    """Index of the first task of the group, headings not counted."""
    size: int
    by_state: Mapping[DisplayState, int]
    is_closed: bool = False
    """It is all that is done, and its title counts it."""


def headings(
    grouping: Grouping, runs: Mapping[Any, Mapping[DisplayState, int]]
) -> tuple[Group, ...]:
    """The groups of a view, from their keys and their tasks by state, both in order."""
    groups: list[Group] = []
    first = 0
    for key, by_state in runs.items():
        size = sum(by_state.values())
        is_closed = grouping is Grouping.WAVE and key == CLOSED_GROUP
        title = _TITLES[grouping](key, by_state)
        if grouping is Grouping.LIST and sum(other[0] == key[0] for other in runs) > 1:
            title = f"{title} in {key[1]}"
        groups.append(Group(key, title, first + len(groups), first, size, by_state, is_closed))
        first += size
    return tuple(groups)


def _wave_title(key: int, by_state: Mapping[DisplayState, int]) -> str:
    if key == CLOSED_GROUP:
        closed = by_state.get(DisplayState.CLOSED, 0)
        done = sum(by_state.values()) - closed
        return f"{done} done" + (f" · {closed} closed" if closed else "")
    if key == CYCLE_GROUP:
        return "in a cycle: never"
    return f"wave {key}" + (" and later" if key == LAST_WAVE else "")


def _owner_title(key: tuple[bool, str, str], by_state: Mapping[DisplayState, int]) -> str:
    return key[2] or "nobody"


def _list_title(key: tuple[str, str, str], by_state: Mapping[DisplayState, int]) -> str:
    return TaskListInfo(ListKey(key[2], key[1], TaskListId(key[0])), "").name


def _group_title(key: tuple[bool, str], by_state: Mapping[DisplayState, int]) -> str:
    return key[1] or "no group"


def _status_title(key: int, by_state: Mapping[DisplayState, int]) -> str:
    return STATES[key].value


_TITLES: Mapping[Grouping, Callable[[Any, Mapping[DisplayState, int]], str]] = {
    Grouping.WAVE: _wave_title,
    Grouping.OWNER: _owner_title,
    Grouping.LIST: _list_title,
    Grouping.STATUS: _status_title,
    Grouping.GROUP: _group_title,
}


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Ordered rows of one snapshot under one view. Row numbers start at 0."""

    snapshot: Snapshot = EMPTY_SNAPSHOT
    view: ViewState = field(default_factory=ViewState)
    now: float = 0.0
    stale_after_s: float = DEFAULT_STALE_AFTER_S
    groups: tuple[Group, ...] = ()
    """Empty when the view is flat."""
    counts: Mapping[Lens, int] = field(default_factory=dict)
    """Tasks of the lists in view by lens, whatever the search line says."""
    states: Mapping[DisplayState, int] = field(default_factory=dict)
    """The same tasks by state; a state without tasks is not there."""
    total: int = 0
    """Tasks of the lists in view, internal ones left out."""
    longest_id: str = ""
    id_prefix: str = ""
    """What all ids in view start with, up to a separator; empty when they are numbers."""
    longest_owner: str = ""
    list_count: int = 0
    """Lists that have a task in view."""
    kinds: Kinds = NO_KINDS
    _keys: Sequence[TaskKey] = ()
    _visible: Sequence[int] = ()
    _heading_rows: Sequence[int] = ()

    def __len__(self) -> int:
        """Rows, headings included."""
        return len(self._visible) + len(self.groups)

    @property
    def shown(self) -> int:
        """Tasks that have a row."""
        return len(self._visible)

    @property
    def hidden(self) -> int:
        """Tasks of the lists in view that lens or search leave out."""
        return self.total - len(self._visible)

    def group_at(self, row: int) -> Group | None:
        """The group whose heading is at the row."""
        group = self._group_over(row)
        return group if group is not None and group.row == row else None

    def key_at(self, row: int) -> TaskKey | None:
        """The task at the row; None for a heading and outside."""
        if not 0 <= row < len(self):
            return None
        group = self._group_over(row)
        if group is None:
            first, size, place = 0, len(self._visible), row
        else:
            first, size, place = group.first, group.size, row - group.row - 1
        if place < 0:
            return None
        index = first + (size - 1 - place if self.view.descending else place)
        return self._keys[self._visible[index]]

    def row_of(self, key: TaskKey) -> int | None:
        """The task's row, None when it has none in this projection."""
        place = self._place(key)
        if place is None:
            return None
        index = bisect_left(self._visible, place, key=self._place_of_slot)
        if index == len(self._visible) or self._keys[self._visible[index]] != key:
            return None
        if not self.groups:
            return len(self._visible) - 1 - index if self.view.descending else index
        group = self.groups[bisect_left(self.groups, place[0], key=lambda group: group.key)]
        offset = index - group.first
        return group.row + 1 + (group.size - 1 - offset if self.view.descending else offset)

    def nearest(self, row: int) -> TaskKey | None:
        """The task at the row, else the next below, else the next above."""
        row = min(max(row, 0), len(self) - 1)
        for candidate in (row, row + 1, row - 1):
            if (key := self.key_at(candidate)) is not None:
                return key
        return None

    def step(self, row: int, tasks: int) -> TaskKey | None:
        """The task that many tasks below (above when negative), no further than the end."""
        index = self._index_at(row) + tasks
        index = min(max(index, 0), len(self._visible) - 1)
        return self.key_at(self._row_at(index)) if self._visible else None

    def _index_at(self, row: int) -> int:
        """How many tasks are drawn above the row."""
        return row - bisect_left(self._heading_rows, row)

    def _row_at(self, index: int) -> int:
        """The row of the task that is drawn as number `index`."""
        return index + bisect_right(self.groups, index, key=lambda group: group.first)

    def _group_over(self, row: int) -> Group | None:
        if not self.groups:
            return None
        return self.groups[bisect_right(self._heading_rows, row) - 1]

    def _place_of_slot(self, slot: int) -> tuple[Any, Any, Any]:
        place = self._place(self._keys[slot])
        assert place is not None  # every key in view is in the snapshot it was projected from
        return place

    def _place(self, key: TaskKey) -> tuple[Any, Any, Any] | None:
        task_list = self.snapshot.lists.get(key.list)
        task = task_list.tasks.get(key.id) if task_list else None
        if task_list is None or task is None:
            return None
        facts = facts_of(task_list, task, self.now, self.stale_after_s)
        return place_of(self.view, task_list, task, facts)

    def facts(self, key: TaskKey) -> Facts:
        """State, group and holds of a task of this projection's snapshot, at its moment.

        Raises:
            KeyError: the snapshot has no such task.
        """
        task_list = self.snapshot.lists[key.list]
        return facts_of(task_list, task_list.tasks[key.id], self.now, self.stale_after_s)


EMPTY_PROJECTION = Projection()

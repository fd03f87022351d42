"""Edges of the native layout: `blocks` here and `blocked_by` there are one edge, said twice.

`blocked_by` is the side that gates. It is written first when an edge is made and last when it is
taken away, so whoever looks in between sees a task blocked too long, never started too early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from store.model.errors import (
    CycleRefused,
    InvalidField,
    SelfEdge,
    TaskNotFound,
    UnreadableTask,
)
from store.systems.hive.opened import OpenList, Stored
from store.systems.records.record import MAX_ID


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """The edges of one task that an edit adds and removes, checked ids without repeats."""

    add_blocks: tuple[int, ...] = ()
    add_blocked_by: tuple[int, ...] = ()
    remove_blocks: tuple[int, ...] = ()
    remove_blocked_by: tuple[int, ...] = ()

    @classmethod
    def of(cls, task_id: int, **sides: Iterable[int] | None) -> EdgeChange:
        """Check the ids.

        Raises:
            InvalidField: something is not an id.
            SelfEdge: an edge to the task itself is to be added.
        """
        found = {side: checked_ids(side, ids or ()) for side, ids in sides.items()}
        change = cls(**found)
        if task_id in change.add_blocks or task_id in change.add_blocked_by:
            raise SelfEdge(str(task_id))
        return change

    def __bool__(self) -> bool:
        return bool(
            self.add_blocks or self.add_blocked_by or self.remove_blocks or self.remove_blocked_by
        )


@dataclass(slots=True)
class Sides:
    """Both lists of one record as an edit will leave them."""

    stored: Stored
    blocks: list[int]
    blocked_by: list[int]
    gains: bool = False
    loses: bool = False

    @property
    def changed(self) -> list[str]:
        """Names of the lists that differ from what is stored."""
        record = self.stored.record
        found = ["blocks"] if self.blocks != record.blocks else []
        return [*found, "blocked_by"] if self.blocked_by != record.blocked_by else found

    @property
    def rank(self) -> int:
        """Place in the order of writing: gates that close, then mirrors, then gates that open."""
        return 0 if self.gains else 2 if self.loses else 1

    def put(self, raw: dict[str, Any]) -> None:
        for name in self.changed:
            raw[name] = getattr(self, name)


@dataclass(slots=True)
class EdgeEdit:
    """The lists of every record that a change of edges touches."""

    opened: OpenList
    sides: dict[int, Sides] = field(default_factory=dict)

    def of(self, stored: Stored) -> Sides:
        found = self.sides.get(stored.id)
        if found is None:
            record = stored.record
            found = Sides(stored, list(record.blocks), list(record.blocked_by))
            self.sides[stored.id] = found
        return found

    def apply(self, own: Stored, change: EdgeChange) -> None:
        """Remove, then add, on both sides.

        Raises:
            TaskNotFound: an edge is to lead to a task that is not there.
            UnreadableTask: a far side has to be written and cannot be read.
            CycleRefused: the new edges would close a cycle.
        """
        for other in change.remove_blocked_by:
            self._unblock(own, self._far(other, needed=False), own.id, other)
        for other in change.remove_blocks:
            # A far gate that cannot be read cannot be opened either, so that is refused.
            self._unblock(self._far(other, needed=True), own, other, own.id)
        for other in change.add_blocked_by:
            self.block(own, self._target(other))
        for other in change.add_blocks:
            self.block(self._target(other), own)
        for other in change.add_blocked_by:
            self._refuse_cycle(own.id, other)
        for other in change.add_blocks:
            self._refuse_cycle(other, own.id)

    def block(self, waiting: Stored, blocker: Stored) -> None:
        gate, mirror = self.of(waiting), self.of(blocker)
        if blocker.id not in gate.blocked_by:
            gate.blocked_by.append(blocker.id)
            gate.gains = True
        if waiting.id not in mirror.blocks:
            mirror.blocks.append(waiting.id)

    def strip(self, stored: Stored, gone: int) -> bool:
        """Take an id out of both lists of a record; whether it was there."""
        sides = self.of(stored)
        sides.blocks = _without(sides.blocks, gone)
        sides.blocked_by = _without(sides.blocked_by, gone)
        sides.loses = True
        return bool(sides.changed)

    def would_close_cycle(self, waiting: int, blocker: int) -> bool:
        """Whether one more edge would make a cycle."""
        return self._path(blocker, waiting) is not None

    def refuse_cycles(self, task_id: int) -> None:
        """Raise `CycleRefused` if a task waits on itself by way of others.

        An edge to itself is no cycle of others: it stands as it was written.
        """
        for blocker in self._blockers(task_id):
            if blocker != task_id:
                self._refuse_cycle(task_id, blocker)

    def _unblock(
        self, waiting: Stored | None, blocker: Stored | None, waiting_id: int, blocker_id: int
    ) -> None:
        if waiting is not None:
            gate = self.of(waiting)
            gate.blocked_by = _without(gate.blocked_by, blocker_id)
            gate.loses = True
        if blocker is not None:
            mirror = self.of(blocker)
            mirror.blocks = _without(mirror.blocks, waiting_id)

    def _far(self, task_id: int, *, needed: bool) -> Stored | None:
        """The far end of an edge to remove, which may be missing."""
        with suppress(*(() if needed else (UnreadableTask,))):
            return self.opened.find(task_id)
        return None

    def _target(self, task_id: int) -> Stored:
        found = self.opened.find(task_id)
        if found is None:
            raise TaskNotFound(self.opened.list_id, str(task_id))
        return found

    def _refuse_cycle(self, waiting: int, blocker: int) -> None:
        path = self._path(blocker, waiting)
        if path is not None:
            raise CycleRefused([str(i) for i in (waiting, *path)])

    def _path(self, start: int, goal: int) -> list[int] | None:
        """The shortest way up the gates from start to goal. Reads only what it reaches."""
        came: dict[int, int | None] = {start: None}
        queue = [start]
        for node in queue:
            if node == goal:
                path = [node]
                while (before := came[path[-1]]) is not None:
                    path.append(before)
                return path[::-1]
            for following in self._blockers(node):
                if following not in came:
                    came[following] = node
                    queue.append(following)
        return None

    def _blockers(self, task_id: int) -> Sequence[int]:
        sides = self.sides.get(task_id)
        if sides is not None:
            return sides.blocked_by
        try:
            found = self.opened.find(task_id)
        except UnreadableTask:
            return ()
        return found.record.blocked_by if found is not None else ()


def checked_ids(field_name: str, ids: Any) -> tuple[int, ...]:
    """Ids without repeats, in order.

    Raises:
        InvalidField: one of them is not an id.
    """
    if isinstance(ids, (str, bytes)) or not isinstance(ids, Iterable):
        raise InvalidField(field_name, "not a list of ids")
    found = tuple(dict.fromkeys(ids))
    for number in found:
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MAX_ID:
            raise InvalidField(field_name, f"{number!r:.40} is not a task id")
    return found


def _without(ids: list[int], gone: int) -> list[int]:
    return [i for i in ids if i != gone]

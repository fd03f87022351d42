"""What the tasks of a list have cost together, and who did the work. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from store.model.recorded_execution import worker_of
from store.model.task import Task, TaskId

if TYPE_CHECKING:
    from store.model.execution import Member, Spent


class SpendTally:
    """The costs of one list's tasks, kept up to date by what moved."""

    def __init__(self) -> None:
        self._parts: dict[TaskId, tuple[str, Spent]] = {}
        """task → who did the work, and its cost."""

    def update(self, changed: Iterable[Task], gone: Iterable[TaskId] = ()) -> None:
        """Take in the tasks that changed, and those that are no longer there."""
        for task in changed:
            if task.execution is not None and task.execution.spent is not None:
                self._parts[task.id] = worker_of(task), task.execution.spent
            else:
                self._parts.pop(task.id, None)
        for task_id in gone:
            self._parts.pop(task_id, None)

    @property
    def total(self) -> Spent | None:
        """Of all of them; None: none tells of a cost."""
        total: Spent | None = None
        for _, spent in self._parts.values():
            total = added(total, spent)
        return total

    @property
    def members(self) -> tuple[Member, ...]:
        """Who did the work, by name, with what it cost."""
        if not self._parts:
            return ()
        from store.model.execution import Member

        found: dict[str, Spent | None] = {}
        for name, spent in self._parts.values():
            if name:
                found[name] = added(found.get(name), spent)
        return tuple(Member(name, "model", spent=found[name]) for name in sorted(found))


def added(one: Spent | None, other: Spent | None) -> Spent | None:
    """Both together; an estimate in it makes it one."""
    if one is None or other is None:
        return one or other
    from store.model.execution import Spent

    return Spent(
        _sum(one.usd, other.usd),
        _whole(_sum(one.input_tokens, other.input_tokens)),
        _whole(_sum(one.output_tokens, other.output_tokens)),
        one.is_estimated or other.is_estimated,
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None and other is None else (one or 0) + (other or 0)


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)

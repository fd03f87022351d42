"""A plan: subtasks, what each waits on, and how strong a model each needs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from store.model.graph import find_path
from store.model.task import TaskId
from store.running.errors import InvalidPlan
from store.running.tiers import Tier

MAX_SUBTASKS = 1_000
MAX_DESCRIPTION = 100_000
"""Characters."""
_SUBJECT = 80


@dataclass(frozen=True, slots=True)
class PlannedSubtask:
    """One piece of the work."""

    description: str
    """What its command is given on standard input."""
    depends_on: tuple[int, ...] = ()
    """Places in the plan, from 0."""
    tier: Tier = Tier.SONNET
    tier_hint: str | None = None
    """The planner's own word for the tier."""

    @property
    def subject(self) -> str:
        """The first line of the description, not too long."""
        line = self.description.strip().partition("\n")[0].strip()
        return line if len(line) <= _SUBJECT else line[: _SUBJECT - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a prompt was split into."""

    prompt: str
    subtasks: tuple[PlannedSubtask, ...]
    reasoning: str | None = None
    """Why it was split so, in the planner's words."""


def checked(plan: Plan, source: str) -> Plan:
    """The plan without dependencies that lead out of it or back to themselves.

    Raises:
        InvalidPlan: it is empty or too large, a description is blank, or subtasks wait on each
            other in a circle.
    """
    count = len(plan.subtasks)
    if not 0 < count <= MAX_SUBTASKS:
        raise InvalidPlan(source, f"{count} subtasks; a plan has 1 to {MAX_SUBTASKS:,}")
    kept = []
    for place, subtask in enumerate(plan.subtasks):
        if not subtask.description.strip():
            raise InvalidPlan(source, f"subtask {place + 1} says nothing")
        if len(subtask.description) > MAX_DESCRIPTION:
            raise InvalidPlan(source, f"subtask {place + 1} is over {MAX_DESCRIPTION:,} characters")
        inside = (i for i in dict.fromkeys(subtask.depends_on) if 0 <= i < count and i != place)
        kept.append(replace(subtask, depends_on=tuple(inside)))
    _refuse_circle(kept, source)
    return replace(plan, subtasks=tuple(kept))


def _refuse_circle(subtasks: Sequence[PlannedSubtask], source: str) -> None:
    edges = {_id(i): [_id(n) for n in one.depends_on] for i, one in enumerate(subtasks)}
    for place, subtask in enumerate(subtasks):
        for before in subtask.depends_on:
            path = find_path(edges, _id(before), _id(place))
            if path is not None:
                circle = " → ".join([str(place + 1), *path])
                raise InvalidPlan(source, f"subtasks wait on each other in a circle: {circle}")


def _id(place: int) -> TaskId:
    """As people count: from 1."""
    return TaskId(str(place + 1))

"""What changed from one immutable state to a later one, remembered along the way.

Whoever has seen an old state asks a new one what to look at again, and pays for that alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from store.model.task import TaskId

_STEPS = 64
_IDS = 20_000  # beyond, a reader looks at everything again


class _Step(NamedTuple):
    """One change: the token of the state before it and the ids that it may have touched."""

    before: object
    touched: Collection[TaskId]


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """A state's identity and the latest steps that led to it, oldest first."""

    steps: tuple[_Step, ...] = ()
    token: object = field(default_factory=object)
    """Stands for the state in the steps of later ones, which must not keep it alive."""

    def then(self, touched: Collection[TaskId]) -> Lineage:
        """The lineage of the state after a change."""
        steps = (*self.steps, _Step(self.token, touched))
        room = _IDS
        for count, step in enumerate(reversed(steps)):
            room -= len(step.touched)
            if room < 0 or count == _STEPS:
                return Lineage(steps[len(steps) - count :])
        return Lineage(steps)

    def since(self, older: Lineage) -> set[TaskId] | None:
        """All ids touched since an older state; None where that is not known: it is no ancestor,
        too long ago, or too much has changed.
        """
        touched: set[TaskId] = set()
        if older is self:
            return touched
        for step in reversed(self.steps):
            touched.update(step.touched)
            if step.before is older.token:
                return touched
        return None

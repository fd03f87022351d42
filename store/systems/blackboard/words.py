"""The states and kinds that a blackboard knows, and what they mean to everybody else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from store.model.errors import InvalidField
from store.model.task import TaskStatus

RUN_STATES = ("pending", "active", "review", "done", "failed")
WORKSTREAM_STATES = ("pending", "active", "blocked", "done", "failed")
BRIEF_STATES = ("pending", "active", "done", "failed")
EVENT_KINDS = ("spawned", "completed", "failed", "escalated", "retried")

STATUS_WORDS = (
    (TaskStatus.IN_PROGRESS, "active"),
    (TaskStatus.COMPLETED, "done"),
)
"""The states of a brief that are not called as everybody else calls them."""


def chosen(word: str, known: Sequence[str], field: str) -> str:
    """The word, if it is one of the set.

    Raises:
        InvalidField: it is not; a `ValueError` whose message lists the set.
    """
    if word not in known:
        raise InvalidField(field, f"{word!r} is not one of {', '.join(known)}")
    return word

"""Who is likely to have made a change that was only seen. Inferred, and named so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from store.model.history import Entry, Origin
from store.model.snapshot import Change, ChangeKind
from store.model.task import Verb

MOMENTS_S = 15.0
"""By which a change may seem to lie before or after the edit that made it."""

_BRINGS = frozenset({Verb.CREATE.value, Verb.RESTORE.value})
_OWNERS_FIELDS = frozenset(
    {
        "status",
        "metadata",
        "active_form",
        "description",
        "steps",
        "checks",
        "result",
        "last_error",
    }
)
"""What the owner of a task is likely to have written; a record does not say who did."""


def likely_author(changes: Sequence[Change]) -> tuple[Origin, str | None]:
    """Who changed one task at one moment: (AGENT, its owner), or (DERIVED, None) without evidence.

    The evidence: the record was written by a tool that keeps its own time (`updated_at` moved),
    in fields that owners write, and its owner is the same before and after.
    """
    fields = {change.field for change in changes if change.kind is ChangeKind.CHANGED}
    is_likely = (
        "owner" not in fields
        and not fields.isdisjoint(_OWNERS_FIELDS)
        and all(change.is_written for change in changes)
    )
    owner = changes[0].owner if is_likely else None
    return (Origin.AGENT, owner) if owner else (Origin.DERIVED, None)


def by_moment(changes: Iterable[Change]) -> list[list[Change]]:
    """The changes of one task at one moment together, in the order they came in."""
    grouped = groupby(changes, key=lambda change: (change.list, change.task, change.at))
    return [list(group) for _, group in grouped]


def shows(change: Change, entry: Entry) -> bool:
    """Whether a change that was seen is what an edit in the journal did to that task."""
    if (
        not entry.made
        or (change.list, change.task) != (entry.list, entry.task)
        or abs(change.at - entry.at) > MOMENTS_S
    ):
        return False
    if change.kind is ChangeKind.VANISHED:
        return entry.what == Verb.DELETE.value and not entry.moves
    if change.kind is ChangeKind.CREATED:
        return entry.what in _BRINGS and not entry.moves
    return any(move.field == change.field and _same(move.new, change.new) for move in entry.moves)


def _same(one: object, other: object) -> bool:
    """Equal, whether the values came through JSON or not."""
    return one == other or (
        isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)) and [*one] == [*other]
    )

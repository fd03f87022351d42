"""Changes as lines that a person reads: who, which task, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from store.model.attention import DisplayState
from store.model.snapshot import Change, ChangeKind
from store.model.task import ListKey, TaskKey, TaskStatus
from tui.glyphs import glyph, signs, style_role
from tui.safe_text import SafeText, one_line
from tui.widgets.drawing import Piece, piece

_STATE_OF_STATUS = {
    TaskStatus.PENDING.value: DisplayState.READY,
    TaskStatus.IN_PROGRESS.value: DisplayState.ACTIVE,
    TaskStatus.COMPLETED.value: DisplayState.DONE,
    TaskStatus.BLOCKED.value: DisplayState.BLOCKED,
}
_MOST_IDS = 6

UNKNOWN = "?"
"""Who did it, where nothing tells."""

_OWNERS_FIELDS = frozenset({"status", "metadata", "active_form", "description"})
"""What the owner of a task is likely to have written; a record does not say who did."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One line: what happened to one task or list at one moment."""

    at: float
    who: SafeText
    key: TaskKey | None
    list: ListKey | None
    pieces: tuple[Piece, ...]
    origin: str
    """you, or derived: seen on the disk."""


def activities(changes: Iterable[Change], origin: str, *, ascii: bool) -> list[Activity]:
    """One line for each task and moment, oldest first."""
    grouped = groupby(changes, key=lambda change: (change.list, change.task, change.at))
    found = [_activity(list(group), origin, ascii) for _, group in grouped]
    return sorted(found, key=lambda activity: activity.at)


def _activity(changes: Sequence[Change], origin: str, ascii: bool) -> Activity:
    first = changes[0]
    key = None if first.task is None else TaskKey(first.list, first.task)
    pieces: list[Piece] = []
    for change in _worth_saying(changes):
        if pieces:
            pieces.append(piece(" · ", "$muted"))
        pieces.extend(_said(change, ascii))
    if first.kind is ChangeKind.CHANGED and first.subject:
        pieces.append(piece(f"  {first.subject}", "$muted"))
    who = "you" if origin == "you" else one_line(_likely_writer(changes), 64)
    return Activity(first.at, one_line(who), key, first.list, tuple(pieces), origin)


def _likely_writer(changes: Sequence[Change]) -> str:
    """The owner, where these are changes that owners make of their own tasks."""
    fields = {change.field for change in changes if change.kind is ChangeKind.CHANGED}
    is_likely = "owner" not in fields and not fields.isdisjoint(_OWNERS_FIELDS)
    return (changes[0].owner if is_likely else None) or UNKNOWN


def _worth_saying(changes: Sequence[Change]) -> Sequence[Change]:
    """The far side of an edge is told only where nothing else is."""
    told = [change for change in changes if change.field != "blocks"]
    return told or changes


def _said(change: Change, ascii: bool) -> list[Piece]:
    arrow = f" {signs(ascii).arrow} "
    if change.kind is ChangeKind.CREATED:
        return [piece("+ created ", "$status-active"), piece(str(change.new))]
    if change.kind is ChangeKind.VANISHED:
        sign = signs(ascii).vanished
        return [piece(f"{sign} vanished ", "$status-phantom"), piece(str(change.old), "$muted")]
    if change.kind is ChangeKind.UNREADABLE:
        sign = glyph(DisplayState.UNREADABLE, ascii)
        return [piece(f"{sign} unreadable ", "$status-unreadable"), piece(str(change.new))]
    if change.kind is ChangeKind.LIST_APPEARED:
        return [piece("+ list appeared ", "$status-active"), piece(str(change.new))]
    if change.kind is ChangeKind.LIST_VANISHED:
        return [piece("list vanished ", "$status-phantom"), piece(str(change.old))]
    return _field_said(change, arrow, ascii)


def _field_said(change: Change, arrow: str, ascii: bool) -> list[Piece]:
    name = change.field or ""
    if name == "status":
        state = _STATE_OF_STATUS.get(str(change.new))
        style = "bold" if state is None else f"${style_role(state)}"
        sign = "" if state is None else f"{glyph(state, ascii)} "
        return [piece(f"{change.old}{arrow}", "$muted"), piece(f"{sign}{change.new}", style)]
    if name in ("blocked_by", "blocks"):
        word = "blocked by " if name == "blocked_by" else "blocks "
        return [piece(word, "$muted"), piece(_moved_ids(change.old, change.new))]
    if name == "metadata":
        return [piece("metadata ", "$muted"), piece(_moved_keys(change.old, change.new))]
    if name == "description":
        return [piece("description changed", "$muted")]
    if name == "subject":
        return [piece("renamed, was ", "$muted"), piece(str(change.old))]
    old = "-" if change.old is None else str(change.old)
    new = "-" if change.new is None else str(change.new)
    return [piece(f"{name.replace('_', ' ')} {old}{arrow}", "$muted"), piece(new)]


def _moved_ids(old: Sequence[str], new: Sequence[str]) -> str:
    before, after = set(old), set(new)
    moved = [f"+{i}" for i in new if i not in before] + [f"-{i}" for i in old if i not in after]
    return _few(moved) or "reordered"


def _moved_keys(old: Any, new: Any) -> str:
    before = old if isinstance(old, dict) else dict(old or {})
    after = new if isinstance(new, dict) else dict(new or {})
    moved = [f"+{key}" for key in after if key not in before]
    moved += [f"-{key}" for key in before if key not in after]
    moved += [f"~{key}" for key in after if key in before and after[key] != before[key]]
    return _few(moved)


def _few(words: Sequence[str]) -> str:
    more = f" and {len(words) - _MOST_IDS} more" if len(words) > _MOST_IDS else ""
    return " ".join(words[:_MOST_IDS]) + more

"""Changes as lines that a person reads: who, which task, what became of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from store.model.attention import DisplayState
from store.model.authorship import by_moment, likely_author
from store.model.history import Entry, Origin
from store.model.list_events import Recorded
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
    TaskStatus.FAILED.value: DisplayState.FAILED,
}
_MOST_IDS = 6

UNKNOWN = "?"
"""Who did it, where nothing tells."""

ORIGIN_WORDS = {
    Origin.OPERATOR: "operator",
    Origin.COMMAND: "command",
    Origin.AGENT: "agent?",
    Origin.DERIVED: "derived",
}
"""How it is known who did it; the mark of a question is on what is inferred."""
RECORDED = "logged"
"""The list's own system wrote it down."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One line: what happened to one task or list at one moment."""

    at: float
    who: SafeText
    key: TaskKey | None
    list: ListKey | None
    pieces: tuple[Piece, ...]
    origin: str
    """you, operator and command (from the journal), logged (by the list's own system), agent?
    (inferred) or derived (seen).
    """


def activities(changes: Iterable[Change], origin: str, *, ascii: bool) -> list[Activity]:
    """One line for each task and moment, oldest first."""
    found = [_activity(group, origin, ascii) for group in by_moment(changes)]
    return sorted(found, key=lambda activity: activity.at)


def entry_activity(entry: Entry, *, ascii: bool) -> Activity:
    """A line of the journal as a line that a person reads."""
    return Activity(
        entry.at,
        one_line(entry.who or UNKNOWN, 64),
        entry.key,
        entry.list,
        tuple(_entry_pieces(entry, ascii)),
        ORIGIN_WORDS[entry.origin],
    )


def recorded_activity(recorded: Recorded) -> Activity:
    """What the system of a list has recorded itself, as a line that a person reads."""
    event = recorded.event
    pieces = [piece(event.kind.replace("_", " "), "$accent")]
    if event.text:
        pieces += [piece(" "), piece(event.text)]
    who = one_line(event.actor or UNKNOWN, 64)
    return Activity(event.at, who, recorded.task, recorded.list, tuple(pieces), RECORDED)


def _entry_pieces(entry: Entry, ascii: bool) -> Iterable[Piece]:
    words = _edit_words(entry) if entry.step is not None else ""
    if words:
        yield piece(words, "$status-unreadable" if entry.made is False else "")
    if entry.step is None:
        kind = ChangeKind(entry.what) if entry.what in set(ChangeKind) else ChangeKind.CHANGED
        if kind is not ChangeKind.CHANGED:
            old, new = (entry.moves[0].old, entry.moves[0].new) if entry.moves else ("", "")
            whole = Change(kind, entry.list, entry.task, None, old, new, entry.at)
            yield from _said(whole, ascii)
            return
    told = [move for move in entry.moves if move.field != "blocks"] or entry.moves
    for place, move in enumerate(told):
        if place or words:
            yield piece(" · " if place else " ", "$muted")
        change = Change(
            ChangeKind.CHANGED, entry.list, entry.task, move.field, move.old, move.new, entry.at
        )
        yield from _field_said(change, f" {signs(ascii).arrow} ", ascii)


def _edit_words(entry: Entry) -> str:
    """What kind of edit it was, and what came of it."""
    said = {"create": "created", "delete": "deleted", "restore": "restored"}.get(entry.what, "")
    words = said if not entry.moves else ""
    if entry.undoes is not None:
        words = f"put back{': ' if words else ''}{words}"
    if entry.made is False:
        return f"{words or entry.what} refused: {entry.said}"
    return f"{words or entry.what} begun, outcome not known" if entry.made is None else words


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
    who: str | None = origin
    if origin != "you":
        likely, who = likely_author(changes)
        origin = ORIGIN_WORDS[likely]
    return Activity(first.at, one_line(who or UNKNOWN, 64), key, first.list, tuple(pieces), origin)


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

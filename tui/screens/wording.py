"""How dialogs word a task, a state and an effect, as styled content. All text here is safe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual.content import Content

from store.model.attention import DisplayState, display_state
from store.model.graph import id_order
from store.model.readiness import Reason, ReasonKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskListInfo
from store.model.written import NEW_ID
from tui import glyphs
from tui.safe_text import SafeText, fit, one_line
from tui.view_state import Frame

Line = Content
_ID_LIMIT = 24
_NAMED_IDS = 6
_NAMED_LINES = 50  # of one kind; the dialog scrolls

_REASON_WORDS = {
    ReasonKind.MISSING: "is not in the list",
    ReasonKind.DELETED: "was deleted",
    ReasonKind.UNREADABLE: "cannot be read",
    ReasonKind.SELF: "is this very task",
    ReasonKind.CYCLE: "waits on this task in turn",
    ReasonKind.ARCHIVED: "is archived",
    ReasonKind.CLOSED: "ended without being completed",
}


def id_text(task_id: str) -> SafeText:
    """`#12`; the task being created has no id yet."""
    return one_line("this task" if task_id == NEW_ID else f"#{task_id}", _ID_LIMIT)


def ids_text(ids: Iterable[str], limit: int = _NAMED_IDS) -> SafeText:
    """`#7 #9 and 3 more`."""
    ordered = sorted(ids, key=id_order)
    shown = " ".join(id_text(i) for i in ordered[:limit])
    more = len(ordered) - limit
    return one_line(f"{shown} and {more:,} more" if more > 0 else shown)


def owner_text(owner: str | None) -> SafeText:
    return one_line(owner, 40) if owner else one_line("nobody")


def value_text(value: Any, limit: int = 60) -> SafeText:
    """A field's value on one row: nothing is `-`, ids are `#7 #9`."""
    if value is None or value == "" or value == ():
        return one_line("-")
    if isinstance(value, (tuple, list)) and all(isinstance(v, str) for v in value):
        return ids_text(value)
    # repr of a huge value would cost its whole length.
    return one_line(value if isinstance(value, str) else repr(value), limit)


def state_of(frame: Frame, task_list: TaskList, task: Task) -> DisplayState:
    return display_state(task_list, task, frame.now, frame.stale_after_s)


def state_glyph(frame: Frame, state: DisplayState) -> tuple[str, str]:
    """The state's sign with its colour, for `Content.assemble`."""
    return glyphs.glyph(state, frame.ascii), f"${glyphs.style_role(state)}"


def named(frame: Frame, task_list: TaskList, task: Task, state: DisplayState | None = None) -> Line:
    """`⊘ #12 Build search index`, with the state's colour on its sign."""
    sign = state_glyph(frame, state or state_of(frame, task_list, task))
    return Content.assemble(sign, " ", (id_text(task.id), "bold"), " ", one_line(task.subject))


def facts(frame: Frame, task_list: TaskList, task: Task) -> Line:
    """One muted row under the title: state, owner, age of the last write, what it holds."""
    state = state_of(frame, task_list, task)
    age = None if task.updated_at is None else frame.now - task.updated_at
    holds = task_list.graph.holds(task.id)
    parts = [
        f"{one_line(task.native_status, 24)}" + ("" if state != "stale" else ", silent"),
        f"owner {owner_text(task.owner)}",
        f"last write {glyphs.age(age)} ago" if age is not None else "last write unknown",
    ]
    if holds:
        parts.append(f"holds {holds:,}")
    return Content.assemble(
        state_glyph(frame, state), ("  " + separator(frame).join(parts), "$muted")
    )


def unknown_list(key: ListKey) -> TaskListInfo:
    """What stands for a list that is no longer in the snapshot: only its id is known."""
    return TaskListInfo(key, path="")


def separator(frame: Frame) -> str:
    return " - " if frame.ascii else " · "


def reason_words(reason: Reason) -> str:
    return _REASON_WORDS.get(reason.kind, "is open")


def error_line(text: str) -> Line:
    """A sentence that says why something cannot be done."""
    return Content.assemble(("! ", "bold $error"), (one_line(text), "$error"))


def column(text: str, cells: int, *, right: bool = False) -> SafeText:
    """Untrusted text in a column of exactly so many cells."""
    return fit(one_line(text), cells, right=right)

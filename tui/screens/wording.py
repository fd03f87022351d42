"""How dialogs word a task, a state and an effect, as styled content. All text here is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from textual.content import Content

from store.model.attention import DisplayState, display_state
from store.model.foresight import FieldShift, Foresight
from store.model.graph import id_order
from store.model.readiness import Reason, ReasonKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskListInfo
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
    ReasonKind.UNREADABLE: "cannot be read",
    ReasonKind.SELF: "is this very task",
    ReasonKind.CYCLE: "waits on this task in turn",
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


def shift_line(frame: Frame, shift: FieldShift) -> Line:
    """`subject  old → new`."""
    return Content.assemble(
        (one_line(f"{shift.field} ", 40), "$accent"),
        (value_text(shift.old), "$muted"),
        f" {glyphs.signs(frame.ascii).arrow} ",
        value_text(shift.new),
    )


def effect_lines(
    frame: Frame, task_list: TaskList, effect: Foresight, *, fields: bool = False
) -> list[Line]:
    """What an edit would do, most important first; `fields`: say also which fields change."""
    problem = edge_problem(effect)
    lines = [error_line(problem)] if problem else []
    target = effect.task.id if effect.task else None
    if fields:
        lines += _capped(effect.shifts, lambda shift: shift_line(frame, shift), "fields", 5)
    lines += _capped(effect.becomes_ready, lambda task: _ready_line(frame, task), "become ready")
    lines += _capped(
        effect.becomes_blocked,
        lambda task: _blocked_line(frame, task, effect.waits_on if task.id == target else ()),
        "become blocked",
    )
    newly_blocked = {task.id for task in effect.becomes_blocked}
    if target is not None and target not in newly_blocked and _bears_on_start(effect):
        lines += [_waiting_line(frame, target, effect.waits_on)] if effect.waits_on else []
    lines += _capped(
        [waiting for waiting in effect.eased if waiting.task.id != target],
        lambda waiting: _waiting_line(frame, waiting.task.id, waiting.waits_on),
        "still wait",
    )
    lines += _capped(
        [waiting for waiting in effect.hindered if waiting.task.id != target],
        lambda waiting: _waiting_line(frame, waiting.task.id, waiting.waits_on, " waits also on "),
        "wait on more",
    )
    lines += _owner_lines(effect)
    return lines


def _bears_on_start(effect: Foresight) -> bool:
    """Whether the edit is about who starts the target and when, not only about its words."""
    touched = {shift.field for shift in effect.shifts}
    return not touched or bool(touched & {"owner", "status", "blocked_by"})


def _capped(
    things: Sequence[Any], line: Callable[[Any], Line], what: str, limit: int = _NAMED_LINES
) -> list[Line]:
    lines = [line(thing) for thing in things[:limit]]
    if len(things) > limit:
        lines.append(Content.styled(f"  and {len(things) - limit:,} more {what}", "$muted"))
    return lines


def edge_problem(effect: Foresight) -> SafeText | None:
    """Why the new edges cannot be made: a cycle they close, ids that are not there."""
    if len(effect.cycle) == 1:
        return one_line(f"{id_text(effect.cycle[0])} cannot block itself")
    if effect.cycle:
        ring = [id_text(i) for i in effect.cycle[:8]]
        rest = ["…"] if len(effect.cycle) > 8 else []
        chain = " > ".join([*ring, *rest, id_text(effect.cycle[0])])
        return one_line(f"closes the cycle {chain}")
    if effect.missing:
        verb = "is" if len(effect.missing) == 1 else "are"
        return one_line(f"{ids_text(effect.missing)} {verb} not in the list")
    return None


def error_line(text: str) -> Line:
    """A sentence that says why something cannot be done."""
    return Content.assemble(("! ", "bold $error"), (one_line(text), "$error"))


def _ready_line(frame: Frame, task: Task) -> Line:
    subject = "" if task.id == NEW_ID else f" {one_line(task.subject, 60)}"
    who = f", {owner_text(task.owner)} can start it" if task.owner else ", anybody can claim it"
    return Content.assemble(
        state_glyph(frame, DisplayState.READY),
        f" {id_text(task.id)}{subject} ",
        ("becomes ready" if task.id != NEW_ID else "is ready at once", "bold"),
        (who, "$muted"),
    )


def _waiting_line(
    frame: Frame, task_id: TaskId, waits_on: Sequence[Reason], verb: str = " still waits on "
) -> Line:
    verb = " waits on " if task_id == NEW_ID else verb
    return Content.assemble(
        state_glyph(frame, DisplayState.BLOCKED),
        f" {id_text(task_id)}{verb}{ids_text(r.task for r in waits_on)}",
    )


def _blocked_line(frame: Frame, task: Task, waits_on: Sequence[Reason]) -> Line:
    if task.id == NEW_ID:
        return _waiting_line(frame, task.id, waits_on)
    on = f", waits on {ids_text(r.task for r in waits_on)}" if waits_on else ""
    return Content.assemble(
        state_glyph(frame, DisplayState.BLOCKED),
        f" {id_text(task.id)} {one_line(task.subject, 60)} ",
        ("becomes blocked", "bold"),
        on,
    )


def _owner_lines(effect: Foresight) -> list[Line]:
    lines = []
    if effect.loses is not None:
        lines.append(Content(f"{owner_text(effect.loses)} loses it"))
    if effect.gains is not None:
        lines.append(Content(f"{owner_text(effect.gains)} gets it"))
    return [Content(", ").join(lines)] if lines else []


def column(text: str, cells: int, *, right: bool = False) -> SafeText:
    """Untrusted text in a column of exactly so many cells."""
    return fit(one_line(text), cells, right=right)

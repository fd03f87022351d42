"""What an edit or a batch of them would do, line by line, as styled content. All text is safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from textual.content import Content

from store.model.attention import DisplayState
from store.model.edits import EditBatch
from store.model.foresight import (
    BatchForesight,
    CriticalMove,
    FieldShift,
    Foresight,
    Waiting,
    foresee_all,
)
from store.model.readiness import Reason
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId
from store.model.written import NEW_ID
from tui import glyphs
from tui.edit_text import refusal_text, target_name
from tui.safe_text import SafeText, one_line
from tui.screens.wording import (
    error_line,
    id_text,
    ids_text,
    owner_text,
    state_glyph,
    unknown_list,
    value_text,
)
from tui.view_state import Frame

Line = Content
_NAMED_LINES = 50  # of one kind; the dialog scrolls
_NAMED_OWNERS = 6
_NAMED_IN_CHAIN = 8


def shift_line(frame: Frame, shift: FieldShift) -> Line:
    """`subject  old → new`."""
    return Content.assemble(
        (one_line(f"{shift.field} ", 40), "$accent"),
        (value_text(shift.old), "$muted"),
        f" {glyphs.signs(frame.ascii).arrow} ",
        value_text(shift.new),
    )


def effect_lines(frame: Frame, effect: Foresight) -> list[Line]:
    """What one edit would do, most important first."""
    problem = edge_problem(effect)
    lines = [error_line(problem)] if problem else []
    lines += _warning_lines(effect)
    target = effect.task.id if effect.task else None
    lines += _newly_lines(frame, effect, {target: effect.waits_on} if target else {})
    newly_blocked = {task.id for task in effect.becomes_blocked}
    if target is not None and target not in newly_blocked and _bears_on_start(effect):
        lines += [_waiting_line(frame, target, effect.waits_on)] if effect.waits_on else []
    lines += _shifted_lines(
        frame,
        [waiting for waiting in effect.eased if waiting.task.id != target],
        [waiting for waiting in effect.hindered if waiting.task.id != target],
    )
    return [*lines, *_owner_lines(effect), *critical_lines(frame, effect.critical)]


def batch_lines(frame: Frame, batch: EditBatch) -> list[Line]:
    """What the edits of a batch would do together, list by list."""
    lines: list[Line] = []
    for key in batch.lists:
        edits = [edit for edit in batch.edits if edit.list == key]
        task_list = frame.snapshot.lists.get(key) or TaskList(unknown_list(key))
        if len(batch.lists) > 1:
            lines.append(Content.styled(one_line(task_list.info.name, 60), "bold $accent"))
        lines += foresight_lines(frame, foresee_all(task_list, edits))
    return lines


def foresight_lines(frame: Frame, effect: BatchForesight) -> list[Line]:
    """What the edits of one list would do together, most important first."""
    lines = _capped(
        effect.refused,
        lambda failure: error_line(f"{target_name(failure.edit)}: {refusal_text(failure.error)}"),
        "would be refused",
    )
    lines += _warning_lines(effect) + _newly_lines(frame, effect, {})
    lines += _shifted_lines(frame, effect.eased, effect.hindered)
    if effect.stripped:
        lines.append(stripped_line(effect.stripped, "them"))
    lines += _shares("lose", effect.loses) + _shares("get", effect.gains)
    return [*lines, *critical_lines(frame, effect.critical)]


def stripped_line(stripped: Sequence[TaskId], what: str) -> Line:
    """Which tasks lose an edge to what is deleted."""
    verb = "loses its edge" if len(stripped) == 1 else "lose their edges"
    return Content(f"{ids_text(stripped)} {verb} to {what}")


def critical_lines(frame: Frame, move: CriticalMove | None) -> list[Line]:
    """How the longest chain of open tasks would move."""
    if move is None:
        return []
    arrow = f" {glyphs.signs(frame.ascii).arrow} "
    lengths = f"{len(move.before):,}{arrow}{len(move.after):,} tasks"
    shown = [id_text(i) for i in move.after[:_NAMED_IN_CHAIN]]
    rest = [] if len(move.after) <= _NAMED_IN_CHAIN else [one_line("…")]
    chain = one_line(" > ".join([*shown, *rest]))
    return [Content.assemble(("critical path ", "$accent"), lengths, (f"  {chain}", "$muted"))]


def _warning_lines(effect: Foresight | BatchForesight) -> list[Line]:
    """What the system would do with the whole list."""
    return [Content.styled(one_line(effect.warning), "$warning")] if effect.warning else []


def _newly_lines(
    frame: Frame,
    effect: Foresight | BatchForesight,
    waits_on: Mapping[TaskId, Sequence[Reason]],
) -> list[Line]:
    return [
        *_capped(effect.becomes_ready, lambda task: _ready_line(frame, task), "become ready"),
        *_capped(
            effect.becomes_blocked,
            lambda task: _blocked_line(frame, task, waits_on.get(task.id, ())),
            "become blocked",
        ),
    ]


def _shifted_lines(
    frame: Frame, eased: Sequence[Waiting], hindered: Sequence[Waiting]
) -> list[Line]:
    return [
        *_capped(
            eased,
            lambda waiting: _waiting_line(frame, waiting.task.id, waiting.waits_on),
            "still wait",
        ),
        *_capped(
            hindered,
            lambda waiting: _waiting_line(
                frame, waiting.task.id, waiting.waits_on, " waits also on "
            ),
            "wait on more",
        ),
    ]


def _shares(verb: str, by_owner: Mapping[str, Sequence[TaskId]]) -> list[Line]:
    """`ann loses 3: #7 #9 #12`, the most first."""
    ranked = sorted(by_owner.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return _capped(
        ranked,
        lambda pair: Content.assemble(
            owner_text(pair[0]),
            (f" {verb}s ", "bold"),
            f"{len(pair[1]):,}",
            (f": {ids_text(pair[1])}", "$muted"),
        ),
        f"owners {verb} some",
        _NAMED_OWNERS,
    )


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

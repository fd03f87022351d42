"""What is said of one task: its state with reasons, what hangs on it, and its fields. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from textual.content import Content

from store.model.attention import DisplayState, display_state, need
from store.model.derivation import Derivation
from store.model.receipts import ReceiptState, describe
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId
from tui.glyphs import age, glyph, owner_role, signs, style_role
from tui.safe_text import SafeText, block, one_line
from tui.view_state import Frame
from tui.why_text import LineKind, WhyLine, costs, why_lines
from tui.widgets.drawing import Piece, hanging, line, piece, section, separated, stamp
from tui.widgets.execution_text import about_execution, about_list, work_lines

MOST_EDGES = 40
MOST_FIELDS = 100
MOST_RECEIPTS = 5
_SUBJECT = 4096
_VALUE = 4096
_FIELD_CELLS = 14
_PHANTOM = "$status-phantom"


def head(
    frame: Frame,
    task_list: TaskList,
    task: Task,
    derivation: Derivation,
    cells: int = 80,
    children: Sequence[TaskId] = (),
) -> Content:
    """State, times, why it is not ready, what follows: all that others or the clock decide."""
    parts = [
        *_title(frame, task_list, task, derivation),
        *about_list(frame, task_list, cells),
        *about_execution(frame, task, cells),
        *_needs(frame, task_list, task, derivation),
        *_why(frame, derivation, cells),
        *_consequence(frame, task_list, task),
        *_edges(frame, task_list, "Blocked by", task.blocked_by, cells),
        *_edges(frame, task_list, "Blocks", _dependents(task_list, task), cells),
        *_edges(frame, task_list, "Parts", children, cells),
        *_receipts(frame, task),
    ]
    return Content("\n").join(parts)


def body(task: Task, ascii: bool) -> Content:
    """The record's own text: problems, description, metadata and unknown fields."""
    parts: list[Content] = []
    if task.active_form:
        parts.append(_field("doing", task.active_form))
    if task.execution is not None:
        parts.extend(work_lines(task.execution, ascii))
    parts.extend(_problems(task, ascii))
    if task.description:
        parts += [section("Description"), line((block(task.description), ""))]
    parts.extend(_mapping("Metadata", task.metadata))
    parts.extend(_mapping("Other fields", task.extra))
    return Content("\n").join(parts)


def _title(frame: Frame, task_list: TaskList, task: Task, derivation: Derivation) -> list[Content]:
    state = display_state(task_list, task, frame.now, frame.stale_after_s)
    role = f"${style_role(state)}"
    native = task.native_status.replace("_", " ") if task.is_readable else "unreadable"
    word = {DisplayState.STALE: f"{native}, silent", DisplayState.PHANTOM: "blocked for ever"}
    shown = word.get(state, state.value if state is DisplayState.BLOCKED else native)
    if state in (DisplayState.READY, DisplayState.FAILED):
        shown = state.value
    owner = [piece("owner ", "$muted"), piece(task.owner or "-", f"${owner_role(task.owner)}")]
    wave = task_list.graph.wave(task.id)
    where: list[Sequence[Piece]] = [owner]
    if not task.is_closed:
        where.append([piece(f"wave {wave}" if wave else "in a cycle", "$muted")])
        if derivation.is_critical:
            where.append([piece("on the critical path", "$status-root")])
    silent = None if task.updated_at is None else frame.now - task.updated_at
    written = f"updated {stamp(task.updated_at, frame.now)} ({age(silent)})"
    created = f"created {stamp(task.created_at, frame.now)}, "
    times = (created if task.created_at else "") + (written if task.updated_at else "no times")
    return [
        line(piece(f"#{task.id} ", "bold"), (one_line(task.subject, _SUBJECT), "bold")),
        line(*separated([[piece(f"{glyph(state, frame.ascii)} {shown}", role)], *where])),
        line(piece(times, "$muted")),
    ]


def _needs(frame: Frame, task_list: TaskList, task: Task, derivation: Derivation) -> list[Content]:
    found = need(task_list, task, frame.now, frame.stale_after_s)
    if found is None:
        return []
    sign = piece(f"{signs(frame.ascii).needs_you} ", "bold $status-needs")
    key = [piece("  press ", "$muted"), piece(frame.key_now(found.key), "bold $border")]
    cost = costs(derivation.cost) if derivation.cost.holds or derivation.cost.agents else ""
    said = piece(f"needs you: {found.text}{', ' if cost else ''}{cost}")
    return [line(sign, said, *([] if frame.read_only or found.refusal else key))]


def _why(frame: Frame, derivation: Derivation, cells: int) -> list[Content]:
    """The derivation: the words are those of `colonytop why`."""
    return [_why_line(frame, said, cells) for said in why_lines(derivation, frame.now)]


def _why_line(frame: Frame, said: WhyLine, cells: int) -> Content:
    text = one_line(said.text, 1024)
    if said.kind is LineKind.TITLE:
        return Content.assemble("\n", (text, "bold $muted"))
    if said.kind is LineKind.NOTE:
        return hanging(line(piece("    ")), line((text, "$muted")), cells)
    if said.kind is LineKind.STEP:
        return hanging(line(piece("  ")), line((text, "")), cells)
    phantom = said.kind is LineKind.PHANTOM or said.state is None
    state = DisplayState.PHANTOM if phantom or said.state is None else said.state
    lead = piece(f"  {glyph(state, frame.ascii)} ", f"${style_role(state)}")
    words: list[Piece] = [(text, _PHANTOM if phantom else "")]
    if said.key and not frame.read_only:
        lead_in = "  press " if said.on is None else f"  on #{said.on}: "
        words += [piece(lead_in, "$muted"), piece(frame.key_now(said.key), "bold $border")]
    return hanging(line(lead), line(*words), cells)


def _receipts(frame: Frame, task: Task) -> list[Content]:
    """What became of the operator's edits of this task."""
    mine = [one for one in frame.receipts if one.key == task.key][:MOST_RECEIPTS]
    if not mine:
        return []
    lines = [section("Your edits")]
    for one in mine:
        moment = one.at if one.seen_at is None else one.seen_at
        told = describe(one, age(frame.now - moment))
        unseen = one.state is ReceiptState.WRITTEN
        sign = signs(frame.ascii).arrow if unseen else glyph(DisplayState.DONE, frame.ascii)
        style = "$status-stale" if one.is_unseen else "$muted"
        lines.append(line(piece(f"  {sign} ", style), piece(f"{one.label}: "), piece(told, style)))
    return lines


def _consequence(frame: Frame, task_list: TaskList, task: Task) -> list[Content]:
    graph = task_list.graph
    holds = graph.holds(task.id)
    if not holds or task.is_closed:
        return []
    freed = graph.freed_by(task.id)
    lines = [section(f"If #{task.id} completes")]
    if freed:
        ready = signs(frame.ascii).arrow
        verb = "becomes ready" if len(freed) == 1 else "become ready"
        lines.append(line(piece(f"  {ready} ", "$muted"), _ids(freed), piece(f" {verb}")))
    still = [i for i in graph.dependents.get(task.id, ()) if i in graph.unmet and i not in freed]
    for task_id in islice(still, 6):
        others = [i for i in graph.unmet[task_id] if i != task.id]
        waits = [piece("  "), _ids([task_id]), piece(" still waits on ", "$muted")]
        lines.append(line(*waits, _ids(others)))
    lines.append(line(piece(f"  holds {holds} open task{'s' * (holds != 1)} in all", "$muted")))
    return lines


def _edges(
    frame: Frame, task_list: TaskList, title: str, ids: Sequence[TaskId], cells: int
) -> list[Content]:
    if not ids:
        return []
    lines = [section(f"{title} · {len(ids)}")]
    for task_id in ids[:MOST_EDGES]:
        other = task_list.tasks.get(task_id)
        if other is None:
            sign = glyph(DisplayState.PHANTOM, frame.ascii)
            text = piece("not in the list", "$status-phantom")
            lines.append(line(piece(f"  {sign} #{task_id} ", "$status-phantom"), text))
            continue
        state = display_state(task_list, other, frame.now, frame.stale_after_s)
        role = f"${style_role(state)}"
        owner = [piece(f"  {other.owner}", f"${owner_role(other.owner)}")] if other.owner else []
        quiet = "$muted" if other.is_closed else ""
        lead = line(piece(f"  {glyph(state, frame.ascii)} ", role))
        said = line(piece(f"#{task_id} ", quiet or "bold"), piece(other.subject, quiet), *owner)
        lines.append(hanging(lead, said, cells))
    return [*lines, *_more(len(ids))]


def _dependents(task_list: TaskList, task: Task) -> list[TaskId]:
    """Both what the record lists and what lists it: a half edge shows from either end."""
    listed = dict.fromkeys(task.blocks)
    return list(listed | dict.fromkeys(task_list.graph.dependents.get(task.id, ())))


def _problems(task: Task, ascii: bool) -> list[Content]:
    if not task.problems:
        return []
    lines = [section(f"Problems · {len(task.problems)}")]
    sign = glyph(DisplayState.UNREADABLE, ascii)
    for problem in task.problems[:MOST_EDGES]:
        text = (one_line(problem.text, 1024), "")
        lines.append(line(piece(f"  {sign} ", "$status-unreadable"), text))
        if problem.repair:
            lines.append(
                line(piece("    way out: ", "$muted"), (one_line(problem.repair, 1024), ""))
            )
        if problem.path:
            lines.append(line(piece("    ", ""), (one_line(problem.path, 1024), "$muted")))
    return lines


def _mapping(title: str, values: Mapping[str, Any]) -> list[Content]:
    if not values:
        return []
    lines = [section(title)]
    lines += [_field(key, value) for key, value in islice(values.items(), MOST_FIELDS)]
    return [*lines, *_more(len(values), MOST_FIELDS)]


def _field(name: str, value: object) -> Content:
    key = one_line(name, 64)
    pad = " " * max(1, _FIELD_CELLS - len(key))
    return line(piece("  "), (key, "$muted"), piece(pad), (_json(value), ""))


def _json(value: object) -> SafeText:
    """A value as a person reads it: text bare, the rest as JSON, nested values on more lines."""
    if isinstance(value, str):
        return block(value, 200, _VALUE)
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
        if len(text) > 60:
            text = json.dumps(value, ensure_ascii=False, default=str, indent=2)
            text = text.replace("\n", "\n    ")
    except (TypeError, ValueError, RecursionError):
        return one_line("(nested too deeply to show)")
    return block(text, 200, _VALUE)


def _ids(ids: Iterable[TaskId]) -> Piece:
    known = list(ids)
    shown = " ".join(f"#{i}" for i in known[:12])
    more = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return one_line(shown + more), "bold"


def _more(count: int, most: int = MOST_EDGES) -> list[Content]:
    return [line(piece(f"  … {count - most} more", "$muted"))] if count > most else []

"""The table's columns: what each says of a task, how wide it is, and which go when space is short.

A cell gives its text at its natural width, already safe; the table fits it to the column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from store.model.attention import DisplayState, silent_s
from store.model.execution import TaskLock
from store.model.graph import is_met
from store.model.priorities import urgency
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskKey
from tui.glyphs import age, bar, glyph, owner_role, signs, style_role
from tui.kinds import badge
from tui.ordering import Facts, facts_of
from tui.rows import Projection
from tui.safe_text import SafeText, one_line, width
from tui.view_state import Frame

_WIDE = 84
"""Cells from which blockers are named and holds get a bar."""
_ROOMY = 60
"""Cells from which a list's name is seldom cut."""
_LONGEST_ID = 16
_BAR_CELLS = 3
_BAR_FULL = 6
"""So many held tasks fill the bar."""
_NAMED_BLOCKERS = 8
_NO_TEXT = one_line("")


class Cell(NamedTuple):
    """A text and the theme role that colours it; an empty role is the row's own colour."""

    text: SafeText
    role: str = ""


class Row(NamedTuple):
    """One task as the cells see it."""

    task_list: TaskList
    task: Task
    facts: Facts
    frame: Frame
    id_prefix: str = ""
    is_critical: bool = False
    """It is on its list's critical path."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, `cells` wide."""

    id: str
    title: str
    cells: int
    cell: Callable[[Row], Cell]
    rank: int = 0
    """Which columns come first when space is short; 0 is always there."""
    room: int = 0
    """How wide the subject must stay for this column to appear."""
    right: bool = False


class Layout(NamedTuple):
    """The columns of a table of some width, left to right, one blank between them; only the sign
    stands right before its neighbour.
    """

    columns: tuple[Column, ...]
    widths: tuple[int, ...]


def row_of(frame: Frame, key: TaskKey, id_prefix: str = "") -> Row | None:
    """The task as it is in this frame; None when it is no longer there."""
    task_list = frame.snapshot.lists.get(key.list)
    task = task_list.tasks.get(key.id) if task_list else None
    if task_list is None or task is None:
        return None
    facts = facts_of(task_list, task, frame.now, frame.stale_after_s)
    return Row(task_list, task, facts, frame, id_prefix)


def age_text(row: Row) -> str:
    """The only text of a row that changes by itself."""
    return age(silent_s(row.task, row.frame.now))


def layout(cells: int, projection: Projection, ascii_only: bool = False) -> Layout:
    """The columns that fit into `cells`; what they leave is the subject's."""
    offered = _offered(cells, projection, ascii_only)
    chosen = {column.id for column in offered if not column.rank}
    left = cells - 3  # the sign, the state and the blank after it
    for column in sorted((c for c in offered if c.rank), key=lambda c: c.rank):
        if left - column.cells - 1 >= column.room:
            chosen.add(column.id)
            left -= column.cells + 1
    columns = tuple(column for column in offered if column.id in chosen)
    widths = tuple(max(1, left) if c.id == "subject" else c.cells for c in columns)
    return Layout(columns, widths)


def _offered(cells: int, projection: Projection, ascii_only: bool) -> list[Column]:
    """The columns that make sense here, in the order in which they stand."""
    is_wide = cells >= _WIDE
    longest_id = one_line(projection.longest_id[len(projection.id_prefix) :])
    id_cells = min(max(3, width(longest_id)), _LONGEST_ID if is_wide else _LONGEST_ID // 2)
    owner_cells = min(max(5, width(one_line(projection.longest_owner))), 16 if is_wide else 8)
    columns = [
        Column("sign", "", 1, sign_cell),
        Column("id", "#", id_cells, id_cell, rank=1, room=6, right=True),
        Column("state", "S", 1, state_cell),
        Column("subject", "Subject", 1, subject_cell),
    ]
    kinds = projection.kinds
    if projection.list_count > 1:
        list_cells = 14 if is_wide else 12 if cells >= _ROOMY and not kinds.badge_cells else 9
        columns.append(Column("list", "List", list_cells, list_cell, rank=7, room=22))
    if is_wide and kinds.has_edges:
        columns.append(Column("blockers", "Blockers", 12, blockers_cell, rank=5, room=24))
    if kinds.badge_cells:
        columns.append(Column("system", "Sys", max(3, kinds.badge_cells), system_cell, 8, 14))
    if kinds.has_priority:
        room = 18 if is_wide or projection.list_count > 1 else 12
        columns.append(_priority_column(kinds.longest_priority, is_wide, room))
    columns.append(Column("owner", "Owner", owner_cells, owner_cell, rank=2, room=9))
    if is_wide and kinds.has_edges:
        columns.append(Column("wave", "Wave", 4, wave_cell, rank=6, room=26, right=True))
    columns.append(Column("age", "Age", 4, age_cell, rank=3, room=10, right=True))
    return columns + _edge_columns(is_wide, ascii_only) if kinds.has_edges else columns


def _edge_columns(is_wide: bool, ascii_only: bool) -> list[Column]:
    if is_wide:
        return [Column("holds", "Hold", _BAR_CELLS + 5, holds_bar_cell, rank=4, room=11)]
    sign = glyph(DisplayState.BLOCKED, ascii_only)
    return [
        Column("blocked", sign, 2, blocked_cell, rank=5, room=12, right=True),
        Column("holds", "Hold", 4, holds_cell, rank=4, room=11, right=True),
    ]


def _priority_column(longest: int, is_wide: bool, room: int) -> Column:
    cells = min(max(3, longest), 8) if is_wide else 4
    title = "Priority" if cells == 8 else "Pri"
    cell = priority_cell if cells >= longest else short_priority_cell
    return Column("priority", title, cells, cell, rank=6, room=room)


def sign_cell(row: Row) -> Cell:
    """Whether it is marked, else what has just happened to the row (that shows in its tint too),
    else whether it is on the critical path."""
    if row.task.key in row.frame.marked:
        return Cell(one_line(signs(row.frame.ascii).marked), "marked")
    mark = row.frame.marks.get(row.task.key)
    if mark is None or mark.until <= row.frame.now:
        if row.is_critical:
            return Cell(one_line(signs(row.frame.ascii).critical), "status-root")
        return Cell(one_line(" "))
    return Cell(one_line(mark.sign.value), "sign")


def id_cell(row: Row) -> Cell:
    shown = row.task.id[len(row.id_prefix) :] if row.task.id.startswith(row.id_prefix) else ""
    return Cell(one_line(shown or row.task.id), "muted")


def state_cell(row: Row) -> Cell:
    return Cell(one_line(glyph(row.facts.state, row.frame.ascii)), style_role(row.facts.state))


def subject_cell(row: Row) -> Cell:
    subject = one_line(row.task.subject)
    if not row.task.is_readable:
        reason = row.task.fault.text if row.task.fault else "its file cannot be read"
        return Cell(
            one_line(f"{subject} ({reason})" if subject else reason), style_role(row.facts.state)
        )
    return Cell(subject or one_line("(no subject)"), style_role(row.facts.state))


def list_cell(row: Row) -> Cell:
    return Cell(one_line(row.task_list.info.name), "muted")


def system_cell(row: Row) -> Cell:
    return Cell(badge(row.frame.snapshot, row.task.key.list), "muted")


def priority_cell(row: Row) -> Cell:
    """The list's own word or number; what is more urgent than usual stands out."""
    if row.task.priority is None:
        return Cell(one_line("-"), "muted")
    steps = urgency(row.task_list.info.capabilities, row.task.priority) or 0.0
    role = "" if row.task.is_closed or steps <= 0 else "status-root"
    return Cell(one_line(row.task.priority, 32), role if steps > 0 else "muted")


def short_priority_cell(row: Row) -> Cell:
    """The first letters of a word: what they leave out, they do not spell with a sign."""
    whole = priority_cell(row)
    if row.task.priority in row.task_list.info.capabilities.priorities:
        return Cell(one_line(row.task.priority[:4]), whole.role)
    return whole


def owner_cell(row: Row) -> Cell:
    lock = row.task.lock
    if lock is not None and (lock.is_live is False or lock.by != row.task.owner):
        return _lock_cell(row, lock)
    if not row.task.owner:
        return Cell(one_line("-"), "muted")
    role = "status-done" if row.task.is_closed else owner_role(row.task.owner)
    return Cell(one_line(row.task.owner), role)


def _lock_cell(row: Row, lock: TaskLock) -> Cell:
    """Who holds the task, where that is not its owner or is known to be dead."""
    is_dead = lock.is_live is False
    shown = f"{signs(row.frame.ascii).lock}{lock.by}"
    return Cell(one_line(shown), "status-stale" if is_dead else owner_role(lock.by))


def wave_cell(row: Row) -> Cell:
    if row.task.is_closed:
        return Cell(_NO_TEXT)
    wave = row.task_list.graph.wave(row.task.id)
    return Cell(one_line(str(wave) if wave else "∞" if not row.frame.ascii else "inf"), "muted")


def age_cell(row: Row) -> Cell:
    """Time since the last write: evidence, not a mood."""
    role = "status-stale" if row.facts.state is DisplayState.STALE else "muted"
    return Cell(one_line(age_text(row)), role)


def blockers_cell(row: Row) -> Cell:
    """The ids of unmet blockers, those first that will never clear, with their sign."""
    unmet = _unmet(row)
    if not unmet:
        return Cell(one_line("-"), "muted")
    phantom = glyph(DisplayState.PHANTOM, row.frame.ascii)
    dead = [task_id for task_id in unmet if _is_phantom(row, task_id)]
    names = [f"{phantom}{_short_id(row, task_id)}" for task_id in dead]
    names += [_short_id(row, task_id) for task_id in unmet if task_id not in dead]
    return Cell(one_line(" ".join(names)), "status-phantom" if dead else "")


def blocked_cell(row: Row) -> Cell:
    """How many blockers are unmet."""
    count = len(row.task_list.graph.unmet.get(row.task.id, ()))
    return Cell(one_line(_at_most(count, 99) if count else ""))


def holds_cell(row: Row) -> Cell:
    """How many open tasks wait on it, transitively."""
    holds = row.facts.holds
    return Cell(one_line(_at_most(holds, 9999) if holds else "-"), _holds_role(row))


def holds_bar_cell(row: Row) -> Cell:
    holds = row.facts.holds
    if not holds:
        return Cell(_NO_TEXT)
    filled = bar(holds, _BAR_FULL, _BAR_CELLS)
    drawn = signs(row.frame.ascii).bar * filled
    return Cell(one_line(f"{drawn:<{_BAR_CELLS}} {_at_most(holds, 9999)}"), _holds_role(row))


def _holds_role(row: Row) -> str:
    is_root = row.facts.holds and row.task.id not in row.task_list.graph.unmet
    return "status-root" if is_root else "muted"


def _unmet(row: Row) -> list[TaskId]:
    return list(row.task_list.graph.unmet.get(row.task.id, ())[:_NAMED_BLOCKERS])


def _is_phantom(row: Row, blocker_id: TaskId) -> bool:
    graph = row.task_list.graph
    blocker = row.task_list.tasks.get(blocker_id)
    if blocker is None or blocker_id == row.task.id or not blocker.is_readable:
        return True
    cycle = graph.cycle_of.get(row.task.id)
    in_cycle = cycle is not None and graph.cycle_of.get(blocker_id) is cycle
    return in_cycle or (blocker.is_closed and not is_met(blocker))


def _short_id(row: Row, task_id: TaskId) -> str:
    return task_id.removeprefix(row.id_prefix) or task_id


def _at_most(number: int, limit: int) -> str:
    return str(number) if number <= limit else f"{limit}"[:-1] + "+"

"""What is said of how a task is carried out: lock, attempts, steps, checks, result. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from store.model.attention import DisplayState
from store.model.execution import Execution, TaskCheck, TaskLock, TaskStep
from store.model.snapshot import TaskList
from store.model.task import Task, Verb
from tui.glyphs import glyph, owner_role, signs
from tui.kinds import badge_cells
from tui.lock_text import lock_words
from tui.safe_text import block, one_line
from tui.spending import spent_text
from tui.view_state import Frame
from tui.widgets.drawing import Piece, hanging, line, piece, section, separated, stamp

_MOST_LINES = 60  # steps or checks
_TEXT = 1024


def about_list(frame: Frame, task_list: TaskList, cells: int) -> Iterator[Content]:
    """Its list, the system that owns it, and why nothing can be changed there."""
    about = task_list.info
    facts = frame.snapshot.systems.get(about.key.system)
    is_one_of_several = facts is not None and badge_cells(frame.snapshot) > 0
    system = [piece(f"  {facts.title}", "$muted")] if facts and is_one_of_several else []
    yield line(piece("list ", "$muted"), piece(about.name), *system)
    if about.archived_at is not None:
        yield line(piece(f"put away {stamp(about.archived_at, frame.now)}", "$muted"))
    if refusal := about.capabilities.refusal(Verb.EDIT):
        lead = line(piece("read-only ", "$status-stale"))
        yield hanging(lead, line((one_line(refusal, _TEXT), "")), cells)


def about_execution(frame: Frame, task: Task, cells: int) -> Iterator[Content]:
    """What stands beside state and owner: priority, parent, lock, attempts, times, cost."""
    execution = task.execution or Execution()
    facts = [
        _fact("priority", task.priority),
        _fact("tier", execution.tier),
        _fact("group", execution.group),
        _fact("part of", f"#{task.parent}" if task.parent else None),
    ]
    if any(facts):
        yield line(*separated(facts))
    if task.lock is not None:
        yield _lock(frame, task.lock)
    times = [
        _fact(word, stamp(at, frame.now) if at is not None else None)
        for word, at in (
            ("claimed", execution.claimed_at),
            ("started", execution.started_at),
            ("completed", execution.completed_at),
        )
    ]
    if any(times):
        yield line(*separated(times))
    yield from _attempts(execution, cells)
    if cost := spent_text(execution.spent):
        yield line(piece("spent ", "$muted"), piece(cost))


def work_lines(execution: Execution, ascii: bool) -> list[Content]:
    """Steps, checks and result: what the record itself says."""
    lines = []
    if steps := execution.steps:
        done = sum(step.is_done for step in steps)
        lines.append(section(f"Steps · {done} of {len(steps)} done"))
        lines += [one for step in steps[:_MOST_LINES] for one in _step(step, ascii)]
        lines += _more(len(steps))
    if checks := execution.checks:
        left = len(execution.open_checks)
        lines.append(section(f"Checks · {left} required open" if left else "Checks"))
        lines += [one for check in checks[:_MOST_LINES] for one in _check(check, ascii)]
        lines += _more(len(checks))
    if execution.result:
        lines += [section("Result"), line((block(execution.result, 200, 8192), ""))]
    return lines


def _lock(frame: Frame, lock: TaskLock) -> Content:
    style = "$status-stale" if lock.is_live is False else f"${owner_role(lock.by)}"
    sign = piece(f"{signs(frame.ascii).lock} ", style)
    return line(sign, piece(lock_words(lock, frame.now), style))


def _attempts(execution: Execution, cells: int) -> Iterator[Content]:
    found = execution.attempts
    if found is None:
        return
    most = "" if found.most is None else f" of {found.most}"
    is_last = found.most is not None and found.number >= found.most
    yield line(
        piece("attempts ", "$muted"),
        piece(f"{found.number}{most}", "$status-stale" if is_last else ""),
    )
    if found.last_error:
        error = line((one_line(found.last_error, _TEXT), ""))
        yield hanging(line(piece("last error ", "$status-unreadable")), error, cells)


def _step(step: TaskStep, ascii: bool) -> Iterator[Content]:
    word = "" if step.is_done else f"  {step.native_status}"
    by = [piece(f"  {step.worker}", f"${owner_role(step.worker)}")] if step.worker else []
    yield line(*_tick(step.is_done, ascii), piece(step.title), piece(word, "$muted"), *by)
    for text in (step.detail, step.evidence):
        if text:
            yield line(piece("      "), (one_line(text, _TEXT), "$muted"))


def _check(check: TaskCheck, ascii: bool) -> Iterator[Content]:
    needed = [] if check.is_required else [piece("  optional", "$muted")]
    by = [piece(f"  {check.done_by}", f"${owner_role(check.done_by)}")] if check.done_by else []
    yield line(*_tick(not check.is_open, ascii), piece(check.text or check.key), *needed, *by)
    if check.note:
        yield line(piece("      "), (one_line(check.note, _TEXT), "$muted"))


def _tick(is_done: bool, ascii: bool) -> Sequence[Piece]:
    if is_done:
        return [piece(f"  {glyph(DisplayState.DONE, ascii)} ", "$status-done")]
    return [piece(f"  {glyph(DisplayState.READY, ascii)} ", "$status-ready")]


def _fact(word: str, value: str | None) -> Sequence[Piece]:
    return [piece(f"{word} ", "$muted"), piece(value)] if value else []


def _more(count: int) -> list[Content]:
    more = count - _MOST_LINES
    return [line(piece(f"  … {more} more", "$muted"))] if more > 0 else []

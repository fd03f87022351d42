"""What edits would do, for `--dry-run`: as a document, and as lines for a person. Pure.

The effects come from the same code as what the pickers of the screen show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from store.model.edits import CreateTask, EditFailure, RestoreTask
from store.model.graph import id_order
from store.model.strict import plain
from tui.cli.shapes import native_id

if TYPE_CHECKING:
    from store.model.foresight import BatchForesight, CriticalMove, FieldShift, TaskShift, Waiting
    from store.model.task import Task

_SHOWN = 20  # ids in one line
_ID_LISTS = ("blocks", "blocked_by")


def effects_record(effects: BatchForesight, system: str) -> dict[str, Any]:
    """The `effects` of a `--dry-run` document on a list of this system."""

    def named(some: Iterable[str]) -> list[int | str]:
        return _ids(some, system)

    critical = effects.critical
    return {
        "targets": [_target_record(target, system) for target in effects.targets],
        "becomes_ready": named(task.id for task in effects.becomes_ready),
        "becomes_blocked": named(task.id for task in effects.becomes_blocked),
        "eased": [_waiting_record(waiting, system) for waiting in effects.eased],
        "hindered": [_waiting_record(waiting, system) for waiting in effects.hindered],
        "stripped": named(effects.stripped),
        "loses": {owner: named(ids) for owner, ids in effects.loses.items()},
        "gains": {owner: named(ids) for owner, ids in effects.gains.items()},
        "critical_path": None
        if critical is None
        else {"before": named(critical.before), "after": named(critical.after)},
        "warning": effects.warning,
        "refused": [failure_record(failure) for failure in effects.refused],
    }


def failure_record(failure: EditFailure) -> dict[str, Any]:
    """An edit that is refused, and why."""
    edit, error = failure.edit, failure.error
    task = None if isinstance(edit, CreateTask) else native_id(edit.key.id, edit.list.system)
    said = {**error.details(), "kind": error.kind, "message": str(error)}
    return {"verb": str(edit.verb), "list": edit.list.id, "task": task, "error": plain(said)}


def failure_line(failure: EditFailure) -> str:
    """`refused: #3 …`."""
    edit, error = failure.edit, failure.error
    if isinstance(edit, CreateTask):
        return f"refused: new task {edit.subject!r}: {error}"
    verb = "restore" if isinstance(edit, RestoreTask) else str(edit.verb)
    return f"refused: {verb} #{edit.key.id}: {error}"


def effect_lines(effects: BatchForesight) -> Iterator[str]:
    """One line for each thing that would follow. The lines quote task text: print them safely."""
    for failure in effects.refused:
        yield failure_line(failure)
    for target in effects.targets:
        yield _target_line(target)
    if effects.warning is not None:
        yield f"warning: {effects.warning}"
    yield from _tasks_line("becomes ready", effects.becomes_ready)
    yield from _tasks_line("becomes blocked", effects.becomes_blocked)
    for waiting in effects.eased:
        yield f"still waits: #{waiting.task.id} on {_named(_waits_on(waiting))}"
    for waiting in effects.hindered:
        yield f"waits on more: #{waiting.task.id} on {_named(_waits_on(waiting))}"
    if effects.stripped:
        yield f"edges cut from {_named(effects.stripped)}"
    for owner, ids in effects.loses.items():
        yield f"{owner} loses {_named(ids)}"
    for owner, ids in effects.gains.items():
        yield f"{owner} gains {_named(ids)}"
    if effects.critical is not None:
        yield _critical_line(effects.critical)


def _target_record(target: TaskShift, system: str) -> dict[str, Any]:
    task = target.after or target.before
    return {
        "task": native_id(target.id, system),
        "subject": task.subject if task else None,
        "change": _change(target),
        "fields": [_shift_record(shift, system) for shift in target.shifts],
    }


def _shift_record(shift: FieldShift, system: str) -> dict[str, Any]:
    return {
        "field": shift.field,
        "old": _value(shift.field, shift.old, system),
        "new": _value(shift.field, shift.new, system),
    }


def _value(field: str, value: Any, system: str) -> Any:
    return _ids(value, system) if field in _ID_LISTS else plain(value)


def _change(target: TaskShift) -> str:
    if target.after is None:
        return "deleted"
    if target.before is None:
        return "created"
    return "changed" if target.shifts else "unchanged"


def _waiting_record(waiting: Waiting, system: str) -> dict[str, Any]:
    reasons = [
        {"kind": str(reason.kind), "task": native_id(reason.task, system), "text": reason.text}
        for reason in waiting.waits_on
    ]
    return {"task": native_id(waiting.task.id, system), "waits_on": reasons}


def _ids(ids: Iterable[str], system: str) -> list[int | str]:
    return [native_id(i, system) for i in ids]


def _target_line(target: TaskShift) -> str:
    task = target.after or target.before
    name = f"#{target.id} {task.subject if task else ''}".rstrip()
    if _change(target) == "deleted":
        return f"{name}: would be deleted"
    if target.before is None:
        return f"{name}: would come into the list"
    if not target.shifts:
        return f"{name}: nothing would change"
    shifts = [
        f"{shift.field} {_word(shift.field, shift.old)} → {_word(shift.field, shift.new)}"
        for shift in target.shifts
    ]
    return f"{name}: " + "; ".join(shifts)


def _word(field: str, value: Any) -> str:
    if value is None or value == "" or value == ():
        return "-"
    if field in _ID_LISTS:
        return _named(value)
    return value if isinstance(value, str) else repr(plain(value))


def _tasks_line(said: str, tasks: Sequence[Task]) -> Iterator[str]:
    if tasks:
        shown = ", ".join(f"#{task.id} {task.subject}" for task in tasks[:_SHOWN])
        more = len(tasks) - _SHOWN
        yield f"{said}: {shown}" + (f" and {more} more" if more > 0 else "")


def _waits_on(waiting: Waiting) -> list[str]:
    return [reason.task for reason in waiting.waits_on]


def _critical_line(move: CriticalMove) -> str:
    before, after = len(move.before), len(move.after)
    path = " → ".join(f"#{i}" for i in move.after[:_SHOWN])
    more = " → …" if after > _SHOWN else ""
    if not after:
        return f"critical path: none any more, {before} tasks now"
    length = f"{before} → {after} tasks" if before != after else f"{after} tasks, others"
    return f"critical path: {length}: {path}{more}"


def _named(ids: Iterable[str]) -> str:
    ordered = sorted(ids, key=id_order)
    more = len(ordered) - _SHOWN
    shown = ", ".join(f"#{i}" for i in ordered[:_SHOWN])
    return shown + (f" and {more} more" if more > 0 else "")

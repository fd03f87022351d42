"""What an edit does, in words for the status line and the activity pane."""

from __future__ import annotations

from collections.abc import Iterable

from store.model.edits import (
    BatchResult,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditBatch,
    EditResult,
    Keep,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import ColonytopError
from store.model.execution import TickKind
from store.model.task import Task
from tui.safe_text import SafeText, one_line

START_LIST = "colonytop add colony:NAME SUBJECT --new-list"
"""How the operator starts a list."""
_SHOWN = 8  # ids in one sentence
_ID_CELLS = 14  # of an id with its sign; what is longer is no name for a person


def id_text(task_id: str) -> SafeText:
    """`#14`; a long id by its beginning."""
    return one_line(f"#{task_id}", _ID_CELLS)


def target_name(edit: Edit, result: EditResult | None = None) -> SafeText:
    """The task that an edit is about: `#14`, or the subject of one that is not there yet."""
    if not isinstance(edit, CreateTask):
        return id_text(edit.key.id)
    if result and result.task:
        return id_text(result.task.id)
    return one_line(f"new task {edit.subject!r}", 60)


def deed(edit: Edit, result: EditResult | None = None) -> SafeText:
    """What it did (or would do), without its target: `unblocked: -10`."""
    if isinstance(edit, CreateTask):
        return one_line(f"created: {edit.subject}", 120)
    if isinstance(edit, DeleteTask):
        stripped = result.stripped if result else ()
        return one_line("deleted" + (f"; edges cut from {_ids(stripped)}" if stripped else ""))
    if isinstance(edit, ClaimTask):
        return one_line(f"claimed for {edit.claimant}", 120)
    if isinstance(edit, ReleaseTask):
        was = f" from {edit.expected_owner}" if edit.expected_owner else ""
        return one_line(f"released{was}: pending, no owner", 120)
    if isinstance(edit, RestoreTask):
        return one_line(f"restored: {edit.task.subject}", 120)
    return one_line("; ".join(_update_parts(edit, result)) or "nothing changed", 160)


def sentence(edit: Edit, result: EditResult | None = None) -> SafeText:
    """Target and deed: `#14 unblocked: -10`."""
    if isinstance(edit, UpdateTask) and result is not None and not result.changed:
        return one_line(f"{target_name(edit)}: nothing to change, it is so already")
    return one_line(f"{target_name(edit, result)} {deed(edit, result)}", 200)


def batch_sentence(batch: EditBatch, result: BatchResult) -> SafeText:
    """`release 4 tasks of cy: done`, or how many were not made."""
    if not result.failures:
        return one_line(f"{batch.label}: done", 200)
    made, missed = len(result.results), len(result.failures)
    return one_line(f"{batch.label}: {made:,} done, {missed:,} not", 200)


def refusal_text(error: Exception) -> SafeText:
    """Why an edit was not made; an error that nobody foresaw says its kind too."""
    known = isinstance(error, ColonytopError)
    return one_line(str(error) if known else f"{type(error).__name__}: {error}")


def _update_parts(edit: UpdateTask, result: EditResult | None) -> Iterable[str]:
    if edit.remove_blocked_by:
        yield "unblocked: " + " ".join(f"-{i}" for i in edit.remove_blocked_by[:_SHOWN])
    if edit.add_blocked_by:
        yield "blocked by " + _ids(edit.add_blocked_by)
    if edit.remove_blocks:
        yield "no longer blocks " + _ids(edit.remove_blocks)
    if edit.add_blocks:
        yield "blocks " + _ids(edit.add_blocks)
    if (status := edit.status or edit.native_status) is not None:
        yield f"status → {status}"
    if not isinstance(edit.owner, Keep):
        yield f"owner → {edit.owner or 'nobody'}"
    if edit.priority is not None:
        yield f"priority → {edit.priority}"
    if edit.most_attempts is not None:
        yield f"attempts: at most {edit.most_attempts}"
    yield from _text_parts(edit)
    yield from _tick_parts(edit, result)
    if edit.metadata_patch:
        yield "metadata: " + ", ".join(str(key) for key in list(edit.metadata_patch)[:_SHOWN])


def _text_parts(edit: UpdateTask) -> Iterable[str]:
    texts = ("subject", "description", "active_form")
    if written := [name.replace("_", " ") for name in texts if getattr(edit, name) is not None]:
        yield "edited: " + ", ".join(written)
    if edit.clears:
        yield "emptied: " + ", ".join(name.replace("_", " ") for name in edit.clears)


def _tick_parts(edit: UpdateTask, result: EditResult | None) -> Iterable[str]:
    titles = _titles(result.task if result else None)
    for word, is_done in (("ticked", True), ("opened again", False)):
        names = [
            f"{tick.kind.value} {titles.get((tick.kind, tick.key), tick.key[:_ID_CELLS])}"
            for tick in edit.ticks
            if tick.is_done is is_done
        ]
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            yield f"{word}: " + ", ".join(names[:_SHOWN]) + more
    if edit.is_forced:
        yield "forced"


def _titles(task: Task | None) -> dict[tuple[TickKind, str], str]:
    """What the steps and checks of a task are called."""
    execution = task.execution if task else None
    if execution is None:
        return {}
    titles = {(TickKind.STEP, step.id): step.title for step in execution.steps}
    return titles | {(TickKind.CHECK, check.key): check.text for check in execution.checks}


def _ids(ids: Iterable[str]) -> str:
    names = [f"#{i}" for i in ids]
    more = len(names) - _SHOWN
    return " ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

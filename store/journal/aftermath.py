"""What an edit left behind: its line in the journal, and whether it was made at all. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from store.journal.lines import EditLine
from store.model.compared import moved_fields
from store.model.edits import CreateTask, DeleteTask, Edit, EditResult, RestoreTask
from store.model.errors import ColonytopError
from store.model.history import Move
from store.model.inverse import inverse
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId
from store.model.written import written_by

_CLOCK_S = 2.0  # by which a record's time may lie before that of the journal's line


def intent(line: EditLine, seen: Task | None) -> EditLine:
    """The line before an edit is tried, with the task as it was last seen."""
    edit = line.edit
    if isinstance(edit, CreateTask):
        return replace(line, subject=edit.subject)
    if isinstance(edit, RestoreTask):
        return replace(line, task=edit.key.id, subject=edit.task.subject)
    subject = seen.subject if seen else ""
    return replace(line, task=edit.key.id, subject=subject, seen=seen)


def made(line: EditLine, result: EditResult, at: float) -> EditLine:
    """The line after it was made, with what takes it back."""
    before = result.before.get(line.task) if line.task else None
    task = result.task or before
    back: tuple[Edit, ...] | None
    try:
        back, said = inverse(result), ""
    except ColonytopError as error:
        back, said = None, str(error)
    return replace(
        line,
        at=at,
        made=True,
        task=task.id if task else line.task,
        subject=task.subject if task else line.subject,
        seen=None,
        wrote=dict(_wrote(result)),
        inverse=back,
        said=said,
    )


def refused(line: EditLine, error: BaseException, at: float) -> EditLine:
    """The line after it was refused."""
    said = str(error) or type(error).__name__
    return replace(line, at=at, made=False, seen=None, said=said[:2000])


def moves(before: Task, after: Task) -> tuple[Move, ...]:
    """The fields in which two states of a task differ."""
    return tuple(Move(*moved) for moved in moved_fields(before, after))


def result_if_made(line: EditLine, task_list: TaskList | None) -> EditResult | None:
    """What an edit did whose outcome nobody wrote down, told by comparing; None: it was not made.

    Args:
        line: its intent.
        task_list: the list as it is now.
    """
    if task_list is None:
        return None
    edit = line.edit
    if isinstance(edit, CreateTask):
        return _created(line, edit, task_list.tasks)
    now = task_list.tasks.get(edit.key.id)
    if isinstance(edit, RestoreTask):
        is_it = now is not None and now.subject == edit.task.subject
        return EditResult(edit, now, before={edit.key.id: None}) if is_it else None
    if line.seen is None:
        return None
    before: dict[TaskId, Task | None] = {line.seen.id: line.seen}
    if isinstance(edit, DeleteTask):
        return EditResult(edit, None, before=before) if now is None else None
    if now is None:
        return None
    tasks = {**task_list.tasks, line.seen.id: line.seen}
    wanted = written_by(tasks, edit, task_list.info.capabilities).get(line.seen.id)
    left = _as_left(line.seen, wanted, now) if wanted else None
    return EditResult(edit, left, before=before) if left else None


def _as_left(seen: Task, wanted: Task, now: Task) -> Task | None:
    """The task as the edit left it, if any field that it was to change holds what it wanted."""
    asked = moves(seen, wanted)
    there = {move.field for move in moves(now, wanted)}
    return wanted if any(move.field not in there for move in asked) else None


def _created(line: EditLine, edit: CreateTask, tasks: Mapping[TaskId, Task]) -> EditResult | None:
    """The one task that can only be the new one: of that subject, and made since."""
    since = line.at - _CLOCK_S
    found = [
        task
        for task in tasks.values()
        if task.subject == edit.subject and task.created_at is not None and task.created_at >= since
    ]
    return EditResult(edit, found[0], before={found[0].id: None}) if len(found) == 1 else None


def _wrote(result: EditResult) -> Iterator[tuple[TaskId, tuple[Move, ...]]]:
    """Each task that was there before and after, with what changed in it."""
    for task in (result.task, *result.others):
        before = result.before.get(task.id) if task else None
        if task is not None and before is not None and (found := moves(before, task)):
            yield task.id, found

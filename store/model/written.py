"""The tasks that an edit would write, as they would be stored: both ends of every edge. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from store.model.edits import ClaimTask, CreateTask, DeleteTask, Edit, Keep, ReleaseTask, UpdateTask
from store.model.graph import Tasks
from store.model.task import Task, TaskId, TaskKey, TaskStatus

NEW_ID = TaskId("new")
"""Stands for the id of a task to be created: only the store, under its lock, gives the real one."""


def written_by(tasks: Tasks, edit: Edit) -> dict[TaskId, Task | None]:
    """Every task that the edit would write, as it would be stored; None for a deleted one."""
    if isinstance(edit, CreateTask):
        return _created(tasks, edit)
    target = tasks.get(edit.key.id)
    if target is None:
        return {}
    if isinstance(edit, DeleteTask):
        return _deleted(tasks, target)
    if isinstance(edit, ClaimTask):
        return {target.id: replace(target, owner=edit.claimant)}
    if isinstance(edit, ReleaseTask):
        return {target.id: _with_status(replace(target, owner=None), TaskStatus.PENDING)}
    return _updated(tasks, target, edit)


def _created(tasks: Tasks, edit: CreateTask) -> dict[TaskId, Task | None]:
    new = Task(
        TaskKey(edit.list, NEW_ID),
        edit.subject,
        description=edit.description,
        active_form=edit.active_form,
        owner=edit.owner,
        blocked_by=edit.blocked_by,
        metadata=edit.metadata,
    )
    written: dict[TaskId, Task | None] = {NEW_ID: new}
    for task_id in edit.blocked_by:
        if blocker := tasks.get(task_id):
            written[task_id] = replace(blocker, blocks=_with(blocker.blocks, (NEW_ID,)))
    return written


def _deleted(tasks: Tasks, target: Task) -> dict[TaskId, Task | None]:
    gone = (target.id,)
    written: dict[TaskId, Task | None] = {target.id: None}
    for task in tasks.values():
        if task is target or not (target.id in task.blocks or target.id in task.blocked_by):
            continue
        blocks, blocked_by = _without(task.blocks, gone), _without(task.blocked_by, gone)
        written[task.id] = replace(task, blocks=blocks, blocked_by=blocked_by)
    return written


def _updated(tasks: Tasks, target: Task, edit: UpdateTask) -> dict[TaskId, Task | None]:
    fields: dict[str, Any] = {
        name: value
        for name in ("subject", "description", "active_form", "priority")
        if (value := getattr(edit, name)) is not None
    }
    if not isinstance(edit.owner, Keep):
        fields["owner"] = edit.owner
    now = replace(
        target,
        blocks=_with(_without(target.blocks, edit.remove_blocks), edit.add_blocks),
        blocked_by=_with(_without(target.blocked_by, edit.remove_blocked_by), edit.add_blocked_by),
        metadata=patched(target.metadata, edit.metadata_patch),
        **fields,
    )
    if edit.status is not None:
        now = _with_status(now, edit.status)
    written: dict[TaskId, Task | None] = {target.id: now}
    me = (target.id,)
    for task_id in {*edit.add_blocked_by, *edit.remove_blocked_by} - {target.id}:
        if far := tasks.get(task_id):
            wanted = me if task_id in edit.add_blocked_by else ()
            written[task_id] = replace(far, blocks=_with(_without(far.blocks, me), wanted))
    for task_id in {*edit.add_blocks, *edit.remove_blocks} - {target.id}:
        near = written.get(task_id) or tasks.get(task_id)
        if near:
            wanted = me if task_id in edit.add_blocks else ()
            edges = _with(_without(near.blocked_by, me), wanted)
            written[task_id] = replace(near, blocked_by=edges)
    return written


def patched(metadata: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata after a patch: None deletes its key."""
    merged = {**metadata, **patch}
    return {k: v for k, v in merged.items() if not (k in patch and patch[k] is None)}


def _with_status(task: Task, status: TaskStatus) -> Task:
    return replace(task, status=status, native_status=status.value)


def _with(ids: Sequence[TaskId], added: Sequence[TaskId]) -> tuple[TaskId, ...]:
    return tuple(dict.fromkeys((*ids, *added)))


def _without(ids: Sequence[TaskId], removed: Sequence[TaskId]) -> tuple[TaskId, ...]:
    return tuple(i for i in ids if i not in removed)

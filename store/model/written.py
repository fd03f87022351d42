"""The tasks that an edit would write, as they would be stored, by the rules of the system that owns
the list: both ends of every edge or one, whom a completion frees, who holds the lock. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from store.model.edits import (
    NULL,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    Keep,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.graph import Tasks, id_order
from store.model.settling import Naming, settled
from store.model.standing import in_old_order, put_back
from store.model.task import Capabilities, ListRules, Task, TaskId, TaskKey, TaskStatus
from store.model.ticking import ticked

__all__ = ["NEW_ID", "Naming", "new_id", "patched", "referrers", "written_by"]

NEW_ID = TaskId("new")
"""Stands for the id of a task to be created: only the store, under its lock, gives the real one."""


def new_id(place: int) -> TaskId:
    """Stands for the id of the task that is created in that place, from 0, among others."""
    return NEW_ID if place == 0 else TaskId(f"{NEW_ID}{place + 1}")


_NATIVE = Capabilities()


def written_by(
    tasks: Tasks,
    edit: Edit,
    allowed: Capabilities = _NATIVE,
    *,
    new: TaskId = NEW_ID,
    naming: Naming | None = None,
    now: float | None = None,
) -> dict[TaskId, Task | None]:
    """Every task that the edit would write, as it would be stored; None for a deleted one.

    Args:
        tasks: the list's tasks as they are before the edit.
        edit: what is to be done.
        allowed: what the list's system allows, with its rules.
        new: the id of a task to be created, or what stands for it.
        naming: `referrers(tasks)`, where there is more than one task to delete or to complete.
        now: epoch seconds; None leaves all times as they are.
    """
    rules = allowed.rules
    if isinstance(edit, CreateTask):
        written = _created(tasks, edit, new, rules, now)
    elif isinstance(edit, RestoreTask):
        written = _restored(tasks, edit, rules)
    elif (target := tasks.get(edit.key.id)) is None:
        return {}
    elif isinstance(edit, DeleteTask):
        near = tasks if naming is None else sorted(naming.get(target.id, ()), key=id_order)
        written = _deleted(tasks, target, near)
    elif isinstance(edit, ClaimTask):
        written = {target.id: _claimed(target, edit, allowed)}
    elif isinstance(edit, ReleaseTask):
        written = {target.id: _with_status(replace(target, owner=None), TaskStatus.PENDING, rules)}
    else:
        written = _updated(tasks, target, edit, rules, now)
    return settled(tasks, edit, written, rules, naming=naming, now=now)


def referrers(tasks: Mapping[TaskId, Task | None], known: Naming | None = None) -> Naming:
    """Who names whom in an edge; `known`: what to add it to."""
    found: Naming = {} if known is None else known
    for task_id, task in tasks.items():
        for other in (*task.blocks, *task.blocked_by) if task else ():
            found.setdefault(other, set()).add(task_id)
    return found


def _created(
    tasks: Tasks, edit: CreateTask, new: TaskId, rules: ListRules, now: float | None
) -> dict[TaskId, Task | None]:
    blockers = _blockers(tasks, edit.blocked_by, rules)
    created = Task(
        TaskKey(edit.list, new),
        edit.subject,
        native_status=rules.word_of(TaskStatus.PENDING),
        description=edit.description,
        active_form=edit.active_form,
        owner=edit.owner,
        blocked_by=blockers,
        metadata=edit.metadata,
        created_at=now,
        priority=edit.priority,
    )
    written: dict[TaskId, Task | None] = {new: created}
    for task_id in blockers if rules.mirrors_edges else ():
        if blocker := tasks.get(task_id):
            written[task_id] = replace(blocker, blocks=_with(blocker.blocks, (new,)))
    return written


def _restored(tasks: Tasks, edit: RestoreTask, rules: ListRules) -> dict[TaskId, Task | None]:
    task = edit.task
    if task.id in tasks:
        return {}  # refused: the id is taken
    me = (task.id,)
    back = replace(task, blocks=tuple(i for i in task.blocks if i in tasks or i == task.id))
    written: dict[TaskId, Task | None] = {task.id: back}
    if edit.standing is None:
        for far_id in {*task.blocks, *task.blocked_by} - {task.id} if rules.mirrors_edges else ():
            if (far := tasks.get(far_id)) and far.is_readable:
                blocks = _with(far.blocks, me if far_id in task.blocked_by else ())
                blocked_by = _with(far.blocked_by, me if far_id in task.blocks else ())
                written[far_id] = replace(far, blocks=blocks, blocked_by=blocked_by)
        return written
    for stood in edit.standing:
        if far := tasks.get(stood.task):
            blocks = tuple(put_back(far.blocks, stood.blocks, me))
            blocked_by = tuple(put_back(far.blocked_by, stood.blocked_by, me))
            written[far.id] = replace(far, blocks=blocks, blocked_by=blocked_by)
    return written


def _claimed(target: Task, edit: ClaimTask, allowed: Capabilities) -> Task:
    claimed = replace(target, owner=edit.claimant)
    if not allowed.rules.claim_starts or target.status.is_active:
        return claimed
    is_apart = TaskStatus.CLAIMED in allowed.statuses
    status = TaskStatus.CLAIMED if is_apart else TaskStatus.IN_PROGRESS
    return _with_status(claimed, status, allowed.rules)


def _deleted(tasks: Tasks, target: Task, near: Iterable[TaskId]) -> dict[TaskId, Task | None]:
    gone = (target.id,)
    written: dict[TaskId, Task | None] = {target.id: None}
    for task in map(tasks.get, near):
        if (
            task is None
            or task is target
            or not task.is_readable
            or not (target.id in task.blocks or target.id in task.blocked_by)
        ):
            continue
        blocks, blocked_by = _without(task.blocks, gone), _without(task.blocked_by, gone)
        written[task.id] = replace(task, blocks=blocks, blocked_by=blocked_by)
    return written


def _updated(
    tasks: Tasks, target: Task, edit: UpdateTask, rules: ListRules, now: float | None
) -> dict[TaskId, Task | None]:
    fields: dict[str, Any] = {
        name: value
        for name in ("subject", "description", "active_form", "priority")
        if (value := getattr(edit, name)) is not None
    }
    fields.update(dict.fromkeys(edit.clears))
    if not isinstance(edit.owner, Keep):
        fields["owner"] = edit.owner
    if edit.ticks or edit.most_attempts is not None:
        fields["execution"] = ticked(target.execution, edit.ticks, edit.most_attempts, now)
    if edit.standing:  # what is put back may lead to what has ended
        rules = rules._replace(keeps_ended_blockers=True)
    blockers = _blockers(tasks, edit.add_blocked_by, rules)
    blocks = _with(_without(target.blocks, edit.remove_blocks), edit.add_blocks)
    after = replace(
        target,
        blocks=blocks if rules.mirrors_edges else target.blocks,
        blocked_by=_with(_without(target.blocked_by, edit.remove_blocked_by), blockers),
        metadata=patched(target.metadata, edit.metadata_patch),
        **fields,
    )
    if edit.status is not None:
        after = _with_status(after, edit.status, rules)
    elif edit.native_status is not None:
        status = rules.status_of(edit.native_status)
        after = replace(after, status=status, native_status=edit.native_status)
    written: dict[TaskId, Task | None] = {target.id: after}
    _write_far_ends(tasks, target, edit, written, rules)
    _put_back(edit, written)
    return written


def _blockers(tasks: Tasks, named: Sequence[TaskId], rules: ListRules) -> tuple[TaskId, ...]:
    """Those of the named tasks that become blockers: where the rules say so, only what is open."""
    found = tuple(dict.fromkeys(named))
    if rules.keeps_ended_blockers:
        return found
    return tuple(i for i in found if not ((task := tasks.get(i)) and task.status.frees_dependents))


def _write_far_ends(
    tasks: Tasks,
    target: Task,
    edit: UpdateTask,
    written: dict[TaskId, Task | None],
    rules: ListRules,
) -> None:
    me = (target.id,)
    ups = {*edit.add_blocked_by, *edit.remove_blocked_by} if rules.mirrors_edges else set()
    for task_id in ups - {target.id}:
        if (far := tasks.get(task_id)) and far.is_readable:
            kept = _without(far.blocks, me if task_id in edit.remove_blocked_by else ())
            wanted = me if task_id in edit.add_blocked_by else ()
            written[task_id] = replace(far, blocks=_with(kept, wanted))
    for task_id in {*edit.add_blocks, *edit.remove_blocks} - {target.id}:
        near = written.get(task_id) or tasks.get(task_id)
        if near and near.is_readable:
            kept = _without(near.blocked_by, me if task_id in edit.remove_blocks else ())
            wanted = me if task_id in edit.add_blocks else ()
            wanted = wanted if rules.keeps_ended_blockers or _is_open(written, target) else ()
            written[task_id] = replace(near, blocked_by=_with(kept, wanted))


def _is_open(written: Mapping[TaskId, Task | None], target: Task) -> bool:
    after = written.get(target.id) or target
    return not after.status.frees_dependents


def _put_back(edit: UpdateTask, written: dict[TaskId, Task | None]) -> None:
    """Each edge that the edit names as it once stood, where the edit says how."""
    ups, downs = {*edit.add_blocked_by, *edit.remove_blocked_by}, {*edit.add_blocks}
    downs.update(edit.remove_blocks)
    me = {edit.key.id}
    known = {stood.task for stood in edit.standing}
    if edit.key.id in known:  # a far end of which nothing is said did not have the edge
        for task_id in written.keys() - known:
            del written[task_id]
    for stood in edit.standing:
        if not (task := written.get(stood.task)):
            continue
        is_target = task.id == edit.key.id
        blocks = downs if is_target else me if task.id in ups else ()
        blocked_by = ups if is_target else me if task.id in downs else ()
        metadata = task.metadata
        if is_target:
            metadata = in_old_order(metadata, stood.metadata, edit.metadata_patch)
        written[task.id] = replace(
            task,
            blocks=tuple(put_back(task.blocks, stood.blocks, blocks)),
            blocked_by=tuple(put_back(task.blocked_by, stood.blocked_by, blocked_by)),
            metadata=metadata,
        )


def patched(metadata: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata after a patch: None deletes its key, NULL stores a null."""
    merged = {**metadata, **patch}
    kept = {k: v for k, v in merged.items() if not (k in patch and patch[k] is None)}
    return {k: None if v is NULL else v for k, v in kept.items()}


def _with_status(task: Task, status: TaskStatus, rules: ListRules) -> Task:
    return replace(task, status=status, native_status=rules.word_of(status))


def _with(ids: Sequence[TaskId], added: Sequence[TaskId]) -> tuple[TaskId, ...]:
    return tuple(dict.fromkeys((*ids, *added)))


def _without(ids: Sequence[TaskId], removed: Sequence[TaskId]) -> tuple[TaskId, ...]:
    return tuple(i for i in ids if i not in removed)

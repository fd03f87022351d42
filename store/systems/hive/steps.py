"""Each kind of edit as a step of a batch: which plan it calls, and what the answer means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import ClaimRefused, TaskNotFound
from store.model.fields import check_fields
from store.model.task import TaskId
from store.systems.hive.claims import (
    ClaimAlreadyOwned,
    ClaimBlocked,
    ClaimNotFound,
    ClaimOk,
    ClaimResult,
    plan_claim,
)
from store.systems.hive.creating import new_fields, plan_create
from store.systems.hive.deleting import plan_delete
from store.systems.hive.edges import EdgeChange
from store.systems.hive.memory import ListMemory
from store.systems.hive.old_places import native_number
from store.systems.hive.opened import OpenList, Plan
from store.systems.hive.restoring import plan_restore
from store.systems.hive.sidecars import EDITABLE
from store.systems.hive.updating import Change, plan_release, plan_update


@dataclass(frozen=True, slots=True)
class Step:
    """One edit, planned: the plan, the id that it is about, and the fields that change."""

    plan: Plan[Any]
    target: int
    changed: tuple[str, ...] = ()
    deletes: bool = field(default=False)


Stepper = Callable[[OpenList, ListMemory], Step]
Result = TypeVar("Result")


def stepper_of(edit: Edit) -> Stepper:
    """What plans an edit under the lock, its values checked as far as they can be before.

    The stepper raises why the edit cannot be made: it is to be called as often as the list has to
    be read, and changes nothing itself.

    Raises:
        EditRefused, InvalidField, SelfEdge: it cannot be made in this layout.
    """
    check_fields(EDITABLE, edit)
    match edit:
        case CreateTask():
            return _create(edit)
        case UpdateTask():
            return _update(edit)
        case DeleteTask():
            return _delete(edit)
        case ClaimTask():
            return _claim(edit)
        case ReleaseTask():
            return _release(edit)
        case RestoreTask():
            return _restore(edit)


def _create(edit: CreateTask) -> Stepper:
    fields = new_fields(edit.subject, edit.description, edit.active_form, edit.owner, edit.metadata)
    blockers = _numbers("blocked_by", edit.blocked_by)

    def step(opened: OpenList, memory: ListMemory) -> Step:
        plan = plan_create(opened, memory, [fields], blockers)
        return Step(plan, plan.result[0].id, ("created",))

    return step


def _update(edit: UpdateTask) -> Stepper:
    number = native_number("id", edit.key.id)
    sides = ("add_blocks", "add_blocked_by", "remove_blocks", "remove_blocked_by")
    edges = EdgeChange.of(number, **{side: _numbers(side, getattr(edit, side)) for side in sides})
    change = Change(
        edit.subject,
        edit.description,
        edit.active_form,
        edit.owner,
        edit.status,
        edges,
        edit.metadata_patch,
        edit.expected,
        edit.clears,
        edit.native_status,
        edit.standing,
    )
    change.fields()

    def step(opened: OpenList, memory: ListMemory) -> Step:
        plan = plan_update(opened, number, change)
        if plan.result.record is None:
            raise TaskNotFound(opened.list_id, edit.key.id)
        return Step(plan, number, tuple(plan.result.changed))

    return step


def _release(edit: ReleaseTask) -> Stepper:
    number = native_number("id", edit.key.id)

    def step(opened: OpenList, memory: ListMemory) -> Step:
        plan = plan_release(opened, number, edit.expected_owner)
        if plan.result.record is None:
            raise TaskNotFound(opened.list_id, edit.key.id)
        return Step(plan, number, tuple(plan.result.changed))

    return step


def _delete(edit: DeleteTask) -> Stepper:
    number = native_number("id", edit.key.id)

    def step(opened: OpenList, memory: ListMemory) -> Step:
        plan = plan_delete(opened, memory, number, edit.expected)
        if not plan.result.deleted:
            raise TaskNotFound(opened.list_id, edit.key.id)
        return Step(plan, number, ("deleted",), deletes=True)

    return step


def _claim(edit: ClaimTask) -> Stepper:
    number = native_number("id", edit.key.id)

    def step(opened: OpenList, memory: ListMemory) -> Step:
        plan = plan_claim(opened, number, edit.claimant)
        if isinstance(plan.result, ClaimNotFound):
            raise TaskNotFound(opened.list_id, edit.key.id)
        if not isinstance(plan.result, ClaimOk):
            raise _refused(edit, plan.result)
        return Step(plan, number, ("owner",) if plan.writes else ())

    return step


def _restore(edit: RestoreTask) -> Stepper:
    number = native_number("id", edit.task.id)

    def step(opened: OpenList, memory: ListMemory) -> Step:
        return Step(plan_restore(opened, memory, edit), number, ("restored",))

    return step


def _refused(edit: ClaimTask, answer: ClaimResult) -> ClaimRefused:
    if isinstance(answer, ClaimAlreadyOwned):
        text = f"#{edit.key.id} is already owned by {answer.by}"
        return ClaimRefused(answer.kind, text, (answer.by,))
    if isinstance(answer, ClaimBlocked):
        by = tuple(str(number) for number in answer.by)
        why = "; ".join(reason.text for reason in answer.reasons[:3])
        return ClaimRefused(answer.kind, f"#{edit.key.id} cannot start yet: {why}", by)
    return ClaimRefused(answer.kind, f"#{edit.key.id} is already completed")


def _numbers(field_name: str, task_ids: Iterable[TaskId]) -> list[int]:
    return [native_number(field_name, task_id) for task_id in task_ids]

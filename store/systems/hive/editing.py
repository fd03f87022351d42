"""Edits as values → calls of the native store, and its answers → tasks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from store.files.paths import locate
from store.files.places import stamp
from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    ColonytopError,
    EditRefused,
    InvalidField,
    ListGone,
    TaskNotFound,
)
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskKey, TaskStatus
from store.systems.hive.claims import (
    ClaimAlreadyOwned,
    ClaimBlocked,
    ClaimNotFound,
    ClaimOk,
    ClaimResult,
)
from store.systems.hive.models import TaskRecord
from store.systems.hive.native import NativeStore
from store.systems.hive.record import file_name, task_of_record
from store.systems.hive.sidecars import NO_PRIORITY
from store.systems.hive.updating import Updated


class Editor:
    """Makes edits in the lists under one root. Safe to share between threads."""

    def __init__(self, root: Path, lock_timeout_s: float) -> None:
        self._root = root
        self._store = NativeStore(root, lock_timeout_s=lock_timeout_s)

    def apply(self, edit: Edit) -> EditResult:
        """Make one edit. A list that is gone is not made again, unless the edit says so.

        Raises:
            CommittedPending: it is made, and the next writer finishes what is left of it.
            ColonytopError: why it was not made; nothing was written.
        """
        may_start = isinstance(edit, CreateTask) and edit.starts_list
        there = stamp(self._root.joinpath(*locate(self._root, edit.list.id))) is not None
        if not there and not may_start:
            raise ListGone(edit.list.id, str(self._root))
        match edit:
            case CreateTask():
                return self._create(edit)
            case UpdateTask():
                return self._update(edit)
            case DeleteTask():
                return self._delete(edit)
            case ClaimTask():
                return self._claim(edit)
            case ReleaseTask():
                return self._release(edit)

    def _create(self, edit: CreateTask) -> EditResult:
        blockers = _numbers("blocked_by", edit.blocked_by)
        record = self._store.create_task(
            edit.list.id,
            edit.subject,
            edit.description,
            edit.active_form,
            edit.owner,
            edit.metadata,
            blockers,
        )
        others = [self._written_with(edit.list, number) for number in dict.fromkeys(blockers)]
        found = tuple(task for task in others if task is not None)
        return EditResult(edit, self._task(edit.list, record), ("created",), found)

    def _written_with(self, key: ListKey, number: int) -> Task | None:
        """The far end of an edge as it stands after the commit, if it can be read."""
        try:
            record = self._store.get_task(key.id, number)
        except ColonytopError:
            return None
        return self._task(key, record) if record is not None else None

    def _update(self, edit: UpdateTask) -> EditResult:
        if edit.priority is not None:
            raise EditRefused(NO_PRIORITY)
        updated = self._store.update_task(
            edit.list.id,
            _number("id", edit.key.id),
            subject=edit.subject,
            description=edit.description,
            active_form=edit.active_form,
            owner=edit.owner,
            status=edit.status,
            add_blocks=_numbers("add_blocks", edit.add_blocks),
            add_blocked_by=_numbers("add_blocked_by", edit.add_blocked_by),
            remove_blocks=_numbers("remove_blocks", edit.remove_blocks),
            remove_blocked_by=_numbers("remove_blocked_by", edit.remove_blocked_by),
            metadata_patch=edit.metadata_patch,
            expected=edit.expected,
        )
        return self._updated(edit, edit.key, updated)

    def _release(self, edit: ReleaseTask) -> EditResult:
        seen = {} if edit.expected_owner is None else {"owner": edit.expected_owner}
        number = _number("id", edit.key.id)
        updated = self._store.update_task(
            edit.list.id, number, owner=None, status=TaskStatus.PENDING, expected=seen
        )
        return self._updated(edit, edit.key, updated)

    def _updated(self, edit: Edit, key: TaskKey, updated: Updated) -> EditResult:
        if updated.record is None:
            raise TaskNotFound(key.list.id, key.id)
        others = tuple(self._task(key.list, record) for record in updated.others)
        task = self._task(key.list, updated.record)
        return EditResult(edit, task, tuple(updated.changed), others)

    def _delete(self, edit: DeleteTask) -> EditResult:
        number = _number("id", edit.key.id)
        deleted = self._store.delete_task(edit.list.id, number, expected=edit.expected)
        if not deleted.deleted:
            raise TaskNotFound(edit.list.id, edit.key.id)
        stripped = tuple(TaskId(str(number)) for number in deleted.stripped)
        others = tuple(self._task(edit.list, record) for record in deleted.others)
        return EditResult(edit, None, ("deleted",), others, stripped)

    def _claim(self, edit: ClaimTask) -> EditResult:
        answer = self._store.claim_task(edit.list.id, _number("id", edit.key.id), edit.claimant)
        if isinstance(answer, ClaimOk):
            return EditResult(edit, self._task(edit.list, answer.record), ("owner",))
        if isinstance(answer, ClaimNotFound):
            raise TaskNotFound(edit.list.id, edit.key.id)
        raise _refused(edit, answer)

    def _task(self, key: ListKey, record: TaskRecord) -> Task:
        parts = locate(self._root, key.id)
        path = self._root.joinpath(*parts, "tasks", file_name(record.id))
        task_key = TaskKey(key, TaskId(str(record.id)))
        return task_of_record(task_key, str(path), record, NO_REVISION)


def _refused(edit: ClaimTask, answer: ClaimResult) -> ClaimRefused:
    if isinstance(answer, ClaimAlreadyOwned):
        text = f"#{edit.key.id} is already owned by {answer.by}"
        return ClaimRefused(answer.kind, text, (answer.by,))
    if isinstance(answer, ClaimBlocked):
        by = tuple(str(number) for number in answer.by)
        why = "; ".join(reason.text for reason in answer.reasons[:3])
        return ClaimRefused(answer.kind, f"#{edit.key.id} cannot start yet: {why}", by)
    return ClaimRefused(answer.kind, f"#{edit.key.id} is already completed")


def _number(field: str, task_id: TaskId) -> int:
    if not (task_id.isascii() and task_id.isdecimal() and len(task_id) <= 15):
        raise InvalidField(field, f"{task_id[:40]!r} is not a task id of this layout")
    return int(task_id)


def _numbers(field: str, task_ids: Iterable[TaskId]) -> list[int]:
    return [_number(field, task_id) for task_id in task_ids]

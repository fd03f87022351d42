"""The native store, synchronous: every operation on a list, under its lock.

A call opens the list, takes the lock, reads what it needs, decides, and commits one change. The
async `TaskStore` carries these calls in threads; adapters and the command line call them directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from store.files.lock import Patience
from store.files.transaction import Durability
from store.model.edits import KEEP, Keep
from store.model.errors import CommittedPending, TaskNotFound
from store.model.task import TaskStatus
from store.systems.hive.claims import ClaimNotFound, ClaimResult, plan_claim
from store.systems.hive.creating import batch_fields, checked_waits, new_fields, plan_create
from store.systems.hive.deleting import Deleted, plan_delete, plan_reset, strip_rest
from store.systems.hive.edges import EdgeChange, checked_ids
from store.systems.hive.meta import plan_ensure
from store.systems.hive.models import TaskListMeta
from store.systems.hive.record import TaskListRole
from store.systems.hive.updating import Change, Updated, plan_release, plan_update
from store.systems.hive.writing import ListWriter
from store.systems.records.models import TaskRecord

LOCK_TIMEOUT_S = 10.0


class NativeStore(ListWriter):
    """The lists under one root. Safe to share between threads and processes.

    Args:
        root: where lists live; made by the first write.
        lock_timeout_s: the longest wait for a list's lock, in seconds.
        durability: what acknowledged changes survive, a power cut unless told otherwise.

    Every call that writes takes `patience` to count the wait from an earlier moment or to end it.
    All raise `InvalidListId` for an id that cannot name a list, `LockTimeout`, `ListGone`,
    `TransactionQuarantined` and `StorageFailure`; then nothing was changed. `CommittedPending` is
    the one error after which the change stands; its `result` is the answer.
    """

    def __init__(
        self,
        root: Path,
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        durability: Durability = Durability.POWER,
    ) -> None:
        super().__init__(root, lock_timeout_s, durability)

    def ensure(
        self,
        list_id: str,
        role: TaskListRole,
        creator_agent_id: str | None = None,
        session_id: str | None = None,
        *,
        goal: str | None = None,
        patience: Patience | None = None,
    ) -> TaskListMeta:
        """Make the list if it is not there, with what it is for; add the session to the last ten
        seen.
        """
        role = TaskListRole(role)
        plan = partial(
            plan_ensure,
            role=role,
            creator_agent_id=creator_agent_id,
            session_id=session_id,
            goal=goal,
        )
        return self._make(list_id, lambda opened, _: plan(opened), patience)

    def create_task(
        self,
        list_id: str,
        subject: str,
        description: str = "",
        active_form: str | None = None,
        owner: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        blocked_by: Iterable[int] | None = None,
        *,
        patience: Patience | None = None,
    ) -> TaskRecord:
        """Add a task, pending, with the next id of the list."""
        fields = [new_fields(subject, description, active_form, owner, metadata)]
        blockers = checked_ids("blocked_by", blocked_by or ())
        plan = partial(plan_create, fields=fields, blocked_by=blockers)
        with _answering(lambda made: made[0]):
            if not blockers:
                return self._make(list_id, plan, patience)[0]
            made = self._change(list_id, plan, patience, None)
        if made is None:
            raise TaskNotFound(list_id, str(blockers[0]))
        return made[0]

    def create_tasks_batch(
        self,
        list_id: str,
        specs: Sequence[Mapping[str, Any]],
        *,
        waits: Sequence[Sequence[int]] = (),
        patience: Patience | None = None,
    ) -> list[TaskRecord]:
        """Add several tasks with contiguous ids, all or none.

        Args:
            list_id: where.
            specs: the fields of each.
            waits: on which others of them each waits, by their places from 0; () is on none.

        Raises:
            InvalidField: (a ValueError) names the field, as `specs[2].subject`.
            SelfEdge, CycleRefused: they would wait on each other.
        """
        fields = batch_fields(specs)
        if not fields:
            return []
        places = checked_waits(waits, len(fields))
        return self._make(list_id, partial(plan_create, fields=fields, waits=places), patience)

    def update_task(
        self,
        list_id: str,
        task_id: int,
        *,
        subject: str | None = None,
        description: str | None = None,
        active_form: str | None = None,
        owner: str | Keep | None = KEEP,
        status: TaskStatus | str | None = None,
        add_blocks: Iterable[int] | None = None,
        add_blocked_by: Iterable[int] | None = None,
        remove_blocks: Iterable[int] | None = None,
        remove_blocked_by: Iterable[int] | None = None,
        metadata_patch: Mapping[str, Any] | None = None,
        expected: Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> Updated:
        """Change one task and both sides of its edges. `record` is None if it is not there."""
        (task_id,) = checked_ids("task_id", (task_id,))
        edges = EdgeChange.of(
            task_id,
            add_blocks=add_blocks,
            add_blocked_by=add_blocked_by,
            remove_blocks=remove_blocks,
            remove_blocked_by=remove_blocked_by,
        )
        texts = (subject, description, active_form)
        change = Change(*texts, owner, status, edges, metadata_patch or {}, expected or {})
        return self._staged(
            list_id,
            lambda opened, _: plan_update(opened, task_id, change),
            patience,
            Updated(None),
        )

    def delete_task(
        self,
        list_id: str,
        task_id: int,
        *,
        expected: Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> Deleted:
        """Remove a task and strip its id from all others; the id is never used again.

        Where more records name it than one change can hold, the rest follow in changes of their
        own. Until then it is a missing blocker to them, so nothing starts too early.
        """
        (task_id,) = checked_ids("task_id", (task_id,))
        plan = partial(plan_delete, task_id=task_id, expected=expected or {})
        deleted = self._change(list_id, plan, patience, Deleted(False))
        return strip_rest(
            list_id,
            task_id,
            deleted,
            lambda strip: self._change(list_id, strip, None, Deleted(True)),
        )

    def claim_task(
        self, list_id: str, task_id: int, claimant: str, *, patience: Patience | None = None
    ) -> ClaimResult:
        """Take a task that is free and not blocked. Only the owner is set."""
        (task_id,) = checked_ids("task_id", (task_id,))
        return self._staged(
            list_id,
            lambda opened, _: plan_claim(opened, task_id, claimant),
            patience,
            ClaimNotFound(),
        )

    def release_task(
        self,
        list_id: str,
        task_id: int,
        expected_owner: str | None = None,
        *,
        patience: Patience | None = None,
    ) -> TaskRecord | None:
        """Give a task back: no owner, status pending. None if it is not there."""
        (task_id,) = checked_ids("task_id", (task_id,))
        with _answering(lambda updated: updated.record):
            updated = self._staged(
                list_id,
                lambda opened, _: plan_release(opened, task_id, expected_owner),
                patience,
                Updated(None),
            )
        return updated.record

    def reset(self, list_id: str, *, patience: Patience | None = None) -> None:
        """Remove every readable task. The mark stays, so no id comes back.

        More than one change can hold go in several; after an error some may be left.
        """
        while self._change(list_id, plan_reset, patience, False):
            pass


@contextmanager
def _answering(answer: Callable[[Any], Any]) -> Iterator[None]:
    """Give a change that is committed and pending the answer that its call would have given."""
    try:
        yield
    except CommittedPending as error:
        error.result = answer(error.result)
        raise

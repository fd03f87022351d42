"""The native store, synchronous: every operation on a list, under its lock.

A call opens the list, takes the lock, reads what it needs, decides, and commits one change. The
async `TaskStore` carries these calls in threads; adapters and the command line call them directly.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from store.files.codec import Unparsable
from store.files.consistent import RecordsReader
from store.files.failures import storage_failures
from store.files.fs import Directory, StagedFile, open_directory
from store.files.lock import LOCK_NAME, Patience, gather, list_lock
from store.files.overlay import pending
from store.files.paths import locate
from store.files.recovery import has_leftovers, recover
from store.files.shared_lock import shared_lock
from store.files.transaction import Durability, commit, stage
from store.model.edits import KEEP, Keep
from store.model.errors import ColonytopError, CommittedPending, StorageFailure, TaskNotFound
from store.model.task import TaskStatus
from store.systems.hive.claims import ClaimNotFound, ClaimResult, plan_claim
from store.systems.hive.creating import batch_fields, new_fields, plan_create
from store.systems.hive.deleting import Deleted, plan_delete, plan_reset
from store.systems.hive.edges import EdgeChange, checked_ids
from store.systems.hive.intent import RULES
from store.systems.hive.memory import ListMemory, Memories
from store.systems.hive.meta import META_NAME, plan_ensure, read_meta
from store.systems.hive.opened import OpenList, Plan, open_list
from store.systems.hive.record import (
    TaskListMeta,
    TaskListRole,
    TaskRecord,
    file_name,
    id_of_file,
    parse_record,
)
from store.systems.hive.updating import Change, Updated, plan_release, plan_update

Result = TypeVar("Result")
Absent = TypeVar("Absent")
Planner = Callable[[OpenList, ListMemory], Plan[Result]]

LOCK_TIMEOUT_S = 10.0
_ATTEMPTS = 3
_SHARING_S = 1.0


class NativeStore:
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
        self.root = root
        self.lock_timeout_s = lock_timeout_s
        self._syncs = durability is Durability.POWER
        self._sharing_s = min(lock_timeout_s, _SHARING_S)
        self._memories = Memories()

    # reading

    def exists(self, list_id: str) -> bool:
        """Whether there is meta or any task file."""
        parts = locate(self.root, list_id)
        try:
            with storage_failures(self.root), open_directory(self.root, parts) as directory:
                if directory.status(META_NAME) is not None:
                    return True
                with directory.subdirectory("tasks") as tasks:
                    return any(id_of_file(name) for name in tasks.names())
        except StorageFailure as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return False
            raise

    def meta(self, list_id: str) -> TaskListMeta | None:
        """The list's meta, None without one.

        Raises:
            UnreadableTask: it is there and cannot be understood.
        """
        parts = locate(self.root, list_id)
        try:
            with storage_failures(self.root), open_directory(self.root, parts) as directory:
                found = read_meta(directory)
        except StorageFailure as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        return found[0] if found is not None else None

    def get_task(self, list_id: str, task_id: int) -> TaskRecord | None:
        """One record, None if it is not there.

        Raises:
            UnreadableTask: its file is there and cannot be understood.
        """
        (task_id,) = checked_ids("task_id", (task_id,))
        parts = locate(self.root, list_id)
        with storage_failures(self.root), open_list(self.root, list_id, parts) as opened:
            if opened is None:
                return None
            opened.overlay = pending(opened.directory)
            found = opened.find(task_id)
        return found.record if found is not None else None

    def list_tasks(self, list_id: str, *, include_internal: bool = False) -> list[TaskRecord]:
        """The readable records by id, as they were at one moment.

        Reads without the lock. Only of a list that never stands still it shares the lock, for one
        look at what moved; where it stays busy too long the records are those of different moments.
        """
        parts = locate(self.root, list_id)
        found: list[TaskRecord] = []
        with storage_failures(self.root), open_list(self.root, list_id, parts) as opened:
            if opened is None:
                return []
            with _collector_paused():
                reader = RecordsReader(opened.directory, opened.tasks, _is_record)
                files = reader.read(shared_lock, self._sharing_s)
                for name, content in files.items():
                    try:
                        record = parse_record(content)
                    except Unparsable:
                        continue
                    hidden = not include_internal and record.metadata.get("_internal")
                    if file_name(record.id) == name and not hidden:
                        found.append(record)
                found.sort(key=_id_of)
        return found

    # writing

    def ensure(
        self,
        list_id: str,
        role: TaskListRole,
        creator_agent_id: str | None = None,
        session_id: str | None = None,
        *,
        patience: Patience | None = None,
    ) -> TaskListMeta:
        """Make the list if it is not there; add the session to the last ten seen."""
        role = TaskListRole(role)
        plan = partial(
            plan_ensure, role=role, creator_agent_id=creator_agent_id, session_id=session_id
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
        patience: Patience | None = None,
    ) -> list[TaskRecord]:
        """Add several tasks with contiguous ids, all or none.

        Raises:
            InvalidField: (a ValueError) names the field, as `specs[2].subject`.
        """
        fields = batch_fields(specs)
        if not fields:
            return []
        return self._make(list_id, partial(plan_create, fields=fields), patience)

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
        """Remove a task and strip its id from all others; the id is never used again."""
        (task_id,) = checked_ids("task_id", (task_id,))
        plan = partial(plan_delete, task_id=task_id, expected=expected or {})
        return self._change(list_id, plan, patience, Deleted(False))

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
        """Remove every readable task. The mark stays, so no id comes back."""
        self._change(list_id, plan_reset, patience, None)

    # the way of every write

    def _make(self, list_id: str, plan: Planner[Result], patience: Patience | None) -> Result:
        """A write that makes the list if need be."""
        made = self._run(list_id, plan, patience, create=True)
        if made is None:
            raise StorageFailure(list_id, "the list could not be made")
        return made.result

    def _change(
        self, list_id: str, plan: Planner[Result], patience: Patience | None, absent: Absent
    ) -> Result | Absent:
        """A write to a list that may not be there: then the answer is `absent`."""
        made = self._run(list_id, plan, patience, create=False)
        return absent if made is None else made.result

    def _run(
        self, list_id: str, plan: Planner[Result], patience: Patience | None, *, create: bool
    ) -> Plan[Result] | None:
        patience = patience or Patience(self.lock_timeout_s)
        parts = locate(self.root, list_id)
        opening = open_list(self.root, list_id, parts, create=create)
        with storage_failures(self.root), opening as opened:
            if opened is None:
                return None
            if create:
                return self._locked(opened, plan, patience)
            if _is_untouched(opened):
                # Nobody has locked this list yet. A refusal shall not leave a lock file behind.
                judged = plan(opened, ListMemory())
                if not judged.writes:
                    return judged
                opened.forget()
            return self._locked(opened, plan, patience)

    def _locked(self, opened: OpenList, plan: Planner[Result], patience: Patience) -> Plan[Result]:
        """Plan and commit under the lock; the directories are synced after it."""
        with list_lock(opened.directory, opened.list_id, patience) as lock:
            patience.begin()
            recover(opened.directory, opened.tasks, RULES)
            planned, unsynced = self._commit(opened, plan, lock.verify)
        _sync(opened, planned, unsynced)
        return planned

    def _staged(
        self, list_id: str, plan: Planner[Result], patience: Patience | None, absent: Absent
    ) -> Result | Absent:
        """A change of one record, decided and written before the lock is taken.

        Under the lock only the records read are compared and the new file is renamed, so writers
        of different tasks wait for their disks side by side. What does not hold then, and every
        refusal, is decided again under the lock.
        """
        patience = patience or Patience(self.lock_timeout_s)
        parts = locate(self.root, list_id)
        with storage_failures(self.root), open_list(self.root, list_id, parts) as opened:
            if opened is None:
                return absent
            no_lock_yet = _is_untouched(opened)
            try:
                planned = plan(opened, ListMemory())
            except ColonytopError:
                if no_lock_yet:
                    raise  # a refusal shall not leave a lock file behind
                planned = None
            if planned is not None and not planned.writes and no_lock_yet:
                return planned.result
            if planned is not None and len(planned.writes) == 1:
                gather(opened.directory)
                staged = stage(planned.writes[0], sync=self._syncs)
                if staged is not None:
                    with staged:
                        return self._publish(opened, plan, planned, staged, patience).result
            opened.forget()
            return self._locked(opened, plan, patience).result

    def _publish(
        self,
        opened: OpenList,
        plan: Planner[Result],
        planned: Plan[Result],
        staged: StagedFile,
        patience: Patience,
    ) -> Plan[Result]:
        with list_lock(opened.directory, opened.list_id, patience) as lock:
            patience.begin()
            recover(opened.directory, opened.tasks, RULES)
            if opened.still_holds():
                memory = self._memories.of(opened.directory)
                memory.recall(opened)
                unsynced = self._write(opened, memory, planned, staged, lock.verify)
            else:
                opened.forget()
                planned, unsynced = self._commit(opened, plan, lock.verify)
        _sync(opened, planned, unsynced)
        return planned

    def _commit(
        self, opened: OpenList, plan: Planner[Result], verify: Callable[[], None]
    ) -> tuple[Plan[Result], list[Directory]]:
        memory = self._memories.of(opened.directory)
        for _ in range(_ATTEMPTS):
            memory.recall(opened)
            planned = plan(opened, memory)
            if not planned.writes:
                return planned, []
            try:
                return planned, self._write(opened, memory, planned, None, verify)
            except FileExistsError:
                # Somebody made that file without the lock. Ids come from names: look again.
                opened.forget()
        raise StorageFailure(opened.tasks.location, "somebody makes tasks without the lock")

    def _write(
        self,
        opened: OpenList,
        memory: ListMemory,
        planned: Plan[Any],
        staged: StagedFile | None,
        verify: Callable[[], None],
    ) -> list[Directory]:
        try:
            unsynced = commit(planned.writes, RULES, verify=verify, staged=staged, sync=self._syncs)
        except BaseException as error:
            memory.forget()
            if isinstance(error, CommittedPending):
                error.result = planned.result
            raise
        memory.keep(opened, planned)
        return unsynced


def _is_untouched(opened: OpenList) -> bool:
    """Nobody has ever locked this list, nor left anything to finish."""
    return opened.directory.status(LOCK_NAME) is None and not has_leftovers(opened.directory)


@contextmanager
def _answering(answer: Callable[[Any], Any]) -> Iterator[None]:
    """Give a change that is committed and pending the answer that its call would have given."""
    try:
        yield
    except CommittedPending as error:
        error.result = answer(error.result)
        raise


def _id_of(record: TaskRecord) -> int:
    return record.id


def _is_record(name: str) -> bool:
    return id_of_file(name) is not None


def _sync(opened: OpenList, planned: Plan[Any], unsynced: list[Directory]) -> None:
    """Make a change last, after the lock was released."""
    try:
        if unsynced:
            gather(opened.directory)
        for directory in unsynced:
            directory.sync()
    except OSError as error:
        pending_error = CommittedPending(opened.directory.location, error.strerror or str(error))
        pending_error.result = planned.result
        raise pending_error from error


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Making 10,000 records that all stay sets the garbage collector off for nothing."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

"""`TaskStore`: the native store for event loops, and the public API for agents.

Every call runs in a thread of the store's own. The wait for a list's lock is counted from the
call, so time spent behind other calls of the same store counts too.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from store.files.lock import Patience
from store.files.paths import hive_root_from_environment
from store.files.transaction import Durability
from store.model.edits import KEEP, Keep
from store.model.task import TaskStatus
from store.systems.hive.claims import ClaimResult
from store.systems.hive.lanes import Lanes
from store.systems.hive.models import TaskListMeta
from store.systems.hive.native import LOCK_TIMEOUT_S, NativeStore
from store.systems.hive.record import TaskListRole
from store.systems.records.models import TaskRecord

Result = TypeVar("Result")

_READERS = 4


class TaskStore:
    """Task lists under one root, shared with every other process that keeps the layout.

    Args:
        hive_root: the root; by default `$HIVE_HOME`, else `~/.hive`.
        lock_timeout_s: the longest wait for a list's lock, in seconds.
        durability: what acknowledged changes survive, a power cut unless told otherwise.

    Reading takes no lock and creates nothing. Writing raises `LockTimeout` when a list's lock stays
    busy, `StaleEdit` when `expected` does not hold, `UnreadableTask` rather than overwrite what
    cannot be read, and `InvalidField` or one of its kind for what cannot be stored; then nothing
    was written. `CommittedPending` is the one error after which the change stands: the next writer
    in the list finishes what is left of it, and `result` is the answer.

    A cancelled call writes nothing if it still waits for the lock; once it writes, the cancellation
    arrives after the write is whole.
    """

    def __init__(
        self,
        *,
        hive_root: Path | str | None = None,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        durability: Durability = Durability.POWER,
    ) -> None:
        root = hive_root_from_environment() if hive_root is None else Path(hive_root)
        # Absolute, so that a later change of directory does not move the lists.
        self.root = Path(os.path.abspath(root))  # noqa: PTH100  (keeps links)
        self._native = NativeStore(self.root, lock_timeout_s=lock_timeout_s, durability=durability)
        self._writes = Lanes()
        self._reads = Lanes(width=_READERS)

    async def ensure_task_list(
        self,
        task_list_id: str,
        role: TaskListRole,
        creator_agent_id: str | None = None,
        session_id: str | None = None,
    ) -> TaskListMeta:
        """Make a list if it is not there; add the session to the last ten seen."""
        native = partial(self._native.ensure, task_list_id, role, creator_agent_id, session_id)
        return await self._write(task_list_id, native)

    async def list_exists(self, task_list_id: str) -> bool:
        """Whether the list has meta or any task file."""
        return await self._read(partial(self._native.exists, task_list_id))

    async def get_meta(self, task_list_id: str) -> TaskListMeta | None:
        """The list's meta, None without one."""
        return await self._read(partial(self._native.meta, task_list_id))

    async def create_task(
        self,
        task_list_id: str,
        subject: str,
        description: str = "",
        active_form: str | None = None,
        owner: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        blocked_by: Iterable[int] | None = None,
    ) -> TaskRecord:
        """Add a pending task with the next id. Makes the list, and missing meta."""
        texts = (subject, description, active_form, owner)
        native = partial(self._native.create_task, task_list_id, *texts, metadata, blocked_by)
        return await self._write(task_list_id, native)

    async def create_tasks_batch(
        self, task_list_id: str, specs: Sequence[Mapping[str, Any]]
    ) -> list[TaskRecord]:
        """Add tasks with contiguous ids, all or none.

        Args:
            task_list_id: the list.
            specs: for each task `subject` (not blank) and any of `description`, `active_form`,
                `owner` and `metadata`.

        Raises:
            ValueError: names what is wrong, as `specs[2].subject`.
        """
        native = partial(self._native.create_tasks_batch, task_list_id, specs)
        return await self._write(task_list_id, native)

    async def get_task(self, task_list_id: str, task_id: int) -> TaskRecord | None:
        """One record, None if it is not there. `UnreadableTask` if it cannot be understood."""
        return await self._read(partial(self._native.get_task, task_list_id, task_id))

    async def list_tasks(
        self, task_list_id: str, include_internal: bool = False
    ) -> list[TaskRecord]:
        """The readable records by id, without those whose `metadata._internal` is set."""
        internal = bool(include_internal)
        return await self._read(
            partial(self._native.list_tasks, task_list_id, include_internal=internal)
        )

    async def update_task(
        self,
        task_list_id: str,
        task_id: int,
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
    ) -> tuple[TaskRecord | None, list[str]]:
        """Change a task, and both sides of its edges, in one commit.

        Args:
            subject, description, active_form, status: None leaves them.
            owner: None clears it, absent leaves it.
            add_blocks, add_blocked_by, remove_blocks, remove_blocked_by: ids of far ends.
            metadata_patch: keys to set; a None deletes the key.
            expected: field values as the caller saw them.

        Returns:
            The record as stored now and the names of the fields that changed; `(None, [])` if
            there is no such task.

        Raises:
            StaleEdit: a field differs from `expected`.
            CycleRefused, SelfEdge, TaskNotFound: for an edge that cannot be made.
        """
        task = partial(self._native.update_task, task_list_id, task_id)
        native = partial(
            task,
            subject=subject,
            description=description,
            active_form=active_form,
            owner=owner,
            status=status,
            add_blocks=add_blocks,
            add_blocked_by=add_blocked_by,
            remove_blocks=remove_blocks,
            remove_blocked_by=remove_blocked_by,
            metadata_patch=metadata_patch,
            expected=expected,
        )
        updated = await self._write(task_list_id, native)
        return updated.record, updated.changed

    async def delete_task(self, task_list_id: str, task_id: int) -> tuple[bool, list[int]]:
        """Remove a task for ever; whether it was there, and the ids whose edges were stripped."""
        gone = await self._write(
            task_list_id, partial(self._native.delete_task, task_list_id, task_id)
        )
        return gone.deleted, gone.stripped

    async def claim_task_with_busy_check(
        self, task_list_id: str, task_id: int, claimant: str
    ) -> ClaimResult:
        """Become the owner of a task that is free and not blocked; its status stays."""
        native = partial(self._native.claim_task, task_list_id, task_id, claimant)
        return await self._write(task_list_id, native)

    async def release_task(
        self, task_list_id: str, task_id: int, expected_owner: str | None = None
    ) -> TaskRecord | None:
        """Give a task back: no owner, status pending. None if there is no such task.

        Raises:
            StaleEdit: `expected_owner` does not own it any more.
        """
        native = partial(self._native.release_task, task_list_id, task_id, expected_owner)
        return await self._write(task_list_id, native)

    async def reset_task_list(self, task_list_id: str) -> None:
        """Remove the tasks. Ids go on from where they were; unreadable files stay."""
        await self._write(task_list_id, partial(self._native.reset, task_list_id))

    async def _read(self, native: Callable[[], Result]) -> Result:
        running = self._reads.submit("read", native)
        try:
            return await _answer(running)
        except asyncio.CancelledError:
            running.cancel()
            raise

    async def _write(self, task_list_id: str, native: Callable[..., Result]) -> Result:
        patience = Patience(self._native.lock_timeout_s)
        work = partial(native, patience=patience)
        running = self._writes.submit(task_list_id, work)
        try:
            return await _answer(running)
        except asyncio.CancelledError:
            patience.give_up()
            if not running.cancel():
                # Under way: it stops at once if it waits for the lock, else it finishes writing.
                await _settled(asyncio.wrap_future(running))
            raise


def _answer(running: Future[Result]) -> asyncio.Future[Result]:
    """What a lane's thread answers, one step of the loop later. Cancelling it stops no thread."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Result] = loop.create_future()

    def arrive() -> None:
        if answer.done():
            return  # nobody waits any more
        error = running.exception()
        if error is None:
            answer.set_result(running.result())
        else:
            answer.set_exception(error)

    def deliver(_: Future[Result]) -> None:
        if not running.cancelled():
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(arrive)

    running.add_done_callback(deliver)
    return answer


async def _settled(waiting: asyncio.Future[Any]) -> None:
    """Wait milliseconds for a call that ends by itself, whatever is cancelled meanwhile."""
    while not waiting.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([waiting])
    if not waiting.cancelled():
        waiting.exception()  # somebody looked at it


_stores: dict[Path, TaskStore] = {}
_stores_mutex = threading.Lock()


def get_task_store() -> TaskStore:
    """This process's store of the default root, the same object each time."""
    root = hive_root_from_environment()
    with _stores_mutex:
        found = _stores.get(root)
        if found is None:
            found = _stores[root] = TaskStore(hive_root=root)
        return found

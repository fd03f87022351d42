"""The way of every write to a native list: plan, lock, recover, commit, sync."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from store.files.descriptors import StagedFile
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.lock import LOCK_NAME, Patience, gather, list_lock
from store.files.paths import locate
from store.files.recovery import has_leftovers, recover
from store.files.spare import FULL, give_spare, keep_spare
from store.files.transaction import Durability, commit, stage
from store.model.errors import ColonytopError, CommittedPending, StorageFailure
from store.systems.hive.intent import RULES
from store.systems.hive.memory import ListMemory, Memories
from store.systems.hive.opened import OpenList, Plan, open_list
from store.systems.hive.reading import ListReader

Result = TypeVar("Result")
Absent = TypeVar("Absent")
Planner = Callable[[OpenList, ListMemory], Plan[Result]]

_ATTEMPTS = 3


class ListWriter(ListReader):
    """Commits what a call has planned, each plan as one change under the list's lock."""

    def __init__(self, root: Path, lock_timeout_s: float, durability: Durability) -> None:
        super().__init__(root, lock_timeout_s)
        self._syncs = durability is Durability.POWER
        self._memories = Memories()

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
        if planned.removes:
            keep_spare(self.root)
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
            except OSError as error:
                if error.errno not in FULL or not planned.removes:
                    raise
                if not give_spare(self.root):
                    keep_spare(self.root)  # given before, and it was not enough
                    raise
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

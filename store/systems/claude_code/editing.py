"""Edits of one list under the owner's locks: the list's before those of tasks, these in the order
of their numbers, and only for as long as the files are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from store.files.descriptors import close
from store.files.directory_lock import HeldDirectory, directory_lock, flocked
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory, open_directory
from store.files.places import stamp
from store.files.waiting import Patience
from store.model.edits import BatchResult, CreateTask, Edit, RestoreTask, UpdateTask
from store.model.errors import EditRefused, InvalidField, ListGone, LockHolder, LockTimeout
from store.model.graph import Tasks, id_order
from store.model.planning import Planned, plan_edits
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListInfo
from store.systems.claude_code.beside import EDITABLE
from store.systems.claude_code.committing import Commit, Overtaken, encoded, originals
from store.systems.claude_code.places import LOCK, TASKS, name_of
from store.systems.claude_code.record import MOST_DIGITS, file_name, is_id, read_task
from store.systems.claude_code.records import Records
from store.systems.listed import list_directories

_PAUSE_S = 0.005

MOST_TASKS = 200
"""Tasks written in one change: so many locks, and files, are open at once."""


def make_edits(
    key: ListKey, edits: Sequence[Edit], *, all_or_none: bool, timeout_s: float
) -> BatchResult:
    """Make edits of one list; see `System.apply_all`."""
    root, name = Path(key.root), name_of(key.id)
    _check_ids(edits)
    if any(isinstance(edit, CreateTask) and edit.starts_list for edit in edits):
        open_directory(root, (TASKS, name), create=True).close()
    parts = (TASKS, name)
    with (
        storage_failures(root.joinpath(*parts)),
        list_directories(root, parts, key.id) as (_, directory),
    ):
        return _Change(key, directory, edits, all_or_none, Patience(timeout_s)).make()


class _Change:
    """Edits that are to be made in an open list."""

    def __init__(
        self,
        key: ListKey,
        directory: Directory,
        edits: Sequence[Edit],
        all_or_none: bool,
        patience: Patience,
    ) -> None:
        self._key = key
        self._directory = directory
        self._edits = edits
        self._all_or_none = all_or_none
        self._patience = patience

    def make(self) -> BatchResult:
        """Plan under the locks that the plan needs; where it turns out to need more, once more."""
        with ExitStack() as stack:
            held = []
            if _is_of_several(self._edits):
                close(self._directory.open_lock(LOCK))
                held.append(stack.enter_context(self._lock(LOCK)))
            named = {e.key.id for e in self._edits if not isinstance(e, CreateTask)}
            wanted = {task_id for task_id in named if is_id(task_id)}
            while True:
                with self._locks(wanted) as locks, flocked(self._directory, LOCK):
                    records = Records(self._directory, self._key)
                    planned = self._plan(records)
                    needed = set(_known(planned))
                    if needed <= locks.keys():
                        try:
                            return self._commit(planned, records, [*held, *locks.values()])
                        except Overtaken:
                            self._wait_or_end()
                    wanted |= needed
                    if len(wanted) > MOST_TASKS:
                        raise EditRefused(_TOO_MANY)

    def _lock(self, name: str) -> AbstractContextManager[HeldDirectory]:
        return directory_lock(self._directory, name, self._key.id, self._patience)

    @contextmanager
    def _locks(self, tasks: set[TaskId]) -> Iterator[dict[TaskId, HeldDirectory]]:
        """The locks of those of the tasks that are there."""
        held: dict[TaskId, HeldDirectory] = {}
        with ExitStack() as stack:
            for task_id in sorted(tasks, key=id_order):
                try:
                    held[task_id] = stack.enter_context(self._lock(file_name(task_id)))
                except FileNotFoundError:
                    continue
            yield held

    def _plan(self, records: Records) -> Planned:
        task_list = TaskList(
            TaskListInfo(self._key, self._directory.location, capabilities=EDITABLE),
            records,
            highest_id=records.mark(),
        )
        return plan_edits(
            task_list,
            self._edits,
            all_or_none=self._all_or_none,
            new_id=_numbering(records),
        )

    def _commit(
        self, planned: Planned, records: Records, locks: Sequence[HeldDirectory]
    ) -> BatchResult:
        contents = encoded(planned, records)
        kept = originals(planned, records)

        def verify() -> None:
            for lock in locks:
                lock.verify()
            found = stamp(self._directory.location)
            if found is None or found.identity != self._directory.identity():
                raise ListGone(self._key.id, self._key.root)

        if contents:
            Commit(self._directory, records, verify).write(contents, _known(planned))
        return planned.result_with(self._stored(planned), kept)

    def _stored(self, planned: Planned) -> dict[TaskId, Task]:
        """The tasks that were written, as they stand now."""
        found: dict[TaskId, Task] = {}
        for task_id, after in planned.written.items():
            if after is None:
                continue
            name = file_name(task_id)
            try:
                file = self._directory.read(name)
            except (FileNotFoundError, UnreadableFile):
                continue
            path = self._directory.path_of(name)
            found[task_id] = read_task(TaskKey(self._key, task_id), path, file)
        return found

    def _wait_or_end(self) -> None:
        self._patience.sleep(_PAUSE_S)
        if self._patience.left_s() <= 0:
            holder = LockHolder(None, None, None)
            raise LockTimeout(self._key.id, self._patience.waited_s(), holder)


def _known(planned: Planned) -> list[TaskId]:
    """The tasks to be written that are there already."""
    return [task_id for task_id, before in planned.before.items() if before is not None]


_TOO_MANY = (
    f"more than {MOST_TASKS} tasks would be written in one change, each under a lock of its own; "
    "make it in parts"
)


def _is_of_several(edits: Sequence[Edit]) -> bool:
    """Whether more than one record may be written, or a name given away."""
    if len(edits) != 1 or isinstance(edits[0], (CreateTask, RestoreTask)):
        return True
    edit = edits[0]
    if isinstance(edit, UpdateTask):
        sides = (edit.add_blocks, edit.add_blocked_by, edit.remove_blocks, edit.remove_blocked_by)
        return any(sides)
    return edit.verb.value == "delete"


def _check_ids(edits: Sequence[Edit]) -> None:
    for edit in edits:
        if isinstance(edit, RestoreTask) and not is_id(edit.key.id):
            raise InvalidField("id", f"{edit.key.id[:40]!r} is not a number as ids are here")


def _numbering(records: Records) -> Callable[[CreateTask, Tasks], TaskId]:
    """Gives away the numbers above all that were ever given."""
    given: list[int] = []

    def number(_: CreateTask, tasks: Tasks) -> TaskId:
        following = (given[-1] if given else records.highest()) + 1
        while TaskId(str(following)) in tasks:
            following += 1
        if len(str(following)) > MOST_DIGITS:
            raise InvalidField("id", "no number is left above the ones that were given away")
        given.append(following)
        return TaskId(str(following))

    return number

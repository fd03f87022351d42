"""Mending a list: what crashes left behind, the mark, and edges that do not agree.

Nothing is guessed: an edge that one side tells of is written at the other, an edge to a task that
was removed is dropped, files that cannot be read are never touched.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from store.files.descriptors import close
from store.files.directory_lock import STALE_S, directory_lock, remove_stale, stale_in
from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.temporaries import is_temporary
from store.files.waiting import Patience
from store.model.edits import EditFailure, UpdateTask
from store.model.mending import edge_mendings, mended
from store.model.planning import plan_edits
from store.model.repairs import Repair, RepairKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskId, TaskListInfo
from store.systems.claude_code.editing import make_edits
from store.systems.claude_code.places import LOCK, MARK, TASKS, name_of
from store.systems.claude_code.records import Records
from store.systems.listed import list_directories


def repair_list(key: ListKey, *, dry_run: bool, timeout_s: float) -> list[Repair]:
    """Mend one list, or say what that would do.

    Raises:
        ListGone: there is no such list.
        LockTimeout, StorageFailure: nothing was mended, or not all; it can be tried again.
    """
    root, parts = Path(key.root), (TASKS, name_of(key.id))
    with (
        storage_failures(root.joinpath(*parts)),
        list_directories(root, parts, key.id) as (_, directory),
    ):
        if dry_run:
            repairs = list(_mend_beside(directory, key, dry_run=True))
        else:
            close(directory.open_lock(LOCK))
            with directory_lock(directory, LOCK, key.id, Patience(timeout_s)):
                repairs = list(_mend_beside(directory, key, dry_run=False))
        records = Records(directory, key)
        tasks = {task_id: task for task_id in list(records) if (task := records.get(task_id))}
        mendings = list(edge_mendings(key, tasks, records.highest()))
        mark = records.mark()

    def make(edits: Sequence[UpdateTask]) -> Sequence[EditFailure]:
        if not dry_run:
            return make_edits(key, edits, all_or_none=False, timeout_s=timeout_s).failures
        info = TaskListInfo(key, str(root.joinpath(*parts)))
        task_list = TaskList(info, dict(records), highest_id=mark)
        return plan_edits(task_list, edits, all_or_none=False, new_id=_none_is_new).failures

    return [*repairs, *mended(mendings, make)]


def _mend_beside(directory: Directory, key: ListKey, *, dry_run: bool) -> Iterator[Repair]:
    """Left-over locks and temporaries, and the mark."""
    for name in stale_in(directory):
        if dry_run or remove_stale(directory, name):
            text = f"the lock {name}, which somebody left behind, is removed"
            path = directory.path_of(name)
            yield Repair(RepairKind.REMOVE_LEFTOVER, text, path=path)
    for name in _old_temporaries(directory):
        if dry_run or directory.unlink(name):
            text = f"the temporary file {name} is removed"
            path = directory.path_of(name)
            yield Repair(RepairKind.REMOVE_LEFTOVER, text, path=path)
    records = Records(directory, key)
    if directory.status(MARK) is not None and records.mark() is None:
        highest = records.highest()
        if not dry_run:
            directory.replace(MARK, str(highest).encode())
        text = f"the high-water mark is set to {highest}, so that no id comes back"
        yield Repair(RepairKind.SET_MARK, text, path=directory.path_of(MARK))


def _old_temporaries(directory: Directory) -> list[str]:
    before_ns = time.time_ns() - int(STALE_S * 1e9)
    found = []
    for name in directory.plain_names():
        status = directory.status(name) if is_temporary(name) else None
        if status is not None and status.st_mtime_ns < before_ns:
            found.append(name)
    return found


def _none_is_new(*_: object) -> TaskId:
    raise AssertionError("mending creates no task")

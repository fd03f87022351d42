"""Mending a list under its lock: what a crash left, the mark, and edges that do not agree.

Nothing is guessed: an edge that one side tells of is written at the other, an edge to a task that
was removed is dropped, files that cannot be read are never touched.
"""

from __future__ import annotations

from pathlib import Path

from store.files.failures import storage_failures
from store.files.fs import Directory
from store.files.lock import Patience, list_lock
from store.files.overlay import pending
from store.files.paths import locate
from store.files.transaction import Write, commit
from store.files.txn_record import MAX_OPS
from store.model.errors import ListGone, UnreadableTask
from store.model.repairs import Repair, RepairKind
from store.model.task import TaskId
from store.systems.hive.edges import EdgeEdit
from store.systems.hive.intent import RULES
from store.systems.hive.leftovers import mend_leftovers
from store.systems.hive.memory import MARK_NAME, ListMemory, highest_id, mark_value, read_mark
from store.systems.hive.opened import OpenList, Plan, Stored, open_list
from store.systems.hive.updating import write_sides
from store.systems.records.record import MAX_ID

_FURTHEST = 10_000
"""Without a mark, an edge tells of ids so far above all names; further ones are not believed."""


def repair_list(root: Path, list_id: str, *, dry_run: bool, patience: Patience) -> list[Repair]:
    """Mend one list, or say what that would do.

    Args:
        root: the root that the list is under.
        list_id: the list.
        dry_run: takes no lock and writes nothing.
        patience: how long to wait for the lock.

    Raises:
        ListGone: there is no such list.
        LockTimeout, StorageFailure: nothing was mended, or not all; it can be tried again.
        CommittedPending: the edges are mended, the next writer finishes that.
    """
    parts = locate(root, list_id)
    with storage_failures(root), open_list(root, list_id, parts) as opened:
        if opened is None:
            raise ListGone(list_id, str(root))
        if dry_run:
            found = mend_leftovers(opened.directory, opened.tasks, dry_run=True)
            opened.overlay = pending(opened.directory)
            return found + plan_repair(opened).result
        with list_lock(opened.directory, list_id, patience) as lock:
            patience.begin()
            found = mend_leftovers(opened.directory, opened.tasks, dry_run=False)
            plan = plan_repair(opened)
            unsynced: list[Directory] = []
            for first in range(0, len(plan.writes), MAX_OPS):  # each record is in one part only
                part = plan.writes[first : first + MAX_OPS]
                unsynced += commit(part, RULES, verify=lock.verify)
        for directory in unsynced:
            directory.sync()
        return found + plan.result


def plan_repair(opened: OpenList) -> Plan[list[Repair]]:
    """What makes the mark and all edges of a list agree with its files."""
    records, unreadable = _records(opened)
    there = {*records, *unreadable}
    plan: Plan[list[Repair]] = Plan([])
    highest = _repair_mark(opened, plan, records, there)
    edit = EdgeEdit(opened)
    for number in sorted(records):
        _repair_gates(edit, plan.result, records, number, there, highest)
        _repair_mirrors(edit, plan.result, records, number, there, highest)
    write_sides(plan, edit)
    return plan


def _records(opened: OpenList) -> tuple[dict[int, Stored], set[int]]:
    """The readable records by id, and the ids of the others."""
    records: dict[int, Stored] = {}
    unreadable: set[int] = set()
    for number in opened.all_ids():
        try:
            found = opened.find(number)
        except UnreadableTask:
            unreadable.add(number)
            continue
        if found is not None:
            records[number] = found
    return records, unreadable


def _repair_mark(
    opened: OpenList, plan: Plan[list[Repair]], records: dict[int, Stored], there: set[int]
) -> int:
    """Make the mark stand for every id that anything tells of; the highest of them."""
    mark = read_mark(opened.directory)
    highest = max(highest_id(opened, ListMemory()), max(there, default=0))
    if mark_value(mark) >= highest and mark_value(mark):
        return highest
    named = {i for s in records.values() for i in (*s.record.blocks, *s.record.blocked_by)}
    highest = max([highest, *(i for i in named if i <= min(highest + _FURTHEST, MAX_ID))])
    if not highest:
        return 0
    text = f"the high-water mark is set to {highest}, so that no id comes back"
    path = opened.directory.path_of(MARK_NAME)
    plan.result.append(Repair(RepairKind.SET_MARK, text, path=path))
    plan.writes.append(Write(opened.directory, MARK_NAME, mark, str(highest).encode()))
    return highest


def _repair_gates(
    edit: EdgeEdit,
    found: list[Repair],
    records: dict[int, Stored],
    number: int,
    there: set[int],
    highest: int,
) -> None:
    own = records[number]
    for other in dict.fromkeys(own.record.blocked_by):
        blocker = records.get(other)
        if other == number:
            edit.strip(own, number)
            text = f"#{number} is no longer its own blocker"
            found.append(_repair(RepairKind.DROP_SELF_EDGE, text, number))
        elif blocker is not None and number not in blocker.record.blocks:
            edit.block(own, blocker)
            text = f"#{other} is told that it blocks #{number}"
            found.append(_repair(RepairKind.MIRROR_EDGE, text, other))
        elif other not in there and other <= highest:
            edit.strip(own, other)
            text = f"#{number} no longer waits on #{other}, which was removed"
            found.append(_repair(RepairKind.DROP_DANGLING, text, number))
        elif other not in there:
            text = f"#{number} waits on #{other}, an id that was never given away"
            found.append(_repair(RepairKind.LEAVE, text, number))


def _repair_mirrors(
    edit: EdgeEdit,
    found: list[Repair],
    records: dict[int, Stored],
    number: int,
    there: set[int],
    highest: int,
) -> None:
    own = records[number]
    for other in dict.fromkeys(own.record.blocks):
        waiting = records.get(other)
        if other == number:
            if number not in own.record.blocked_by:
                edit.strip(own, number)
                text = f"#{number} no longer says that it blocks itself"
                found.append(_repair(RepairKind.DROP_SELF_EDGE, text, number))
        elif waiting is not None and number not in waiting.record.blocked_by:
            if edit.would_close_cycle(other, number):
                text = f"#{number} says that it blocks #{other}; to wait for it would close a cycle"
                found.append(_repair(RepairKind.LEAVE, text, number))
                continue
            edit.block(waiting, own)
            text = f"#{other} waits on #{number}, which says that it blocks it"
            found.append(_repair(RepairKind.MIRROR_EDGE, text, other))
        elif other not in there and other <= highest:
            edit.strip(own, other)
            text = f"#{number} no longer says that it blocks #{other}, which was removed"
            found.append(_repair(RepairKind.DROP_DANGLING, text, number))
        elif other not in there:
            text = f"#{number} says that it blocks #{other}, an id that was never given away"
            found.append(_repair(RepairKind.LEAVE, text, number))


def _repair(kind: RepairKind, text: str, number: int) -> Repair:
    return Repair(kind, text, TaskId(str(number)))

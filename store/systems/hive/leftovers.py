"""What a crash left in a list's directory: unfinished changes, quarantined ones, temporaries."""

from __future__ import annotations

from store.files import recovery, txn_record
from store.files.fs import Directory
from store.files.temporaries import is_temporary
from store.files.txn_record import ASIDE_PREFIX, BAD_PREFIX, TXN_NAME, InvalidTransaction
from store.model.repairs import Repair, RepairKind
from store.systems.hive.intent import RULES


def mend_leftovers(directory: Directory, tasks: Directory, *, dry_run: bool) -> list[Repair]:
    """Finish what can be finished, set aside what cannot be understood, remove temporaries.

    Args:
        directory: the list's directory. Unless it is a dry run its lock is held.
        tasks: the directory of its tasks.
        dry_run: only say what would be done.
    """
    names = directory.names()
    found: list[Repair] = []
    claimed: set[str] = set()
    bad = sorted(name for name in names if name.startswith(BAD_PREFIX))
    for name in [TXN_NAME, *bad] if TXN_NAME in names else bad:
        found.append(_mend_change(directory, tasks, name, claimed, dry_run=dry_run))
    for place in (directory, tasks):
        for name in sorted(filter(is_temporary, place.names())):
            if name in claimed:
                continue
            path = place.path_of(name)
            text = "a temporary file that was left behind is removed"
            found.append(Repair(RepairKind.REMOVE_LEFTOVER, text, path=path))
            if not dry_run:
                place.unlink(name)
    return found


def _mend_change(
    directory: Directory, tasks: Directory, name: str, claimed: set[str], *, dry_run: bool
) -> Repair:
    path = directory.path_of(name)
    try:
        transaction = txn_record.read(directory, name)
        if transaction is not None:
            txn_record.check_temporaries(directory, transaction.ops)
    except InvalidTransaction as error:
        text = f"the record of a change is set aside: {error}"
        if not dry_run:
            stamp = name.removeprefix(BAD_PREFIX) if name != TXN_NAME else txn_record.stamp()
            directory.move(name, directory, _free_name(directory, f"{ASIDE_PREFIX}{stamp}"))
            directory.sync()
        return Repair(RepairKind.SET_ASIDE, text, path=path)
    count = len(transaction.ops) if transaction is not None else 0
    if transaction is not None:
        claimed.update(op.tmp or transaction.gone_name(op) for op in transaction.ops)
    if not dry_run:
        if name != TXN_NAME:
            directory.move(name, directory, TXN_NAME)
        recovery.finish(directory, tasks, RULES)
        if transaction is not None:
            for op in transaction.ops:
                directory.discard(transaction.gone_name(op))
    text = f"a change of {count} files that was saved is finished"
    return Repair(RepairKind.FINISH_CHANGE, text, path=path)


def _free_name(directory: Directory, name: str) -> str:
    while directory.status(name) is not None:
        name += "+"
    return name

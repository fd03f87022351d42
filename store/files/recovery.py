"""Finishing a change that was committed, by whoever holds the list's lock.

The same steps follow every commit of several files, so a crash between two of them is finished as
if there had been none. A temporary that is gone is a file that is in place: nothing is done twice.
Where somebody without transactions wrote in between, theirs is kept, and only what the change
means for that record is made on it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from store.files import txn_record
from store.files.failures import UnreadableFile
from store.files.fs import Directory
from store.files.temporaries import is_temporary
from store.files.txn_record import BAD_PREFIX, TXN_NAME, InvalidTransaction, Op, Transaction
from store.model.errors import StorageFailure, TransactionQuarantined

_NO_LEFTOVERS = frozenset({".lock", ".highwatermark"})
_UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Rules:
    """How the records of a layout are compared and merged."""

    difference: Callable[[bytes, bytes], Mapping[str, Any]]
    """Before, after → what was meant, as JSON values."""
    merged: Callable[[bytes, Mapping[str, Any]], bytes | None]
    """Somebody else's record with what was meant; None if it needs no change or takes none."""


def has_leftovers(directory: Directory) -> bool:
    """Whether a crash left something in a list's directory that the next writer clears away."""
    return any(map(_is_leftover, directory.names()))


def _is_leftover(name: str) -> bool:
    return name == TXN_NAME or name.startswith(BAD_PREFIX) or is_temporary(name)


def recover(directory: Directory, tasks: Directory, rules: Rules) -> bool:
    """Finish what others left unfinished; whether there was anything. Call it under the lock.

    Raises:
        TransactionQuarantined: what they left cannot be believed.
        StorageFailure, OSError: it could not be finished now.
    """
    left = [n for n in directory.names() if n.startswith(".") and n not in _NO_LEFTOVERS]
    if not left:
        return False
    for name in sorted(left):
        if name.startswith(BAD_PREFIX):
            path = directory.path_of(name)
            raise TransactionQuarantined(path, "an unfinished change that cannot be understood")
    if TXN_NAME in left:
        finish(directory, tasks, rules)
    return clear(directory)


def finish(directory: Directory, tasks: Directory, rules: Rules) -> None:
    """Make the pending change, if there is one, and take its record away."""
    try:
        transaction = txn_record.read(directory)
        if transaction is None:
            return
        txn_record.check_temporaries(directory, transaction.ops)
    except InvalidTransaction as error:
        raise TransactionQuarantined(quarantine(directory), str(error)) from error
    apply(directory, tasks, transaction, rules)
    tasks.sync()
    directory.sync()
    directory.unlink(TXN_NAME)
    directory.sync()


def clear(directory: Directory) -> bool:
    """Remove temporaries of changes that were never committed, or are finished."""
    found = [name for name in directory.names() if is_temporary(name)]
    for name in found:
        directory.discard(name)
    return bool(found)


def quarantine(directory: Directory) -> str:
    """Rename the pending change out of the way, and say where it is now."""
    stamp = int(txn_record.stamp())
    while directory.status(f"{BAD_PREFIX}{stamp}") is not None:
        stamp += 1
    directory.move(TXN_NAME, directory, f"{BAD_PREFIX}{stamp}")
    directory.sync()
    return directory.path_of(f"{BAD_PREFIX}{stamp}")


def apply(directory: Directory, tasks: Directory, transaction: Transaction, rules: Rules) -> None:
    """Put every file of a committed change in place that is not there yet, in order."""
    removes_all = True
    for op in transaction.ops:
        target = tasks if op.is_task else directory
        if op.tmp is None:
            removes_all = _remove(directory, target, transaction, op) and removes_all
        elif directory.status(op.tmp) is not None:
            if removes_all:
                _put(directory, target, op, op.tmp, rules)
            else:
                # What follows from a removal does not happen without it.
                directory.unlink(op.tmp)


def _put(directory: Directory, target: Directory, op: Op, tmp: str, rules: Rules) -> None:
    found = digest_of(target, op.name)
    if found == op.pre:
        directory.move(tmp, target, op.name)
        return
    _tell_conflict(target.path_of(op.name))
    if found not in (None, _UNREADABLE) and op.intent:
        merged = rules.merged(target.read_bytes(op.name), op.intent)
        if merged is not None:
            target.replace(op.name, merged)
    directory.unlink(tmp)


def _remove(directory: Directory, target: Directory, transaction: Transaction, op: Op) -> bool:
    """Remove a file; False if somebody else has written it, and it stays."""
    gone = transaction.gone_name(op)
    if directory.status(gone) is not None:
        return True  # whatever has the name now came after the removal
    found = digest_of(target, op.name)
    if found is None:
        return True
    if found != op.pre:
        _tell_conflict(target.path_of(op.name))
        return False
    target.move(op.name, directory, gone)
    return True


def digest_of(directory: Directory, name: str) -> str | None:
    """The SHA-256 of a file's content, None if it is not there.

    Raises:
        StorageFailure: it could not be read now.
    """
    try:
        return txn_record.digest(directory.read_bytes(name))
    except FileNotFoundError:
        return None
    except UnreadableFile as error:
        if error.is_passing:
            raise StorageFailure(error.path, error.reason) from error
        return _UNREADABLE


def _tell_conflict(path: str) -> None:
    """Into the log of the program around, if it keeps one."""
    import logging  # hardly ever needed, and slow to load

    log = logging.getLogger("store")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.warning("%s was changed by somebody else meanwhile: theirs is kept", path)

"""One logical change of a list, which may touch several files: the one place where it is made.

A file is replaced whole by a synced new file and a rename. A change of several records has one
commit point: all new files are written and synced first, then their record `.txn` gets its name;
from then on the change stands, and whoever holds the lock next finishes it (see `recovery`). The
caller puts the side that blocks first when it adds and last when it removes: who looks in between
without knowing of transactions sees a task blocked too long, never started too early.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from store.files import txn_record
from store.files.descriptors import StagedFile
from store.files.flags import FILE_MODE
from store.files.fs import Directory
from store.files.recovery import Rules, apply
from store.files.spare import FULL
from store.files.temporaries import new_txid
from store.files.txn_record import TASKS, TXN_NAME, Op, Transaction, temporary_name
from store.model.errors import ColonytopError, CommittedPending


class Durability(StrEnum):
    """What a change that was acknowledged survives."""

    POWER = "power"
    """A power cut: every file and directory is synced first."""
    PROCESS = "process"
    """The end of any process, at any moment. A power cut may lose it, and leave a record that
    cannot be read; it is then shown as that, and blocks what waits on it.
    """


@dataclass(frozen=True, slots=True)
class Write:
    """One file of a change. `before` and `content` are whole files.

    No `before` is a create, which never overwrites; no `content` is a removal.
    """

    directory: Directory
    name: str
    before: bytes | None
    content: bytes | None
    sync: bool = True
    """False where losing this file in a power cut loses nothing."""

    @property
    def is_beside(self) -> bool:
        """A file beside the records (mark, meta), which stands for itself."""
        return self.directory.staging is self.directory


def stage(write: Write, *, sync: bool = True) -> StagedFile | None:
    """Write the new file of a replacement ahead, still nameless: `commit` then only renames it.

    None where the file system cannot do that, or the old file is gone.
    """
    mode = write.directory.file_mode(write.name)
    if mode is None or write.content is None:
        return None
    return write.directory.stage(write.content, mode, sync=sync and write.sync)


def commit(
    writes: Sequence[Write],
    rules: Rules,
    *,
    verify: Callable[[], None],
    staged: StagedFile | None = None,
    sync: bool = True,
) -> list[Directory]:
    """Make all writes of records in order, or none. Call it under the list's lock.

    Files beside the records are written first and stay whatever comes: a mark that is too high
    burns an id, meta without tasks is an empty list.

    Args:
        writes: each `before` as it was read under this lock.
        rules: what becomes of records that somebody else writes meanwhile.
        verify: raises if the lock was lost; called right before the commit point.
        staged: the new file of the only write.
        sync: False skips every sync: the change then survives a crash of the process only.

    Returns:
        The directories to sync before the change is acknowledged. That needs no lock: who builds
        on this change syncs it along with its own.

    Raises:
        FileExistsError: the name of a create is taken. Nothing was changed.
        CommittedPending: the change stands, the next holder of the lock finishes it.
        OSError: a step failed. Nothing was changed.
    """
    records = [write for write in writes if not write.is_beside]
    unsynced: dict[int, Directory] = {}
    for write in writes:
        if write.is_beside:
            verify()
            _make_beside(write, sync and write.sync)
            if sync and write.sync:
                unsynced[id(write.directory)] = write.directory
    if not records:
        return list(unsynced.values())
    for directory in unsynced.values():
        directory.sync()  # the mark is safe before what it stands for goes
    if len(records) > 1:
        return _commit_several(records, rules, verify, sync)
    verify()
    (write,) = records
    if staged is not None:
        write.directory.replace_by(staged, write.name)
    else:
        _make(write, sync and write.sync)
    return [write.directory] if sync and write.sync else []


def _make_beside(write: Write, sync: bool) -> None:
    try:
        _make(write, sync)
    except OSError as error:
        if error.errno not in FULL or write.content != write.before:
            raise
        write.directory.sync_file(write.name)  # it was only to be made to last


def _make(write: Write, sync: bool) -> None:
    if write.content is None:
        write.directory.unlink(write.name)
    elif write.before is None:
        write.directory.create(write.name, write.content, sync=sync)
    else:
        write.directory.replace(write.name, write.content, sync=sync)


def _commit_several(
    writes: Sequence[Write], rules: Rules, verify: Callable[[], None], sync: bool
) -> list[Directory]:
    tasks = writes[0].directory
    directory = tasks.staging
    transaction = _described(writes, rules)
    content = txn_record.encode(transaction)
    for write in writes:
        if write.before is None and tasks.status(write.name) is not None:
            raise FileExistsError(tasks.path_of(write.name))
    _prepare(directory, transaction, writes, content, verify, sync)
    try:
        if sync:
            directory.sync()
        apply(directory, tasks, transaction, rules)
        if sync:
            tasks.sync()
        directory.unlink(TXN_NAME)
    except (OSError, ColonytopError) as error:
        raise CommittedPending(directory.location, _reason(error), transaction.txid) from error
    for op in transaction.ops:
        if op.tmp is None:
            with suppress(OSError):
                directory.unlink(transaction.gone_name(op))
    return [directory] if sync else []


def _described(writes: Sequence[Write], rules: Rules) -> Transaction:
    txid = new_txid()
    ops = []
    for write in writes:
        pre = None if write.before is None else txn_record.digest(write.before)
        if write.content is None:
            ops.append(Op(f"{TASKS}/{write.name}", pre, None))
            continue
        intent = {} if write.before is None else rules.difference(write.before, write.content)
        ops.append(Op(f"{TASKS}/{write.name}", pre, temporary_name(write.name, txid), intent))
    return Transaction(txid, tuple(ops))


def _prepare(
    directory: Directory,
    transaction: Transaction,
    writes: Sequence[Write],
    content: bytes,
    verify: Callable[[], None],
    sync: bool,
) -> None:
    """Everything up to the commit point. If it is not reached, nothing is left behind."""
    made: list[str] = []
    record = temporary_name(TXN_NAME, transaction.txid)
    try:
        for op, write in zip(transaction.ops, writes, strict=True):
            if op.tmp is not None and write.content is not None:
                made.append(op.tmp)
                mode = write.directory.file_mode(write.name) if write.before is not None else None
                mode = FILE_MODE if mode is None else mode
                directory.add(op.tmp, write.content, mode, sync=sync)
        if sync:
            directory.sync()
        made.append(record)
        directory.add(record, content, FILE_MODE, sync=sync)
        verify()
        directory.move(record, directory, TXN_NAME)
    except BaseException as error:
        _withdraw(directory, transaction, made, error)
        raise


def _withdraw(
    directory: Directory, transaction: Transaction, made: Sequence[str], error: BaseException
) -> None:
    """Remove the temporaries, unless the interruption came right after the commit point."""
    record = temporary_name(TXN_NAME, transaction.txid)
    if record in made and directory.status(record) is None:
        pending = txn_record.read(directory)
        if pending is not None and pending.txid == transaction.txid:
            if not isinstance(error, OSError):
                return
            location, txid = directory.location, transaction.txid
            raise CommittedPending(location, _reason(error), txid) from error
    for name in made:
        directory.discard(name)


def _reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error)

"""Edits of documents: under the owner's lock where it takes one, else by exchange and verify."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from store.files.backups import Backups
from store.files.exchange import SeenFile, replace_seen, see
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory
from store.files.lock import Patience, list_lock
from store.files.turns import directory_turn
from store.model.edits import BatchResult, Edit
from store.model.errors import (
    CommittedPending,
    ListGone,
    LockHolder,
    LockTimeout,
    StorageFailure,
    UnreadableTask,
)
from store.model.task import ListKey
from store.systems.descent import Parts
from store.systems.hive_session.committing import Commit, Subject, plan_commit
from store.systems.hive_session.document import DOCUMENT_LIMIT, Document
from store.systems.hive_session.layouts import DOCUMENT, LOCK
from store.systems.listed import list_directories

TURN_S = 0.05
"""How long to wait for a moment at which the owner is between two changes."""
QUIET_S = 0.05
QUIET_S_PER_BYTE = 1e-7
"""How long a document must stand as it was written, where its owner seems to be at rest. An owner
takes longer to rewrite a larger one.
"""
BUSY_QUIET_S = 2.0
"""The same where its owner is at it: then its next change tells, and comes sooner."""

_BUSY_S = 0.25  # a document that its owner wrote so shortly ago is likely to be written again
_LOOK_EVERY_S = 0.002
_AGAIN_S = 0.003


def backup_parts(key: ListKey, parts: Parts) -> Parts:
    """What tells a document from all others: the same parts may stand under several roots."""
    return (key.root, *parts)


class DocumentBusy(LockTimeout):
    """The owner wrote its document again and again before an edit could stand in it."""

    def __init__(self, list_id: str, waited_s: float, attempts: int) -> None:
        super().__init__(list_id, waited_s, LockHolder(None, None, None))
        self.args = (
            f"the owner of {list_id} wrote it {attempts} times within {waited_s:.1f} s, each time "
            "before the edit could stand; nothing of the edit was kept",
        )


class DocumentEditor:
    """Edits one document. Safe to share between threads and processes.

    Args:
        subject: the document, and what may be edited.
        root: its root.
        parts: its directory below that.
        lock_timeout_s: how long an edit may take to get its turn.
        backups: where the last good documents go, for one without a lock.
        known: an earlier look at the document.
    """

    def __init__(
        self,
        subject: Subject,
        root: Path,
        parts: Parts,
        lock_timeout_s: float,
        backups: Backups,
        known: Document | None = None,
    ) -> None:
        self._subject = subject
        self._root = root
        self._parts = parts
        self._lock_timeout_s = lock_timeout_s
        self._backups = backups
        self._known = known
        """What was read or written last: most of it is as it was."""
        self._written = (0, 0)
        """Inode and time of what was written last."""
        self.attempts = 0
        """How often a document was written, or should have been, until it stood."""

    def make(self, edits: Sequence[Edit], *, all_or_none: bool) -> BatchResult:
        """Make the edits as one change of the document; see `System.apply_all`."""
        list_id = self._subject.key.id
        patience = Patience(self._lock_timeout_s)
        with (
            storage_failures(self._subject.path),
            list_directories(self._root, self._parts, list_id) as (_, directory),
        ):
            if self._subject.layout.is_locked:
                return self._make_locked(directory, edits, patience, all_or_none=all_or_none)
            with directory_turn(directory, list_id, patience):
                return self._make_unlocked(directory, edits, patience, all_or_none=all_or_none)

    def _make_locked(
        self, directory: Directory, edits: Sequence[Edit], patience: Patience, *, all_or_none: bool
    ) -> BatchResult:
        if directory.status(LOCK) is None:  # a refusal shall not leave a lock file behind
            commit = self._plan(self._read(directory), edits, all_or_none=all_or_none)
            if commit.content is None:
                return commit.result
        with list_lock(directory, self._subject.key.id, patience, LOCK) as lock:
            patience.begin()
            commit = self._plan(self._read(directory), edits, all_or_none=all_or_none)
            if commit.content is not None:
                lock.verify()
                directory.replace(DOCUMENT, commit.content)
                self._known = commit.document
        if commit.content is not None:
            _sync(directory, commit)
        return commit.result

    def _make_unlocked(
        self, directory: Directory, edits: Sequence[Edit], patience: Patience, *, all_or_none: bool
    ) -> BatchResult:
        """Try until it stands. From the second time on whoever opens the document waits for us."""
        for attempt in range(1, 1 << 30):
            seen = self._see(directory, patience, holding_off=attempt > 1)
            is_busy = self._is_busy(seen) or attempt > 1
            with seen:
                commit = self._plan(seen.content, edits, all_or_none=all_or_none)
                if commit.content is None:
                    return commit.result
                if attempt == 1:
                    own = backup_parts(self._subject.key, self._parts)
                    self._backups.keep(own, DOCUMENT, seen.content)
                turn_s = TURN_S if seen.holds_off else 0.0
                placed = replace_seen(seen, commit.content, turn_s=turn_s)
                self.attempts += 1
            if placed is not None:
                with placed:
                    self._known = commit.document
                    self._written = placed.revision.inode, placed.revision.mtime_ns
                    if self._stands(directory, placed, commit, is_busy=is_busy):
                        _sync(directory, commit)
                        return commit.result
            if patience.left_s() <= 0:
                break
        raise DocumentBusy(self._subject.key.id, patience.waited_s(), attempt)

    def _see(self, directory: Directory, patience: Patience, *, holding_off: bool) -> SeenFile:
        while True:
            try:
                return see(directory, DOCUMENT, DOCUMENT_LIMIT, holding_off=holding_off)
            except FileNotFoundError as error:
                raise ListGone(self._subject.key.id, str(self._root)) from error
            except UnreadableFile as error:
                if not error.is_passing:
                    raise UnreadableTask(self._subject.path, error.reason) from error
                if patience.left_s() <= 0:
                    raise StorageFailure(self._subject.path, error.reason) from error
                holding_off = False  # perhaps it may be read, but not written
                time.sleep(_AGAIN_S)

    def _read(self, directory: Directory) -> bytes:
        try:
            return directory.read_bytes(DOCUMENT, DOCUMENT_LIMIT)
        except FileNotFoundError as error:
            raise ListGone(self._subject.key.id, str(self._root)) from error
        except UnreadableFile as error:
            kind = StorageFailure if error.is_passing else UnreadableTask
            raise kind(self._subject.path, error.reason) from error

    def _plan(self, content: bytes, edits: Sequence[Edit], *, all_or_none: bool) -> Commit:
        document = self._subject.parse(content, self._known)
        self._known = document
        return plan_commit(self._subject, document, edits, all_or_none=all_or_none)

    def _is_busy(self, seen: SeenFile) -> bool:
        """Whether somebody else wrote the document a moment ago."""
        inode, _, mtime_ns, _ = seen.revision
        is_ours = (inode, mtime_ns) == self._written
        return not is_ours and abs(time.time() - mtime_ns / 1e9) < _BUSY_S

    def _stands(
        self, directory: Directory, placed: SeenFile, commit: Commit, *, is_busy: bool
    ) -> bool:
        """Whether what was written stays: it stood long enough, or was built upon."""
        quiet_s = QUIET_S + QUIET_S_PER_BYTE * len(placed.content)
        deadline = time.monotonic() + max(quiet_s, BUSY_QUIET_S if is_busy else 0.0)
        while time.monotonic() < deadline:
            if not placed.is_current():
                return self._is_built_upon(directory, commit)
            time.sleep(_LOOK_EVERY_S)
        return True

    def _is_built_upon(self, directory: Directory, commit: Commit) -> bool:
        read = self._subject.parse
        deadline = time.monotonic() + BUSY_QUIET_S
        while True:
            try:
                later = read(directory.read_bytes(DOCUMENT, DOCUMENT_LIMIT), self._known)
            except FileNotFoundError as error:
                raise ListGone(self._subject.key.id, str(self._root)) from error
            except (UnreadableFile, UnreadableTask) as error:
                if time.monotonic() > deadline:
                    reason = f"whether the edit stands is not known: {error}"
                    raise StorageFailure(self._subject.path, reason) from error
                time.sleep(_AGAIN_S)
            else:
                self._known = later
                return commit.stands_in(self._subject.tasks(later))


def _sync(directory: Directory, commit: Commit) -> None:
    """Make it last; an error here does not undo what stands."""
    try:
        directory.sync()
    except OSError as error:
        reason = error.strerror or str(error)
        rest = "but may not survive a power cut"
        pending = CommittedPending(directory.location, reason, rest=rest)
        pending.result = commit.result
        raise pending from error

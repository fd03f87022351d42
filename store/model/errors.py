"""One small tree of errors. Each docstring is a sentence that can be shown to a person.

`kind` is the machine-readable name that `--json` prints; `details()` gives the facts beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


class ColonytopError(Exception):
    """Something went wrong."""

    kind: ClassVar[str] = "error"
    can_be_forced = False
    """Whether the same edit would be made with `is_forced`."""

    def details(self) -> dict[str, Any]:
        """The facts of this error as JSON values, without the message."""
        return {}


class InvalidListId(ColonytopError, ValueError):
    """The list id cannot name a directory under the root."""

    kind = "invalid_list_id"

    def __init__(self, list_id: str, reason: str) -> None:
        super().__init__(f"list id {list_id[:80]!r}: {reason}")
        self.list_id = list_id

    def details(self) -> dict[str, Any]:
        return {"list": self.list_id}


class ListNotFound(ColonytopError):
    """There is no such list under the roots that were looked at."""

    kind = "list_not_found"

    def __init__(self, list_id: str, where: str = "") -> None:
        super().__init__(f"no list {list_id!r}" + (f" under {where}" if where else ""))
        self.list_id = list_id

    def details(self) -> dict[str, Any]:
        return {"list": self.list_id}


class ListGone(ListNotFound):
    """The list was there and its directory has been removed or replaced since."""

    kind = "list_gone"


class TaskNotFound(ColonytopError):
    """The list has no such task (any more)."""

    kind = "task_not_found"

    def __init__(self, list_id: str, task_id: str) -> None:
        super().__init__(f"no task #{task_id} in {list_id}")
        self.list_id = list_id
        self.task_id = task_id

    def details(self) -> dict[str, Any]:
        return {"list": self.list_id, "task": self.task_id}


class TaskExists(ColonytopError):
    """The id is taken: a task cannot come back in place of another."""

    kind = "task_exists"

    def __init__(self, list_id: str, task_id: str) -> None:
        super().__init__(f"#{task_id} in {list_id} is there already; nothing was put in its place")
        self.list_id = list_id
        self.task_id = task_id

    def details(self) -> dict[str, Any]:
        return {"list": self.list_id, "task": self.task_id}


class UnreadableTask(ColonytopError):
    """The task's file cannot be read, so it is never overwritten."""

    kind = "unreadable_task"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"{path}: {reason}; mend or move the file, colonytop will not overwrite it"
        )
        self.path = path
        self.reason = reason

    def details(self) -> dict[str, Any]:
        return {"path": self.path, "reason": self.reason}


class InvalidField(ColonytopError, ValueError):
    """A value cannot be stored in that field."""

    kind = "invalid_field"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field

    def details(self) -> dict[str, Any]:
        return {"field": self.field}


class SelfEdge(InvalidField):
    """A task cannot block itself."""

    kind = "self_edge"

    def __init__(self, task_id: str) -> None:
        super().__init__("blocked_by", f"#{task_id} cannot block itself")
        self.task_id = task_id


class CycleRefused(InvalidField):
    """The edge would close a cycle, in which no task could ever start."""

    kind = "cycle"
    shown = 10  # ids named in the message; a cycle of 100,000 must not print 689 KB

    def __init__(self, cycle: Sequence[str]) -> None:
        names = [f"#{i}" for i in cycle]
        if len(names) > self.shown:
            names = [*names[: self.shown - 1], f"… {len(names) - self.shown} more …", names[-1]]
        super().__init__("blocked_by", "would close the cycle " + " → ".join(names))
        self.cycle = tuple(cycle)

    def details(self) -> dict[str, Any]:
        return {"field": self.field, "cycle": list(self.cycle)}


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """One field that moved: what the caller saw, what is stored now, what the caller wants."""

    field: str
    original: Any
    theirs: Any
    yours: Any


def _told(value: Any) -> str:
    return "none" if value is None else repr(value)


class StaleEdit(ColonytopError):
    """The task was changed by somebody else since you saw it; nothing was written."""

    kind = "stale_edit"

    def __init__(self, list_id: str, task_id: str, conflicts: Sequence[FieldConflict]) -> None:
        said = "; ".join(
            f"{c.field} was {_told(c.original)}, is now {_told(c.theirs)}" for c in conflicts
        )
        super().__init__(f"#{task_id} in {list_id} changed since you saw it: {said}")
        self.list_id = list_id
        self.task_id = task_id
        self.conflicts = tuple(conflicts)

    @property
    def expected(self) -> Mapping[str, Any]:
        """Field values as the caller saw them."""
        return {c.field: c.original for c in self.conflicts}

    @property
    def actual(self) -> Mapping[str, Any]:
        """The same fields as they are stored now."""
        return {c.field: c.theirs for c in self.conflicts}

    def details(self) -> dict[str, Any]:
        return {
            "list": self.list_id,
            "task": self.task_id,
            "conflicts": [
                {"field": c.field, "original": c.original, "theirs": c.theirs, "yours": c.yours}
                for c in self.conflicts
            ],
        }


class ClaimRefused(ColonytopError):
    """The task cannot be claimed now."""

    kind = "claim_refused"

    def __init__(
        self, reason: str, message: str, by: Sequence[str] = (), *, can_be_forced: bool = False
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.by = tuple(by)
        self.can_be_forced = can_be_forced

    def details(self) -> dict[str, Any]:
        return {"reason": self.reason, "by": list(self.by)}


class EditRefused(ColonytopError):
    """The system that owns this list does not allow this edit."""

    kind = "edit_refused"


@dataclass(frozen=True, slots=True)
class LockHolder:
    """What is known of the process that holds a lock: never certain, always named as such."""

    pid: int | None
    command: str | None
    held_s: float | None

    def __str__(self) -> str:
        if self.pid is None:
            return "holder unknown"
        return f"held by pid {self.pid}" + (f" ({self.command})" if self.command else "")


class LockTimeout(ColonytopError, TimeoutError):
    """The list's lock stayed busy for the whole wait; nothing was written."""

    kind = "lock_timeout"

    def __init__(self, list_id: str, waited_s: float, holder: LockHolder) -> None:
        super().__init__(f"the lock of {list_id} stayed busy for {waited_s:.1f} s: {holder}")
        self.list_id = list_id
        self.waited_s = waited_s
        self.holder = holder

    def details(self) -> dict[str, Any]:
        return {
            "list": self.list_id,
            "waited_s": round(self.waited_s, 3),
            "holder": {"pid": self.holder.pid, "command": self.holder.command},
        }


class LockReentered(ColonytopError, RuntimeError):
    """This thread already holds that lock; waiting for it would never end."""

    kind = "lock_reentered"


class StorageFailure(ColonytopError, OSError):
    """The file system refused; nothing was changed that is not named here."""

    kind = "storage_failure"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path

    def details(self) -> dict[str, Any]:
        return {"path": self.path}


class CommittedPending(ColonytopError):
    """The change is saved and stands; the next one to write in the list finishes it.

    `result` is what the call would have answered.
    """

    kind = "committed_pending"

    def __init__(self, path: str, reason: str, txid: str = "", rest: str = "") -> None:
        rest = rest or "the next writer in this list finishes the rest"
        super().__init__(f"{path}: saved; an error came after that ({reason}), {rest}")
        self.path = path
        self.txid = txid
        self.result: Any = None

    def details(self) -> dict[str, Any]:
        return {"path": self.path, "txid": self.txid}


class TransactionQuarantined(ColonytopError):
    """A change that somebody left unfinished cannot be understood, so nothing is written here."""

    kind = "transaction_quarantined"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"{path}: {reason}; the list is read-only until `colonytop doctor --repair` "
            "has looked at it"
        )
        self.path = path
        self.reason = reason

    def details(self) -> dict[str, Any]:
        return {"path": self.path, "reason": self.reason}

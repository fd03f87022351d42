"""Receipts: whether the agent that an edit concerns has seen it, by evidence only. Pure.

A list on disk does not tell who reads it. So an edit is *written* once it is committed; *seen* is
inferred from the owner's next write to any task of theirs in that list; and *acted on* from their
next write to the task itself. A write counts as the owner's where the task was theirs, and what
was written is not an edge (edges are written from both ends) nor made by colonytop.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from store.model.edits import ClaimTask, CreateTask, EditResult
from store.model.snapshot import Change, ChangeKind
from store.model.task import ListKey, TaskKey

UNSEEN_AFTER_S = 300.0
"""An edit that nobody has seen for so long wants a person's attention."""
MAX_RECEIPTS = 500
"""More are not kept: those that are seen go first, then the oldest."""

_EDGE_FIELDS = frozenset({"blocks", "blocked_by"})


class ReceiptState(StrEnum):
    """How far an edit has come."""

    WRITTEN = "written"
    SEEN = "seen"
    """Inferred: the owner has written to another task of the list since."""
    ACTED = "acted"
    """Inferred: the owner has written to this task since."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """One edit and one owner whom it concerns."""

    key: TaskKey
    label: str
    """What was done, as in "unblocked: -10"."""
    owner: str | None
    """Who should see it; None: the task has no owner, so nobody is waited for."""
    at: float
    """Epoch seconds of the commit."""
    state: ReceiptState = ReceiptState.WRITTEN
    seen_at: float | None = None
    """Epoch seconds of the write from which it is inferred."""
    evidence: str = ""
    """That write, as in "wrote #9 (status)"; "" while there is none."""

    @property
    def is_unseen(self) -> bool:
        """Somebody should see it, and nothing says that they did."""
        return self.state is ReceiptState.WRITTEN and self.owner is not None


def receipts_of(result: EditResult, label: str, at: float) -> tuple[Receipt, ...]:
    """A receipt for each owner whom a committed edit concerns: who has the task, and who had it.

    A task made for nobody, a claim (the claimant knows) and an edit that changed nothing have none.
    """
    edit = result.edit
    if isinstance(edit, ClaimTask) or (result.task is not None and not result.changed):
        return ()
    key = edit.key if not isinstance(edit, CreateTask) else (result.task and result.task.key)
    if not key:
        return ()
    was = result.before.get(key.id)
    owners = (was.owner if was else None, result.task.owner if result.task else None)
    return tuple(Receipt(key, label, owner, at) for owner in dict.fromkeys(owners) if owner)


def observe(receipts: Sequence[Receipt], changes: Iterable[Change]) -> tuple[Receipt, ...]:
    """The receipts after changes that colonytop did not make. The same values where none moved."""
    by_place: dict[tuple[ListKey, str], list[Change]] = {}
    for change in changes:
        if (writer := _writer(change)) is not None:
            by_place.setdefault((change.list, writer), []).append(change)
    if not by_place:
        return tuple(receipts)
    return tuple(_advanced(receipt, by_place) for receipt in receipts)


def unseen(receipts: Iterable[Receipt], now: float, after_s: float = 0.0) -> Iterator[Receipt]:
    """Those that nobody has seen for `after_s` seconds, in the order given."""
    return (r for r in receipts if r.is_unseen and now - r.at >= after_s)


def added(receipts: Sequence[Receipt], new: Iterable[Receipt]) -> tuple[Receipt, ...]:
    """With new receipts, oldest first; a new one takes the place of an older one for the same
    task and owner, which says less."""
    fresh = {(r.key, r.owner): r for r in new}
    kept = [r for r in receipts if (r.key, r.owner) not in fresh]
    kept.extend(fresh.values())
    excess = len(kept) - MAX_RECEIPTS
    if excess > 0:
        order = sorted(range(len(kept)), key=lambda i: (kept[i].is_unseen, kept[i].at))
        dropped = set(order[:excess])
        kept = [r for i, r in enumerate(kept) if i not in dropped]
    return tuple(kept)


def describe(receipt: Receipt, age: str) -> str:
    """The receipt in one sentence; `age` is how long ago its state came about, in words."""
    if receipt.owner is None:
        return "nobody owns it, so nobody is to see it"
    if receipt.state is ReceiptState.WRITTEN:
        return f"{receipt.owner} has not seen it for {age}"
    verb = "seen" if receipt.state is ReceiptState.SEEN else "acted on"
    return f"{verb} by {receipt.owner} {age} ago (inferred: {receipt.evidence})"


def _writer(change: Change) -> str | None:
    """The owner whose write a change is taken for; None where it tells nothing of an owner."""
    if change.task is None or change.kind is ChangeKind.UNREADABLE:
        return None
    if change.kind is not ChangeKind.CHANGED or change.field in _EDGE_FIELDS:
        return None
    if change.field == "owner":  # a claim is the new owner's write; a loss may be anybody's
        return change.new if isinstance(change.new, str) and change.new else None
    return change.owner


def _advanced(receipt: Receipt, by_place: dict[tuple[ListKey, str], list[Change]]) -> Receipt:
    if receipt.owner is None or receipt.state is ReceiptState.ACTED:
        return receipt
    for change in by_place.get((receipt.key.list, receipt.owner), ()):
        acts = change.task == receipt.key.id
        if change.at < receipt.at or (receipt.state is ReceiptState.SEEN and not acts):
            continue
        receipt = replace(
            receipt,
            state=ReceiptState.ACTED if acts else ReceiptState.SEEN,
            seen_at=change.at,
            evidence=f"wrote #{change.task} ({change.field})",
        )
    return receipt

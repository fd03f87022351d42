"""Where documents lie under a root, and what follows from that for each of them. Pure.

Two generations of the owning tool keep a whole list in one `tasks.json`. Which of them owns a
document is decided by its path: an older document may have been moved to where the newer one keeps
its own, and is then treated as such.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from store.model.task import TaskListId, TaskStatus
from store.systems.records.record import NATIVE, Statuses

DOCUMENT = "tasks.json"
LOCK = "tasks.json.lock"

Parts = tuple[str, ...]
"""The components of the directory that a document lies in, below the root."""

_NEWER: Statuses = MappingProxyType(
    {**NATIVE, "abandoned": TaskStatus.ABANDONED, "archived": TaskStatus.ARCHIVED}
)


@dataclass(frozen=True, slots=True)
class Layout:
    """One generation's way to keep documents in one place."""

    name: str
    statuses: Statuses
    is_locked: bool = False
    """Its owner takes the lock beside the document for every write."""
    sweeps: bool = False
    """Its owner abandons tasks that were in progress and idle for long, when it next looks."""
    role: str = "session"


COLONY = Layout("colony document", NATIVE, is_locked=True, role="template")
EARLIER = Layout("session document of the earlier layout", NATIVE)
SESSION = Layout("session document", _NEWER, sweeps=True)

# "*" stands for any one directory; the last one is that of the document. Where two places lead to
# the same id, the first of them has it.
PATTERNS: tuple[tuple[Parts, Layout], ...] = (
    (("queens", "*", "sessions", "*"), SESSION),
    (("colonies", "*", "workers", "*"), SESSION),
    (("colonies", "*", "queens", "*", "sessions", "*"), SESSION),
    (("_misc", "*"), SESSION),
    (("colonies", "*"), COLONY),
    (("agents", "*", "sessions", "*"), EARLIER),
    (("agents", "queens", "*", "sessions", "*"), EARLIER),
    (("unscoped", "*"), EARLIER),
)


def layout_of(parts: Parts) -> Layout | None:
    """Whose document a directory holds by its place; None: no document belongs there."""
    for pattern, layout in PATTERNS:
        if len(pattern) == len(parts) and all(
            wanted in ("*", found) for wanted, found in zip(pattern, parts, strict=True)
        ):
            return layout
    return None


def list_id_of(parts: Parts) -> TaskListId:
    """The id that a document has by its place.

    It is the one that its owner uses, wherever the owner's ids name a place; two places may lead
    to the same one.
    """
    match parts:
        case ("queens", queen, "sessions", session):
            found = f"session:{queen}:{session}"
        case ("colonies", colony, "workers", session):
            found = f"session:{colony}/workers:{session}"
        case ("colonies", colony, "queens", queen, "sessions", session):
            found = f"session:{colony}/queens/{queen}:{session}"
        case ("colonies", colony):
            found = f"colony:{colony}"
        case ("agents", agent, "sessions", session):
            found = f"session:{agent}:{session}"
        case ("agents", "queens", queen, "sessions", session):
            found = f"session:{queen}:{session}"
        case ("unscoped", agent):
            found = f"unscoped:{agent}"
        case _:
            found = parts[-1]
    return TaskListId(found)


def distinct_ids(places: Mapping[Parts, str | None]) -> dict[TaskListId, Parts]:
    """Ids for the documents under one root, no two alike, in id order.

    Args:
        places: the directories of documents, in the order of `PATTERNS`, each with the id that its
            document gives itself, where its place does not tell.
    """
    found: dict[TaskListId, Parts] = {}
    for parts, named in places.items():
        wanted = TaskListId(named) if named else list_id_of(parts)
        found[wanted if wanted not in found else TaskListId("/".join(parts))] = parts
    return dict(sorted(found.items()))


def names_itself(parts: Parts) -> bool:
    """Whether only the document tells its id: its place says less than its owner's id does."""
    return parts[:1] == ("_misc",) or parts[:2] == ("agents", "queens")

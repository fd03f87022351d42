"""A small list with every kind of edge, each operation of the store on it, and what came of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files import closing
from store.model.errors import UnreadableTask
from store.systems.hive.native import NativeStore
from store.systems.hive.record import TaskListRole

LIST = "colony:sample"
NEW_LIST = "colony:fresh"
HIGHEST = 6
"""The highest id given away; that task was deleted, so only the mark tells of it."""

_TIMES = ("created_at", "updated_at")


def make_sample(root: Path, **named: Any) -> NativeStore:
    """Tasks 1 to 5: 3 waits for 1 and 2, 4 waits for 1, 5 is somebody's; 6 was deleted."""
    store = NativeStore(root, **named)
    store.ensure(LIST, TaskListRole.TEMPLATE)
    store.create_tasks_batch(LIST, [{"subject": f"task {n}"} for n in range(1, HIGHEST + 1)])
    store.update_task(LIST, 3, add_blocked_by=[1, 2])
    store.update_task(LIST, 1, add_blocks=[4])
    store.update_task(LIST, 5, status="in_progress", owner="somebody")
    store.delete_task(LIST, HIGHEST)
    return store


Operation = Callable[[NativeStore], Any]

OPERATIONS: dict[str, Operation] = {
    "create": lambda store: store.create_task(LIST, "made"),
    "create blocked": lambda store: store.create_task(LIST, "made", blocked_by=[1, 5]),
    "create in a new list": lambda store: store.create_task(NEW_LIST, "made"),
    "batch": lambda store: store.create_tasks_batch(
        LIST, [{"subject": s} for s in "abc"], waits=[(), (0, 2), ()]
    ),
    "status": lambda store: store.update_task(LIST, 1, status="in_progress"),
    "link": lambda store: store.update_task(LIST, 5, add_blocked_by=[3, 4]),
    "unlink": lambda store: store.update_task(LIST, 3, remove_blocked_by=[1, 2]),
    "move": lambda store: store.update_task(LIST, 4, remove_blocked_by=[1], add_blocked_by=[2]),
    "delete": lambda store: store.delete_task(LIST, 1),
    "claim": lambda store: store.claim_task(LIST, 2, "claimant"),
    "release": lambda store: store.release_task(LIST, 5, "somebody"),
    "see": lambda store: store.ensure(LIST, TaskListRole.TEMPLATE, session_id="session"),
    "reset": lambda store: store.reset(LIST),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """What a list says, without the times of its changes."""

    rows: dict[int, dict[str, Any]]
    sessions: list[str] | None

    def __str__(self) -> str:
        shown = [
            f"#{n} {row['subject']} {row['status']} {row['owner']} {row['blocks']}"
            f" {row['blocked_by']}"
            for n, row in self.rows.items()
        ]
        return f"{shown} seen by {self.sessions}"


def contents(root: Path) -> Contents:
    """Both lists as a reader sees them who takes no lock."""
    store = NativeStore(root)
    rows = {}
    for offset, list_id in ((0, LIST), (1000, NEW_LIST)):
        for record in store.list_tasks(list_id):
            row = record.model_dump(mode="json")
            rows[offset + record.id] = {n: v for n, v in row.items() if n not in _TIMES}
    meta = store.meta(LIST)
    return Contents(rows, meta.last_seen_session_ids if meta else None)


def wrong_shape(root: Path) -> list[str]:
    """What may not be there after the next holder of the lock: leftovers, and unreadable files."""
    store = NativeStore(root)
    wrong = []
    for path in sorted(root.rglob("*")):
        if path.name.endswith(".ctmp") or path.name.startswith(".txn"):
            wrong.append(f"{path.relative_to(root)} was left behind")
        if path.suffix == ".json" and path.parent.name == "tasks" and path.stem.isdecimal():
            list_id = NEW_LIST if "fresh" in path.parts else LIST
            try:
                store.get_task(list_id, int(path.stem))
            except UnreadableTask as error:
                wrong.append(str(error))
    return wrong


def open_descriptors() -> int:
    closing.settle()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())

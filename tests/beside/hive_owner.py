"""An owner of the native layout, as a process: `python -m tests.beside.hive_owner DIR NAME COUNT`.

It has a `FileLock` of its own for each change, polled as that library does, gives up after 3 s and
tries again, and drops what its model does not know. It prints what it did as one JSON object.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from filelock import Timeout

from tests.benchmarks.naive import NaiveStore

T = TypeVar("T")


class HiveOwner(NaiveStore):
    """The naive store, with marks and edges as its owner makes them: one rename for each side."""

    def mark(self, task_id: int, key: str, value: int) -> None:
        with self.locked():
            record = self._read(self._path(task_id))
            assert record is not None, f"#{task_id} cannot be read"
            record.metadata[key] = value
            self._write(record)

    def block(self, task_id: int, by: int) -> None:
        """The other side first, then this one."""
        with self.locked():
            for number, side, other in ((by, "blocks", task_id), (task_id, "blocked_by", by)):
                record = self._read(self._path(number))
                assert record is not None, f"#{number} cannot be read"
                if other not in getattr(record, side):
                    getattr(record, side).append(other)
                    self._write(record)


def patiently(change: Callable[[], T]) -> T:
    """Make a change, again for as long as the lock stays busy."""
    while True:
        try:
            return change()
        except Timeout:
            continue


def work(store: HiveOwner, name: str, count: int, shared: int) -> dict[str, Any]:
    """Tasks, edges to the task before, deletes, and marks on the shared tasks 1 to `shared`."""
    made: list[int] = []
    deleted: list[int] = []
    edges: list[tuple[int, int]] = []
    marks: list[tuple[int, str, int]] = []
    for number in range(count):
        if number % 4 == 0:
            made.append(patiently(lambda number=number: store.create(f"{name} {number}")).id)  # type: ignore[misc]
        elif number % 4 == 1 and len(made) > 1:
            edges.append((made[-1], made[-2]))
            patiently(lambda: store.block(*edges[-1]))
        elif number % 16 == 14:
            deleted.append(made.pop())
            patiently(lambda: store.delete(deleted[-1]))
        else:
            marks.append((1 + number % shared, f"{name}-{number}", number))
            patiently(lambda: store.mark(*marks[-1]))
    edges = [edge for edge in edges if not set(edge) & set(deleted)]
    return {"name": name, "made": made, "deleted": deleted, "edges": edges, "marks": marks}


def main() -> None:
    directory, name, count, shared = sys.argv[1:]
    store = HiveOwner(Path(directory), durable=False)  # no test pulls the plug
    sys.stdout.write(json.dumps(work(store, name, int(count), int(shared))) + "\n")


if __name__ == "__main__":
    main()

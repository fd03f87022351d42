"""A list's two directories with a few small records, and rules that join lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store.files.fs import Directory, open_directory
from store.files.recovery import Rules
from store.files.transaction import Write

A, B, NEW = "0001.json", "0002.json", "0003.json"
BEFORE = {A: b"a1\n", B: b"b1\n"}
AFTER = {A: b"a1\nours\n", NEW: b"n1\n"}


def _difference(before: bytes, after: bytes) -> Mapping[str, Any]:
    return {"line": after.removeprefix(before).decode()}


def _merged(content: bytes, intent: Mapping[str, Any]) -> bytes | None:
    line = str(intent["line"]).encode()
    return None if line in content else content + line


RULES = Rules(_difference, _merged)


@dataclass(frozen=True)
class Place:
    """Both directories, open."""

    directory: Directory
    tasks: Directory

    def tasks_now(self) -> dict[str, bytes]:
        return {name: self.tasks.read(name).content for name in sorted(self.tasks.names())}

    def beside(self) -> set[str]:
        """Names beside the records' directory."""
        return set(self.directory.names()) - {"tasks"}

    def change(self) -> list[Write]:
        """A create, a replacement and a removal."""
        return [
            Write(self.tasks, NEW, None, AFTER[NEW]),
            Write(self.tasks, B, BEFORE[B], None),
            Write(self.tasks, A, BEFORE[A], AFTER[A]),
        ]

    def put(self, name: str, content: bytes) -> None:
        """As somebody who knows nothing of transactions."""
        (Path(self.tasks.location) / name).write_bytes(content)


@contextmanager
def a_list(root: Path) -> Iterator[Place]:
    (root / "tasks").mkdir()
    for name, content in BEFORE.items():
        (root / "tasks" / name).write_bytes(content)
    (root / "tasks" / B).chmod(0o640)
    with open_directory(root) as directory, directory.subdirectory("tasks") as tasks:
        tasks.staging = directory
        yield Place(directory, tasks)


def allow() -> None:
    """The lock is still held."""

"""A native list under a root of its own, and operators at work on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from store.journal.journal import Damage, Journal
from store.model.history import Via
from store.model.task import ListKey, TaskId, TaskKey, TaskListId
from store.operating import Operator
from store.workspace import RootSpec, Workspace
from tests.contract import native

LIST = "colony:forge"


class Colony:
    """The root, its state directory, and what is stored there."""

    def __init__(self, place: Path) -> None:
        self.root = place / "root"
        self.state = place / "state"
        self.root.mkdir(parents=True)
        self.warnings: list[str] = []

    def write(self, *records: dict[str, Any], name: str = LIST) -> None:
        native.write_list(self.root, name, *records)

    def key(self, number: int, name: str = LIST) -> TaskKey:
        return TaskKey(self.list_key(name), TaskId(str(number)))

    def list_key(self, name: str = LIST) -> ListKey:
        return ListKey("hive", str(self.root), TaskListId(name))

    def operator(
        self, name: str = "you", via: Via = Via.APP, *, lock_timeout_s: float = 10.0
    ) -> Operator:
        """A person at work: a workspace of its own, read once."""
        workspace = Workspace([RootSpec(self.root, "test")], lock_timeout_s=lock_timeout_s)
        workspace.scan()
        return Operator(workspace, name=name, via=via, warn=self.warnings.append, state=self.state)

    @property
    def journal(self) -> Journal:
        return Journal(str(self.root), state=self.state)

    def segments(self) -> list[Path]:
        return sorted(self.journal.path.glob("*.jsonl"))

    def edit_lines(self) -> tuple[list[Any], Damage]:
        """All lines on edits, the oldest first, and what reading them met."""
        damage = Damage()
        return list(self.journal.edits_back(damage))[::-1], damage

    def stored(self, number: int, name: str = LIST) -> dict[str, Any]:
        found = native.read_record(self.root, name, number)
        return {k: v for k, v in found.items() if k != "updated_at"}

"""ClawTeam holds what every system must promise."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from store.model.task import ListKey, TaskListId
from store.systems.clawteam.adapter import ClawTeamSystem
from store.systems.protocol import System
from tests.contract.contract import Contract, Foreign
from tests.patience import PATIENCE_S
from tests.systems.clawteam import layout
from tests.systems.clawteam.processes import expect, say, started


class TestClawTeamSystem(Contract):
    def make_system(self, lock_timeout_s: float = 10.0) -> System:
        return ClawTeamSystem(lock_timeout_s=lock_timeout_s)

    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        key = ListKey("clawteam", str(root), TaskListId(f"team:{name}"))
        for task in tasks:
            self.write_task(key, task)
        (self.own_path(key) / ".tasks.lock").touch()
        return key

    def write_task(self, key: ListKey, task: Foreign) -> Path:
        fields: dict[str, Any] = {
            "status": str(self.stored_status(task, rules_store_blocked=True)),
            "owner": task.owner or "",
            "blocks": list(task.blocks),
            "blockedBy": list(task.blocked_by),
            "metadata": dict(task.metadata),
        }
        if task.status == "in_progress":
            begun = dict.fromkeys(("lockedAt", "startedAt"), layout.CREATED)
            fields |= {"lockedBy": task.owner or "", **begun}
        team = self.own_path(key).name
        layout.write(Path(key.root), layout.record(task.id, task.subject, **fields), team=team)
        return self.record_path(key, task.id)

    def record_path(self, key: ListKey, task_id: str) -> Path:
        return layout.path(Path(key.root), task_id, self.own_path(key).name)

    def own_path(self, key: ListKey) -> Path:
        return Path(key.root) / "tasks" / key.id.removeprefix("team:")

    @contextmanager
    def owner_locked(self, key: ListKey, task_id: str) -> Iterator[int]:
        team = self.own_path(key).name
        with started(Path(key.root), [("owner", "hold", "theirs", 1)], team=team) as (owner,):
            say(owner, "go")
            expect(owner, "held")
            yield owner.pid
            say(owner, "let go")
            owner.communicate(timeout=PATIENCE_S)

    def remove_list(self, key: ListKey) -> None:
        shutil.rmtree(self.own_path(key))

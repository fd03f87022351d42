"""How a system's own tests tell the contract of its format: what a foreign tool would write, and
what the system keeps. Ids "1" to "5" and "99" stand for five tasks and one that is not there.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import Edit
from store.model.snapshot import TaskList
from store.model.task import (
    NO_REVISION,
    Capabilities,
    ListKey,
    Task,
    TaskId,
    TaskKey,
    TaskStatus,
    Verb,
)
from store.systems.protocol import System
from tests.contract import native
from tests.patience import wait_until


@dataclass(frozen=True, slots=True)
class Foreign:
    """A task as a foreign tool of the system would write it. What the system has no room for is
    left out, what it stores beside (a lock, a time) is added.
    """

    id: str
    subject: str = "Write the report"
    status: str = "pending"
    owner: str | None = None
    blocks: tuple[str, ...] = ()
    blocked_by: tuple[str, ...] = ()
    metadata: tuple[tuple[str, Any], ...] = ()


CHAIN = (
    Foreign("1", "Mine", "completed", "ann", blocks=("2",)),
    Foreign("2", "Smelt", "in_progress", "bob", blocks=("3", "4"), blocked_by=("1",)),
    Foreign("3", "Forge", blocked_by=("2",), metadata=(("tier", 2),)),
    Foreign("4", "Polish", blocked_by=("2",)),
    Foreign("5", "Sweep"),
)
"""A task that is done frees one that is at work, on which two wait; one stands alone."""


def settled(system: System, key: ListKey, previous: TaskList | None = None) -> TaskList:
    """Load until the system has made up its mind about files that look half written."""
    loaded = system.load(key, previous)

    def is_settled() -> bool:
        nonlocal loaded
        if not system.is_settled(key):
            loaded = system.load(key, loaded)
        return system.is_settled(key)

    wait_until(is_settled, "a settled list")
    return loaded


def bare(tasks: TaskList) -> dict[TaskId, Task]:
    """The tasks without what tells only when they were written."""
    return {
        i: replace(task, revision=NO_REVISION, updated_at=None) for i, task in tasks.tasks.items()
    }


class ContractHooks(ABC):
    """What to implement; the rest of the contract is tests."""

    KEEPS_OWNER = True
    """A foreign tool's `owner` is read as the owner, whatever the status."""
    KEEPS_METADATA = True
    """So is its `metadata`, key by key."""
    NAMES_HOLDER = True
    """The kernel tells who holds the owner's lock."""
    SUBJECT = "subject"
    """The key of the subject in a JSON record."""
    STAMPS: frozenset[str] = frozenset({"updated_at", "updatedAt"})
    """Keys that every edit of a record may set, beside those it is about."""

    # what a foreign tool does

    @abstractmethod
    def make_system(self, lock_timeout_s: float = 10.0) -> System:
        """A fresh system, as the workspace makes it; one that can edit, if it ever can."""

    @abstractmethod
    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        """A foreign tool writes a list under the root; the key it must be discovered by."""

    @abstractmethod
    def write_task(self, key: ListKey, task: Foreign) -> Path:
        """The foreign tool replaces (or adds) one task, all of it; the path that a watcher would
        name. It takes no lock.
        """

    @abstractmethod
    def remove_list(self, key: ListKey) -> None:
        """The whole list goes away."""

    @abstractmethod
    def own_path(self, key: ListKey) -> Path:
        """The directory or file that is this one list's and could be given as a root."""

    def owner_locked(self, key: ListKey, task_id: str) -> AbstractContextManager[int] | None:
        """Another process holds the lock that keeps writers of this task apart, the one the owner
        would take, until the block ends; its process id. None: there is no lock on disk.
        """
        return None

    def record_path(self, key: ListKey, task_id: str) -> Path | None:
        """The JSON file that holds the task (alone or with all others); None: no such file."""
        return None

    def holds_whole_list(self) -> bool:
        """`record_path` is one file for the whole list."""
        return False

    # ids and what is stored

    def native_id(self, task_id: str) -> str:
        """The system's own id for one of the contract's; the order of ids must stay."""
        return task_id

    def stored_status(self, task: Foreign, rules_store_blocked: bool) -> TaskStatus:
        """The status with which a foreign tool would store the task."""
        waits = task.status == "pending" and task.blocked_by
        return TaskStatus.BLOCKED if waits and rules_store_blocked else TaskStatus(task.status)

    def untouched(self, root: Path) -> object:
        """What must be equal before and after something that writes nothing."""
        return native.tree(root)

    # used by the tests

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """Where a root would be. It is not there yet: the first write makes it."""
        return tmp_path / "root"

    @pytest.fixture
    def system(self) -> System:
        return self.make_system()

    @pytest.fixture
    def chain(self, root: Path) -> ListKey:
        return self.write_list(root, "forge", CHAIN)

    def id(self, task_id: str) -> TaskId:
        return TaskId(self.native_id(task_id))

    def ids(self, *task_ids: str) -> tuple[TaskId, ...]:
        return tuple(map(self.id, task_ids))

    def key(self, key: ListKey, task_id: str) -> TaskKey:
        return TaskKey(key, self.id(task_id))

    def task(self, system: System, key: ListKey, task_id: str) -> Task:
        return settled(system, key).tasks[self.id(task_id)]

    def capabilities(self, system: System, key: ListKey) -> Capabilities:
        return settled(system, key).info.capabilities

    def require(self, system: System, key: ListKey, *verbs: Verb, edges: bool = False) -> None:
        """Go on only where the system has all this; what it refuses is a test of its own."""
        found = self.capabilities(system, key)
        for verb in verbs:
            if (reason := found.refusal(verb)) is not None:
                pytest.skip(f"{system.name} refuses {verb}: {reason}")
        if edges and not found.rules.has_edges:
            pytest.skip(f"{system.name} has no edges")

    @contextmanager
    def nothing_written(self, root: Path) -> Iterator[None]:
        before = self.untouched(root)
        yield
        assert self.untouched(root) == before


def samples(contract: ContractHooks, key: ListKey) -> dict[Verb, Edit]:
    """An edit of each kind, on tasks of the chain."""
    from store.model.edits import (
        ClaimTask,
        CreateTask,
        DeleteTask,
        ReleaseTask,
        RestoreTask,
        Tick,
        UpdateTask,
    )
    from store.model.execution import TickKind

    three, five = contract.key(key, "3"), contract.key(key, "5")
    one, missing = contract.id("1"), contract.key(key, "99")
    return {
        Verb.CREATE: CreateTask(key, "Ship"),
        Verb.EDIT: UpdateTask(five, subject="Mop"),
        Verb.STATUS: UpdateTask(five, status=TaskStatus.COMPLETED),
        Verb.ASSIGN: UpdateTask(five, owner="cy"),
        Verb.BLOCK: UpdateTask(five, add_blocked_by=(one,)),
        Verb.UNBLOCK: UpdateTask(three, remove_blocked_by=(contract.id("2"),)),
        Verb.CLAIM: ClaimTask(five, "cy"),
        Verb.RELEASE: ReleaseTask(contract.key(key, "2")),
        Verb.DELETE: DeleteTask(five),
        Verb.PRIORITY: UpdateTask(five, priority="high"),
        Verb.RESTORE: RestoreTask(Task(missing, "Back")),
        Verb.TICK: UpdateTask(five, ticks=(Tick(TickKind.STEP, "1", True),)),
        Verb.RETRIES: UpdateTask(five, most_attempts=7),
    }

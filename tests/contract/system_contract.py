"""What every system must promise. A system's own tests inherit `SystemContract` and say how a
foreign tool would write its lists.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from store.model.edits import ClaimTask, CreateTask, DeleteTask, ReleaseTask, UpdateTask
from store.model.errors import (
    ClaimRefused,
    ColonytopError,
    CycleRefused,
    ListGone,
    SelfEdge,
    StaleEdit,
    TaskNotFound,
    UnreadableTask,
)
from store.model.readiness import ReasonKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskStatus
from store.systems.protocol import System
from tests.contract import native
from tests.patience import wait_until


@dataclass(frozen=True, slots=True)
class Foreign:
    """A task as a foreign tool of the system would write it."""

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


class SystemContract(ABC):
    """Inherit, implement the four hooks, get the tests."""

    @abstractmethod
    def make_system(self) -> System:
        """A fresh system, as the workspace makes it."""

    @abstractmethod
    def write_list(self, root: Path, name: str, tasks: Sequence[Foreign]) -> ListKey:
        """A foreign tool writes a list under the root; the key it must be discovered by."""

    @abstractmethod
    def write_task(self, key: ListKey, task: Foreign) -> Path:
        """The foreign tool replaces one task; the path that a watcher would name."""

    @abstractmethod
    def spoil_task(self, key: ListKey, task_id: str) -> Path:
        """The task's record becomes unreadable; its path."""

    @abstractmethod
    def remove_list(self, key: ListKey) -> None:
        """The whole list goes away."""

    @pytest.fixture
    def system(self) -> System:
        return self.make_system()

    @pytest.fixture
    def chain(self, hive_root: Path) -> ListKey:
        return self.write_list(hive_root, "forge", CHAIN)

    def task(self, system: System, key: ListKey, task_id: str) -> Task:
        return settled(system, key).tasks[TaskId(task_id)]

    def key(self, key: ListKey, task_id: str) -> TaskKey:
        return TaskKey(key, TaskId(task_id))

    # discovery and reading

    def test_discover_of_an_absent_root_is_empty_and_makes_nothing(
        self, system: System, hive_root: Path
    ) -> None:
        assert list(system.discover(hive_root)) == []
        assert not hive_root.exists()

    def test_discover_finds_each_list_in_name_order_and_writes_nothing(
        self, system: System, hive_root: Path
    ) -> None:
        keys = [self.write_list(hive_root, name, CHAIN[-1:]) for name in ("zinc", "ash", "mid")]
        before = native.tree(hive_root)
        found = list(system.discover(hive_root))
        assert found == sorted(keys, key=lambda k: k.id)
        assert native.tree(hive_root) == before

    def test_load_gives_every_field_and_writes_nothing(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        before = native.tree(hive_root)
        loaded = settled(system, chain)
        assert native.tree(hive_root) == before
        assert isinstance(loaded, TaskList)
        assert loaded.key == chain
        seen = [
            (t.id, t.subject, t.status, t.owner, t.blocks, t.blocked_by)
            for t in loaded.tasks.values()
        ]
        assert seen == [
            (f.id, f.subject, TaskStatus(f.status), f.owner, f.blocks, f.blocked_by) for f in CHAIN
        ]
        assert loaded.tasks[TaskId("3")].metadata == {"tier": 2}
        assert loaded.problems == ()

    def test_load_without_news_returns_the_previous_object(
        self, system: System, chain: ListKey
    ) -> None:
        first = system.load(chain)
        assert system.load(chain, first) is first

    def test_load_after_one_change_shares_every_other_task(
        self, system: System, chain: ListKey
    ) -> None:
        first = system.load(chain)
        self.write_task(chain, Foreign("5", "Sweep twice"))
        second = system.load(chain, first)
        assert second is not first
        assert second.tasks[TaskId("5")].subject == "Sweep twice"
        for number in ("1", "2", "3", "4"):
            assert second.tasks[TaskId(number)] is first.tasks[TaskId(number)]

    def test_load_of_a_list_that_went_away_raises_list_gone(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        previous = system.load(chain)
        self.remove_list(chain)
        with pytest.raises(ListGone):
            system.load(chain, previous)
        assert chain not in system.discover(hive_root)

    def test_list_of_path_names_the_list_a_changed_file_belongs_to(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        system.discover(hive_root)
        path = self.write_task(chain, Foreign("5", "Changed"))
        assert system.list_of_path(hive_root, path) == chain
        assert system.list_of_path(hive_root, hive_root / "notes" / "todo.txt") is None

    def test_unreadable_task_is_shown_with_its_reason_and_blocks(
        self, system: System, chain: ListKey
    ) -> None:
        path = self.spoil_task(chain, "2")
        content = path.read_bytes()
        loaded = settled(system, chain)
        spoilt = loaded.tasks[TaskId("2")]
        assert not spoilt.is_readable
        assert spoilt.problems[0].text
        waiting = loaded.readiness(loaded.tasks[TaskId("3")])
        assert not waiting.ready
        assert [reason.kind for reason in waiting.reasons] == [ReasonKind.UNREADABLE]
        for edit in (
            UpdateTask(self.key(chain, "2"), subject="Overwritten"),
            ReleaseTask(self.key(chain, "2")),
        ):
            with pytest.raises(UnreadableTask):
                system.apply(edit)
        assert path.read_bytes() == content

    # edits

    def test_apply_create_gives_the_stored_task_and_its_blockers(
        self, system: System, chain: ListKey
    ) -> None:
        edit = CreateTask(chain, "Ship", owner="cy", blocked_by=(TaskId("3"),))
        result = system.apply(edit)
        assert result.task is not None
        assert result.edit is edit
        assert [task.id for task in result.others] == ["3"]
        loaded = settled(system, chain)
        stored = loaded.tasks[result.task.id]
        assert (stored.subject, stored.owner, stored.blocked_by) == ("Ship", "cy", ("3",))
        assert result.task.id in loaded.tasks[TaskId("3")].blocks

    def test_apply_update_changes_only_what_it_names(self, system: System, chain: ListKey) -> None:
        before = self.task(system, chain, "3")
        result = system.apply(
            UpdateTask(self.key(chain, "3"), owner="cy", metadata_patch={"note": "hot"})
        )
        assert set(result.changed) == {"owner", "metadata"}
        after = self.task(system, chain, "3")
        assert result.task is not None
        assert replace(result.task, revision=after.revision) == after
        assert (after.owner, after.metadata) == ("cy", {"tier": 2, "note": "hot"})
        assert (after.subject, after.blocked_by) == (before.subject, before.blocked_by)

    @pytest.mark.parametrize("owner", [None, "cy"])
    def test_apply_update_with_owner_none_clears_it(
        self, system: System, chain: ListKey, owner: str | None
    ) -> None:
        result = system.apply(UpdateTask(self.key(chain, "2"), owner=owner))
        assert result.task is not None
        assert result.task.owner == owner

    def test_apply_unblock_clears_both_sides_in_one_edit(
        self, system: System, chain: ListKey
    ) -> None:
        result = system.apply(UpdateTask(self.key(chain, "3"), remove_blocked_by=(TaskId("2"),)))
        assert [task.id for task in result.others] == ["2"]
        loaded = settled(system, chain)
        assert loaded.tasks[TaskId("3")].blocked_by == ()
        assert loaded.tasks[TaskId("2")].blocks == ("4",)
        assert loaded.is_ready(loaded.tasks[TaskId("3")])

    @pytest.mark.parametrize(
        ("blocked_by", "error"), [("3", CycleRefused), ("4", CycleRefused), ("2", SelfEdge)]
    )
    def test_apply_of_a_cycle_is_refused_and_writes_nothing(
        self,
        system: System,
        hive_root: Path,
        chain: ListKey,
        blocked_by: str,
        error: type[ColonytopError],
    ) -> None:
        before = native.tree(hive_root)
        with pytest.raises(error):
            system.apply(
                UpdateTask(self.key(chain, "2"), owner="x", add_blocked_by=(TaskId(blocked_by),))
            )
        assert native.tree(hive_root) == before

    def test_apply_on_stale_sight_is_refused_with_both_values(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        self.write_task(chain, Foreign("5", "Sweep", owner="theirs"))
        before = native.tree(hive_root)
        with pytest.raises(StaleEdit) as caught:
            system.apply(UpdateTask(self.key(chain, "5"), owner="yours", expected={"owner": None}))
        (conflict,) = caught.value.conflicts
        assert (conflict.field, conflict.original, conflict.theirs, conflict.yours) == (
            "owner",
            None,
            "theirs",
            "yours",
        )
        assert native.tree(hive_root) == before

    def test_apply_on_sight_stale_in_another_field_merges(
        self, system: System, chain: ListKey
    ) -> None:
        self.write_task(chain, Foreign("5", "Sweep", owner="theirs"))
        system.apply(UpdateTask(self.key(chain, "5"), subject="Mop", expected={"subject": "Sweep"}))
        after = self.task(system, chain, "5")
        assert (after.subject, after.owner) == ("Mop", "theirs")

    def test_apply_on_a_missing_task_is_refused(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        before = native.tree(hive_root)
        gone = self.key(chain, "99")
        for edit in (UpdateTask(gone, subject="x"), DeleteTask(gone), ReleaseTask(gone)):
            with pytest.raises(TaskNotFound):
                system.apply(edit)
        with pytest.raises((TaskNotFound, ClaimRefused)):
            system.apply(ClaimTask(gone, "ann"))
        assert native.tree(hive_root) == before

    def test_apply_delete_strips_the_id_everywhere(self, system: System, chain: ListKey) -> None:
        result = system.apply(DeleteTask(self.key(chain, "2")))
        assert result.task is None
        assert sorted(result.stripped) == ["1", "3", "4"]
        loaded = settled(system, chain)
        assert list(loaded.tasks) == ["1", "3", "4", "5"]
        assert [t.id for t in loaded.tasks.values() if t.blocks + t.blocked_by] == []

    @pytest.mark.parametrize("task_id", ["1", "2", "3"])
    def test_apply_claim_of_what_is_not_free_is_refused(
        self, system: System, hive_root: Path, chain: ListKey, task_id: str
    ) -> None:
        before = native.tree(hive_root)
        with pytest.raises(ClaimRefused) as caught:
            system.apply(ClaimTask(self.key(chain, task_id), "cy"))
        assert str(caught.value)
        assert native.tree(hive_root) == before

    def test_apply_claim_then_release_gives_the_task_back(
        self, system: System, chain: ListKey
    ) -> None:
        claimed = system.apply(ClaimTask(self.key(chain, "5"), "cy")).task
        assert claimed is not None
        assert claimed.owner == "cy"
        with pytest.raises(StaleEdit):
            system.apply(ReleaseTask(self.key(chain, "5"), expected_owner="ann"))
        released = system.apply(ReleaseTask(self.key(chain, "5"), expected_owner="cy")).task
        assert released is not None
        assert (released.owner, released.status) == (None, TaskStatus.PENDING)

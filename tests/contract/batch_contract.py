"""What every system must promise of batches, of restored tasks, and of what an edit found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from store.model.edits import (
    BatchRefused,
    BatchResult,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    CycleRefused,
    InvalidField,
    ListGone,
    StaleEdit,
    TaskExists,
    TaskNotFound,
)
from store.model.inverse import inverse, inverse_of_all
from store.model.snapshot import TaskList
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskStatus
from store.systems.protocol import System
from tests.contract import native
from tests.contract.system_contract import Foreign, SystemContract, settled


def bare(tasks: TaskList) -> dict[TaskId, Task]:
    """The tasks without what tells only when they were written."""
    return {
        i: replace(task, revision=NO_REVISION, updated_at=None) for i, task in tasks.tasks.items()
    }


class BatchContract(SystemContract):
    """Inherit instead of `SystemContract`."""

    def released(self, key: ListKey, *ids: str) -> list[Edit]:
        return [ReleaseTask(self.key(key, task_id)) for task_id in ids]

    # several edits as one

    def test_apply_all_makes_every_edit_and_names_each_result(
        self, system: System, chain: ListKey
    ) -> None:
        edits: list[Edit] = [
            UpdateTask(self.key(chain, "3"), owner="cy"),
            CreateTask(chain, "Ship", blocked_by=(TaskId("4"),)),
            DeleteTask(self.key(chain, "5")),
        ]
        result = system.apply_all(edits, all_or_none=True)
        assert [one.edit for one in result.results] == edits
        assert result.failures == ()
        loaded = settled(system, chain)
        assert [(t.id, t.subject, t.owner) for t in loaded.tasks.values()] == [
            ("1", "Mine", "ann"),
            ("2", "Smelt", "bob"),
            ("3", "Forge", "cy"),
            ("4", "Polish", None),
            ("6", "Ship", None),
        ]
        assert loaded.tasks[TaskId("4")].blocks == ("6",)

    def test_apply_all_of_nothing_does_nothing(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        before = native.tree(hive_root)
        assert system.apply_all([], all_or_none=True) == BatchResult()
        assert native.tree(hive_root) == before

    def test_apply_all_lets_later_edits_see_earlier_ones(
        self, system: System, chain: ListKey
    ) -> None:
        result = system.apply_all(
            [
                UpdateTask(self.key(chain, "2"), status=TaskStatus.COMPLETED),
                ClaimTask(self.key(chain, "3"), "cy"),
                UpdateTask(self.key(chain, "3"), subject="Melt", expected={"owner": "cy"}),
                ReleaseTask(self.key(chain, "3"), expected_owner="cy"),
            ],
            all_or_none=True,
        )
        assert len(result.results) == 4
        assert result.results[-1].before[TaskId("3")] is not None
        seen = [r.before[TaskId("3")] for r in result.results[1:]]
        assert [(t.owner, t.subject) for t in seen if t] == [
            (None, "Forge"),
            ("cy", "Forge"),
            ("cy", "Melt"),
        ]
        stored = self.task(system, chain, "3")
        assert (stored.owner, stored.subject) == (None, "Melt")

    def test_apply_all_makes_what_can_be_made_and_names_the_rest(
        self, system: System, chain: ListKey
    ) -> None:
        edits: list[Edit] = [
            UpdateTask(self.key(chain, "5"), owner="cy"),
            UpdateTask(self.key(chain, "3"), owner="cy", expected={"owner": "ann"}),
            DeleteTask(self.key(chain, "99")),
            ClaimTask(self.key(chain, "4"), "cy"),
            UpdateTask(self.key(chain, "2"), subject="x", add_blocked_by=(TaskId("4"),)),
            UpdateTask(self.key(chain, "5"), subject="Mop"),
        ]
        result = system.apply_all(edits, all_or_none=False)
        assert [one.edit for one in result.results] == [edits[0], edits[5]]
        assert [failure.edit for failure in result.failures] == edits[1:5]
        errors = [type(failure.error) for failure in result.failures]
        assert errors == [StaleEdit, TaskNotFound, ClaimRefused, CycleRefused]
        loaded = settled(system, chain)
        five = loaded.tasks[TaskId("5")]
        assert (five.owner, five.subject) == ("cy", "Mop")
        assert loaded.tasks[TaskId("2")].subject == "Smelt"

    def test_apply_all_or_none_with_a_refused_edit_writes_nothing(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        edits = [
            *self.released(chain, "2", "3"),
            DeleteTask(self.key(chain, "99")),
            UpdateTask(self.key(chain, "5"), owner="cy", expected={"owner": "ann"}),
        ]
        before = native.tree(hive_root)
        with pytest.raises(BatchRefused) as caught:
            system.apply_all(edits, all_or_none=True)
        assert native.tree(hive_root) == before
        assert [failure.edit for failure in caught.value.failures] == edits[2:]
        assert caught.value.details()["count"] == 4

    def test_apply_all_on_a_list_that_went_away_is_refused(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        edits = self.released(chain, "2")
        self.remove_list(chain)
        with pytest.raises(ListGone):
            system.apply_all(edits, all_or_none=False)

    def test_apply_all_taken_back_leaves_every_task_as_it_was(
        self, system: System, chain: ListKey
    ) -> None:
        before = bare(settled(system, chain))
        done = system.apply_all(
            [
                DeleteTask(self.key(chain, "2")),
                UpdateTask(self.key(chain, "3"), owner="cy", metadata_patch={"tier": None}),
                CreateTask(chain, "Ship", blocked_by=(TaskId("3"),)),
                DeleteTask(self.key(chain, "1")),
            ],
            all_or_none=True,
        )
        after = bare(settled(system, chain))
        back = system.apply_all(inverse_of_all(done.results), all_or_none=True)
        assert bare(settled(system, chain)) == before
        system.apply_all(inverse_of_all(back.results), all_or_none=True)
        assert bare(settled(system, chain)) == after

    # what an edit found

    def test_apply_tells_what_stood_there_before(self, system: System, chain: ListKey) -> None:
        stored = settled(system, chain).tasks
        edit = UpdateTask(self.key(chain, "3"), remove_blocked_by=(TaskId("2"),))
        result = system.apply(edit)
        found = {
            i: task and replace(task, revision=NO_REVISION) for i, task in result.before.items()
        }
        ids = (TaskId("3"), TaskId("2"))
        assert found == {i: replace(stored[i], revision=NO_REVISION) for i in ids}
        created = system.apply(CreateTask(chain, "Ship"))
        assert created.task is not None
        assert dict(created.before) == {created.task.id: None}

    def test_inverse_on_a_field_that_somebody_changed_since_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        result = system.apply(UpdateTask(self.key(chain, "5"), subject="Mop", owner="cy"))
        self.write_task(chain, Foreign("5", "Mop", owner="theirs"))
        (back,) = inverse(result)
        with pytest.raises(StaleEdit) as caught:
            system.apply(back)
        assert [c.field for c in caught.value.conflicts] == ["owner"]
        assert self.task(system, chain, "5").subject == "Mop"

    def test_inverse_beside_a_foreign_change_of_another_field_merges(
        self, system: System, chain: ListKey
    ) -> None:
        result = system.apply(UpdateTask(self.key(chain, "5"), subject="Mop"))
        self.write_task(chain, Foreign("5", "Mop", owner="theirs", status="in_progress"))
        (back,) = inverse(result)
        system.apply(back)
        now = self.task(system, chain, "5")
        assert (now.subject, now.owner, now.status) == ("Sweep", "theirs", TaskStatus.IN_PROGRESS)

    # restored tasks

    def test_restore_brings_back_id_fields_and_both_sides_of_edges(
        self, system: System, chain: ListKey
    ) -> None:
        before = bare(settled(system, chain))
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        system.apply(CreateTask(chain, "Later"))
        (back,) = inverse(deleted)
        result = system.apply(back)
        assert result.changed == ("restored",)
        assert sorted(task.id for task in result.others) == ["1", "3", "4"]
        loaded = bare(settled(system, chain))
        assert loaded.pop(TaskId("6")).subject == "Later"
        assert loaded == before

    def test_restore_of_a_task_that_is_there_is_refused(
        self, system: System, hive_root: Path, chain: ListKey
    ) -> None:
        deleted = system.apply(DeleteTask(self.key(chain, "5")))
        self.write_task(chain, Foreign("5", "Somebody else's"))
        before = native.tree(hive_root)
        (back,) = inverse(deleted)
        with pytest.raises(TaskExists):
            system.apply(back)
        self.spoil_task(chain, "5")
        with pytest.raises(TaskExists):
            system.apply(back)
        self.write_task(chain, Foreign("5", "Somebody else's"))
        assert set(native.tree(hive_root)) == set(before)

    def test_restore_without_its_far_ends_keeps_blockers_and_drops_dependents(
        self, system: System, chain: ListKey
    ) -> None:
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        system.apply_all(
            [DeleteTask(self.key(chain, "1")), DeleteTask(self.key(chain, "3"))], all_or_none=True
        )
        (back,) = inverse(deleted)
        system.apply(back)
        loaded = settled(system, chain)
        two = loaded.tasks[TaskId("2")]
        assert (two.blocked_by, two.blocks) == (("1",), ("4",))
        assert loaded.tasks[TaskId("4")].blocked_by == ("2",)

    def test_restore_that_would_close_a_cycle_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        system.apply(UpdateTask(self.key(chain, "1"), add_blocked_by=(TaskId("3"),)))
        (back,) = inverse(deleted)
        with pytest.raises(CycleRefused):
            system.apply(back)
        assert TaskId("2") not in settled(system, chain).tasks

    def test_restore_from_the_task_alone_links_what_it_names(
        self, system: System, chain: ListKey
    ) -> None:
        two = self.task(system, chain, "2")
        system.apply(DeleteTask(self.key(chain, "2")))
        system.apply(RestoreTask(replace(two, revision=NO_REVISION)))
        loaded = settled(system, chain)
        assert loaded.tasks[TaskId("1")].blocks == ("2",)
        assert loaded.tasks[TaskId("3")].blocked_by == ("2",)
        assert loaded.problems == ()

    def test_restore_of_an_original_that_is_another_task_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        deleted = system.apply(DeleteTask(self.key(chain, "5")))
        (back,) = inverse(deleted)
        assert isinstance(back, RestoreTask)
        forged = replace(back, task=replace(back.task, owner="mallory"))
        if back.original is None:
            pytest.skip("this system keeps no text of a record")
        with pytest.raises(InvalidField):
            system.apply(forged)

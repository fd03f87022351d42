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
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    CycleRefused,
    ListGone,
    StaleEdit,
    TaskNotFound,
)
from store.model.inverse import inverse, inverse_of_all
from store.model.task import NO_REVISION, ListKey, Task, TaskId, TaskStatus, Verb
from store.systems.protocol import System
from tests.contract.hooks import ContractHooks, Foreign, bare, settled


class BatchContract(ContractHooks):
    """Inherit `Contract`, which has this."""

    # several edits as one

    def test_apply_all_makes_every_edit_and_names_each_result(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT, Verb.STATUS)
        edits: list[Edit] = [
            UpdateTask(self.key(chain, "3"), subject="Melt"),
            UpdateTask(self.key(chain, "5"), status=TaskStatus.COMPLETED),
            UpdateTask(self.key(chain, "4"), subject="Shine"),
        ]
        result = system.apply_all(edits, all_or_none=True)
        assert [one.edit for one in result.results] == edits
        assert result.failures == ()
        loaded = settled(system, chain)
        assert [t.subject for t in loaded.tasks.values()] == [
            "Mine", "Smelt", "Melt", "Shine", "Sweep"
        ]  # fmt: skip
        assert loaded.tasks[self.id("5")].status is TaskStatus.COMPLETED

    def test_apply_all_creates_and_deletes_in_the_same_commit(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.CREATE, Verb.DELETE)
        edits: list[Edit] = [
            CreateTask(chain, "Ship"),
            CreateTask(chain, "Store"),
            DeleteTask(self.key(chain, "5")),
        ]
        result = system.apply_all(edits, all_or_none=True)
        made = [one.task for one in result.results[:2]]
        loaded = settled(system, chain)
        assert [loaded.tasks[task.id].subject for task in made if task] == ["Ship", "Store"]
        assert self.id("5") not in loaded.tasks
        assert len(loaded.tasks) == 6

    def test_apply_all_of_nothing_does_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        with self.nothing_written(root):
            assert system.apply_all([], all_or_none=True) == BatchResult()

    def test_apply_all_lets_later_edits_see_earlier_ones(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        result = system.apply_all(
            [
                UpdateTask(self.key(chain, "3"), subject="Melt", expected={"subject": "Forge"}),
                UpdateTask(self.key(chain, "3"), subject="Cast", expected={"subject": "Melt"}),
            ],
            all_or_none=True,
        )
        seen = [one.before[self.id("3")] for one in result.results]
        assert [task.subject for task in seen if task] == ["Forge", "Melt"]
        assert self.task(system, chain, "3").subject == "Cast"

    def test_apply_all_completes_a_blocker_and_claims_what_it_frees(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.STATUS, Verb.CLAIM, Verb.RELEASE, Verb.EDIT, edges=True)
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
        seen = [r.before[self.id("3")] for r in result.results[1:]]
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
        self.require(system, chain, Verb.EDIT)
        edits: list[Edit] = [
            UpdateTask(self.key(chain, "4"), subject="Shine"),
            UpdateTask(self.key(chain, "3"), subject="Melt", expected={"subject": "Else"}),
            UpdateTask(self.key(chain, "99"), subject="x"),
            UpdateTask(self.key(chain, "5"), subject="Mop"),
        ]
        result = system.apply_all(edits, all_or_none=False)
        assert [one.edit for one in result.results] == [edits[0], edits[3]]
        assert [failure.edit for failure in result.failures] == edits[1:3]
        assert [type(f.error) for f in result.failures] == [StaleEdit, TaskNotFound]
        loaded = settled(system, chain)
        assert [t.subject for t in loaded.tasks.values()] == [
            "Mine", "Smelt", "Forge", "Shine", "Mop"
        ]  # fmt: skip

    def test_apply_all_names_claims_and_cycles_that_are_refused(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.CLAIM, Verb.BLOCK, Verb.EDIT, edges=True)
        edits: list[Edit] = [
            ClaimTask(self.key(chain, "4"), "cy"),
            UpdateTask(self.key(chain, "2"), add_blocked_by=self.ids("4")),
            UpdateTask(self.key(chain, "5"), subject="Mop"),
        ]
        result = system.apply_all(edits, all_or_none=False)
        assert [one.edit for one in result.results] == edits[2:]
        assert [type(f.error) for f in result.failures] == [ClaimRefused, CycleRefused]

    def test_apply_all_or_none_with_a_refused_edit_writes_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        edits = [
            UpdateTask(self.key(chain, "2"), subject="x"),
            UpdateTask(self.key(chain, "3"), subject="y"),
            UpdateTask(self.key(chain, "99"), subject="z"),
            UpdateTask(self.key(chain, "5"), subject="Mop", expected={"subject": "Else"}),
        ]
        with self.nothing_written(root), pytest.raises(BatchRefused) as caught:
            system.apply_all(edits, all_or_none=True)
        assert [failure.edit for failure in caught.value.failures] == edits[2:]
        assert caught.value.details()["count"] == 4

    def test_apply_all_on_a_list_that_went_away_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        self.remove_list(chain)
        with pytest.raises(ListGone):
            system.apply_all([UpdateTask(self.key(chain, "2"), subject="x")], all_or_none=False)

    def test_apply_all_taken_back_leaves_every_task_as_it_was(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT, Verb.STATUS)
        before = bare(settled(system, chain))
        done = system.apply_all(
            [
                UpdateTask(self.key(chain, "3"), subject="Melt"),
                UpdateTask(self.key(chain, "5"), subject="Mop"),
                UpdateTask(self.key(chain, "5"), status=TaskStatus.IN_PROGRESS),
            ],
            all_or_none=True,
        )
        after = bare(settled(system, chain))
        back = system.apply_all(inverse_of_all(done.results), all_or_none=True)
        assert self.without_times(bare(settled(system, chain))) == self.without_times(before)
        system.apply_all(inverse_of_all(back.results), all_or_none=True)
        assert self.without_times(bare(settled(system, chain))) == self.without_times(after)

    def test_apply_all_that_deletes_taken_back_leaves_every_task_as_it_was(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE, Verb.CREATE, Verb.EDIT)
        before = bare(settled(system, chain))
        done = system.apply_all(
            [
                DeleteTask(self.key(chain, "2")),
                UpdateTask(self.key(chain, "3"), owner="cy", metadata_patch={"tier": None}),
                CreateTask(chain, "Ship", blocked_by=self.ids("3")),
                DeleteTask(self.key(chain, "1")),
            ],
            all_or_none=True,
        )
        after = bare(settled(system, chain))
        back = system.apply_all(inverse_of_all(done.results), all_or_none=True)
        assert bare(settled(system, chain)) == before
        system.apply_all(inverse_of_all(back.results), all_or_none=True)
        assert bare(settled(system, chain)) == after

    def without_times(self, tasks: dict[TaskId, Task]) -> dict[TaskId, Task]:
        """Without the times of start and end, which an owner's rules set and never clear."""
        return {
            i: replace(
                t,
                execution=t.execution
                and replace(t.execution, claimed_at=None, started_at=None, completed_at=None),
            )
            for i, t in tasks.items()
        }

    # what an edit found

    def test_apply_tells_what_stood_there_before(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.EDIT)
        stored = self.task(system, chain, "3")
        result = system.apply(UpdateTask(self.key(chain, "3"), subject="Melt"))
        (before,) = result.before.values()
        assert before is not None
        assert replace(before, revision=NO_REVISION) == replace(stored, revision=NO_REVISION)

    def test_apply_tells_what_stood_at_both_ends_of_an_edge(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.UNBLOCK, edges=True)
        loaded = settled(system, chain)
        mirrors = loaded.info.capabilities.rules.mirrors_edges
        result = system.apply(UpdateTask(self.key(chain, "3"), remove_blocked_by=self.ids("2")))
        found = {
            i: task and replace(task, revision=NO_REVISION) for i, task in result.before.items()
        }
        ids = self.ids("3", "2") if mirrors else self.ids("3")
        assert found == {i: replace(loaded.tasks[i], revision=NO_REVISION) for i in ids}

    def test_inverse_on_a_field_that_somebody_changed_since_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        result = system.apply(UpdateTask(self.key(chain, "5"), subject="Mop"))
        self.write_task(chain, Foreign("5", "Theirs"))
        (back,) = inverse(result)
        with pytest.raises(StaleEdit) as caught:
            system.apply(back)
        assert [c.field for c in caught.value.conflicts] == ["subject"]
        assert self.task(system, chain, "5").subject == "Theirs"

    def test_inverse_beside_a_foreign_change_of_another_field_merges(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        result = system.apply(UpdateTask(self.key(chain, "5"), subject="Mop"))
        self.write_task(chain, Foreign("5", "Mop", owner="theirs", status="completed"))
        (back,) = inverse(result)
        system.apply(back)
        now = self.task(system, chain, "5")
        assert (now.subject, now.status) == ("Sweep", TaskStatus.COMPLETED)

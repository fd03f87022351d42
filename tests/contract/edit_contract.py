"""What every system must promise of single edits, as far as it makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from store.model.edits import ClaimTask, CreateTask, DeleteTask, ReleaseTask, UpdateTask
from store.model.errors import (
    ClaimRefused,
    ColonytopError,
    CycleRefused,
    EditRefused,
    SelfEdge,
    StaleEdit,
    TaskNotFound,
)
from store.model.task import NO_REVISION, ListKey, TaskId, TaskKey, TaskStatus, Verb
from store.systems.protocol import System
from tests.contract.hooks import ContractHooks, Foreign, settled


class EditContract(ContractHooks):
    """Inherit `Contract`, which has this."""

    def test_apply_create_gives_the_stored_task(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.CREATE)
        edit = CreateTask(chain, "Ship")
        result = system.apply(edit)
        assert result.task is not None
        assert result.edit is edit
        assert dict(result.before) == {result.task.id: None}
        stored = settled(system, chain).tasks[result.task.id]
        assert (stored.subject, stored.status) == ("Ship", TaskStatus.PENDING)
        assert replace(stored, revision=NO_REVISION) == replace(result.task, revision=NO_REVISION)

    def test_apply_create_with_a_blocker_waits_on_it(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.CREATE, edges=True)
        result = system.apply(CreateTask(chain, "Ship", blocked_by=self.ids("3")))
        assert result.task is not None
        loaded = settled(system, chain)
        stored = loaded.tasks[result.task.id]
        assert stored.blocked_by == self.ids("3")
        assert not loaded.is_ready(stored)
        if loaded.info.capabilities.rules.mirrors_edges:
            assert [task.id for task in result.others] == [self.id("3")]
            assert stored.id in loaded.tasks[self.id("3")].blocks

    def test_apply_update_changes_only_what_it_names(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.EDIT)
        before = self.task(system, chain, "3")
        result = system.apply(UpdateTask(self.key(chain, "3"), subject="Melt"))
        assert set(result.changed) == {"subject"}
        after = self.task(system, chain, "3")
        assert result.task is not None
        assert replace(result.task, revision=after.revision) == after
        assert replace(
            after, subject=before.subject, updated_at=before.updated_at, revision=before.revision
        ) == replace(before, metadata=after.metadata, extra=after.extra)

    def test_apply_update_patches_metadata_by_its_keys(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        if "metadata" in self.capabilities(system, chain).absent or not self.KEEPS_METADATA:
            pytest.skip(f"{system.name} keeps no metadata")
        result = system.apply(UpdateTask(self.key(chain, "3"), metadata_patch={"note": "hot"}))
        assert result.changed == ("metadata",)
        assert self.task(system, chain, "3").metadata == {"tier": 2, "note": "hot"}

    @pytest.mark.parametrize("owner", [None, "cy"])
    def test_apply_update_of_the_owner_sets_or_clears_it(
        self, system: System, chain: ListKey, owner: str | None
    ) -> None:
        self.require(system, chain, Verb.ASSIGN)
        self.write_task(chain, Foreign("5", "Sweep", owner="ann"))
        result = system.apply(UpdateTask(self.key(chain, "5"), owner=owner))
        assert result.task is not None
        assert result.task.owner == self.task(system, chain, "5").owner == owner

    def test_apply_status_is_what_is_read_again(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.STATUS)
        for status in self.capabilities(system, chain).statuses:
            if status not in (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED, TaskStatus.PENDING):
                continue
            system.apply(UpdateTask(self.key(chain, "5"), status=status))
            assert self.task(system, chain, "5").status is status

    def test_apply_unblock_frees_the_task_in_one_edit(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.UNBLOCK, edges=True)
        edit = UpdateTask(self.key(chain, "3"), remove_blocked_by=self.ids("2"))
        result = system.apply(edit)
        loaded = settled(system, chain)
        assert loaded.tasks[self.id("3")].blocked_by == ()
        assert loaded.tasks[self.id("4")].blocked_by == self.ids("2")
        assert loaded.is_ready(loaded.tasks[self.id("3")])
        if loaded.info.capabilities.rules.mirrors_edges:
            assert [task.id for task in result.others] == [self.id("2")]
            assert loaded.tasks[self.id("2")].blocks == self.ids("4")

    @pytest.mark.parametrize(
        ("blocked_by", "error"), [("3", CycleRefused), ("4", CycleRefused), ("2", SelfEdge)]
    )
    def test_apply_of_a_cycle_is_refused_and_writes_nothing(
        self, system: System, root: Path, chain: ListKey, blocked_by: str, error: type[Exception]
    ) -> None:
        self.require(system, chain, Verb.BLOCK, Verb.EDIT, edges=True)
        edit = UpdateTask(self.key(chain, "2"), subject="x", add_blocked_by=self.ids(blocked_by))
        with self.nothing_written(root), pytest.raises(error):
            system.apply(edit)

    def test_apply_on_stale_sight_is_refused_with_both_values(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        self.write_task(chain, Foreign("5", "Theirs"))
        edit = UpdateTask(self.key(chain, "5"), subject="Yours", expected={"subject": "Sweep"})
        with self.nothing_written(root), pytest.raises(StaleEdit) as caught:
            system.apply(edit)
        (conflict,) = caught.value.conflicts
        assert conflict.field == "subject"
        found = (conflict.original, conflict.theirs, conflict.yours)
        assert found == ("Sweep", "Theirs", "Yours")

    def test_apply_on_sight_stale_in_another_field_merges(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.EDIT)
        settled(system, chain)
        self.write_task(chain, Foreign("5", "Sweep", "completed", owner="theirs"))
        system.apply(UpdateTask(self.key(chain, "5"), subject="Mop", expected={"subject": "Sweep"}))
        after = self.task(system, chain, "5")
        assert (after.subject, after.status) == ("Mop", TaskStatus.COMPLETED)
        if self.KEEPS_OWNER:
            assert after.owner == "theirs"

    def test_apply_on_a_missing_task_is_refused(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        gone = self.key(chain, "99")
        with self.nothing_written(root):
            for edit in (UpdateTask(gone, subject="x"), DeleteTask(gone), ReleaseTask(gone)):
                with pytest.raises((TaskNotFound, EditRefused)):
                    system.apply(edit)
            with pytest.raises((TaskNotFound, ClaimRefused, EditRefused)):
                system.apply(ClaimTask(gone, "ann"))

    def test_apply_on_an_id_that_no_task_can_have_is_refused(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        outside = root.parent / "outside.json"
        outside.write_text("{}")
        for odd in ("../../outside", "..", "", "a/b", "\0", "1" * 300, "٣", "-1", " 1"):
            edit = UpdateTask(TaskKey(chain, TaskId(odd)), subject="x")
            with pytest.raises(ColonytopError):
                system.apply(edit)
        assert outside.read_text() == "{}"

    def test_apply_delete_strips_the_id_everywhere(self, system: System, chain: ListKey) -> None:
        self.require(system, chain, Verb.DELETE)
        result = system.apply(DeleteTask(self.key(chain, "2")))
        assert result.task is None
        loaded = settled(system, chain)
        assert tuple(loaded.tasks) == self.ids("1", "3", "4", "5")
        assert [t.id for t in loaded.tasks.values() if t.blocks + t.blocked_by] == []
        if loaded.info.capabilities.rules.mirrors_edges:
            assert sorted(result.stripped) == sorted(self.ids("1", "3", "4"))

    @pytest.mark.parametrize("task_id", ["1", "2", "3"])
    def test_apply_claim_of_what_is_not_free_is_refused(
        self, system: System, root: Path, chain: ListKey, task_id: str
    ) -> None:
        self.require(system, chain, Verb.CLAIM, edges=task_id == "3")
        with self.nothing_written(root), pytest.raises(ClaimRefused) as caught:
            system.apply(ClaimTask(self.key(chain, task_id), "cy"))
        assert str(caught.value)

    def test_apply_claim_then_release_gives_the_task_back(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.CLAIM, Verb.RELEASE)
        claimed = system.apply(ClaimTask(self.key(chain, "5"), "cy")).task
        assert claimed is not None
        assert claimed.owner == "cy"
        with pytest.raises(ClaimRefused):
            system.apply(ClaimTask(self.key(chain, "5"), "ann"))
        with pytest.raises(StaleEdit):
            system.apply(ReleaseTask(self.key(chain, "5"), expected_owner="ann"))
        released = system.apply(ReleaseTask(self.key(chain, "5"), expected_owner="cy")).task
        assert released is not None
        assert (released.owner, released.status, released.lock) == (None, TaskStatus.PENDING, None)

"""What every system must promise of tasks that come back, as far as it deletes any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from store.model.edits import CreateTask, DeleteTask, RestoreTask, UpdateTask
from store.model.errors import CycleRefused, InvalidField, TaskExists
from store.model.inverse import inverse
from store.model.task import NO_REVISION, ListKey, Verb
from store.systems.protocol import System
from tests.contract.hooks import ContractHooks, Foreign, bare, settled


class RestoreContract(ContractHooks):
    """Inherit `Contract`, which has this."""

    def test_restore_brings_back_id_fields_and_both_sides_of_edges(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        before = bare(settled(system, chain))
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        new = system.apply(CreateTask(chain, "Later"))
        assert new.task is not None
        (back,) = inverse(deleted)
        result = system.apply(back)
        assert result.changed == ("restored",)
        assert sorted(task.id for task in result.others) == sorted(self.ids("1", "3", "4"))
        loaded = bare(settled(system, chain))
        assert loaded.pop(new.task.id).subject == "Later"
        assert loaded == before

    def test_restore_of_a_task_that_is_there_is_refused(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        deleted = system.apply(DeleteTask(self.key(chain, "5")))
        self.write_task(chain, Foreign("5", "Somebody else's"))
        (back,) = inverse(deleted)
        with self.nothing_written(root), pytest.raises(TaskExists):
            system.apply(back)

    def test_restore_without_its_far_ends_keeps_blockers_and_drops_dependents(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        system.apply_all(
            [DeleteTask(self.key(chain, "1")), DeleteTask(self.key(chain, "3"))], all_or_none=True
        )
        (back,) = inverse(deleted)
        system.apply(back)
        loaded = settled(system, chain)
        two = loaded.tasks[self.id("2")]
        assert (two.blocked_by, two.blocks) == (self.ids("1"), self.ids("4"))
        assert loaded.tasks[self.id("4")].blocked_by == self.ids("2")

    def test_restore_that_would_close_a_cycle_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        deleted = system.apply(DeleteTask(self.key(chain, "2")))
        system.apply(UpdateTask(self.key(chain, "1"), add_blocked_by=self.ids("3")))
        (back,) = inverse(deleted)
        with pytest.raises(CycleRefused):
            system.apply(back)
        assert self.id("2") not in settled(system, chain).tasks

    def test_restore_from_the_task_alone_links_what_it_names(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        two = self.task(system, chain, "2")
        system.apply(DeleteTask(self.key(chain, "2")))
        system.apply(RestoreTask(replace(two, revision=NO_REVISION)))
        loaded = settled(system, chain)
        assert loaded.tasks[self.id("1")].blocks == self.ids("2")
        assert loaded.tasks[self.id("3")].blocked_by == self.ids("2")
        assert loaded.problems == ()

    def test_restore_of_an_original_that_is_another_task_is_refused(
        self, system: System, chain: ListKey
    ) -> None:
        self.require(system, chain, Verb.DELETE, Verb.RESTORE)
        deleted = system.apply(DeleteTask(self.key(chain, "5")))
        (back,) = inverse(deleted)
        assert isinstance(back, RestoreTask)
        forged = replace(back, task=replace(back.task, owner="mallory"))
        if back.original is None:
            pytest.skip("this system keeps no text of a record")
        with pytest.raises(InvalidField):
            system.apply(forged)

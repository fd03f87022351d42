"""What every system must promise of finding, reading and watching its lists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store.model.edits import ReleaseTask, UpdateTask
from store.model.errors import ColonytopError, EditRefused, ListGone, UnreadableTask
from store.model.readiness import ReasonKind
from store.model.snapshot import TaskList
from store.model.task import ListKey, Verb
from store.roots import RootSpec
from store.systems.protocol import System
from store.systems.registry import open_systems
from store.workspace import Workspace
from tests.contract.hooks import CHAIN, ContractHooks, Foreign, samples, settled

__all__ = ["CHAIN", "Foreign", "SystemContract", "settled"]

_OTHERS = ("1", "2", "3", "4")


class SystemContract(ContractHooks):
    """Inherit `Contract`, which has this."""

    def test_facts_are_whole_phrases_under_the_name_of_the_lists(
        self, system: System, chain: ListKey
    ) -> None:
        facts = system.facts
        assert facts.name == system.name == chain.system
        assert all(text and text == text.strip() for text in facts)
        assert not [text for text in facts if text.endswith(".")]
        assert 0 < len(facts.badge) <= 6

    # discovery

    def test_discover_of_an_absent_root_is_empty_and_makes_nothing(
        self, system: System, root: Path
    ) -> None:
        assert list(system.discover(root)) == []
        assert list(system.problems(root)) == []
        assert not root.exists()

    def test_discover_finds_each_list_in_name_order_and_writes_nothing(
        self, system: System, root: Path
    ) -> None:
        keys = [self.write_list(root, name, CHAIN[-1:]) for name in ("zinc", "ash", "mid")]
        with self.nothing_written(root):
            found = list(system.discover(root))
        assert found == sorted(keys, key=lambda k: k.id)

    def test_discover_among_clutter_finds_the_list_and_touches_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        for place in {root, self.own_path(chain).parent}:
            clutter(place)
        with self.nothing_written(root):
            found = system.discover(root)
            loaded = settled(system, chain)
        assert chain in found
        assert tuple(loaded.tasks) == self.ids("1", "2", "3", "4", "5")

    def test_list_above_knows_the_lists_own_path_and_no_root(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        with self.nothing_written(root):
            assert system.list_above(self.own_path(chain)) == (root, chain.id)
            assert system.list_above(root) is None
            assert system.list_above(root / "nowhere") is None

    def test_list_above_of_every_other_system_leaves_the_lists_own_path_alone(
        self, chain: ListKey
    ) -> None:
        own = self.own_path(chain)
        claims = {each.name: each.list_above(own) for each in open_systems()}
        assert [name for name, above in claims.items() if above] == [chain.system]

    def test_workspace_given_the_lists_own_path_shows_that_list_alone(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        self.write_list(root, "ash", CHAIN[-1:])
        workspace = Workspace([RootSpec(self.own_path(chain), "test")], systems=[system])
        assert list(workspace.scan().lists) == [chain]

    # reading

    def test_load_gives_every_field_and_writes_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        with self.nothing_written(root):
            loaded = settled(system, chain)
        assert isinstance(loaded, TaskList)
        assert loaded.key == chain
        rules = loaded.info.capabilities.rules
        assert [(t.id, t.subject, t.status) for t in loaded.tasks.values()] == [
            (self.id(f.id), f.subject, self.stored_status(f, rules.stores_blocked)) for f in CHAIN
        ]
        for task, foreign in zip(loaded.tasks.values(), CHAIN, strict=True):
            blockers = self.ids(*foreign.blocked_by) if rules.has_edges else ()
            assert task.blocked_by == blockers
            if rules.mirrors_edges:
                assert task.blocks == self.ids(*foreign.blocks)
            if self.KEEPS_OWNER:
                assert task.owner == foreign.owner
        if self.KEEPS_METADATA:
            assert loaded.tasks[self.id("3")].metadata == {"tier": 2}
        assert loaded.problems == ()

    def test_load_without_news_returns_the_previous_object(
        self, system: System, chain: ListKey
    ) -> None:
        first = settled(system, chain)
        assert system.load(chain, first) is first
        assert system.load(chain, first, changed=[]) is first
        assert system.load(chain, first, quick=True) is first

    def test_load_after_one_change_shares_every_other_task(
        self, system: System, chain: ListKey
    ) -> None:
        first = settled(system, chain)
        self.write_task(chain, Foreign("5", "Sweep twice"))
        second = settled(system, chain, first)
        assert second is not first
        assert second.tasks[self.id("5")].subject == "Sweep twice"
        for task_id in self.ids(*_OTHERS):
            assert second.tasks[task_id] is first.tasks[task_id]

    def test_load_of_the_path_that_an_event_names_sees_the_change(
        self, system: System, chain: ListKey
    ) -> None:
        first = settled(system, chain)
        path = self.write_task(chain, Foreign("5", "Sweep twice"))
        second = system.load(chain, first, changed=[path])
        assert settled(system, chain, second).tasks[self.id("5")].subject == "Sweep twice"

    def test_load_by_another_system_object_agrees(self, system: System, chain: ListKey) -> None:
        first = settled(system, chain)
        again = settled(self.make_system(), chain, first)
        assert all(again.tasks[i] is task for i, task in first.tasks.items())

    def test_load_of_a_list_that_went_away_raises_list_gone(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        previous = settled(system, chain)
        self.remove_list(chain)
        with pytest.raises(ListGone):
            system.load(chain, previous)
        assert chain not in system.discover(root)

    # watching

    def test_list_of_path_names_the_list_a_changed_file_belongs_to(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        system.discover(root)
        path = self.write_task(chain, Foreign("5", "Changed"))
        assert system.list_of_path(root, path) == chain
        assert system.list_of_path(root, root / "notes" / "todo.txt") is None
        assert system.list_of_path(root, root.parent / "elsewhere") is None

    def test_watch_paths_are_there_and_hold_what_changes(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        system.discover(root)
        watched = set(system.watch_paths(root))
        path = self.write_task(chain, Foreign("5", "Changed"))
        assert path.parent in watched
        assert [path for path in watched if not path.is_dir()] == []

    def test_nobody_holds_the_lock_of_a_list_at_rest(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        system.discover(root)
        with self.nothing_written(root):
            assert dict(system.lock_holders([chain])) == {}

    # what cannot be read

    def test_unreadable_task_is_shown_with_its_reason_and_blocks(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        path = self.spoil_task(chain, "2")
        content = path.read_bytes()
        loaded = settled(system, chain)
        spoilt = loaded.tasks[self.id("2")]
        assert not spoilt.is_readable
        assert spoilt.problems[0].text
        waiting = loaded.readiness(loaded.tasks[self.id("3")])
        assert not waiting.ready
        if loaded.info.capabilities.rules.has_edges:
            assert ReasonKind.UNREADABLE in [reason.kind for reason in waiting.reasons]
        for edit in (
            UpdateTask(self.key(chain, "2"), subject="Overwritten"),
            ReleaseTask(self.key(chain, "2")),
        ):
            with pytest.raises((UnreadableTask, EditRefused)):
                system.apply(edit)
        assert path.read_bytes() == content

    def spoil_task(self, key: ListKey, task_id: str) -> Path:
        """The task's record becomes unreadable; its path."""
        path = self.record_path(key, task_id)
        if path is None or self.holds_whole_list():
            pytest.skip("no file is this task's alone")
        path.write_bytes(b'{"id": 2, "subj')
        return path

    # what a system does not do

    def test_edits_that_the_system_refuses_say_why_and_write_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        refusals = self.capabilities(system, chain).refusals
        edits = samples(self, chain)
        assert set(edits) == set(Verb)
        workspace = Workspace([RootSpec(root, "test")], systems=[system])
        workspace.scan()
        with self.nothing_written(root):
            for verb, reason in refusals.items():
                with pytest.raises(EditRefused) as caught:
                    workspace.apply(edits[verb])
                assert str(caught.value) == reason
                assert reason[-1] not in ".\n"
                with pytest.raises(ColonytopError):
                    system.apply(edits[verb])

    def test_edits_through_a_read_only_workspace_are_refused_and_write_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        workspace = Workspace([RootSpec(root, "test")], systems=[system], read_only=True)
        workspace.scan()
        with self.nothing_written(root):
            for edit in samples(self, chain).values():
                with pytest.raises(EditRefused):
                    workspace.apply(edit)

    def test_repair_as_a_dry_run_writes_nothing(
        self, system: System, root: Path, chain: ListKey
    ) -> None:
        settled(system, chain)
        with self.nothing_written(root):
            report = system.repair(chain, dry_run=True)
        assert (report.list, report.is_dry_run) == (chain, True)


def clutter(directory: Path) -> None:
    """What may lie about anywhere: odd names, links that lead nowhere or round, no plain files."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "notes.txt").write_text("buy milk")
    (directory / "round").symlink_to(directory)
    (directory / "nowhere").symlink_to(directory / "not there")
    os.mkfifo(directory / "pipe")
    (directory / "deep" / "er").mkdir(parents=True)
    (directory / "deep" / "er" / "1.json").write_text("{}")
    (directory / "line\nbreak").mkdir()
    (directory / os.fsdecode(b"\xff\xfe")).mkdir()
    (directory / "tasks.txt").mkdir()

"""What every system must promise of being watched, with all systems looking at the same root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from store.model.snapshot import TaskList
from store.model.task import ListKey
from store.roots import RootSpec
from store.workspace import Workspace
from tests.contract.hooks import CHAIN, ContractHooks, Foreign
from tests.systems.watching import Feed, watching


class WatchContract(ContractHooks):
    """Inherit `Contract`, which has this. No tick comes in these tests: events alone tell."""

    @contextmanager
    def watched(self, root: Path, chain: ListKey) -> Iterator[Feed]:
        """A watch on the root that has told of one change already, so all is set up."""
        with watching(root, reconcile_s=3600) as feed:
            # The first complete scan comes before all directories are watched, the next one after.
            feed.wait(lambda: sum(scan.snapshot.is_complete for scan in feed.scans) > 1)
            self.write_task(chain, Foreign("4", "Watched"))
            self.wait_for_subject(feed, chain, "4", "Watched")
            yield feed

    def wait_for_subject(self, feed: Feed, chain: ListKey, task_id: str, subject: str) -> None:
        def has_come() -> bool:
            shown = feed.snapshot.lists.get(chain)
            task = shown.tasks.get(self.id(task_id)) if shown else None
            return task is not None and task.subject == subject

        feed.wait(has_come)

    def shown(self, feed: Feed, chain: ListKey) -> list[TaskList | None]:
        return [scan.snapshot.lists.get(chain) for scan in feed.scans]

    def test_no_other_system_takes_the_list_for_its_own(self, root: Path, chain: ListKey) -> None:
        with self.nothing_written(root):
            snapshot = Workspace([RootSpec(root, "test")]).scan()
        assert list(snapshot.lists) == [chain]
        assert set(snapshot.systems) == {chain.system}
        assert [problem.text for state in snapshot.roots for problem in state.problems] == []

    def test_watch_tells_foreign_changes_by_their_events_alone(
        self, root: Path, chain: ListKey
    ) -> None:
        with self.watched(root, chain) as feed:
            looked = feed.workspace.discoveries
            for number in range(5):
                self.write_task(chain, Foreign("5", f"Sweep {number}"))
                self.wait_for_subject(feed, chain, "5", f"Sweep {number}")
            assert feed.workspace.discoveries == looked
            lists = [each for each in self.shown(feed, chain) if each is not None]
            assert {len(each.tasks) for each in lists if not each.is_stale} == {5}

    def test_watch_tells_of_a_list_that_comes_and_of_one_that_goes(
        self, root: Path, chain: ListKey
    ) -> None:
        with self.watched(root, chain) as feed:
            other = self.write_list(root, "mill", CHAIN)
            self.wait_for_subject(feed, other, "5", "Sweep")
            self.write_task(other, Foreign("5", "Sweep twice"))
            self.wait_for_subject(feed, other, "5", "Sweep twice")
            self.remove_list(other)
            feed.wait(lambda: list(feed.snapshot.lists) == [chain])

    def test_watch_of_files_that_mean_nothing_looks_for_no_lists(
        self, root: Path, chain: ListKey
    ) -> None:
        own = self.own_path(chain)
        place = own if own.is_dir() else own.parent
        with self.watched(root, chain) as feed:
            looked = feed.workspace.discoveries
            for number in range(20):
                (place / "notes.log").write_text(f"{number}\n")
                (place / f".{number}.tmp").write_text("x")
                (place / f".{number}.tmp").unlink()
            self.write_task(chain, Foreign("5", "Sweep twice"))
            self.wait_for_subject(feed, chain, "5", "Sweep twice")
            assert feed.workspace.discoveries == looked
            assert None not in self.shown(feed, chain)

    def test_watch_of_locks_that_come_and_go_shows_every_task_all_the_time(
        self, root: Path, chain: ListKey
    ) -> None:
        with self.watched(root, chain) as feed:
            looked = feed.workspace.discoveries
            for _ in range(3):
                held = self.owner_locked(chain, "5")
                if held is not None:
                    with held:
                        pass
            self.write_task(chain, Foreign("5", "Sweep twice"))
            self.wait_for_subject(feed, chain, "5", "Sweep twice")
            assert feed.workspace.discoveries == looked
            lists = self.shown(feed, chain)
            assert {len(each.tasks) for each in lists if each is not None} == {5}

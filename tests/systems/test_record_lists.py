"""Lists of one file per task: what is read again, what is kept, and what counts as gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from store.files.content import FileContent
from store.files.fs import Directory
from store.model.errors import ListGone
from store.model.execution import TaskLock
from store.model.snapshot import TaskList
from store.model.task import (
    Capabilities,
    ListKey,
    ListRules,
    Problem,
    ProblemKind,
    Revision,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
)
from store.systems.record_lists import Description, RecordFormat, RecordListLoader
from tests.patience import wait_until

RULES = ListRules(mirrors_edges=False)
Tasks = Mapping[TaskId, Task]


def write(directory: Path, name: str, *waits_on: str, subject: str = "Write the report") -> Path:
    path = directory / f"t-{name}.json"
    temp = path.with_suffix(".tmp")
    temp.write_text(json.dumps({"subject": subject, "waits": waits_on}))
    temp.replace(path)
    return path


class Colony:
    """One list, its loader, and what its tool says beside the files."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "lists" / "one"
        self.directory.mkdir(parents=True)
        self.key = ListKey("sample", str(root), TaskListId("one"))
        self.goal: str | None = None
        self.live: set[TaskId] = set()
        self.loader = self.make_loader()

    def make_loader(self) -> RecordListLoader:
        return RecordListLoader(
            self.key,
            Path(self.key.root),
            ("lists", "one"),
            RecordFormat(
                lambda name: name.startswith("t-") and name.endswith(".json"),
                lambda name: name.endswith(".tmp"),
                self._parse,
                self._unreadable,
            ),
            self._id,
            self._describe,
            amend=self._amend,
        )

    def settled(self, previous: TaskList | None = None) -> TaskList:
        loaded = self.loader.load(previous)

        def is_settled() -> bool:
            nonlocal loaded
            if not self.loader.is_settled:
                loaded = self.loader.load(loaded, changed=[])
            return self.loader.is_settled

        wait_until(is_settled, "the files to be whole")
        return loaded

    def _id(self, name: str) -> TaskId:
        return TaskId(name[2:-5])

    def _parse(self, name: str, file: FileContent) -> Task:
        try:
            raw = json.loads(file.content)
        except ValueError:
            return self._unreadable(name, "not JSON", file.revision)
        waits = tuple(map(TaskId, raw["waits"]))
        key = TaskKey(self.key, self._id(name))
        return Task(key, raw["subject"], blocked_by=waits, revision=file.revision)

    def _unreadable(self, name: str, reason: str, revision: Revision) -> Task:
        problem = Problem(ProblemKind.UNREADABLE, reason)
        key = TaskKey(self.key, self._id(name))
        return Task(key, reason, problems=(problem,), revision=revision)

    def _describe(
        self, directory: Directory, tasks: Tasks, last: TaskListInfo | None
    ) -> Description:
        info = TaskListInfo(
            self.key, directory.location, goal=self.goal, capabilities=Capabilities(rules=RULES)
        )
        return Description(info, highest_id=len(tasks))

    def _amend(self, shown: Tasks, read: Tasks) -> Tasks:
        now = {**shown, **read}
        return {
            i: replace(task, lock=TaskLock("a", is_live=i in self.live))
            for i, task in now.items()
            if task.lock is None or task.lock.is_live != (i in self.live)
        }


@pytest.fixture
def colony(tmp_path: Path) -> Colony:
    return Colony(tmp_path)


def test_load_again_without_news_returns_the_very_same_list(colony: Colony) -> None:
    write(colony.directory, "a")
    write(colony.directory, "b", "a")
    first = colony.settled()
    assert list(first.tasks) == ["a", "b"]
    assert first.problems == ()
    for changed, quick in ((None, False), (None, True), ([], False)):
        assert colony.loader.load(first, changed=changed, quick=quick) is first


def test_load_after_one_change_keeps_the_other_tasks(colony: Colony) -> None:
    write(colony.directory, "a")
    path = write(colony.directory, "b", "a")
    first = colony.settled()
    write(colony.directory, "b", "a", subject="Rewrite it")
    second = colony.loader.load(first, changed=[path])
    assert second.tasks[TaskId("b")].subject == "Rewrite it"
    assert second.tasks[TaskId("a")] is first.tasks[TaskId("a")]


def test_load_with_a_previous_of_another_loader_keeps_its_objects_and_drops_what_is_gone(
    colony: Colony,
) -> None:
    for name in ("a", "b"):
        write(colony.directory, name)
    first = colony.settled()
    (colony.directory / "t-b.json").unlink()
    colony.loader = colony.make_loader()
    second = colony.settled(first)
    assert list(second.tasks) == ["a"]
    assert second.tasks[TaskId("a")] is first.tasks[TaskId("a")]


def test_load_of_a_half_written_file_keeps_the_last_good_task_for_a_while(colony: Colony) -> None:
    path = write(colony.directory, "a")
    first = colony.settled()
    path.write_text("")
    torn = colony.loader.load(first, changed=[path])
    assert torn is first
    assert not colony.loader.is_settled
    last = colony.settled(torn)
    assert not last.tasks[TaskId("a")].is_readable


def test_load_tells_what_lies_beside_the_files_without_reading_them(colony: Colony) -> None:
    write(colony.directory, "a")
    first = colony.settled()

    def is_at_rest() -> bool:  # while a file is fresh it is read again
        reads = colony.loader.reads
        assert colony.loader.load(first, quick=True) is first
        return colony.loader.reads == reads

    wait_until(is_at_rest, "the file to be old enough")
    reads = colony.loader.reads
    colony.goal, colony.live = "Ship it", {TaskId("a")}
    second = colony.loader.load(first, quick=True)
    assert second.info.goal == "Ship it"
    lock = second.tasks[TaskId("a")].lock
    assert lock is not None
    assert lock.is_live
    assert colony.loader.load(second, quick=True) is second
    assert colony.loader.reads == reads


def test_load_judges_edges_by_the_rules_of_the_system(colony: Colony) -> None:
    write(colony.directory, "a")
    write(colony.directory, "b", "a", "gone")
    first = colony.settled()
    assert [p.kind for p in first.problems] == [ProblemKind.DANGLING_EDGE]
    write(colony.directory, "b", "a")
    assert colony.settled(first).problems == ()


def test_load_in_parts_reads_no_more_than_asked(colony: Colony) -> None:
    for number in range(9):
        write(colony.directory, str(number), "gone")
    part = colony.loader.load(limit=4)
    assert len(part.tasks) == 4
    assert part.problems == ()
    whole = colony.settled(part)
    assert len(whole.tasks) == len(whole.problems) == 9


def test_load_of_a_list_whose_directory_went_says_so(colony: Colony) -> None:
    write(colony.directory, "a")
    first = colony.settled()
    shutil.rmtree(colony.directory)
    with pytest.raises(ListGone):
        colony.loader.load(first, quick=True)
    colony.directory.mkdir()
    write(colony.directory, "b")
    assert list(colony.settled(first).tasks) == ["b"]

"""Claude Code's lists beside a running owner that writes in place, under the real lock library."""

from __future__ import annotations

from pathlib import Path

import pytest

from store.files import reading
from store.model.edits import ClaimTask, DeleteTask, UpdateTask
from store.model.errors import ClaimRefused
from store.model.task import TaskId, TaskStatus
from tests.patience import PATIENCE_S
from tests.systems.claude_code.a_list import Scene, put, raw
from tests.systems.claude_code.beside import run
from tests.systems.claude_code.node_parts import need_node
from tests.systems.claude_code.owners import Owning, node_owner, python_owner

OWNERS = {"node": node_owner, "python": python_owner}

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


@pytest.fixture(params=list(OWNERS))
def owning(request: pytest.FixtureRequest) -> Owning:
    """Both owners: the one with the real lock library, and the one for machines without."""
    if request.param == "node":
        need_node()
    return OWNERS[request.param]


def test_edits_beside_a_writing_owner_lose_nothing_on_either_side(
    tmp_path: Path, owning: Owning
) -> None:
    figures = run(tmp_path, 100, owning)
    assert figures.edits + figures.refused == 100
    assert figures.edits > 0
    assert figures.owner_writes > 0
    assert (figures.lost_ours, figures.lost_owners, figures.twice, figures.left) == ([], [], [], [])


@pytest.mark.parametrize("size", [300, 100_000])
@pytest.mark.parametrize("is_locked", [True, False])
def test_task_that_is_written_in_place_without_end_never_flickers(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, owning: Owning, size: int, is_locked: bool
) -> None:
    """How long a half-written file is waited for is another test's matter."""
    monkeypatch.setattr(reading, "KNOWN_PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr(reading, "LONGEST_PATIENCE_S", PATIENCE_S)
    put(scene.place, 1)
    put(scene.place, 2)
    scene.settle()
    seen: set[str] = set()
    with owning(scene.place) as owner:
        owner.tell("spin", id="1", size=size, locked=is_locked)
        while len(seen) < 20:
            found = scene.load()
            assert list(found.tasks) == ["1", "2"]
            task = found.tasks[TaskId("1")]
            assert task.is_readable, task.subject
            assert task.subject == "task 1"
            assert found.problems == ()
            assert task.description in ("", task.description[:1] * size)
            seen.add(str(task.revision))
        owner.tell("stop")
        assert owner.answer()["writes"] >= len(seen) - 1  # the first may be from before them
    assert scene.task(1).is_readable


def test_owner_and_ours_race_for_one_task_and_one_of_them_gets_it(
    scene: Scene, owning: Owning
) -> None:
    with owning(scene.place) as owner:
        for number in range(10):
            task_id = owner.ask("create", subject=f"prize {number}")["id"]
            owner.tell("claim", id=task_id, owner="owner")
            try:
                scene.system.apply(ClaimTask(scene.of(task_id), "ours"))
                is_ours = True
            except ClaimRefused:
                is_ours = False
            assert owner.answer()["done"] is not is_ours
            assert raw(scene.place, task_id)["owner"] == ("ours" if is_ours else "owner")


def test_what_ours_writes_its_owner_understands_and_what_it_deletes_is_gone_there(
    scene: Scene, owning: Owning
) -> None:
    with owning(scene.place) as owner:
        first = owner.ask("create", subject="one")["id"]
        second = owner.ask("create", subject="two")["id"]
        owner.ask("edge", id=second, by=first)
        key = scene.of(second)
        scene.system.apply(UpdateTask(key, owner="ann", metadata_patch={"x": 1}))
        task = owner.ask("read", id=second)["task"]
        assert (task["owner"], task["metadata"], task["blockedBy"]) == ("ann", {"x": 1}, [first])
        scene.system.apply(DeleteTask(scene.of(first)))
        assert owner.ask("read", id=second)["task"]["blockedBy"] == []
        assert owner.ask("create", subject="three")["id"] == "3"


def test_owners_reset_of_a_finished_list_is_seen_as_archiving(scene: Scene, owning: Owning) -> None:
    with owning(scene.place) as owner:
        for number in range(3):
            owner.ask("create", subject=f"task {number}")
        for number in range(3):
            edit = UpdateTask(scene.of(number + 1), status=TaskStatus.COMPLETED)
            scene.system.apply(edit)
        assert len(scene.settle().tasks) == 3
        assert owner.ask("reset") == {"deleted": 3}
        found = scene.settle()
        assert [task.status for task in found.tasks.values()] == [TaskStatus.ARCHIVED] * 3
        assert found.info.archived_at is not None
        assert owner.ask("create", subject="after")["id"] == "4"
        assert [task.status for task in scene.settle().tasks.values()] == [
            *[TaskStatus.ARCHIVED] * 3,
            TaskStatus.PENDING,
        ]

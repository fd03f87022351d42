"""What a dry run says is what then happens: the same edits refused, the same tasks left."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from store.files.transaction import Durability
from store.model.edits import (
    KEEP,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    UpdateTask,
)
from store.model.foresight import foresee_all
from store.model.inverse import inverse
from store.model.snapshot import TaskList
from store.model.task import NO_REVISION, Task, TaskId, TaskKey, TaskStatus
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.editing import Editor
from tests.systems.test_hive_undo import PATCHES, forge, write_foreign

IDS = st.sampled_from("1234569").map(TaskId)
SOME = st.lists(IDS, max_size=2, unique=True).map(tuple)


@st.composite
def edits(draw: st.DrawFn) -> Any:
    """A function from the root to an edit there."""
    task_id, kind = draw(IDS), draw(st.sampled_from(["update", "edges", "delete", "claim", "new"]))
    owner = draw(st.sampled_from([KEEP, None, "ann", "eve"]))
    status = draw(st.none() | st.sampled_from(["pending", "completed", "blocked"]).map(TaskStatus))
    far, more, patch = draw(SOME), draw(SOME), draw(PATCHES)
    seen: dict[str, Any] = draw(
        st.sampled_from([{}, {"owner": None}, {"status": "pending"}, {"metadata.a": 1}])
    )

    def at(root: Path) -> Edit:
        key = TaskKey(forge(root), task_id)
        if kind == "update":
            return UpdateTask(key, owner=owner, status=status, metadata_patch=patch, expected=seen)
        if kind == "edges":
            return UpdateTask(key, add_blocked_by=far, remove_blocked_by=more, add_blocks=more[:1])
        if kind == "delete":
            return DeleteTask(key, seen)
        if kind == "claim":
            return ClaimTask(key, "eve") if owner is None else ReleaseTask(key, "bob")
        return CreateTask(key.list, "New", owner="eve", blocked_by=far, metadata={"n": None})

    return at


def bare(tasks: dict[TaskId, Task]) -> dict[TaskId, Task]:
    """The tasks without what only a scan of the disk can know."""
    return {
        i: replace(t, revision=NO_REVISION, updated_at=None, created_at=None, problems=())
        for i, t in tasks.items()
    }


def foreseen(task_list: TaskList, batch: list[Edit]) -> dict[TaskId, Task]:
    """The targets as `foresee_all` leaves them, with the ids that the store will give."""
    effects = foresee_all(task_list, batch)
    highest = max(int(i) for i in task_list.tasks)
    places = [t.id for t in effects.targets if t.before is None]
    ids = {new: TaskId(str(highest + 1 + n)) for n, new in enumerate(places)}

    def named(ids_in: tuple[TaskId, ...]) -> tuple[TaskId, ...]:
        return tuple(ids.get(i, i) for i in ids_in)

    return {
        ids.get(t.id, t.id): replace(
            t.after,
            key=TaskKey(t.after.key.list, ids.get(t.id, t.id)),
            blocks=named(t.after.blocks),
            blocked_by=named(t.after.blocked_by),
        )
        for t in effects.targets
        if t.after is not None
    }


@settings(max_examples=60)
@given(st.lists(edits(), min_size=1, max_size=4))
def test_foresee_all_says_what_apply_all_does(made: list[Any]) -> None:
    with tempfile.TemporaryDirectory(prefix="foresee") as directory:
        root = Path(directory).resolve() / "hive"
        write_foreign(root)
        system = HiveSystem()
        system.discover(root)
        before = system.load(forge(root))
        batch = [at(root) for at in made]
        effects = foresee_all(before, batch)
        editor = Editor(root, 10.0, Durability.PROCESS)
        done = editor.apply_all(batch, all_or_none=False)
        said = [(f.edit, type(f.error), str(f.error)) for f in effects.refused]
        assert said == [(f.edit, type(f.error), str(f.error)) for f in done.failures]
        after = system.load(forge(root), before)
        left = bare(dict(after.tasks))
        expected = bare(foreseen(before, batch))
        assert {i: left[i] for i in expected} == expected
        ready = {i for i, t in after.tasks.items() if after.is_ready(t)}
        was_ready = {i for i, t in before.tasks.items() if before.is_ready(t)}
        named = {t.id for t in effects.becomes_ready if t.id in before.tasks}
        assert named == {i for i in ready - was_ready if i in before.tasks}


@settings(max_examples=40)
@given(edits())
def test_foresee_all_of_an_inverse_says_that_all_would_be_as_before(at: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="foresee") as directory:
        root = Path(directory).resolve() / "hive"
        write_foreign(root)
        system = HiveSystem()
        system.discover(root)
        before = system.load(forge(root))
        done = Editor(root, 10.0, Durability.PROCESS).apply_all([at(root)], all_or_none=False)
        for result in done.results:
            after = system.load(forge(root), before)
            effects = foresee_all(after, inverse(result))
            assert effects.refused == ()
            was = bare(dict(before.tasks))
            for target in effects.targets:
                assert (target.after is None) == (target.id not in was)
                if target.after is not None:
                    assert bare({target.id: target.after}) == {target.id: was[target.id]}

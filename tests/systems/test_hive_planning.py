"""Planning by the native rules is what the native store does: same refusals, results, records."""

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
    NULL,
    BatchResult,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    Tick,
    UpdateTask,
)
from store.model.errors import ColonytopError, StaleEdit
from store.model.execution import TickKind
from store.model.graph import Tasks
from store.model.inverse import inverse
from store.model.planning import plan_edits
from store.model.snapshot import TaskList
from store.model.task import NO_REVISION, Task, TaskId, TaskKey, TaskStatus
from store.systems.hive.adapter import HiveSystem
from store.systems.hive.editing import Editor
from tests.contract import native
from tests.systems.test_hive_undo import FORGE, forge, write_foreign

NOW = 1.8e9
IDS = st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "8", "9", "77"]).map(TaskId)
SOME = st.lists(IDS, max_size=2, unique=True).map(tuple)
TEXTS = st.none() | st.sampled_from(["", "Forge", "Ärger\n"])
OWNERS = st.sampled_from([None, "ann", "bob", "eve"])
PATCHES = st.dictionaries(
    st.sampled_from(["cost", "gone", "new"]), st.sampled_from([None, NULL, 1, "v"]), max_size=2
)
SEEN: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "owner": OWNERS,
        "status": st.sampled_from(["pending", "waiting", "completed"]),
        "metadata.a": st.sampled_from([None, "text"]),
        "blocked_by": SOME,
    },
)
ODD: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{}] * 12
    + [
        {"priority": "1"},
        {"clears": ("active_form",)},
        {"ticks": (Tick(TickKind.STEP, "a"),)},
        {"most_attempts": 2},
    ]
)


@st.composite
def edits(draw: st.DrawFn) -> Any:
    """A function from the root to an edit there."""
    task_id, seen, far, more = draw(IDS), draw(SEEN), draw(SOME), draw(SOME)
    kind = draw(st.sampled_from(["fields", "edges", "edges", "delete", "claim", "give", "new"]))
    values = {
        "subject": draw(TEXTS),
        "description": draw(TEXTS),
        "active_form": draw(TEXTS),
        "owner": draw(OWNERS | st.just(KEEP)),
        "status": draw(st.none() | st.sampled_from(TaskStatus)),
        "metadata_patch": draw(PATCHES),
        **draw(ODD),
    }

    def at(root: Path) -> Edit:
        key = TaskKey(forge(root), task_id)
        if kind == "fields":
            return UpdateTask(key, expected=seen if far else {}, **values)
        if kind == "edges":
            return UpdateTask(
                key, add_blocked_by=far, remove_blocked_by=more, add_blocks=more[:1] + far[1:]
            )
        if kind == "delete":
            return DeleteTask(key, seen if far else {})
        if kind == "claim":
            return ClaimTask(key, values["owner"] if isinstance(values["owner"], str) else "")
        if kind == "give":
            return ReleaseTask(key, values["owner"] if far else None)
        return CreateTask(key.list, "New", owner="eve", blocked_by=far, metadata={"n": None})

    return at


def bare(task: Task | None) -> Task | None:
    """The task without what only the disk can know."""
    if task is None:
        return None
    return replace(task, revision=NO_REVISION, updated_at=None, created_at=None, problems=())


def told(result: EditResult) -> tuple[Any, ...]:
    return (
        result.edit,
        bare(result.task),
        sorted(result.changed),
        [bare(task) for task in result.others],
        result.stripped,
        {i: bare(task) for i, task in result.before.items()},
    )


def refusals(result: BatchResult) -> list[tuple[Edit, type[ColonytopError], Any]]:
    """Each with its error; of a stale edit what is stale, for the store tells ids as numbers."""
    return [
        (
            f.edit,
            type(f.error),
            [(c.field, c.original) for c in f.error.conflicts]
            if isinstance(f.error, StaleEdit)
            else str(f.error),
        )
        for f in result.failures
    ]


class Numbers:
    """Gives ids as the native layout does: each above all that were ever given."""

    def __init__(self) -> None:
        self.highest = 0

    def __call__(self, edit: CreateTask, tasks: Tasks) -> TaskId:
        self.highest = max(self.highest, *map(int, tasks)) + 1
        return TaskId(str(self.highest))


def read(system: HiveSystem, root: Path, previous: TaskList | None = None) -> TaskList:
    """The list with its broken records, which are shown once they stay broken."""
    loaded = system.load(forge(root), previous)
    while not system.is_settled(forge(root)):
        loaded = system.load(forge(root), loaded)
    return loaded


def write_list(root: Path) -> None:
    """What other tools leave, a broken record and one that says that it is another."""
    write_foreign(root)
    native.record_path(root, FORGE, 7).write_bytes(b"{broken")
    native.record_path(root, FORGE, 8).write_bytes(native.record_path(root, FORGE, 5).read_bytes())


@settings(max_examples=60, deadline=None)
@given(st.lists(edits(), min_size=1, max_size=5), st.booleans())
def test_plan_edits_by_native_rules_is_what_the_native_store_does(
    made: list[Any], undoes: bool
) -> None:
    with tempfile.TemporaryDirectory(prefix="plan") as directory:
        root = Path(directory).resolve() / "hive"
        write_list(root)
        system = HiveSystem()
        system.discover(root)
        editor = Editor(root, 10.0, Durability.PROCESS)
        batch = [at(root) for at in made]
        before, numbers = read(system, root), Numbers()
        for _ in range(2):
            planned = plan_edits(before, batch, all_or_none=False, new_id=numbers, now=NOW)
            done = editor.apply_all(batch, all_or_none=False)
            result = planned.result_with({})
            assert refusals(result) == refusals(done)
            assert [told(each) for each in result.results] == [told(each) for each in done.results]
            after = read(system, root, before)
            for task_id in {*before.tasks, *after.tasks, *planned.written}:
                was, left = before.tasks.get(task_id), after.tasks.get(task_id)
                expected = planned.written.get(task_id, was)
                assert bare(left) == bare(expected)
                if task_id not in planned.written:
                    assert left is was
            if not undoes:
                break
            batch = [back for r in reversed(done.results) for back in inverse(r)]
            before = after


def test_plan_edits_writes_closing_gates_first_and_opening_ones_last() -> None:
    with tempfile.TemporaryDirectory(prefix="plan") as directory:
        root = Path(directory).resolve() / "hive"
        write_list(root)
        system = HiveSystem()
        system.discover(root)
        tasks = read(system, root)

        def key(number: int) -> TaskKey:
            return TaskKey(forge(root), TaskId(str(number)))

        batch: list[Edit] = [
            UpdateTask(key(2), remove_blocked_by=(TaskId("1"),)),
            DeleteTask(key(6)),
            CreateTask(forge(root), "New"),
            UpdateTask(key(5), add_blocked_by=(TaskId("3"),)),
            UpdateTask(key(1), subject="Still mine"),
        ]
        planned = plan_edits(tasks, batch, all_or_none=True, new_id=Numbers(), now=NOW)
        order = list(planned.written)
        assert order[0] == "5"
        assert order[-1] == "2"
        assert order.index(TaskId("9")) < order.index(TaskId("6")) < order.index(TaskId("1"))

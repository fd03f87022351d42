"""Edits and batches of them, taken back and made again, leave every byte as it was but the times
of the last write: on a list that other tools have been at, too.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from store.files.codec import format_object
from store.files.transaction import Durability
from store.model.edits import (
    KEEP,
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    EditResult,
    ReleaseTask,
    UpdateTask,
)
from store.model.inverse import inverse_of_all
from store.model.task import ListKey, TaskId, TaskKey, TaskListId, TaskStatus
from store.systems.hive.editing import Editor
from tests.contract import native

FORGE = "colony:forge"
Files = dict[str, bytes]


def forge(root: Path) -> ListKey:
    return ListKey("hive", str(root), TaskListId(FORGE))


def files(root: Path) -> Files:
    """Every record, its time of the last write apart."""
    tasks = native.list_directory(root, FORGE) / "tasks"
    return {
        path.name: re.sub(rb'"updated_at": [0-9.e]+', b"", path.read_bytes())
        for path in sorted(tasks.glob("*.json"))
    }


def write_foreign(root: Path) -> None:
    """A list with what other tools leave behind: fields, words, numbers and half edges."""
    odd = {"cost": 1.0, "gone": None, "z": {"deep": [1, None]}, "a": "text"}
    records = [
        native.record(1, "Mine", status="completed", owner="ann", blocks=[2, 3]),
        native.record(2, "Smelt", blocked_by=[1], blocks=[4, 3], metadata=odd),
        native.record(3, "Forge", blocked_by=[1, 2, 77], active_form="Forging", x_note={"y": 1}),
        native.record(4, "Polish", status="waiting", blocked_by=[2], owner="bob"),
        native.record(5, "Sweep", blocks=[4], description="Only this side says that it blocks"),
        native.record(6, "Ship", blocked_by=[5, 4], status="in_progress", owner="cy"),
    ]
    for record in records:
        content = format_object(record).replace(b'"cost": 1.0', b'"cost": 1.50')
        path = native.record_path(root, FORGE, record["id"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


TEXTS = st.sampled_from(["Forge", "", "Ärger\n", "x"])
PATCHES = st.dictionaries(
    st.sampled_from(["cost", "gone", "z", "new"]), st.sampled_from([None, 1, "v", [2]]), max_size=3
)
PLACES = st.integers(0, 99)
PAIRS = st.lists(PLACES, max_size=2)


class Undoing(RuleBasedStateMachine):
    """A stack of steps with the files before and after each."""

    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory(prefix="undo")
        self.root = Path(self._directory.name).resolve() / "hive"
        # what a power cut leaves is not at stake here, and its syncs would take most of the time
        self.editor = Editor(self.root, 10.0, Durability.PROCESS)
        self.done: list[tuple[Files, tuple[EditResult, ...]]] = []
        self.undone: list[tuple[Files, tuple[EditResult, ...]]] = []

    def teardown(self) -> None:
        self._directory.cleanup()

    @initialize()
    def foreign_list(self) -> None:
        write_foreign(self.root)

    def key(self, place: int) -> TaskKey:
        ids = sorted(int(name.partition(".")[0]) for name in files(self.root))
        return TaskKey(forge(self.root), TaskId(str(ids[place % len(ids)] if ids else 1)))

    def make(self, *edits: Edit) -> None:
        before = files(self.root)
        result = self.editor.apply_all(edits, all_or_none=False)
        self.done.append((before, result.results))
        self.undone.clear()

    def an_update(
        self, place: int, values: dict[str, Any], patch: dict[str, Any], far: list[list[int]]
    ) -> Edit:
        key = self.key(place)
        sides = [tuple(i for p in ps if (i := self.key(p).id) != key.id) for ps in far]
        return UpdateTask(
            key,
            **values,
            metadata_patch=patch,
            add_blocks=sides[0],
            add_blocked_by=sides[1],
            remove_blocks=sides[2],
            remove_blocked_by=sides[3],
        )

    @rule(
        place=PLACES,
        values=st.fixed_dictionaries(
            {},
            optional={
                "subject": TEXTS.filter(bool),
                "description": TEXTS,
                "active_form": TEXTS,
                "owner": st.none() | TEXTS.filter(bool) | st.just(KEEP),
                "status": st.sampled_from(["pending", "in_progress", "completed"]).map(TaskStatus),
            },
        ),
        patch=PATCHES,
        far=st.lists(PAIRS, min_size=4, max_size=4),
    )
    def update(
        self, place: int, values: dict[str, Any], patch: dict[str, Any], far: list[list[int]]
    ) -> None:
        self.make(self.an_update(place, values, patch, far))

    @rule(place=PLACES)
    def clear(self, place: int) -> None:
        phantom = (TaskId("77"),)
        self.make(UpdateTask(self.key(place), clears=("active_form",), remove_blocked_by=phantom))

    @rule(places=st.lists(PLACES, min_size=1, max_size=2))
    def delete(self, places: list[int]) -> None:
        self.make(*(DeleteTask(self.key(place)) for place in places))

    @rule(blockers=PAIRS, metadata=PATCHES)
    def create(self, blockers: list[int], metadata: dict[str, Any]) -> None:
        ids = tuple(dict.fromkeys(self.key(place).id for place in blockers))
        self.make(CreateTask(forge(self.root), "New", blocked_by=ids, metadata=metadata))

    @rule(place=PLACES)
    def claim_and_release(self, place: int) -> None:
        self.make(ClaimTask(self.key(place), "dee"), ReleaseTask(self.key(place + 1)))

    @rule(places=st.lists(PLACES, min_size=2, max_size=5), far=st.lists(PAIRS, min_size=4))
    def mixed_batch(self, places: list[int], far: list[list[int]]) -> None:
        first, second, *rest = places
        self.make(
            self.an_update(first, {"owner": "eve"}, {"new": 1}, far[:4]),
            CreateTask(forge(self.root), "In a batch", blocked_by=(self.key(second).id,)),
            DeleteTask(self.key(second)),
            *(self.an_update(place, {}, {"z": None}, far[-4:]) for place in rest),
        )

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        before, results = self.done.pop()
        after = files(self.root)
        back = self.editor.apply_all(inverse_of_all(results), all_or_none=True)
        assert files(self.root) == before
        self.undone.append((after, back.results))

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        after, results = self.undone.pop()
        before = files(self.root)
        again = self.editor.apply_all(inverse_of_all(results), all_or_none=True)
        assert files(self.root) == after
        self.done.append((before, again.results))


Undoing.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestUndoing = Undoing.TestCase

"""The store against a simple model: any order of calls and foreign writes leaves the same list."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from store import CycleRefused, SelfEdge, StaleEdit, TaskRecord, TaskStatus, TaskStore
from store.systems.hive.adapter import HiveSystem
from tests.contract import native

LIST = "colony:forge"
OWNERS = ["ann", "bob"]

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=8)
statuses = st.sampled_from(["pending", "in_progress", "completed"])
owners = st.sampled_from([*OWNERS, None])
positions = st.integers(min_value=0, max_value=10_000)


def reaches(model: dict[int, dict[str, Any]], start: int, goal: int) -> bool:
    """Whether `goal` waits, directly or not, on `start`."""
    seen, todo = {start}, [start]
    while todo:
        number = todo.pop()
        if number == goal:
            return True
        for waiting, task in model.items():
            if number in task["blocked_by"] and waiting not in seen:
                seen.add(waiting)
                todo.append(waiting)
    return False


class StoreMachine(RuleBasedStateMachine):
    """`model` maps an id to its subject, owner, status, blocked_by (a set) and mark."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="hive-model-"))
        self.root = self.directory / "hive"
        self.runner = asyncio.Runner()
        self.store = TaskStore(hive_root=self.root)
        self.model: dict[int, dict[str, Any]] = {}
        self.highest = 0

    def teardown(self) -> None:
        self.runner.close()
        shutil.rmtree(self.directory)

    def run(self, call: Any) -> Any:
        return self.runner.run(call)

    def pick(self, position: int) -> int:
        ids = sorted(self.model)
        return ids[position % len(ids)]

    def adopt(self, number: int, subject: str, owner: str | None, blocked_by: set[int]) -> None:
        assert number == self.highest + 1, "an id was reused or skipped"
        self.highest = number
        self.model[number] = {
            "subject": subject,
            "owner": owner,
            "status": "pending",
            "blocked_by": blocked_by,
            "metadata": {},
        }

    @initialize(subject=texts)
    def first(self, subject: str) -> None:
        made = self.run(self.store.create_task(LIST, subject))
        self.adopt(made.id, subject, None, set())

    @rule(subject=texts, owner=owners, blockers=st.lists(positions, max_size=3))
    def create(self, subject: str, owner: str | None, blockers: list[int]) -> None:
        wanted = {self.pick(b) for b in blockers} if self.model else set()
        made = self.run(
            self.store.create_task(LIST, subject, owner=owner, blocked_by=sorted(wanted))
        )
        self.adopt(made.id, subject, owner, wanted)

    @rule(subjects=st.lists(texts.filter(str.strip), max_size=4), blank=st.booleans())
    def batch(self, subjects: list[str], blank: bool) -> None:
        specs = [{"subject": subject} for subject in subjects]
        if blank:
            with pytest.raises(ValueError, match=rf"specs\[{len(specs)}\]\.subject"):
                self.run(self.store.create_tasks_batch(LIST, [*specs, {"subject": " "}]))
            return
        for made, subject in zip(
            self.run(self.store.create_tasks_batch(LIST, specs)), subjects, strict=True
        ):
            self.adopt(made.id, subject, None, set())

    @precondition(lambda self: self.model)
    @rule(at=positions, subject=texts, owner=owners, status=statuses)
    def update(self, at: int, subject: str, owner: str | None, status: str) -> None:
        number = self.pick(at)
        wanted = {"subject": subject, "owner": owner, "status": status}
        expected = {name for name, value in wanted.items() if self.model[number][name] != value}
        record, changed = self.run(
            self.store.update_task(
                LIST, number, subject=subject, owner=owner, status=TaskStatus(status)
            )
        )
        assert set(changed) == expected
        assert record.id == number
        self.model[number] |= wanted

    @precondition(lambda self: self.model)
    @rule(at=positions, key=st.sampled_from("abc"), value=st.sampled_from([1, 1.5, "x", None]))
    def patch(self, at: int, key: str, value: Any) -> None:
        number = self.pick(at)
        self.run(self.store.update_task(LIST, number, metadata_patch={key: value}))
        self.model[number]["metadata"].pop(key, None)
        if value is not None:
            self.model[number]["metadata"][key] = value

    @precondition(lambda self: self.model)
    @rule(at=positions, to=positions, from_blocker=st.booleans())
    def add_edge(self, at: int, to: int, from_blocker: bool) -> None:
        blocker, waiting = self.pick(at), self.pick(to)
        call = (
            self.store.update_task(LIST, blocker, add_blocks=[waiting])
            if from_blocker
            else self.store.update_task(LIST, waiting, add_blocked_by=[blocker])
        )
        if blocker == waiting:
            with pytest.raises(SelfEdge):
                self.run(call)
        elif reaches(self.model, waiting, blocker):
            with pytest.raises(CycleRefused):
                self.run(call)
        else:
            self.run(call)
            self.model[waiting]["blocked_by"].add(blocker)

    @precondition(lambda self: self.model)
    @rule(at=positions, to=positions, from_blocker=st.booleans())
    def remove_edge(self, at: int, to: int, from_blocker: bool) -> None:
        waiting = self.pick(at)
        known = sorted(self.model[waiting]["blocked_by"]) or sorted(self.model)
        blocker = known[to % len(known)]
        if from_blocker:
            self.run(self.store.update_task(LIST, blocker, remove_blocks=[waiting]))
        else:
            self.run(self.store.update_task(LIST, waiting, remove_blocked_by=[blocker]))
        self.model[waiting]["blocked_by"].discard(blocker)

    @precondition(lambda self: self.model)
    @rule(at=positions)
    def delete(self, at: int) -> None:
        number = self.pick(at)
        gone = self.model.pop(number)
        near = {n for n, t in self.model.items() if number in t["blocked_by"]}
        assert self.run(self.store.delete_task(LIST, number)) == (
            True,
            sorted(near | gone["blocked_by"]),
        )
        for task in self.model.values():
            task["blocked_by"].discard(number)

    @rule(extra=st.integers(min_value=1, max_value=3))
    def delete_or_get_a_missing_one(self, extra: int) -> None:
        number = self.highest + extra
        assert self.run(self.store.delete_task(LIST, number)) == (False, [])
        assert self.run(self.store.get_task(LIST, number)) is None
        assert self.run(self.store.update_task(LIST, number, subject="x")) == (None, [])

    @precondition(lambda self: self.model)
    @rule(at=positions, claimant=st.sampled_from(OWNERS))
    def claim(self, at: int, claimant: str) -> None:
        number = self.pick(at)
        task = self.model[number]
        blockers = [b for b in task["blocked_by"] if self.model[b]["status"] != "completed"]
        result = self.run(self.store.claim_task_with_busy_check(LIST, number, claimant))
        if task["status"] == "completed":
            assert result.kind == "already_completed"
        elif task["owner"] not in (None, claimant):
            assert (result.kind, result.by) == ("already_owned", task["owner"])
        elif blockers:
            assert (result.kind, sorted(result.by)) == ("blocked", sorted(blockers))
        else:
            assert (result.kind, result.record.owner) == ("ok", claimant)
            task["owner"] = claimant

    @precondition(lambda self: self.model)
    @rule(at=positions, expected=st.sampled_from([*OWNERS, None]))
    def release(self, at: int, expected: str | None) -> None:
        number = self.pick(at)
        task = self.model[number]
        if task["status"] == "completed":
            return
        call = self.store.release_task(LIST, number, expected_owner=expected)
        if expected not in (None, task["owner"]):
            with pytest.raises(StaleEdit):
                self.run(call)
        else:
            self.run(call)
            task |= {"owner": None, "status": "pending"}

    @rule()
    def reset(self) -> None:
        self.run(self.store.reset_task_list(LIST))
        self.model.clear()

    @rule()
    def reopen(self) -> None:
        """Another process: nothing remembered."""
        self.store = TaskStore(hive_root=self.root)

    @precondition(lambda self: self.model)
    @rule(at=positions, subject=texts, status=statuses)
    def foreign_update(self, at: int, subject: str, status: str) -> None:
        number = self.pick(at)
        with native.locked(self.root, LIST):
            whole = native.read_record(self.root, LIST, number)
            native.write_record(self.root, LIST, whole | {"subject": subject, "status": status})
        self.model[number] |= {"subject": subject, "status": status}

    @rule(subject=texts)
    def foreign_create(self, subject: str) -> None:
        with native.locked(self.root, LIST):
            number = self.highest + 1
            native.write_record(self.root, LIST, native.record(number, subject, foreign={"n": 1.0}))
        self.adopt(number, subject, None, set())

    @precondition(lambda self: self.model)
    @rule(at=positions)
    def foreign_delete(self, at: int) -> None:
        """As the layout's owner does it: unlink, then strip the id from all others."""
        number = self.pick(at)
        del self.model[number]
        with native.locked(self.root, LIST):
            native.record_path(self.root, LIST, number).unlink()
            for other in self.model:
                whole = native.read_record(self.root, LIST, other)
                kept = {s: [i for i in whole[s] if i != number] for s in ("blocks", "blocked_by")}
                native.write_record(self.root, LIST, whole | kept)
        for task in self.model.values():
            task["blocked_by"].discard(number)

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        found: list[TaskRecord] = self.run(self.store.list_tasks(LIST, include_internal=True))
        assert [r.id for r in found] == sorted(self.model)
        for record in found:
            task = self.model[record.id]
            seen = (record.subject, record.owner, str(record.status), record.metadata)
            assert seen == (task["subject"], task["owner"], task["status"], task["metadata"])
            assert set(record.blocked_by) == task["blocked_by"]
            blocks = {n for n, t in self.model.items() if record.id in t["blocked_by"]}
            assert set(record.blocks) == blocks
            assert len(record.blocks) == len(blocks)

    @invariant()
    def the_files_and_the_scan_agree(self) -> None:
        system = HiveSystem()
        for key in system.discover(self.root):
            loaded = system.load(key)
            assert [int(n) for n in loaded.tasks] == sorted(self.model)
            assert [p for t in loaded.tasks.values() for p in t.problems] == []
        for number in self.model:
            whole = native.read_record(self.root, LIST, number)
            assert whole.get("foreign", {"n": 1.0}) == {"n": 1.0}


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(max_examples=25, stateful_step_count=25)

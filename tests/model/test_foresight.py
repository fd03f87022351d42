"""Foresight agrees with the state that the edit leads to, and names what a person asks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.edits import ClaimTask, CreateTask, DeleteTask, Edit, ReleaseTask, UpdateTask
from store.model.foresight import FieldShift, Foresight, foresee
from store.model.readiness import ReasonKind
from store.model.snapshot import TaskList
from store.model.task import (
    ListKey,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
)
from store.model.written import NEW_ID

LIST = ListKey("hive", "/hive", TaskListId("colony:plan"))


def key(task_id: str) -> TaskKey:
    return TaskKey(LIST, TaskId(task_id))


def ids(text: str) -> tuple[TaskId, ...]:
    return tuple(TaskId(i) for i in text.split())


def a_task(task_id: str, blocked_by: str = "", status: str = "pending", **fields: Any) -> Task:
    return Task(
        key(task_id),
        f"task {task_id}",
        status=TaskStatus(status),
        native_status=status,
        blocked_by=ids(blocked_by),
        **fields,
    )


def a_list(*tasks: Task) -> TaskList:
    """The tasks with the other side of each edge in place."""
    by_id = {task.id: task for task in tasks}
    for task in tasks:
        for blocker in task.blocked_by:
            if blocker in by_id:
                other = by_id[blocker]
                by_id[blocker] = replace(other, blocks=(*other.blocks, task.id))
    return TaskList(TaskListInfo(LIST, "/hive/plan")).with_tasks(by_id, frozenset(by_id))


def names(tasks: tuple[Task, ...]) -> list[str]:
    return [task.id for task in tasks]


def waits(effect: Foresight) -> dict[str, list[str]]:
    return {w.task.id: [r.task for r in w.waits_on] for w in effect.eased}


def test_foresee_completing_a_blocker_names_who_becomes_ready_and_who_still_waits() -> None:
    plan = a_list(a_task("1"), a_task("2", "1"), a_task("3", "1 4"), a_task("4"))
    effect = foresee(plan, UpdateTask(key("1"), status=TaskStatus.COMPLETED))
    assert names(effect.becomes_ready) == ["2"]
    assert waits(effect) == {"3": ["4"]}
    assert effect.shifts == (FieldShift("status", "pending", "completed"),)


def test_foresee_reopening_a_blocker_names_who_becomes_blocked_and_who_waits_on_more() -> None:
    plan = a_list(a_task("1", status="completed"), a_task("2", "1"), a_task("3", "1 2"))
    effect = foresee(plan, UpdateTask(key("1"), status=TaskStatus.PENDING))
    assert names(effect.becomes_ready) == ["1"]
    assert names(effect.becomes_blocked) == ["2"]
    assert [(w.task.id, [r.task for r in w.waits_on]) for w in effect.hindered] == [("3", ["1"])]


def test_foresee_removing_one_of_two_edges_says_what_the_target_still_waits_on() -> None:
    plan = a_list(a_task("1"), a_task("2"), a_task("3", "1 2"))
    effect = foresee(plan, UpdateTask(key("3"), remove_blocked_by=ids("1")))
    assert effect.becomes_ready == ()
    assert [reason.task for reason in effect.waits_on] == ["2"]
    assert effect.shifts == (FieldShift("blocked_by", ids("1 2"), ids("2")),)


def test_foresee_removing_the_edge_of_a_cycle_frees_the_target_alone() -> None:
    plan = a_list(a_task("1", "2"), a_task("2", "1"))
    effect = foresee(plan, UpdateTask(key("1"), remove_blocked_by=ids("2")))
    assert names(effect.becomes_ready) == ["1"]
    assert effect.becomes_blocked == ()


def test_foresee_cutting_a_chord_of_a_cycle_still_names_the_cycle() -> None:
    plan = a_list(a_task("1", "2 3"), a_task("2", "1"), a_task("3"))
    effect = foresee(plan, UpdateTask(key("1"), remove_blocked_by=ids("3")))
    assert [(r.task, r.kind) for r in effect.waits_on] == [("2", ReasonKind.CYCLE)]


def test_foresee_an_edge_that_closes_a_cycle_names_its_members() -> None:
    plan = a_list(a_task("1"), a_task("2", "1"), a_task("3", "2"))
    effect = foresee(plan, UpdateTask(key("1"), add_blocked_by=ids("3")))
    assert effect.cycle == ids("1 3 2")


def test_foresee_reversing_an_edge_in_one_edit_closes_no_cycle() -> None:
    plan = a_list(a_task("1"), a_task("2", "1"))
    edit = UpdateTask(key("2"), remove_blocked_by=ids("1"), add_blocks=ids("1"))
    effect = foresee(plan, edit)
    assert effect.cycle == ()
    assert (names(effect.becomes_ready), names(effect.becomes_blocked)) == (["2"], ["1"])


def test_foresee_a_self_edge_is_a_cycle_of_one() -> None:
    assert foresee(a_list(a_task("1")), UpdateTask(key("1"), add_blocked_by=ids("1"))).cycle == (
        ids("1")
    )


def test_foresee_a_blocker_that_is_not_there_names_it() -> None:
    effect = foresee(a_list(a_task("1")), UpdateTask(key("1"), add_blocked_by=ids("99")))
    assert effect.missing == ids("99")
    assert [r.kind for r in effect.waits_on] == [ReasonKind.MISSING]


def test_foresee_delete_names_the_stripped_and_the_freed_and_who_loses_it() -> None:
    plan = a_list(a_task("1"), a_task("2", "1", owner="ann"), a_task("3", "2"), a_task("4", "2 1"))
    effect = foresee(plan, DeleteTask(key("2")))
    assert effect.task is None
    assert effect.stripped == ids("1 3 4")
    assert names(effect.becomes_ready) == ["3"]
    assert waits(effect) == {"4": ["1"]}
    assert (effect.loses, effect.gains) == ("ann", None)


def test_foresee_release_puts_it_back_to_pending_and_ready() -> None:
    plan = a_list(a_task("1", status="in_progress", owner="cy"))
    effect = foresee(plan, ReleaseTask(key("1"), "cy"))
    assert effect.task is not None
    assert (effect.task.owner, effect.task.status) == (None, TaskStatus.PENDING)
    assert (names(effect.becomes_ready), effect.loses) == (["1"], "cy")


@pytest.mark.parametrize("edit", [UpdateTask(key("1"), owner="bo"), ClaimTask(key("1"), "bo")])
def test_foresee_a_new_owner_says_who_loses_and_who_gains(edit: Edit) -> None:
    effect = foresee(a_list(a_task("1", owner="ann")), edit)
    assert (effect.loses, effect.gains) == ("ann", "bo")


def test_foresee_create_says_ready_at_once_or_what_it_waits_on() -> None:
    plan = a_list(a_task("1"), a_task("2", status="completed"))
    free = foresee(plan, CreateTask(LIST, "new", blocked_by=ids("2"), owner="ann"))
    assert (names(free.becomes_ready), free.gains) == ([NEW_ID], "ann")
    held = foresee(plan, CreateTask(LIST, "new", blocked_by=ids("1")))
    assert names(held.becomes_blocked) == [NEW_ID]
    assert [r.task for r in held.waits_on] == ["1"]


def test_foresee_metadata_patch_shows_each_key_and_null_deletes() -> None:
    plan = a_list(a_task("1", metadata={"cost": 1, "note": "x"}))
    effect = foresee(plan, UpdateTask(key("1"), metadata_patch={"cost": 2, "note": None, "n": []}))
    assert effect.shifts == (
        FieldShift("metadata.cost", 1, 2),
        FieldShift("metadata.note", "x", None),
        FieldShift("metadata.n", None, []),
    )


def test_foresee_a_task_that_is_gone_has_no_effect() -> None:
    assert foresee(a_list(a_task("1")), DeleteTask(key("9"))) == Foresight()


STATUSES = st.sampled_from(["pending", "in_progress", "completed", "cancelled", "failed"])
SOME_IDS = st.lists(st.sampled_from("12345"), max_size=3, unique=True).map(" ".join)


@st.composite
def plans(draw: st.DrawFn) -> TaskList:
    tasks = [a_task(i, draw(SOME_IDS), draw(STATUSES)) for i in "1234"]
    if draw(st.booleans()):
        broken = (Problem(ProblemKind.UNREADABLE, "half a file"),)
        tasks[3] = replace(tasks[3], problems=broken)
    return a_list(*tasks)


def edits() -> st.SearchStrategy[Edit]:
    some = SOME_IDS.map(ids)
    targets = st.sampled_from("123").map(key)
    update = st.builds(
        UpdateTask,
        targets,
        status=st.none() | STATUSES.map(TaskStatus),
        add_blocked_by=some,
        add_blocks=some,
        remove_blocked_by=some,
        remove_blocks=some,
    )
    return st.one_of(
        update,
        st.builds(DeleteTask, targets),
        st.builds(ReleaseTask, targets),
        st.builds(CreateTask, st.just(LIST), st.just("new"), blocked_by=some),
    )


def written_state(plan: TaskList, edit: Edit) -> Mapping[TaskId, Task]:
    """The gating side of the list after the edit, worked out the long way."""
    tasks = dict(plan.tasks)
    if isinstance(edit, CreateTask):
        tasks[NEW_ID] = Task(TaskKey(LIST, NEW_ID), "new", blocked_by=edit.blocked_by)
        return tasks
    task = tasks[edit.key.id]
    if isinstance(edit, DeleteTask):
        del tasks[task.id]
        return {
            i: replace(t, blocked_by=tuple(b for b in t.blocked_by if b != task.id))
            for i, t in tasks.items()
        }
    if isinstance(edit, ReleaseTask):
        pending = TaskStatus.PENDING
        return {**tasks, task.id: replace(task, status=pending, native_status=pending.value)}
    assert isinstance(edit, UpdateTask)
    status = edit.status or task.status
    listed = [b for b in task.blocked_by if b not in edit.remove_blocked_by]
    tasks[task.id] = replace(task, status=status, blocked_by=(*listed, *edit.add_blocked_by))
    for other in {*edit.add_blocks, *edit.remove_blocks} & tasks.keys():
        before = [b for b in tasks[other].blocked_by if b != task.id or other == task.id]
        added = (task.id,) if other in edit.add_blocks else ()
        tasks[other] = replace(tasks[other], blocked_by=(*before, *added))
    return tasks


@given(plans(), edits())
def test_foresee_any_edit_agrees_with_the_graph_of_the_state_after_it(
    plan: TaskList, edit: Edit
) -> None:
    if isinstance(edit, UpdateTask):
        # An edge of a task to itself is refused by every store; it has no two far ends.
        own = (edit.key.id,)
        edges = ("add_blocked_by", "add_blocks", "remove_blocked_by", "remove_blocks")
        kept: dict[str, Any] = {
            e: tuple(i for i in getattr(edit, e) if i not in own) for e in edges
        }
        edit = replace(edit, **kept)
    state = written_state(plan, edit)
    after = plan.with_tasks(state, frozenset({*plan.tasks, *state}))
    effect = foresee(plan, edit)

    def was(test: str, task_id: TaskId) -> bool:
        found = plan.tasks.get(task_id)
        return found is not None and bool(getattr(plan, test)(found))

    ready = {i for i, t in state.items() if after.is_ready(t) and not was("is_ready", i)}
    blocked = {i for i, t in state.items() if after.is_blocked(t) and not was("is_blocked", i)}
    assert set(names(effect.becomes_ready)) == ready
    assert set(names(effect.becomes_blocked)) == blocked
    target = NEW_ID if isinstance(edit, CreateTask) else edit.key.id
    if target in state and after.is_blocked(state[target]):
        assert {r.task for r in effect.waits_on} == set(after.graph.unmet[target])

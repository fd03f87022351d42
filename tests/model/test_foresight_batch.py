"""Foresight of several edits: the whole effect, what would be refused, the critical path."""

from __future__ import annotations

from dataclasses import replace

from store.model.consequences import CriticalMove
from store.model.edits import (
    ClaimTask,
    CreateTask,
    DeleteTask,
    Edit,
    ReleaseTask,
    RestoreTask,
    Standing,
    UpdateTask,
)
from store.model.errors import (
    ClaimRefused,
    CycleRefused,
    EditRefused,
    StaleEdit,
    TaskExists,
    TaskNotFound,
)
from store.model.foresight import BatchForesight, FieldShift, foresee, foresee_all
from store.model.objections import objection
from store.model.task import Capabilities, TaskListInfo, TaskStatus
from tests.model.test_foresight import LIST, a_list, a_task, ids, key, names


def test_foresee_all_of_nothing_is_nothing() -> None:
    assert foresee_all(a_list(a_task("1")), []) == BatchForesight()


def test_foresee_all_names_owners_readiness_and_the_cut_edges_of_the_whole() -> None:
    plan = a_list(
        a_task("1", owner="cy", status="in_progress"),
        a_task("2", "1", owner="cy"),
        a_task("3", "2"),
        a_task("4", "1"),
    )
    effects = foresee_all(
        plan,
        [
            UpdateTask(key("1"), status=TaskStatus.COMPLETED),
            DeleteTask(key("2")),
            UpdateTask(key("4"), owner="bo"),
            ReleaseTask(key("1")),
        ],
    )
    assert [(t.id, t.after is None) for t in effects.targets] == [
        ("1", False),
        ("2", True),
        ("4", False),
    ]
    assert effects.targets[0].shifts[:2] == (
        FieldShift("owner", "cy", None),
        FieldShift("status", "in_progress", "pending"),
    )
    assert (dict(effects.loses), dict(effects.gains)) == ({"cy": ids("1 2")}, {"bo": ids("4")})
    assert names(effects.becomes_ready) == ["1", "3"]  # released in the end: 4 still waits on it
    assert effects.stripped == ids("1 3")
    assert effects.critical == CriticalMove(ids("1 2 3"), ids("1 4"))


def test_foresee_all_lets_later_edits_see_earlier_ones() -> None:
    plan = a_list(a_task("1"), a_task("2", "1"))
    claim = ClaimTask(key("2"), "cy")
    assert [f.edit for f in foresee_all(plan, [claim]).refused] == [claim]
    done = UpdateTask(key("1"), status=TaskStatus.COMPLETED)
    effects = foresee_all(plan, [done, claim])
    assert effects.refused == ()
    assert dict(effects.gains) == {"cy": ids("2")}


def test_foresee_all_gives_new_tasks_ids_of_their_own() -> None:
    plan = a_list(a_task("1"))
    effects = foresee_all(
        plan, [CreateTask(LIST, "a", blocked_by=ids("1")), CreateTask(LIST, "b", owner="cy")]
    )
    assert [(t.id, t.after and t.after.subject) for t in effects.targets] == [
        ("new", "a"),
        ("new2", "b"),
    ]
    assert dict(effects.gains) == {"cy": ids("new2")}
    assert (names(effects.becomes_ready), names(effects.becomes_blocked)) == (["new2"], ["new"])


def test_foresee_all_of_owners_alone_moves_no_critical_path() -> None:
    plan = a_list(a_task("1"), a_task("2", "1"))
    assert foresee_all(plan, [UpdateTask(key("1"), owner="bo")]).critical is None
    assert foresee(plan, DeleteTask(key("1"))).critical is None  # not asked for
    moved = foresee(plan, DeleteTask(key("1")), with_critical=True).critical
    assert moved == CriticalMove(ids("1 2"), ())


def test_objection_is_what_the_store_would_raise() -> None:
    plan = a_list(a_task("1", owner="ann"), a_task("2", "1"), a_task("3", "2"))
    cases: list[tuple[Edit, type[Exception] | None]] = [
        (UpdateTask(key("1"), owner="bo"), None),
        (UpdateTask(key("9"), owner="bo"), TaskNotFound),
        (UpdateTask(key("1"), owner="bo", expected={"owner": None}), StaleEdit),
        (UpdateTask(key("1"), add_blocked_by=ids("3")), CycleRefused),
        (UpdateTask(key("1"), add_blocks=ids("9")), TaskNotFound),
        (UpdateTask(key("2"), remove_blocked_by=ids("1"), add_blocks=ids("1")), None),
        (ReleaseTask(key("1"), "bo"), StaleEdit),
        (ClaimTask(key("1"), "bo"), ClaimRefused),
        (ClaimTask(key("2"), "bo"), ClaimRefused),
        (CreateTask(LIST, "new", blocked_by=ids("9")), TaskNotFound),
        (RestoreTask(a_task("1")), TaskExists),
        (RestoreTask(a_task("7", "3", blocks=ids("1"))), CycleRefused),
        (RestoreTask(a_task("7", "3", blocks=ids("1")), None, ()), None),
    ]
    assert [
        type(objection(plan, edit)) if objection(plan, edit) else None for edit, _ in cases
    ] == [error for _, error in cases]


def test_objection_of_a_read_only_list_is_its_sentence() -> None:
    info = TaskListInfo(LIST, "/hive/plan", capabilities=Capabilities.read_only("not yours"))
    plan = a_list(a_task("1"))
    error = objection(replace(plan, info=info), DeleteTask(key("1")))
    assert isinstance(error, EditRefused)
    assert str(error) == "not yours"


def test_foresee_restore_links_the_far_ends_that_are_left() -> None:
    plan = a_list(a_task("1"), a_task("3", owner="ann"))
    back = a_task("2", "1", blocks=ids("3 4"))
    effect = foresee(plan, RestoreTask(back, None, (Standing(ids("3")[0], (), ids("2")),)))
    assert effect.task is not None
    assert effect.task.blocks == ids("3")
    assert names(effect.becomes_blocked) == ["2", "3"]

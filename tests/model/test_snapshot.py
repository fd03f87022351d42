"""What differs between two snapshots, against a comparison of every field of every task."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store.model.compared import COMPARED_FIELDS
from store.model.snapshot import EMPTY_SNAPSHOT, ChangeKind, Snapshot, diff
from store.model.task import Task, TaskId, TaskKey, TaskStatus
from tests.model.colony import (
    DEMO,
    NOW,
    OTHER,
    UNREADABLE,
    any_change,
    any_tasks,
    changed,
    edited,
    snapshot,
    task,
    task_list,
)


def naive_diff(old: Snapshot, new: Snapshot) -> Counter[tuple[ChangeKind, str, str | None]]:
    """(kind, task, field) for everything that differs."""
    before = {one.key: one for _, one in old.all_tasks()}
    after = {one.key: one for _, one in new.all_tasks()}
    found: Counter[tuple[ChangeKind, str, str | None]] = Counter()
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was is None:
            found[(ChangeKind.CREATED, key.id, None)] += 1
        elif now is None:
            found[(ChangeKind.VANISHED, key.id, None)] += 1
        elif was.is_readable and not now.is_readable:
            found[(ChangeKind.UNREADABLE, key.id, None)] += 1
        else:
            for name in COMPARED_FIELDS:
                if getattr(was, name) != getattr(now, name):
                    found[(ChangeKind.CHANGED, key.id, name)] += 1
            if (was.lock and was.lock.by) != (now.lock and now.lock.by):
                found[(ChangeKind.CHANGED, key.id, "lock")] += 1
    return found


@given(any_tasks(), st.lists(any_change(), max_size=4))
def test_diff_any_edits_finds_each_difference_once(
    tasks: dict[TaskId, Task], changes: list[dict[TaskId, Task | None]]
) -> None:
    first = last = task_list(tasks.values())
    for change in changes:
        last = edited(last, change)
    old, new = snapshot(first), snapshot(last)
    found = Counter((c.kind, str(c.task), c.field) for c in diff(old, new))
    assert found == naive_diff(old, new)


@given(any_tasks(), st.lists(any_change(), max_size=4))
def test_changed_since_any_edits_names_all_that_differs(
    tasks: dict[TaskId, Task], changes: list[dict[TaskId, Task | None]]
) -> None:
    first = last = task_list(tasks.values())
    for change in changes:
        last = replace(edited(last, change), ignored=1)
    found = last.changed_since(first)
    if found is None:
        assert not tasks  # the first tasks of a list begin its lineage
        return
    ids = {*first.tasks, *last.tasks}
    assert {i for i in ids if first.tasks.get(i) is not last.tasks.get(i)} <= found


def test_changed_since_tasks_put_in_from_elsewhere_is_unknown() -> None:
    first = task_list([task(1)])
    strange = replace(edited(first, {TaskId("2"): task(2)}), tasks={TaskId("3"): task(3)})
    assert strange.changed_since(first) is None
    assert task_list([task(1)]).changed_since(first) is None
    kinds = {change.kind for change in diff(snapshot(first), snapshot(strange))}
    assert kinds == {ChangeKind.CREATED, ChangeKind.VANISHED}


def test_changed_since_many_steps_ago_is_unknown() -> None:
    first = last = task_list([task(1)])
    for number in range(70):
        last = changed(last, 1, subject=f"Version {number}")
    assert last.changed_since(first) is None
    assert [c.new for c in diff(snapshot(first), snapshot(last))] == ["Version 69"]


def test_diff_same_lists_is_empty() -> None:
    before = snapshot(task_list([task(1)]))
    assert diff(before, replace(before, scanned_at=NOW + 5)) == []


def test_diff_lists_come_and_go_with_their_tasks() -> None:
    one = snapshot(task_list([task(1)]))
    other = snapshot(task_list([task(7, at=OTHER)], OTHER))
    kinds = [(c.kind, c.list) for c in diff(one, other)]
    assert (ChangeKind.LIST_VANISHED, DEMO) in kinds
    assert (ChangeKind.LIST_APPEARED, OTHER) in kinds
    assert (ChangeKind.CREATED, OTHER) in kinds
    assert [c.kind for c in diff(EMPTY_SNAPSHOT, one)] == [
        ChangeKind.LIST_APPEARED,
        ChangeKind.CREATED,
    ]


def test_diff_changed_field_carries_both_values_and_the_record_time() -> None:
    before = task_list([task(1, owner="ann")])
    after = changed(before, 1, owner="bo", updated_at=NOW + 3)
    (change,) = diff(snapshot(before), snapshot(after))
    assert (change.field, change.old, change.new, change.at) == ("owner", "ann", "bo", NOW + 3)


def test_diff_status_is_told_in_the_system_own_words() -> None:
    before = task_list([task(1, native_status="todo")])
    after = changed(before, 1, status=TaskStatus.IN_PROGRESS, native_status="doing")
    (change,) = diff(snapshot(before), snapshot(after))
    assert (change.old, change.new) == ("todo", "doing")


def test_diff_unreadable_is_one_change_with_its_reason() -> None:
    before = task_list([task(1)])
    after = changed(before, 1, problems=UNREADABLE, subject="", status=TaskStatus.UNKNOWN)
    (change,) = diff(snapshot(before), snapshot(after))
    assert (change.kind, change.new) == (ChangeKind.UNREADABLE, "not JSON")


def test_snapshot_task_unknown_list_or_id_is_none() -> None:
    now = snapshot(task_list([task(1)]))
    assert now.task(TaskKey(OTHER, TaskId("1"))) is None
    assert now.task(TaskKey(DEMO, TaskId("2"))) is None
    assert now.count() == 1

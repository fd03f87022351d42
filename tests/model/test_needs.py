"""The queue of what needs a person: complete, in order, and the same however it was arrived at."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store.model.attention import NeedKind, Thresholds, need
from store.model.counting import RunningRollups
from store.model.errors import LockHolder
from store.model.needs import NeedQueue, RunningNeeds, queue_of
from store.model.receipts import Receipt, ReceiptState
from store.model.snapshot import LockHold, Snapshot, TaskList
from store.model.task import (
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskStatus,
    Verb,
)
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

ACTIVE = TaskStatus.IN_PROGRESS


def queue(shown: Snapshot, *receipts: Receipt, now: float = NOW, **limits: float) -> NeedQueue:
    rollups = RunningRollups().of(shown)
    return queue_of(shown, rollups, now, Thresholds(**limits), receipts)


def kinds(found: NeedQueue) -> list[tuple[str | None, NeedKind]]:
    return [(one.task, one.kind) for one in found.needs()]


@given(any_tasks(), any_tasks(OTHER), st.sampled_from([NOW - 5000, NOW, NOW + 1e6]))
def test_queue_any_lists_has_each_task_that_needs_a_person_and_no_other(
    tasks: dict[TaskId, Task], others: dict[TaskId, Task], now: float
) -> None:
    lists = [task_list(tasks.values()), task_list(others.values(), OTHER)]
    found = queue(snapshot(*lists), now=now)
    wanted = {
        (one.key, wish.kind)
        for each in lists
        for one in each.tasks.values()
        if not one.is_internal and (wish := need(each, one, now))
    }
    shown = [(p.key, found.need(p).kind) for p in found.places if p.key.id]
    assert set(shown) == wanted
    assert len(shown) == len(wanted)
    assert all(found.need(place).kind is place.kind for place in found.places)
    assert sum(found.counts.values()) == len(found)


@given(
    any_tasks(),
    st.lists(st.tuples(any_change(), st.sampled_from([0, 1, 6, 2000, -3000])), max_size=5),
)
def test_queue_kept_from_state_to_state_is_that_from_scratch(
    tasks: dict[TaskId, Task], steps: list[tuple[dict[TaskId, Task | None], int]]
) -> None:
    running, rollups = RunningNeeds(), RunningRollups()
    state, now = task_list(tasks.values()), NOW
    for changes, seconds in [({}, 0), *steps]:
        state, now = edited(state, changes), now + seconds
        shown = snapshot(state)
        kept = running.of(shown, rollups.of(shown), now, Thresholds())
        fresh = queue(shown, now=now)
        assert list(kept.places) == list(fresh.places)
        assert kept.counts == fresh.counts


def test_queue_what_holds_most_comes_first_then_the_older_trouble() -> None:
    tasks = [
        task(1, status=ACTIVE, owner="ann", updated_at=NOW - 2000),
        task(2, status=ACTIVE, owner="bo", updated_at=NOW - 9000),
        task(3, 1),
        task(4, 3),
        task(5),
        task(6, 5),
    ]
    found = queue(snapshot(task_list(tasks)))
    assert kinds(found) == [
        ("1", NeedKind.SILENT_OWNER),
        ("5", NeedKind.UNOWNED_ROOT),
        ("2", NeedKind.SILENT_OWNER),
    ]
    assert [one.verb for one in found.needs()] == [Verb.RELEASE, Verb.ASSIGN, Verb.RELEASE]


def test_queue_clock_alone_moves_nothing_until_somebody_goes_silent() -> None:
    shown = snapshot(task_list([task(1, status=ACTIVE), task(2), task(3, 2)]))
    running, rollups = RunningNeeds(), RunningRollups().of(shown)
    first = running.of(shown, rollups, NOW, Thresholds())
    later = running.of(shown, rollups, NOW + 1000, Thresholds())
    assert later.places is first.places
    silent = running.of(shown, rollups, NOW + 1680, Thresholds())
    assert [(p.key.id, p.kind) for p in silent.places] == [
        ("2", NeedKind.UNOWNED_ROOT),
        ("1", NeedKind.SILENT_OWNER),
    ]


def test_queue_nothing_can_start_says_what_is_in_the_way() -> None:
    tasks = [task(1, status=ACTIVE, updated_at=NOW - 5000), task(2, 1), task(3, 9)]
    first = queue(snapshot(task_list(tasks))).needs()[0]
    assert (first.kind, first.task, first.verb) == (NeedKind.NOTHING_STARTS, None, None)
    assert first.text == (
        "nothing can start: 2 blocked, 1 of them for ever, 1 in progress and silent, none ready"
    )
    assert first.holds == 3
    assert first.since == NOW - 120


def test_queue_somebody_works_or_could_so_it_is_no_standstill() -> None:
    for free in (task(1, status=ACTIVE), task(1, owner="ann")):
        found = queue(snapshot(task_list([free, task(2, 1)])))
        assert NeedKind.NOTHING_STARTS not in [one.kind for one in found.needs()]


def test_queue_lock_held_for_long_names_the_holder() -> None:
    held = {DEMO: LockHold(LockHolder(412, "agent", None), NOW - 31)}
    shown = replace(snapshot(task_list([task(1)])), locks=held)
    assert [(n.kind, n.text, n.since) for n in queue(shown).needs()] == [
        (NeedKind.LOCK_HELD, "its lock is never seen free, held by pid 412 (agent)", NOW - 31)
    ]
    assert not queue(shown, lock_after_s=32)


def test_queue_list_that_cannot_be_read_is_a_need_of_its_own() -> None:
    fault = Problem(ProblemKind.UNREADABLE, "cannot be read now: no permission")
    broken = replace(task_list([task(1)]), is_stale=True, problems=(fault,))
    (one,) = queue(snapshot(broken)).needs()
    assert (one.kind, one.task) == (NeedKind.UNREADABLE, None)


def test_queue_edit_that_nobody_saw_waits_its_time_and_goes_when_seen() -> None:
    shown = snapshot(task_list([task(1, owner="ann"), task(2, 1)]))
    receipt = Receipt(TaskKey(DEMO, TaskId("1")), "unblocked: -9", "ann", NOW - 400)
    (one,) = queue(shown, receipt).needs()
    assert (one.kind, one.task, one.holds) == (NeedKind.UNSEEN_EDIT, "1", 1)
    assert one.text == "unblocked: -9: no sign that ann has seen it"
    assert not queue(shown, receipt, unseen_after_s=500)
    assert not queue(shown, replace(receipt, state=ReceiptState.SEEN))
    assert not queue(shown, replace(receipt, key=TaskKey(DEMO, TaskId("77"))))


def test_queue_one_list_alone_leaves_the_others_out() -> None:
    lists = [task_list([task(1, 9)]), task_list([task(1, 9, at=OTHER)], OTHER)]
    shown = snapshot(*lists)
    running, rollups = RunningNeeds(), RunningRollups().of(shown)
    whole = running.of(shown, rollups, NOW, Thresholds())
    alone = running.of(shown, rollups, NOW, Thresholds(), only=OTHER)
    assert whole.counts == {DEMO: 2, OTHER: 2}
    assert {place.key.list for place in alone.places} == {OTHER}
    assert alone.counts == whole.counts
    assert running.of(shown, rollups, NOW, Thresholds()).counts == whole.counts


def test_queue_many_changes_at_once_stay_in_order() -> None:
    many = [task(n, 9999, subject=f"Step {n}") for n in range(1, 300)]
    state = task_list([*many, task(700, problems=UNREADABLE)])
    running, rollups = RunningNeeds(), RunningRollups()
    first = running.of(snapshot(state), rollups.of(snapshot(state)), NOW, Thresholds())
    freed: TaskList = edited(state, {one.id: replace(one, blocked_by=()) for one in many[:200]})
    shown = snapshot(freed)
    kept = running.of(shown, rollups.of(shown), NOW, Thresholds())
    assert list(kept.places) == sorted(kept.places)
    assert len(first) - len(kept) == 200 + 1  # and it is no standstill any more
    again = snapshot(changed(freed, 299, blocked_by=()))
    assert len(running.of(again, rollups.of(again), NOW, Thresholds())) == len(kept) - 1


def test_queue_old_work_that_is_active_again_does_not_confuse_the_ages() -> None:
    """Judged in any order beside others that were written anew in the same moment."""
    late = [str(number) for number in range(20, 34)]
    for first in range(1, 9):
        state = task_list([task(first, status=ACTIVE), *(task(number) for number in late)])
        running, rollups = RunningNeeds(), RunningRollups()
        shown = snapshot(state)
        running.of(shown, rollups.of(shown), NOW, Thresholds())
        old = {i: replace(state.tasks[i], status=ACTIVE, updated_at=NOW - 9e3) for i in state.tasks}
        anew = replace(state.tasks[TaskId(str(first))], updated_at=NOW - 1)
        shown = snapshot(edited(state, {**old, anew.id: anew}))
        kept = running.of(shown, rollups.of(shown), NOW, Thresholds())
        assert list(kept.places) == list(queue(shown).places)
        assert len(kept) == len(late)

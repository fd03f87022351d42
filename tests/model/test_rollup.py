"""Rollups count what the panes show: always the same verdicts as `display_state` and `need`."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from store.model import graph as graphs
from store.model.attention import DisplayState, display_state, need
from store.model.counting import RunningRollup, RunningRollups, roll_up
from store.model.rollup import (
    ListRollup,
    Rollup,
    histogram,
    merge,
    merge_owners,
)
from store.model.snapshot import Snapshot, TaskList
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

NOW = 10_000_000.0
KEY = ListKey("hive", "/root", TaskListId("colony:demo"))
FIELDS = {
    DisplayState.READY: "ready",
    DisplayState.FAILED: "failed",
    DisplayState.DONE: "done",
    DisplayState.CLOSED: "closed",
    DisplayState.UNREADABLE: "unreadable",
    DisplayState.PHANTOM: "phantom",
}


def task(
    task_id: str,
    status: TaskStatus = TaskStatus.PENDING,
    owner: str | None = None,
    blocked_by: tuple[str, ...] = (),
    silent: float | None = 60.0,
    *,
    readable: bool = True,
    internal: bool = False,
) -> Task:
    broken = Problem(ProblemKind.UNREADABLE, "not JSON", TaskId(task_id))
    return Task(
        TaskKey(KEY, TaskId(task_id)),
        f"Subject {task_id}",
        status,
        status.value,
        owner=owner,
        blocked_by=tuple(TaskId(i) for i in blocked_by),
        updated_at=None if silent is None else NOW - silent,
        metadata={"_internal": True} if internal else {},
        problems=() if readable else (broken,),
    )


def task_list(*tasks: Task) -> TaskList:
    by_id = {one.id: one for one in tasks}
    return TaskList(TaskListInfo(KEY, "/root/demo"), by_id, graphs.build(by_id))


TASKS = st.lists(
    st.builds(
        task,
        task_id=st.sampled_from([str(i) for i in range(1, 9)]),
        status=st.sampled_from(TaskStatus),
        owner=st.sampled_from([None, "", "ann", "bo"]),
        blocked_by=st.lists(st.sampled_from([str(i) for i in range(1, 11)]), max_size=3).map(tuple),
        silent=st.one_of(st.none(), st.sampled_from([-30.0, 0.0, 1799.9, 1800.0, 90_000.0])),
        readable=st.sampled_from([True, True, True, False]),
        internal=st.sampled_from([False, False, False, True]),
    ),
    max_size=12,
)


@given(TASKS)
def test_roll_up_any_list_agrees_with_display_state_and_need(tasks: list[Task]) -> None:
    one = task_list(*tasks)
    shown = [t for t in one.tasks.values() if not t.is_internal]
    states = Counter(display_state(one, t, NOW) for t in shown)
    total = roll_up(one).total
    for state, name in FIELDS.items():
        assert getattr(total, name) == states[state]
    assert total.blocked == states[DisplayState.BLOCKED] + states[DisplayState.PHANTOM]
    assert total.waiting == states[DisplayState.WAITING] + states[DisplayState.FAILED]
    assert total.stale(NOW) == states[DisplayState.STALE]
    assert total.in_progress(NOW) == states[DisplayState.ACTIVE]
    assert total.needs_you(NOW) == sum(need(one, t, NOW) is not None for t in shown)
    assert total.total == len(shown)


@given(TASKS)
def test_roll_up_any_list_owners_add_up_to_the_list(tasks: list[Task]) -> None:
    counted = roll_up(task_list(*tasks))
    assert merge(counted.owners.values()) == counted.total
    assert "" not in counted.owners


def test_roll_up_last_write_is_the_newest_of_the_owner() -> None:
    counted = roll_up(
        task_list(
            task("1", owner="ann", silent=300),
            task("2", owner="ann", silent=60),
            task("3", owner="bo", silent=None),
        )
    )
    assert counted.owners["ann"].last_write == NOW - 60
    assert counted.owners["bo"].last_write is None
    assert counted.total.last_write == NOW - 60


@given(TASKS, st.lists(TASKS, max_size=4))
def test_running_rollup_through_any_states_is_as_if_counted_anew(
    tasks: list[Task], later: list[list[Task]]
) -> None:
    running = RunningRollup()
    one = task_list().with_tasks({t.id: t for t in tasks}, frozenset(t.id for t in tasks))
    assert running.of(one) == roll_up(one)
    for changed in later:
        after = dict(one.tasks) | {t.id: t for t in changed}
        gone = {t.id for t in changed if t.subject.endswith("3")}
        after = {task_id: t for task_id, t in after.items() if task_id not in gone}
        one = one.with_tasks(after, frozenset(t.id for t in changed))
        assert running.of(one) == roll_up(one)


def test_running_rollup_of_an_unrelated_state_counts_anew() -> None:
    running = RunningRollup()
    assert running.of(task_list(task("1"))).total.ready == 1
    assert running.of(task_list(task("2"), task("3"))).total.ready == 2


def test_running_rollup_keeps_the_owners_that_did_not_move() -> None:
    one = task_list(task("1", owner="ann"), task("2", owner="bo"))
    one = one.with_tasks(one.tasks, frozenset())
    running = RunningRollup()
    before = running.of(one)
    done = task("1", TaskStatus.COMPLETED, owner="ann")
    after = running.of(one.with_tasks({**one.tasks, done.id: done}, frozenset({done.id})))
    assert after.owners["ann"].done == 1
    assert after.owners["bo"] is before.owners["bo"]


def test_running_rollups_forget_lists_that_went() -> None:
    one = task_list(task("1"))
    running = RunningRollups()
    first = running.of(Snapshot({KEY: one}))
    assert running.of(Snapshot({KEY: one}))[KEY][1] is first[KEY][1]
    assert running.of(Snapshot()) == {}


def test_merge_owners_same_name_in_two_lists_is_one_owner() -> None:
    parts = [
        ListRollup(owners={"ann": Rollup(active=1, last_write=5.0, writes={1: 2})}),
        ListRollup(owners={"ann": Rollup(ready=2, last_write=9.0, writes={1: 1, 2: 1})}),
    ]
    owners = merge_owners(parts)
    assert owners == {"ann": Rollup(active=1, ready=2, last_write=9.0, writes={1: 3, 2: 1})}


def test_merge_nothing_is_an_empty_rollup() -> None:
    assert merge([]) == Rollup()


def test_histogram_counts_the_last_hour_oldest_first() -> None:
    minute = int(NOW // 60)
    stamps = {minute: 3, minute - 59: 1, minute - 60: 9, minute + 5: 2}
    counts = histogram(stamps, NOW)
    assert len(counts) == 60
    assert (counts[0], counts[-1], sum(counts)) == (1, 5, 6)


def test_histogram_fewer_buckets_keep_the_sum() -> None:
    minute = int(NOW // 60)
    stamps = {minute - past: 1 for past in range(60)}
    assert histogram(stamps, NOW, buckets=12) == (5,) * 12
    assert sum(histogram(stamps, NOW, buckets=7)) == 60
    assert histogram(stamps, NOW, buckets=0) == ()

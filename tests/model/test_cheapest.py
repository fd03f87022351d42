"""The cheapest way to free a task: what it does, what it leaves alone, and its price."""

from __future__ import annotations

from hypothesis import given

from store.model.cheapest import MOST_ABOVE, PRICES, StepKind, Way, cheapest_way
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus, Verb
from tests.model.colony import NOW, UNREADABLE, any_tasks, edited, task, task_list

ACTIVE, DONE = TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED


def way(tasks: list[Task], task_id: str) -> Way:
    whole = task_list(tasks)
    found = cheapest_way(whole, whole.tasks[TaskId(task_id)], NOW)
    assert found is not None
    return found


def brief(found: Way) -> list[tuple[StepKind, str, str | None]]:
    return [(step.kind, step.task, step.blocker) for step in found.steps]


def test_cheapest_way_phantom_is_cleaned_for_nothing() -> None:
    found = way([task(4, status=TaskStatus.ARCHIVED), task(15, 4)], "15")
    assert brief(found) == [(StepKind.CLEAN, "15", "4")]
    assert found.steps[0].text == "clean #4 from #15: archived, never clears"
    assert (found.steps[0].verb, found.price) == (Verb.UNBLOCK, 0)


def test_cheapest_way_takes_the_whole_tree_apart() -> None:
    tasks = [
        task(4, status=TaskStatus.ARCHIVED),
        task(7, status=ACTIVE, owner="ann"),
        task(10, status=ACTIVE, owner="cy", updated_at=NOW - 2460),
        task(12, 7, owner="ann"),
        task(15, 4),
        task(16, 10, 12, owner="bo"),
        task(18, 15, 16),
    ]
    found = way(tasks, "18")
    assert brief(found) == [
        (StepKind.CLEAN, "15", "4"),
        (StepKind.RELEASE, "10", None),
        (StepKind.ASSIGN, "15", None),
        (StepKind.WAIT, "7", None),
        (StepKind.WAIT, "12", None),
        (StepKind.WAIT, "16", None),
    ]
    assert found.price == 10 + 15 + 20 + 25 + 25
    assert found.steps[1].since == NOW - 2460
    assert [step.verb for step in found.steps[1:4]] == [Verb.RELEASE, Verb.ASSIGN, None]


def test_cheapest_way_edge_is_cut_where_all_that_is_behind_it_costs_more() -> None:
    chain = [task(1, owner="ann"), *(task(n, n - 1, owner="ann") for n in range(2, 6))]
    assert {step.kind for step in way(chain, "4").steps} == {StepKind.WAIT}
    longer = [*chain, task(6, 5)]
    assert brief(way(longer, "6")) == [(StepKind.CUT, "6", "5")]
    assert way(longer, "6").price == PRICES[StepKind.CUT]


def test_cheapest_way_work_that_several_wait_on_is_paid_once() -> None:
    shared = [task(1, status=ACTIVE, owner="ann"), *(task(n, 1, owner="bo") for n in range(2, 6))]
    found = way([*shared, task(9, 2, 3, 4)], "9")
    assert [step.task for step in found.steps] == ["1", "2", "3", "4"]


def test_cheapest_way_blocker_that_nothing_can_finish_is_cut_off() -> None:
    tasks = [task(1, problems=UNREADABLE), task(2, 1), task(3, 1, 99, 3)]
    assert brief(way(tasks, "3")) == [
        (StepKind.CLEAN, "3", "1"),
        (StepKind.CLEAN, "3", "3"),
        (StepKind.CLEAN, "3", "99"),
    ]


def test_cheapest_way_ring_above_is_opened_once_and_worked_off() -> None:
    tasks = [task(1, 2), task(2, 1), task(3, 1, 2)]
    found = way(tasks, "3")
    cleaned = [step for step in found.steps if step.kind is StepKind.CLEAN]
    assert len(cleaned) == 1
    assert {step.task for step in found.steps if step.kind is StepKind.ASSIGN} == {"1", "2"}


def test_cheapest_way_more_above_than_is_weighed_says_so() -> None:
    roots = [task(n, status=ACTIVE, owner="ann") for n in range(1, MOST_ABOVE + 50)]
    found = way([*roots, task(9999, *range(1, MOST_ABOVE + 50))], "9999")
    assert not found.is_whole


def test_cheapest_way_ready_task_needs_none() -> None:
    whole = task_list([task(1), task(2, 1, status=ACTIVE), task(3, status=DONE)])
    assert [cheapest_way(whole, one, NOW) for one in whole.tasks.values()] == [None] * 3


@given(any_tasks())
def test_cheapest_way_any_list_its_steps_done_make_the_task_ready(
    tasks: dict[TaskId, Task],
) -> None:
    whole = task_list(tasks.values())
    for one in tasks.values():
        found = cheapest_way(whole, one, NOW)
        waits = whole.is_blocked(one) and one.id in whole.graph.unmet
        assert (found is not None) is waits
        if found is not None:
            after = _carried_out(whole, found)
            assert not after.graph.unmet.get(one.id)


def _carried_out(whole: TaskList, found: Way) -> TaskList:
    """The list after the edges are cut, and after all that could then be finished was."""
    from dataclasses import replace

    tasks = dict(whole.tasks)
    to_finish = {step.task for step in found.steps if step.blocker is None}
    for step in found.steps:
        if step.blocker is not None:
            was = tasks[step.task]
            kept = tuple(i for i in was.blocked_by if i != step.blocker)
            tasks[step.task] = replace(was, blocked_by=kept)
    state = edited(whole, dict(tasks))
    while can := [i for i in to_finish if i not in state.graph.unmet or _runs(state, i)]:
        to_finish.difference_update(can)
        ended = {i: replace(state.tasks[i], status=DONE, native_status="completed") for i in can}
        state = edited(state, dict(ended))
    assert not to_finish
    return state


def _runs(state: TaskList, task_id: TaskId) -> bool:
    return state.tasks[task_id].status.is_active

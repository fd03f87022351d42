"""The dependency graph against definitions that are obviously right and slow."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from store.model import graph as graphs
from store.model.graph import EMPTY_GRAPH, TaskGraph, build, critical_path, find_path, id_order
from store.model.task import Task, TaskId, TaskStatus
from tests.model.colony import any_change, any_tasks, edited, task, task_list

Tasks = Mapping[TaskId, Task]


def naive_unmet(tasks: Tasks) -> dict[str, list[str]]:
    """open task → blockers that are not there, not readable or not completed."""
    found = {}
    for one in tasks.values():
        if one.is_readable and one.status.is_closed:
            continue
        left = [
            blocker
            for blocker in dict.fromkeys(one.blocked_by)
            if blocker not in tasks
            or not tasks[blocker].is_readable
            or tasks[blocker].status is not TaskStatus.COMPLETED
        ]
        if left:
            found[str(one.id)] = [str(blocker) for blocker in left]
    return found


def naive_above(unmet: dict[str, list[str]], task_id: str) -> set[str]:
    """All that the task waits on, transitively; itself only if it is in a cycle."""
    above: set[str] = set()
    new = set(unmet.get(task_id, ()))
    while new:
        above |= new
        new = {b for node in new for b in unmet.get(node, ())} - above
    return above


def naive_wave(tasks: Tasks, unmet: dict[str, list[str]], task_id: str) -> int:
    above = naive_above(unmet, task_id)
    if any(node in naive_above(unmet, node) for node in {task_id, *above}):
        return 0
    there = [b for b in unmet.get(task_id, ()) if b in tasks]
    return 1 + max((naive_wave(tasks, unmet, b) for b in there), default=0)


def naive_holds(unmet: dict[str, list[str]], task_id: str) -> int:
    return sum(task_id in naive_above(unmet, other) for other in unmet if other != task_id)


def assert_right(graph: TaskGraph, tasks: Tasks) -> None:
    unmet = naive_unmet(tasks)
    ends = set(unmet) | {blocker for listed in unmet.values() for blocker in listed}
    circular = {node for node in ends if node in naive_above(unmet, node)}
    assert {k: list(v) for k, v in graph.unmet.items()} == unmet
    assert set(graph.cycle_of) == circular
    for node in circular:
        mutual = {
            other
            for other in circular
            if other in naive_above(unmet, node) and node in naive_above(unmet, other)
        }
        assert set(graph.cycle_of[TaskId(node)]) == mutual | {node}
        assert all(graph.cycle_of[TaskId(i)] is graph.cycle_of[TaskId(node)] for i in mutual)
    for node in {*tasks, *ends}:
        assert graph.holds(TaskId(node)) == naive_holds(unmet, node), node
        if node in unmet or node in tasks:
            assert graph.wave(TaskId(node)) == naive_wave(tasks, unmet, node), node


@given(any_tasks())
def test_build_any_list_agrees_with_definitions(tasks: dict[TaskId, Task]) -> None:
    assert_right(build(tasks), tasks)


@given(any_tasks(), st.lists(any_change(), max_size=6))
def test_update_any_edits_agrees_with_definitions(
    tasks: dict[TaskId, Task], changes: list[dict[TaskId, Task | None]]
) -> None:
    current = task_list(tasks.values())
    for change in changes:
        current = edited(current, change)
        assert_right(current.graph, current.tasks)


@given(any_tasks(), st.lists(any_change(), max_size=6))
def test_update_any_edits_names_all_ids_whose_facts_moved(
    tasks: dict[TaskId, Task], changes: list[dict[TaskId, Task | None]]
) -> None:
    first = current = task_list(tasks.values())
    for change in changes:
        current = edited(current, change)
    touched = current.graph.lineage.since(first.graph.lineage)
    assert touched is not None
    for task_id in {*first.tasks, *current.tasks} - touched:
        for facts in ("blockers", "unmet", "waves", "held", "cycle_of"):
            before, after = getattr(first.graph, facts), getattr(current.graph, facts)
            assert before.get(task_id) == after.get(task_id), facts


def test_lineage_of_strange_graph_is_unknown() -> None:
    graph = build({TaskId("1"): task(1, 2)})
    assert graph.lineage.since(build({}).lineage) is None
    assert graph.lineage.since(graph.lineage) == set()


def test_update_without_bearing_returns_same_graph() -> None:
    before = task_list([task(1), task(2, 1)])
    after = edited(before, {TaskId("1"): task(1, subject="New words", owner="bo")})
    assert after.graph is before.graph


def test_build_long_chain_needs_no_recursion() -> None:
    count = 5000
    tasks = {TaskId("1"): task(1)}
    tasks |= {TaskId(str(i)): task(i, i - 1) for i in range(2, count + 1)}
    graph = build(tasks)
    assert graph.wave(TaskId(str(count))) == count
    assert graph.holds(TaskId("1")) == count - 1
    assert critical_path(graph) == list(tasks)


def test_roots_root_first_with_missing_and_cycle() -> None:
    tasks = [task(1), task(2, 1), task(3, 2), task(4, 77), task(5, 6), task(6, 5)]
    graph = task_list(tasks).graph
    assert graph.roots() == ["1", "5", "77"]
    assert graph.roots_of(TaskId("3")) == ["1"]
    assert graph.cycles() == [("5", "6")]


def test_freed_by_names_only_tasks_with_no_other_blocker() -> None:
    graph = task_list([task(1), task(2), task(3, 1), task(4, 1, 2)]).graph
    assert graph.freed_by(TaskId("1")) == ["3"]


def test_find_path_several_ways_returns_shortest() -> None:
    edges = {"a": ["b", "c"], "b": ["c"], "c": ["d"]}
    typed = {TaskId(k): [TaskId(i) for i in v] for k, v in edges.items()}
    assert find_path(typed, TaskId("a"), TaskId("d")) == ["a", "c", "d"]
    assert find_path(typed, TaskId("d"), TaskId("a")) is None


@given(st.lists(st.text(max_size=6) | st.integers(0, 999).map(str), unique=True))
def test_id_order_any_ids_is_total(ids: list[str]) -> None:
    keys = [id_order(task_id) for task_id in ids]
    assert len(set(keys)) == len(ids)
    assert sorted(keys, reverse=True) == sorted(keys)[::-1]


def test_id_order_numbers_come_by_value_before_names() -> None:
    assert sorted(["b", "10", "9", "a", "9" * 5000], key=id_order)[:3] == ["9", "10", "9" * 5000]


def test_empty_graph_holds_nothing() -> None:
    assert EMPTY_GRAPH.roots() == []
    assert graphs.build({}).waves == {}

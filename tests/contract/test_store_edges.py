"""Edges: both sides in one edit, removable, and never a cycle that nothing could leave."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from store import CycleRefused, SelfEdge, TaskStore
from store.model.errors import ColonytopError
from tests.contract import native

LIST = "colony:forge"


async def make(tasks: TaskStore, count: int) -> None:
    await tasks.create_tasks_batch(LIST, [{"subject": f"Task {n}"} for n in range(1, count + 1)])


def edges(root: Path, count: int) -> list[tuple[list[int], list[int]]]:
    """`(blocks, blocked_by)` of each task as the files say."""
    found = [native.read_record(root, LIST, n) for n in range(1, count + 1)]
    return [(r["blocks"], r["blocked_by"]) for r in found]


async def test_add_blocked_by_writes_both_sides(tasks: TaskStore, hive_root: Path) -> None:
    await make(tasks, 3)
    after, changed = await tasks.update_task(LIST, 3, add_blocked_by=[1, 2])
    assert after is not None
    assert (after.blocked_by, changed) == ([1, 2], ["blocked_by"])
    assert edges(hive_root, 3) == [([3], []), ([3], []), ([], [1, 2])]


async def test_add_blocks_writes_both_sides(tasks: TaskStore, hive_root: Path) -> None:
    await make(tasks, 3)
    _, changed = await tasks.update_task(LIST, 1, add_blocks=[2, 3])
    assert changed == ["blocks"]
    assert edges(hive_root, 3) == [([2, 3], []), ([], [1]), ([], [1])]


async def test_edge_that_is_there_already_is_no_change(tasks: TaskStore, hive_root: Path) -> None:
    await make(tasks, 2)
    await tasks.update_task(LIST, 2, add_blocked_by=[1])
    before = native.tree(hive_root)
    _, changed = await tasks.update_task(LIST, 2, add_blocked_by=[1, 1])
    assert changed == []
    assert native.tree(hive_root) == before


async def test_remove_blocked_by_and_blocks_clear_both_sides(
    tasks: TaskStore, hive_root: Path
) -> None:
    await make(tasks, 4)
    await tasks.update_task(LIST, 2, add_blocked_by=[1], add_blocks=[3, 4])
    _, changed = await tasks.update_task(LIST, 2, remove_blocked_by=[1], remove_blocks=[4])
    assert set(changed) == {"blocks", "blocked_by"}
    assert edges(hive_root, 4) == [([], []), ([3], []), ([], [2]), ([], [])]


async def test_remove_of_an_edge_whose_far_end_is_missing_clears_this_side(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(5, blocked_by=[3], blocks=[4]))
    after, changed = await tasks.update_task(LIST, 5, remove_blocked_by=[3], remove_blocks=[4])
    assert after is not None
    assert (after.blocks, after.blocked_by) == ([], [])
    assert set(changed) == {"blocks", "blocked_by"}


async def test_half_edge_left_by_a_crash_is_completed_by_adding_it_again(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1), native.record(2, blocked_by=[1]))
    await tasks.update_task(LIST, 2, add_blocked_by=[1])
    assert edges(hive_root, 2) == [([2], []), ([], [1])]


async def test_half_edge_left_by_a_crash_is_removed_from_the_side_that_has_it(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1, blocks=[2]), native.record(2))
    await tasks.update_task(LIST, 2, remove_blocked_by=[1])
    assert edges(hive_root, 2) == [([], []), ([], [])]


@pytest.mark.parametrize(("blocks", "blocked_by"), [([1], []), ([], [1])])
async def test_self_edge_is_refused_and_nothing_is_written(
    tasks: TaskStore, hive_root: Path, blocks: list[int], blocked_by: list[int]
) -> None:
    await make(tasks, 1)
    before = native.tree(hive_root)
    with pytest.raises(SelfEdge):
        await tasks.update_task(
            LIST, 1, subject="Half", add_blocks=blocks, add_blocked_by=blocked_by
        )
    assert native.tree(hive_root) == before


async def test_cycle_of_three_is_refused_with_the_cycle_named(
    tasks: TaskStore, hive_root: Path
) -> None:
    await make(tasks, 3)
    await tasks.update_task(LIST, 2, add_blocked_by=[1])
    await tasks.update_task(LIST, 3, add_blocked_by=[2])
    before = native.tree(hive_root)
    with pytest.raises(CycleRefused) as caught:
        await tasks.update_task(LIST, 1, owner="ann", add_blocked_by=[3])
    assert set(caught.value.cycle) == {"1", "2", "3"}
    assert all(f"#{n}" in str(caught.value) for n in (1, 2, 3))
    assert native.tree(hive_root) == before


async def test_cycle_through_add_blocks_is_refused(tasks: TaskStore) -> None:
    await make(tasks, 2)
    await tasks.update_task(LIST, 1, add_blocks=[2])
    with pytest.raises(CycleRefused):
        await tasks.update_task(LIST, 2, add_blocks=[1])


async def test_cycle_closed_by_two_edges_of_one_edit_is_refused(
    tasks: TaskStore, hive_root: Path
) -> None:
    await make(tasks, 2)
    before = native.tree(hive_root)
    with pytest.raises(CycleRefused):
        await tasks.update_task(LIST, 1, add_blocks=[2], add_blocked_by=[2])
    assert native.tree(hive_root) == before


async def test_reversing_an_edge_in_one_edit_is_no_cycle(tasks: TaskStore, hive_root: Path) -> None:
    await make(tasks, 2)
    await tasks.update_task(LIST, 2, add_blocked_by=[1])
    await tasks.update_task(LIST, 2, remove_blocked_by=[1], add_blocks=[1])
    assert edges(hive_root, 2) == [([], [2]), ([1], [])]


async def test_foreign_cycle_is_no_obstacle_to_breaking_it(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(
        hive_root,
        LIST,
        native.record(1, blocks=[2], blocked_by=[2]),
        native.record(2, blocks=[1], blocked_by=[1]),
    )
    await tasks.update_task(LIST, 1, subject="Still editable")
    await tasks.update_task(LIST, 1, remove_blocked_by=[2])
    assert edges(hive_root, 2) == [([2], []), ([], [1])]


async def test_cycle_of_two_thousand_is_found_without_recursion_and_named_shortly(
    tasks: TaskStore, hive_root: Path
) -> None:
    count = 2000
    for number in range(1, count + 1):
        before = [number - 1] if number > 1 else []
        after = [number + 1] if number < count else []
        path = native.record_path(hive_root, LIST, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = native.record(number, blocked_by=before, blocks=after)
        path.write_text(json.dumps(whole))
    with pytest.raises(CycleRefused) as caught:
        await tasks.update_task(LIST, 1, add_blocked_by=[count])
    assert len(str(caught.value)) < 1000


async def test_create_blocked_by_a_missing_task_is_refused_and_writes_nothing(
    tasks: TaskStore,
) -> None:
    await make(tasks, 1)
    with pytest.raises(ColonytopError, match="#9"):
        await tasks.create_task(LIST, "Waits for ever", blocked_by=[1, 9])
    left = await tasks.list_tasks(LIST)
    assert [(r.id, r.blocks) for r in left] == [(1, [])]


def silent_since(root: Path, count: int) -> list[float]:
    """When the owner of each task last wrote, as the files say."""
    return [native.read_record(root, LIST, n)["updated_at"] for n in range(1, count + 1)]


async def test_edge_added_and_removed_leaves_the_far_side_as_silent_as_it_was(
    tasks: TaskStore, hive_root: Path
) -> None:
    written = [native.record(n, updated_at=1000.0) for n in (1, 2, 3)]
    native.write_list(hive_root, LIST, *written)
    await tasks.update_task(LIST, 2, add_blocked_by=[1], add_blocks=[3])
    assert edges(hive_root, 3) == [([2], []), ([3], [1]), ([], [2])]
    first, named, third = silent_since(hive_root, 3)
    assert (first, third) == (1000.0, 1000.0)
    assert named > 1000.0
    await tasks.update_task(LIST, 2, remove_blocked_by=[1], remove_blocks=[3])
    assert edges(hive_root, 3) == [([], [])] * 3
    first, again, third = silent_since(hive_root, 3)
    assert (first, third) == (1000.0, 1000.0)
    assert again >= named


async def test_create_and_delete_leave_their_blockers_as_silent_as_they_were(
    tasks: TaskStore, hive_root: Path
) -> None:
    native.write_list(hive_root, LIST, native.record(1, updated_at=1000.0))
    await tasks.create_task(LIST, "Waits", blocked_by=[1])
    assert edges(hive_root, 2) == [([2], []), ([], [1])]
    assert silent_since(hive_root, 1) == [1000.0]
    await tasks.delete_task(LIST, 2)
    assert edges(hive_root, 1) == [([], [])]
    assert silent_since(hive_root, 1) == [1000.0]

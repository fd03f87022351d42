"""The planner: how much it keeps, and what it clears away."""

from __future__ import annotations

import asyncio
from pathlib import Path

from store import TaskRecord
from tui.demo.agent import Listed
from tui.demo.planner import Planner, deletable
from tui.demo.plans import LEADS, LISTS
from tui.demo.stage import set_stage
from tui.demo.story import PLANNER, Story


def _task(number: int, *blocked_by: int, status: str = "completed") -> TaskRecord:
    return TaskRecord(id=number, subject="x", status=status, blocked_by=list(blocked_by))


def test_deletable_old_finished_plans_go_first_and_nothing_that_is_waited_for() -> None:
    tasks = [
        *(_task(1), _task(2, 1), _task(3, 2, status="pending")),  # plan 0: goes on
        *(_task(4), _task(5, 4)),  # plan 1: finished
        *(_task(6), _task(7, 6)),  # plan 2: finished
        _task(8),  # the operator's
    ]
    plans = {LEADS: {1: 0, 2: 0, 3: 0, 4: 1, 5: 1, 6: 2, 7: 2}}
    found = deletable(Listed({LEADS: tasks}), plans)
    assert found == [(LEADS, number) for number in (5, 4, 7, 6, 1)]


async def test_planner_keeps_about_as_many_tasks_as_wanted(tmp_path: Path) -> None:
    story, wanted = Story(7, 4), 40
    next_plan = await set_stage(tmp_path, story, wanted, now=2_000_000_000.0)
    planner = Planner(PLANNER, story, tmp_path, 1000.0, wanted=wanted, next_plan=next_plan)
    counts = []
    for _ in range(25):
        await planner.turn()
        lists = await planner.look()
        counts.append(len(lists.all()))
        done = [found for found in lists.all() if lists.is_ready(*found)][:4]
        await asyncio.gather(
            *(planner.store.update_task(i, task.id, status="completed") for i, task in done)
        )
    assert set(lists.tasks) == set(LISTS)
    assert planner.tally.created > wanted
    assert planner.tally.deleted > 0
    assert 0.8 * wanted <= min(counts)
    assert max(counts) <= 1.2 * wanted

"""The agent that plans: adds work, takes it from those that fall silent, clears what is done."""

from __future__ import annotations

import time
from pathlib import Path

from store import TaskStatus
from store.model.errors import CycleRefused
from tui.demo.agent import SILENCE_S, Agent, Listed, is_first_worker
from tui.demo.story import ABSENT, Plan, Story

_OPEN_SHARE = 1.0
"""Of the wanted number of tasks: with so many open ones, no plan is added."""
_FEWEST = 12
_SPARE = 2  # tasks that can be begun beside one for each agent
_SLACK, _LEAST_SLACK = 0.1, 5
"""Of the wanted number, and in tasks: with more than that above it, what is done is deleted."""
_NOTICES_AFTER = 0.6  # of the time that a silent agent stays silent
_CREATE_PAUSE_S = 0.4  # story seconds between two tasks of a new plan


class Planner(Agent):
    """Reacts to the lists. Works too if there is nobody else."""

    def __init__(
        self, name: str, story: Story, root: Path, speed: float, *, wanted: int, next_plan: int
    ) -> None:
        super().__init__(name, story, root, speed)
        self._wanted = wanted
        self._next_plan = next_plan

    async def turn(self) -> bool:
        lists = await self.look()
        acted = await self._hand_over(lists)
        plan = self.story.plan(self._next_plan) if self._needs_plan(lists) else None
        new = sum(part.follows is None for part in plan.parts) if plan else 0
        room = self._wanted + max(_LEAST_SLACK, int(self._wanted * _SLACK))
        if (excess := len(lists.all()) + new - room) > 0:
            acted = await self._clear(lists, excess) or acted
        elif plan is not None:
            await self._add_plan(plan)
            acted = True
        return await super().turn() or acted

    def _needs_plan(self, lists: Listed) -> bool:
        """There is less to do than agents to do it, and not too much that waits."""
        unfinished = [found for found in lists.all() if found[1].status != TaskStatus.COMPLETED]
        to_do = sum(
            1
            for list_id, task in unfinished
            if task.owner not in ABSENT
            and (task.status == TaskStatus.IN_PROGRESS or lists.is_ready(list_id, task))
        )
        enough = len(self.story.workers) + _SPARE
        return to_do < enough and len(unfinished) < max(_FEWEST, self._wanted * _OPEN_SHARE)

    async def _hand_over(self, lists: Listed) -> bool:
        """Give what a silent agent holds to the one that the story names."""
        acted = False
        limit_s = _NOTICES_AFTER * SILENCE_S / self.speed
        for list_id, task in lists.all():
            part = self.part_of(task)
            if part is None or part.successor is None or not is_first_worker(task, part):
                continue
            if task.status != TaskStatus.IN_PROGRESS or task.owner != part.worker:
                continue
            if time.time() - (task.updated_at or 0.0) < limit_s + part.seconds / self.speed:
                continue
            async with self.counted():
                await self.store.update_task(
                    list_id,
                    task.id,
                    owner=part.successor,
                    status=TaskStatus.PENDING,
                    metadata_patch={"handed_over_by": self.name, "silent_agent": part.worker},
                    expected={"owner": part.worker, "updated_at": task.updated_at},
                )
                self.tally.handed_over += 1
                acted = True
        return acted

    async def _add_plan(self, plan: Plan) -> None:
        self._next_plan = plan.number + 1
        ids: dict[str, int] = {}
        for part in plan.parts:
            if part.follows is not None:
                continue  # its first worker will write it down
            record = await self.create(plan.list_id, plan.title, part)
            if record is not None:
                ids[part.key] = record.id
            await self.pause(_CREATE_PAUSE_S)
        if plan.bad_edge is not None:
            await self._ask_for_cycle(plan, ids)

    async def _ask_for_cycle(self, plan: Plan, ids: dict[str, int]) -> None:
        """A careless edge, which the store refuses: nothing could ever start behind it."""
        task, blocker = (ids.get(key) for key in plan.bad_edge or ())
        if task is None or blocker is None:
            return
        try:
            await self.store.update_task(plan.list_id, task, add_blocked_by=[blocker])
        except CycleRefused:
            self.tally.cycles_refused += 1

    async def _clear(self, lists: Listed, count: int) -> bool:
        """Delete the oldest work that is done with, so that the demo can run for days."""
        done = deletable(
            lists, {list_id: self._plans_of(lists, list_id) for list_id in lists.tasks}
        )
        for list_id, task_id in done[:count]:
            deleted, _ = await self.store.delete_task(list_id, task_id)
            self.tally.deleted += int(deleted)
        return bool(done)

    def _plans_of(self, lists: Listed, list_id: str) -> dict[int, int]:
        """The number of the plan of each task of the story, by id."""
        parts = ((task.id, self.part_of(task)) for task in lists.tasks[list_id])
        return {task_id: part.plan for task_id, part in parts if part is not None}


def deletable(lists: Listed, plans: dict[str, dict[int, int]]) -> list[tuple[str, int]]:
    """Completed tasks of the story on which nothing unfinished waits, in the order to delete them:
    finished plans before others, old before new, what waits before what it waits on.
    """
    found: list[tuple[bool, int, int, str]] = []
    for list_id, tasks in lists.tasks.items():
        unfinished = [task for task in tasks if task.status != TaskStatus.COMPLETED]
        needed = {blocker for task in unfinished for blocker in task.blocked_by}
        plan_of = plans[list_id]
        going_on = {plan_of.get(task.id) for task in unfinished}
        found += [
            (plan_of[task.id] in going_on, plan_of[task.id], -task.id, list_id)
            for task in tasks
            if task.id in plan_of and task.status == TaskStatus.COMPLETED and task.id not in needed
        ]
    return [(list_id, -minus_id) for _, _, minus_id, list_id in sorted(found)]

"""The agent that plans: adds work, takes it from those that fall silent, clears what is done."""

from __future__ import annotations

import time
from pathlib import Path

from store import TaskRecord, TaskStatus
from store.model.errors import CycleRefused
from tui.demo.agent import SILENCE_S, Agent, Listed, is_first_worker
from tui.demo.story import ABSENT, Plan, Story

_OPEN_SHARE = 1.0
"""Of the wanted number of tasks: with so many open ones, no plan is added."""
_FEWEST = 12
_SPARE = 2  # tasks that can be begun beside one for each agent
_KEPT = 2.0
"""Times the wanted number of tasks: with more, the oldest finished plan is deleted."""
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
        if self._needs_plan(lists):
            await self._add_plan(self.story.plan(self._next_plan))
            acted = True
        if len(lists.all()) > max(40, self._wanted * _KEPT):
            acted = await self._clear(lists) or acted
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

    async def _clear(self, lists: Listed) -> bool:
        """Delete the oldest plan that is done with, so that the demo can run for days."""
        plans: dict[tuple[str, int], list[TaskRecord]] = {}
        for list_id, task in lists.all():
            part = self.part_of(task)
            if part is not None:
                plans.setdefault((list_id, part.plan), []).append(task)
        finished = [
            (number, list_id, tasks)
            for (list_id, number), tasks in plans.items()
            if all(task.status == TaskStatus.COMPLETED for task in tasks)
        ]
        if not finished:
            return False
        _, list_id, tasks = min(finished, key=lambda found: found[:2])
        for task in reversed(tasks):  # what waits goes before what it waits on
            deleted, _ = await self.store.delete_task(list_id, task.id)
            self.tally.deleted += int(deleted)
        return True

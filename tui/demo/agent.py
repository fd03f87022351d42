"""One simulated agent: claims its parts of the story, works on them, and makes way for people.

Whatever the operator does counts more than the story: a task that was given to another owner,
finished, deleted or released is dropped at once, one that was assigned to this agent is done, and
a new task without an owner goes to whoever is free.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from store import ClaimOk, TaskRecord, TaskStatus, TaskStore
from store.model.errors import ColonytopError, LockTimeout, StaleEdit
from tui.demo.plans import LISTS
from tui.demo.story import Part, Story

POLL_S = 0.8
"""Story seconds between two looks at the lists when there is nothing to do."""
SILENCE_S = 20.0
"""Story seconds that a silent agent stays silent."""
_OWN_TASK_S = 8.0  # story seconds for a task that is not of the story
_MIN_PAUSE_S = 0.02  # real seconds, however fast the story runs
_LOAD_FACTOR = 8  # an agent waits so many times longer than its look at the lists took


@dataclass
class Tally:
    """What an agent has done, for the summary."""

    name: str
    pid: int = 0
    created: int = 0
    claimed: int = 0
    completed: int = 0
    claims_lost: int = 0
    conflicts: int = 0
    """Tasks that somebody else changed under the agent's hands."""
    handed_over: int = 0
    cycles_refused: int = 0
    deleted: int = 0
    lock_timeouts: int = 0
    refused: int = 0
    """Other edits that the store did not accept."""


class Listed:
    """The lists as one agent read them just now."""

    def __init__(self, tasks: dict[str, list[TaskRecord]]) -> None:
        self.tasks = tasks
        self._status = {
            (list_id, task.id): task.status for list_id, found in tasks.items() for task in found
        }

    def is_ready(self, list_id: str, task: TaskRecord) -> bool:
        """Pending, and every blocker is there and completed."""
        return task.status == TaskStatus.PENDING and all(
            self._status.get((list_id, blocker)) == TaskStatus.COMPLETED
            for blocker in task.blocked_by
        )

    def all(self) -> list[tuple[str, TaskRecord]]:
        return [(list_id, task) for list_id, found in self.tasks.items() for task in found]


class Agent:
    """The loop of one agent: look, choose, work."""

    def __init__(self, name: str, story: Story, root: Path, speed: float) -> None:
        self.name = name
        self.story = story
        self.store = TaskStore(hive_root=root)
        self.speed = speed
        self.tally = Tally(name)
        self._chance = random.Random(f"{story.seed}/{name}")
        self._contested: set[str] = set()
        self._look_s = 0.0

    async def run(self) -> None:
        """Until cancelled. What the store refuses is counted and survived."""
        await self.pause(self._chance.uniform(0.0, 3.0))
        while True:
            worked = False
            async with self.counted():
                worked = await self.turn()
            if not worked:
                await self.idle()

    async def turn(self) -> bool:
        """Do the next thing; False if there was none."""
        if self.name not in self.story.workers:
            return False
        lists = await self.look()
        await self._contest(lists)
        found = self._next(lists)
        if found is None:
            return False
        list_id, task = found
        if task.status == TaskStatus.PENDING and not await self._claim(list_id, task):
            return False
        await self._work(list_id, task)
        return True

    async def look(self) -> Listed:
        started = time.monotonic()
        found = {list_id: await self.store.list_tasks(list_id) for list_id in LISTS}
        self._look_s = time.monotonic() - started
        return Listed(found)

    async def idle(self) -> None:
        """Wait a while; longer where looking is costly, so that others get the processor too."""
        wait = POLL_S * self._chance.uniform(0.7, 1.3)
        await self.pause(max(wait, _LOAD_FACTOR * self._look_s * self.speed))

    async def pause(self, story_s: float) -> None:
        await asyncio.sleep(max(_MIN_PAUSE_S, story_s / self.speed))

    @asynccontextmanager
    async def counted(self) -> AsyncIterator[None]:
        """Count what the store refuses, and go on."""
        try:
            yield
        except (StaleEdit, Dropped):
            self.tally.conflicts += 1
        except LockTimeout:
            self.tally.lock_timeouts += 1
        except ColonytopError:
            self.tally.refused += 1

    def part_of(self, task: TaskRecord) -> Part | None:
        return self.story.part(task.metadata.get("step"))

    def _next(self, lists: Listed) -> tuple[str, TaskRecord] | None:
        """What is this agent's to do now: work it has begun, then its parts, then free tasks."""
        mine = [(i, t) for i, t in lists.all() if self._is_mine(lists, i, t)]
        if not mine:
            return None
        return min(mine, key=lambda found: self._order(*found))

    def _is_mine(self, lists: Listed, list_id: str, task: TaskRecord) -> bool:
        part = self.part_of(task)
        if task.status == TaskStatus.IN_PROGRESS:
            return task.owner == self.name and not self._waits_for_handover(task, part)
        if not lists.is_ready(list_id, task):
            return False
        if task.owner is not None:
            return task.owner == self.name
        return part is None or part.worker == self.name

    def _order(self, list_id: str, task: TaskRecord) -> tuple[bool, bool, int, str, int]:
        part = self.part_of(task)
        begun = task.status == TaskStatus.IN_PROGRESS
        return (not begun, part is None, part.plan if part else 0, list_id, task.id)

    def _waits_for_handover(self, task: TaskRecord, part: Part | None) -> bool:
        return part is not None and part.successor is not None and is_first_worker(task, part)

    async def _contest(self, lists: Listed) -> None:
        """Go for a task that another agent already has, once, as an eager agent does."""
        for list_id, task in lists.all():
            part = self.part_of(task)
            if part is None or part.rival != self.name or task.owner in (None, self.name):
                continue
            if task.status == TaskStatus.IN_PROGRESS and part.key not in self._contested:
                self._contested.add(part.key)
                await self._claim(list_id, task)

    async def _claim(self, list_id: str, task: TaskRecord) -> bool:
        result = await self.store.claim_task_with_busy_check(list_id, task.id, self.name)
        if isinstance(result, ClaimOk):
            self.tally.claimed += 1
            return True
        self.tally.claims_lost += 1
        return False

    async def _work(self, list_id: str, task: TaskRecord) -> None:
        """Begin or resume a task, and finish it, unless it is taken away or silence falls."""
        part = self.part_of(task)
        ticks = part.ticks if part else 3
        seconds = part.seconds if part else _OWN_TASK_S
        silent_after = part.silent_after if part and is_first_worker(task, part) else None
        done = _ticks_done(task, ticks)
        if task.status == TaskStatus.PENDING:
            await self._write(list_id, task, {"owner": self.name}, 0, ticks, start=True)
        for tick in range(done + 1, ticks + 1):
            await self.pause(seconds / ticks)
            if silent_after is not None and tick > silent_after:
                await self.pause(SILENCE_S)
                return
            if tick < ticks:
                seen = {"owner": self.name, "status": TaskStatus.IN_PROGRESS}
                await self._write(list_id, task, seen, tick, ticks)
        await self._finish(list_id, task, ticks)
        if part is not None:
            await self._follow_up(list_id, part)

    async def _write(
        self,
        list_id: str,
        task: TaskRecord,
        seen: dict[str, Any],
        tick: int,
        ticks: int,
        *,
        start: bool = False,
    ) -> None:
        """One sign of life: how far the work is and what it has cost."""
        part = self.part_of(task)
        doing = part.active_form if part else f"Working on #{task.id}"
        begin: dict[str, Any] = (
            {"status": TaskStatus.IN_PROGRESS, "active_form": doing} if start else {}
        )
        record, _ = await self.store.update_task(
            list_id,
            task.id,
            metadata_patch=_progress(part, tick, ticks),
            expected=seen,
            **begin,
        )
        if record is None:
            raise Dropped("the task is no longer there")

    async def _finish(self, list_id: str, task: TaskRecord, ticks: int) -> None:
        record, _ = await self.store.update_task(
            list_id,
            task.id,
            status=TaskStatus.COMPLETED,
            metadata_patch=_progress(self.part_of(task), ticks, ticks),
            expected={"owner": self.name, "status": TaskStatus.IN_PROGRESS},
        )
        if record is None:
            raise Dropped("the task is no longer there")
        self.tally.completed += 1

    async def _follow_up(self, list_id: str, part: Part) -> None:
        """Write down what the work has brought up."""
        plan = self.story.plan(part.plan)
        for following in plan.parts:
            if following.follows == part.key:
                await self.create(list_id, plan.title, following)

    async def create(self, list_id: str, title: str, part: Part) -> TaskRecord | None:
        """Add a part of the story to its list, unless it is there; None if it was."""
        tasks = await self.store.list_tasks(list_id)
        ids = {str(task.metadata.get("step")): task.id for task in tasks}
        if part.key in ids:
            return None
        record = await self.store.create_task(
            list_id,
            part.subject,
            description=part.description,
            metadata={"plan": title, "step": part.key},
            blocked_by=[ids[key] for key in part.needs if key in ids],
        )
        self.tally.created += 1
        return record


class Dropped(ColonytopError):
    """Somebody has taken the task away while the agent worked on it."""

    kind = "dropped"


def is_first_worker(task: TaskRecord, part: Part) -> bool:
    """Whether the task is still in the hands that the story gave it to first."""
    return task.owner in (None, part.worker) and "handed_over_by" not in task.metadata


def _ticks_done(task: TaskRecord, ticks: int) -> int:
    progress = task.metadata.get("progress")
    if not isinstance(progress, int) or task.status == TaskStatus.PENDING:
        return 0
    return max(0, min(ticks - 1, progress * ticks // 100))


def _progress(part: Part | None, tick: int, ticks: int) -> dict[str, Any]:
    patch: dict[str, Any] = {"progress": 100 * tick // ticks}
    if part is not None:
        patch["cost_usd"] = round(part.cost_usd * tick / ticks, 3)
        patch["tokens"] = part.tokens * tick // ticks
    return patch

"""What has happened before the first screen: the story acted out on paper, up to a moment. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tui.demo.story import ABSENT, Part, Plan

SPAN_S = 2 * 3600.0
"""How long ago the story began."""
_STAGGER = 2.0  # steps of one plan that are begun before the next plan
_DONE_SHARE = 0.5  # of the time that all the plans take together
_SILENT_S = (41 * 60.0, 72 * 60.0)  # since the absent agents last wrote
_LAST_WRITE_S = 20.0  # the most that a live agent's task has been left alone


@dataclass
class PastTask:
    """One task as it stands when the curtain rises. Times are seconds before that moment."""

    id: int
    part: Part
    status: str
    owner: str | None
    created_ago_s: float
    updated_ago_s: float
    blocked_by: list[int] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)
    progress: int | None = None

    def record(self, now: float, title: str) -> dict[str, Any]:
        """The native record. `now`: epoch seconds."""
        part = self.part
        metadata: dict[str, Any] = {"plan": title, "step": part.key}
        if self.progress is not None:
            metadata["progress"] = self.progress
            metadata["cost_usd"] = round(part.cost_usd * self.progress / 100, 3)
            metadata["tokens"] = part.tokens * self.progress // 100
        return {
            "id": self.id,
            "subject": part.subject,
            "description": part.description,
            "active_form": part.active_form if self.status == "in_progress" else None,
            "owner": self.owner,
            "status": self.status,
            "blocks": self.blocks,
            "blocked_by": self.blocked_by,
            "metadata": metadata,
            "created_at": round(now - self.created_ago_s, 3),
            "updated_at": round(now - self.updated_ago_s, 3),
        }


@dataclass(frozen=True)
class PastList:
    """One list at that moment, and the highest id that was ever used in it."""

    list_id: str
    tasks: list[PastTask]
    high_mark: int


@dataclass(frozen=True, slots=True)
class _Span:
    start: float
    end: float


def past_lists(plans: Sequence[Plan]) -> list[PastList]:
    """The lists as the plans have left them half way, with what only an operator will mend."""
    schedule = _schedule(plans)
    cut = max(span.end for span in schedule.values()) * _DONE_SHARE
    scale = SPAN_S / cut
    lists: dict[str, list[PastTask]] = {}
    tasks: dict[str, PastTask] = {}
    for plan in plans:
        known = lists.setdefault(plan.list_id, [])
        for part in plan.parts:
            if part.follows is not None and schedule[part.follows].end > cut:
                continue  # nobody knows yet that it will be needed
            task = _past_task(len(known) + 1, part, plan, schedule, cut, scale)
            known.append(task)
            tasks[part.key] = task
    for task in tasks.values():
        for key in task.part.needs:
            task.blocked_by.append(tasks[key].id)
            tasks[key].blocks.append(task.id)
    _settle(tasks)
    marks = {list_id: len(found) for list_id, found in lists.items()}
    _leave_phantom(tasks, marks)
    return [PastList(list_id, found, marks[list_id]) for list_id, found in lists.items()]


def _schedule(plans: Sequence[Plan]) -> dict[str, _Span]:
    """When each part runs, in story seconds, if every worker does one after another."""
    free: dict[str, float] = {}
    spans: dict[str, _Span] = {}
    staggered = [
        (place + _STAGGER * plan.number, plan.number, place)
        for plan in plans
        for place in range(len(plan.parts))
    ]
    for _, number, place in sorted(staggered):
        part = plans[number].parts[place]
        start = max([free.get(part.worker, 0.0), *(spans[key].end for key in part.needs)])
        free[part.worker] = start + part.seconds
        spans[part.key] = _Span(start, start + part.seconds)
    return spans


def _past_task(
    task_id: int, part: Part, plan: Plan, schedule: dict[str, _Span], cut: float, scale: float
) -> PastTask:
    span = schedule[part.key]
    first = min(schedule[each.key].start for each in plan.parts)
    created = schedule[part.follows].end if part.follows else max(0.0, min(first, cut) - 20.0)
    created_ago = (cut - created) * scale + 1.0
    if span.end <= cut:
        ago = (cut - span.end) * scale
        owner = part.successor or part.worker
        return PastTask(task_id, part, "completed", owner, created_ago, ago, progress=100)
    if span.start < cut:
        done = (cut - span.start) / part.seconds
        ticks = int(done * part.ticks)
        if part.silent_after is not None:
            ticks = min(ticks, part.silent_after)
        progress = 100 * ticks // part.ticks
        ago = min(_LAST_WRITE_S, done * part.seconds, created_ago)
        return PastTask(
            task_id, part, "in_progress", part.worker, created_ago, ago, progress=progress
        )
    return PastTask(task_id, part, "pending", None, created_ago, created_ago)


def _settle(tasks: dict[str, PastTask]) -> None:
    """Some work is in the hands of agents that are gone: what holds most comes first."""
    startable = [task for task in tasks.values() if _could_run(task, tasks)]
    startable.sort(key=_loss)
    taken: set[str] = set()
    for name, silent_s in zip(ABSENT, _SILENT_S, strict=True):
        fitting = [task for task in startable if task.part.list_id not in taken]
        if not fitting or len(startable) < 2:
            return
        task = fitting[0]
        startable.remove(task)
        taken.add(task.part.list_id)
        task.status, task.owner = "in_progress", name
        _push_back(task, silent_s, tasks)
        task.progress = 100 * (task.part.ticks // 2) // task.part.ticks


def _loss(task: PastTask) -> tuple[bool, bool, bool, int, int]:
    """Order: what would be missed most first, but no first step, and rather what nobody does."""
    part = task.part
    waiting = len(task.blocks)
    return (not part.needs, not waiting, task.status != "pending", -waiting, part.plan)


def _push_back(task: PastTask, ago_s: float, tasks: dict[str, PastTask]) -> None:
    """Let a task, and with it all that it waited on, have happened earlier."""
    task.updated_ago_s = ago_s
    task.created_ago_s = max(task.created_ago_s, ago_s + 600.0)
    waiting = [(tasks[key], ago_s + 240.0) for key in task.part.needs]
    while waiting:
        moved, ago_s = waiting.pop()
        moved.updated_ago_s = max(moved.updated_ago_s, ago_s)
        moved.created_ago_s = max(moved.created_ago_s, moved.updated_ago_s + 600.0)
        waiting.extend((tasks[key], moved.updated_ago_s + 240.0) for key in moved.part.needs)


def _could_run(task: PastTask, tasks: dict[str, PastTask]) -> bool:
    return task.status != "completed" and all(
        tasks[key].status == "completed" for key in task.part.needs
    )


def _leave_phantom(tasks: dict[str, PastTask], marks: dict[str, int]) -> None:
    """One task waits on an id that was deleted without its edge, as careless tools do."""
    ready = [
        task
        for task in tasks.values()
        if _could_run(task, tasks) and task.owner not in ABSENT and task.part.successor is None
    ]
    if not ready:
        return
    task = next((t for t in ready if t.status == "pending"), ready[-1])
    task.status, task.owner, task.progress = "pending", None, None
    task.updated_ago_s = min(task.created_ago_s, 1500.0)
    marks[task.part.list_id] += 1
    task.blocked_by.append(marks[task.part.list_id])

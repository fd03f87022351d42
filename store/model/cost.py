"""What a stuck task costs: agent-minutes lost so far, from evidence alone. Pure.

An agent *loses time* on a task when it owns an open task that waits on it, at any distance, has
nothing in progress that is not silent, and nothing ready of its own. It does so since its own last
write, or since the trouble began where that was later. The owner of work in progress that has gone
silent loses time since that record's last write, unless it has other work that moves. What nobody
owns loses nobody's time, and an agent that left no trace is not counted: the figure is the least
that the records prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from store.model.attention import is_stale
from store.model.rollup import Rollup
from store.model.snapshot import TaskList
from store.model.task import TaskId

MOST_WALKED = 2000
"""Held tasks looked at for their owners; beyond, the cost is a lower bound."""

Loads = Mapping[str | None, Rollup]
"""owner → what they have, over every list in which they may work."""


@dataclass(frozen=True, slots=True)
class HeldAgents:
    """Who owns what waits on a task. Depends on the edges alone, so it can be kept with them."""

    owners: tuple[str, ...] = ()
    is_whole: bool = True
    """False: more tasks wait on it than were looked at."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stuck task costs."""

    holds: int
    """Open tasks that wait on it, transitively."""
    agents: tuple[str, ...] = ()
    """Who loses time, by name."""
    minutes: float = 0.0
    """Agent-minutes lost so far."""
    is_least: bool = False
    """There may be more: not all that waits was looked at."""


def held_agents(task_list: TaskList, task_id: TaskId, most: int = MOST_WALKED) -> HeldAgents:
    """The owners of the open tasks that wait on a task, by name."""
    graph, tasks = task_list.graph, task_list.tasks
    seen = {task_id}
    queue = [task_id]
    owners: set[str] = set()
    for node in queue:
        for waiting in graph.dependents.get(node, ()):
            if waiting in seen or node not in graph.unmet.get(waiting, ()):
                continue
            if len(queue) > most:
                return HeldAgents(tuple(sorted(owners)), is_whole=False)
            seen.add(waiting)
            queue.append(waiting)
            if owner := tasks[waiting].owner:
                owners.add(owner)
    return HeldAgents(tuple(sorted(owners)))


def cost_of(
    task_list: TaskList,
    task_id: TaskId,
    loads: Loads,
    now: float,
    stale_after_s: float,
    held: HeldAgents | None = None,
) -> Cost:
    """What a task costs at a moment (epoch seconds).

    Args:
        task_list: the list.
        task_id: the task, or the id of a blocker that is not there.
        loads: every owner's counts.
        now: the moment.
        stale_after_s: seconds of silence after which work in progress is not counted as work.
        held: what `held_agents` says of the task, where the caller has kept it.
    """
    held = held or held_agents(task_list, task_id)
    task = task_list.tasks.get(task_id)
    since = task.updated_at if task else None
    lost: dict[str, float] = {}
    for owner in held.owners:
        load = loads.get(owner)
        if load is None or load.last_write is None:
            continue
        if load.ready or load.in_progress(now, stale_after_s):
            continue
        began = load.last_write if since is None else max(since, load.last_write)
        lost[owner] = max(0.0, now - began)
    if task is not None and task.owner and is_stale(task, now, stale_after_s):
        load = loads.get(task.owner)
        if load is None or not load.in_progress(now, stale_after_s):
            lost[task.owner] = max(lost.get(task.owner, 0.0), now - (since or now))
    minutes = sum(lost.values()) / 60
    is_least = not held.is_whole
    return Cost(task_list.graph.holds(task_id), tuple(sorted(lost)), minutes, is_least)


def cost_text(cost: Cost) -> str:
    """As in "holds 3, 41 agent-min lost"; only what there is to say."""
    parts = [f"holds {cost.holds}"] if cost.holds else []
    if minutes := int(cost.minutes):
        parts.append(f"{minutes_text(minutes)} agent-min lost" + ("+" if cost.is_least else ""))
    return ", ".join(parts) or "holds nothing"


def minutes_text(minutes: int) -> str:
    """As in 41, 1,250, 90k: at most five cells."""
    return f"{minutes:,}" if minutes < 10_000 else f"{min(minutes // 1000, 9999)}k"

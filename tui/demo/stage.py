"""Puts the past of the story on disk, before any agent runs."""

from __future__ import annotations

import json
from pathlib import Path

from store import TaskListRole, TaskStore, task_list_path
from tui.demo.history import PastList, past_lists
from tui.demo.plans import LISTS, THEMES
from tui.demo.story import PLANNER, Plan, Story

_LARGEST = 3 + max(len(theme.steps) for theme in THEMES)
"""No plan has more tasks, with what it brings up."""


async def set_stage(root: Path, story: Story, tasks: int, now: float) -> int:
    """Make the lists with about `tasks` tasks; the number of the next plan.

    The tasks are older than the moment, which the store rightly has no call for: their files are
    written plainly, as another tool would, in a root that nobody else has opened yet.
    """
    plans, lists = past_of_size(story, tasks)
    titles = {plan.number: plan.title for plan in plans}
    store = TaskStore(hive_root=root)
    for list_id in LISTS:
        role = TaskListRole.TEMPLATE if list_id.startswith("colony:") else TaskListRole.SESSION
        await store.ensure_task_list(list_id, role, creator_agent_id=PLANNER)
    for past in lists:
        _write_list(task_list_path(past.list_id, hive_root=root), past, titles, now)
    return len(plans)


def past_of_size(story: Story, tasks: int) -> tuple[list[Plan], list[PastList]]:
    """The first plans of the story and what has become of them: as near to so many tasks as
    whole plans allow. Some tasks of a plan are not known of yet, so this is found by trying.
    """
    plans = story.plans_for(tasks)
    lists = past_lists(plans)
    while (missing := tasks - _count(lists)) > 0:
        nearest, plans = (plans, lists), story.plans(len(plans) + max(1, missing // _LARGEST))
        lists = past_lists(plans)
        if _count(lists) - tasks > missing:
            return nearest
    while len(plans) > 1:
        fewer = past_lists(plans[:-1])
        if abs(_count(fewer) - tasks) >= abs(_count(lists) - tasks):
            break
        plans, lists = plans[:-1], fewer
    return plans, lists


def _count(lists: list[PastList]) -> int:
    return sum(len(past.tasks) for past in lists)


def _write_list(directory: Path, past: PastList, titles: dict[int, str], now: float) -> None:
    folder = directory / "tasks"
    folder.mkdir(exist_ok=True)
    for task in past.tasks:
        record = task.record(now, titles[task.part.plan])
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (folder / f"{task.id:04d}.json").write_text(text, encoding="utf-8")
    (directory / ".highwatermark").write_text(str(past.high_mark), encoding="utf-8")

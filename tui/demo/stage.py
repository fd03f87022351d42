"""Puts the past of the story on disk, before any agent runs."""

from __future__ import annotations

import json
from pathlib import Path

from store import TaskListRole, TaskStore, task_list_path
from tui.demo.history import PastList, past_lists
from tui.demo.plans import LISTS
from tui.demo.story import PLANNER, Story


async def set_stage(root: Path, story: Story, tasks: int, now: float) -> int:
    """Make the lists with about `tasks` tasks; the number of the next plan.

    The tasks are older than the moment, which the store rightly has no call for: their files are
    written plainly, as another tool would, in a root that nobody else has opened yet.
    """
    plans = story.plans_for(tasks)
    titles = {plan.number: plan.title for plan in plans}
    store = TaskStore(hive_root=root)
    for list_id in LISTS:
        role = TaskListRole.TEMPLATE if list_id.startswith("colony:") else TaskListRole.SESSION
        await store.ensure_task_list(list_id, role, creator_agent_id=PLANNER)
    for past in past_lists(plans):
        _write_list(task_list_path(past.list_id, hive_root=root), past, titles, now)
    return len(plans)


def _write_list(directory: Path, past: PastList, titles: dict[int, str], now: float) -> None:
    folder = directory / "tasks"
    folder.mkdir(exist_ok=True)
    for task in past.tasks:
        record = task.record(now, titles[task.part.plan])
        text = json.dumps(record, indent=2, ensure_ascii=False)
        (folder / f"{task.id:04d}.json").write_text(text, encoding="utf-8")
    (directory / ".highwatermark").write_text(str(past.high_mark), encoding="utf-8")

"""A plan as a native list: each subtask a task, each dependency an edge."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from store.model.errors import CommittedPending
from store.model.recorded_execution import KEY
from store.running.errors import InvalidPlan
from store.running.planners import parse_plan
from store.running.run_record import RunRecord
from store.running.subtasks import planned_metadata
from store.systems.hive.native import NativeStore
from store.systems.hive.record import TaskListRole

_GOAL = 2_000  # characters


def make_list(store: NativeStore, record: RunRecord) -> None:
    """Make the list of a run: its subtasks with their edges in one change. Made before: nothing."""
    with suppress(CommittedPending):  # it stands, and the next writer finishes it
        goal = _goal(record.plan.prompt)
        store.ensure(record.list_id, TaskListRole.SESSION, "compound", goal=goal)
    if _is_made(store, record):
        return
    subtasks = record.plan.subtasks
    specs = [
        {
            "subject": subtask.subject,
            "description": subtask.description,
            "owner": subtask.tier.model,
            "metadata": planned_metadata(record.id, place, subtask),
        }
        for place, subtask in enumerate(subtasks)
    ]
    with suppress(CommittedPending):
        waits = [subtask.depends_on for subtask in subtasks]
        store.create_tasks_batch(record.list_id, specs, waits=waits)


def _goal(prompt: str) -> str:
    """What a prompt is about: of an outline or a document its title, else all of it."""
    with suppress(InvalidPlan):
        prompt = parse_plan(prompt, "prompt").prompt
    return prompt[:_GOAL]


def _is_made(store: NativeStore, record: RunRecord) -> bool:
    """A crash came after the one change that makes all subtasks. What an operator has taken away
    since then stays away.
    """
    kept: list[Any] = [
        task.metadata.get(KEY) for task in store.list_tasks(record.list_id, include_internal=True)
    ]
    return any(isinstance(one, dict) and one.get("run") == record.id for one in kept)

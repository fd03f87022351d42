"""A plan as a native list: each subtask a task, each dependency an edge."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from store.model.errors import CommittedPending
from store.model.recorded_execution import KEY
from store.running.plan import in_order
from store.running.run_record import RunRecord
from store.running.subtasks import planned_metadata
from store.systems.hive.native import NativeStore
from store.systems.hive.record import TaskListRole

_GOAL = 2_000  # characters


def make_list(store: NativeStore, record: RunRecord) -> None:
    """Make the list of a run, or what is still missing of it after a crash."""
    with suppress(CommittedPending):  # it stands, and the next writer finishes it
        goal = record.plan.prompt[:_GOAL]
        store.ensure(record.list_id, TaskListRole.SESSION, "compound", goal=goal)
    subtasks = record.plan.subtasks
    ids = _ids_by_place(store, record)
    missing = [place for place in in_order(subtasks) if place not in ids]
    specs = [
        {
            "subject": subtasks[place].subject,
            "description": subtasks[place].description,
            "owner": subtasks[place].tier.model,
            "metadata": planned_metadata(record.id, place, subtasks[place]),
        }
        for place in sorted(missing)
    ]
    if specs:
        _create(store, record, specs)
        ids = _ids_by_place(store, record)
    for place, subtask in enumerate(subtasks):
        blockers = [ids[before] for before in subtask.depends_on]
        if blockers:
            _block(store, record, ids[place], blockers)


def _ids_by_place(store: NativeStore, record: RunRecord) -> dict[int, int]:
    found: dict[int, int] = {}
    for task in store.list_tasks(record.list_id, include_internal=True):
        kept: Any = task.metadata.get(KEY)
        if isinstance(kept, dict) and kept.get("run") == record.id:
            found[int(kept["index"])] = task.id
    return found


def _create(store: NativeStore, record: RunRecord, specs: list[dict[str, Any]]) -> None:
    with suppress(CommittedPending):
        store.create_tasks_batch(record.list_id, specs)


def _block(store: NativeStore, record: RunRecord, task_id: int, blockers: list[int]) -> None:
    with suppress(CommittedPending):
        store.update_task(record.list_id, task_id, add_blocked_by=blockers)

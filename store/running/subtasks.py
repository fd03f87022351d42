"""What a native task tells of its executions: kept in its metadata, under one key. Pure.

A subtask that failed stays in progress with nobody as its owner, as the native layout has no word
for that: what waits on it is not begun, and who gives it back (release, or pending) has it tried
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from store.model.recorded_execution import FAILED, KEY, execution_of
from store.model.task import Task, TaskStatus
from store.running.outcome import Ending, Outcome
from store.running.plan import PlannedSubtask
from store.running.tiers import Tier, is_model, tier_of

RUNNING, COMPLETED = "running", "completed"


def planned_metadata(run_id: str, index: int, subtask: PlannedSubtask) -> dict[str, Any]:
    """The metadata of a subtask that was just planned."""
    return {
        KEY: {
            "run": run_id,
            "index": index,
            "tier": int(subtask.tier),
            "tier_hint": subtask.tier_hint,
            "attempts": 0,
        }
    }


def kept(task: Task) -> dict[str, Any]:
    """What is kept of the task's executions; {} for one that somebody added to the list."""
    found = task.metadata.get(KEY)
    return dict(found) if isinstance(found, Mapping) else {}


def tier_of_task(task: Task) -> Tier:
    """The tier it is meant for; that of its owner where that is a tier's model."""
    return tier_of(task.owner) or tier_of(kept(task).get("tier")) or Tier.SONNET


def model_of(task: Task) -> str:
    """The model that carries it out: its owner, else that of its tier."""
    return task.owner or tier_of_task(task).model


def is_free(task: Task) -> bool:
    """A runner may carry it out: nobody, or a model, owns it."""
    return not task.owner or is_model(task.owner)


def holds(task: Task, token: str) -> bool:
    """Whether the task is still being carried out by that execution."""
    found = kept(task)
    is_running = found.get("state") == RUNNING and found.get("execution") == token
    return is_running and task.status is TaskStatus.IN_PROGRESS and is_free(task)


def token_of(task: Task) -> str | None:
    """The execution that carries the task out, as it says itself."""
    found = kept(task)
    token = found.get("execution")
    is_running = found.get("state") == RUNNING and task.status is TaskStatus.IN_PROGRESS
    return token if is_running and isinstance(token, str) else None


def has_failed(task: Task) -> bool:
    """It was tried in vain, and nobody gave it back or took it."""
    return task.status is TaskStatus.FAILED


def begun(task: Task, token: str, now: float) -> dict[str, Any]:
    """What is kept once an execution has the task."""
    found = kept(task)
    tries = 0 if found.get("state") in (FAILED, COMPLETED) else _count(found.get("tries"))
    for name in ("error", "failed_by", "result", "ended_at"):
        found.pop(name, None)
    return {
        **found,
        "state": RUNNING,
        "execution": token,
        "model": model_of(task),
        "attempts": _count(found.get("attempts")) + 1,
        "tries": tries + 1,
        "started_at": now,
    }


def ended(found: Mapping[str, Any], outcome: Outcome, now: float) -> dict[str, Any]:
    """What is kept once an execution has ended; `found`: what was kept while it ran."""
    spent = outcome.spent
    now_kept = {
        **found,
        "state": COMPLETED if outcome.is_success else FAILED,
        "ended_at": now,
        "result": outcome.result,
        "error": outcome.error,
        "cost_usd": _amount(found.get("cost_usd")) + (spent.usd or 0.0),
        "input_tokens": _count(found.get("input_tokens")) + (spent.input_tokens or 0),
        "output_tokens": _count(found.get("output_tokens")) + (spent.output_tokens or 0),
        "is_estimated": bool(found.get("is_estimated")) or spent.is_estimated,
    }
    if outcome.ending is Ending.CANCELLED:
        now_kept["state"] = None
        now_kept["tries"] = max(0, _count(found.get("tries")) - 1)
    return {name: value for name, value in now_kept.items() if value not in (None, "")}


def tries_of(found: Mapping[str, Any]) -> int:
    """How often it was tried since it was planned or given back."""
    return _count(found.get("tries"))


def cost_of(task: Task) -> float:
    """US dollars spent on it so far."""
    execution = execution_of(task.metadata)
    return execution.spent.usd or 0.0 if execution and execution.spent else 0.0


def _count(value: Any) -> int:
    return value if type(value) is int else 0


def _amount(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else 0.0

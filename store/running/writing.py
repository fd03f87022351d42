"""What a runner writes to its list: each a compare-and-set on what it saw, under the lock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from store.model.errors import CommittedPending, StaleEdit, UnreadableTask
from store.model.recorded_execution import FAILED, KEY
from store.model.snapshot import TaskList
from store.model.task import Task, TaskStatus
from store.running.outcome import Ending, Outcome
from store.running.settings import OnFailure, OnUnknown, RunSettings
from store.running.subtasks import begun, ended, has_failed, kept, model_of, tries_of
from store.systems.hive.claims import ClaimOk
from store.systems.hive.native import NativeStore

_SHOWN = 120
_FAILED_BY = "failed_by"


class SubtaskWriter:
    """Writes to one run's list. An operator's change always wins: then nothing is written."""

    def __init__(self, store: NativeStore, list_id: str, settings: RunSettings) -> None:
        self._store = store
        self._list_id = list_id
        self._settings = settings

    def claim(self, task: Task, token: str) -> Mapping[str, Any] | None:
        """Take a ready subtask for an execution; None: it is not ours to take (any more)."""
        model = model_of(task)
        try:
            claimed = self._store.claim_task(self._list_id, int(task.id), model)
        except CommittedPending as error:
            claimed = error.result
        if not isinstance(claimed, ClaimOk):
            return None
        now_kept = begun(task, token, time.time())
        is_ours = self._update(
            task,
            expected={
                "owner": model,
                "status": TaskStatus.PENDING.value,
                "blocked_by": [int(blocker) for blocker in task.blocked_by],
                f"metadata.{KEY}": task.metadata.get(KEY),
            },
            status=TaskStatus.IN_PROGRESS,
            active_form=f"attempt {now_kept['attempts']} with {model}",
            metadata_patch={KEY: now_kept},
        )
        return now_kept if is_ours else None

    def finish(self, task: Task, outcome: Outcome) -> bool:
        """Write what came of the execution that holds the subtask; whether it is tried again."""
        found = kept(task)
        now_kept = ended(found, outcome, time.time())
        changes: dict[str, Any] = {"status": TaskStatus.COMPLETED, "active_form": "completed"}
        is_again = self._is_tried_again(found, outcome)
        if outcome.ending is Ending.CANCELLED or is_again:
            now_kept.pop("state", None)
            changes = {"status": TaskStatus.PENDING, "active_form": "waits to be tried again"}
        elif not outcome.is_success:
            changes = _failure(outcome.error or outcome.ending.value)
        self._update(task, expected=_as_seen(task), metadata_patch={KEY: now_kept}, **changes)
        return is_again

    def give_back(self, task: Task) -> None:
        """Undo a claim of which no execution ever began."""
        found = kept(task)
        for name in ("state", "execution", "started_at"):
            found.pop(name, None)
        found["attempts"] = max(0, int(found.get("attempts") or 1) - 1)
        found["tries"] = max(0, tries_of(found) - 1)
        self._update(
            task,
            expected=_as_seen(task),
            status=TaskStatus.PENDING,
            active_form="waits to be begun",
            metadata_patch={KEY: found},
        )

    def settle_dependants(self, task_list: TaskList) -> bool:
        """Where failure is handed on: fail what waits on a failed subtask, and take that back
        when the failed one is tried again. Whether anything was written.
        """
        if self._settings.on_failure is not OnFailure.FAIL:
            return False
        written = False
        for task in task_list.tasks.values():
            causes = [
                blocker
                for blocker in task.blocked_by
                if (found := task_list.tasks.get(blocker)) is not None and has_failed(found)
            ]
            if task.status is TaskStatus.PENDING and causes:
                written |= self._fail_with(task, causes)
            elif has_failed(task) and kept(task).get(_FAILED_BY) and not causes:
                written |= self._free(task)
        return written

    def _fail_with(self, task: Task, causes: list[Any]) -> bool:
        error = f"#{causes[0]} failed, on which it waits"
        now_kept = {**kept(task), "state": FAILED, "error": error, _FAILED_BY: list(causes)}
        return self._update(
            task, expected=_as_seen(task), metadata_patch={KEY: now_kept}, **_failure(error)
        )

    def _free(self, task: Task) -> bool:
        now_kept = {
            name: value
            for name, value in kept(task).items()
            if name not in ("state", "error", _FAILED_BY)
        }
        return self._update(
            task,
            expected=_as_seen(task),
            status=TaskStatus.PENDING,
            active_form="waits to be begun",
            metadata_patch={KEY: now_kept},
        )

    def _is_tried_again(self, found: Mapping[str, Any], outcome: Outcome) -> bool:
        if outcome.is_success or outcome.ending is Ending.CANCELLED:
            return False
        if outcome.ending is Ending.UNKNOWN:
            return self._settings.on_unknown is OnUnknown.RETRY
        return tries_of(found) < self._settings.attempts

    def _update(self, task: Task, **changes: Any) -> bool:
        """Whether the change was made; False: somebody changed the subtask meanwhile."""
        try:
            updated = self._store.update_task(self._list_id, int(task.id), **changes)
        except CommittedPending as error:
            updated = error.result
        except (StaleEdit, UnreadableTask):
            return False
        return updated.record is not None


def _as_seen(task: Task) -> dict[str, Any]:
    return {
        "status": task.native_status,
        "owner": task.owner,
        f"metadata.{KEY}": task.metadata.get(KEY),
    }


def _failure(error: str) -> dict[str, Any]:
    line = " ".join(error.split())
    shown = line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
    return {"status": TaskStatus.IN_PROGRESS, "owner": None, "active_form": f"failed: {shown}"}

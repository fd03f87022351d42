"""Edits of a team's list: planned by the common rules, made under ClawTeam's own lock."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial

from store.files.failures import storage_failures
from store.files.lock import Patience
from store.model.edits import (
    BatchResult,
    ClaimTask,
    CreateTask,
    Edit,
    EditResult,
    Keep,
    UpdateTask,
)
from store.model.errors import ColonytopError, EditRefused
from store.model.planning import Planned, plan_edit, plan_edits
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskListInfo
from store.systems.clawteam.discovery import is_without_tasks
from store.systems.clawteam.locked import TeamPlace, TeamRecords
from store.systems.clawteam.record import Verdicts, with_verdict
from store.systems.clawteam.rules import capabilities
from store.systems.clawteam.team import TeamReader

_LOOKS = 3
"""How often the holders of locks are asked about anew because others came in the meantime."""

Plan = Callable[[TaskList, TeamRecords, float], Planned]


class TeamEditor:
    """Makes edits in one team's list. Thread-safe."""

    def __init__(self, place: TeamPlace, reader: TeamReader, refusal: str | None = None) -> None:
        """`refusal`: why nothing may be edited here, if so."""
        self.place = place
        self.reader = reader
        self._refusal = refusal
        self._info = TaskListInfo(
            place.key,
            str(place.root.joinpath(*place.parts)),
            capabilities=capabilities(refusal),
        )

    def apply(self, edit: Edit, patience: Patience) -> EditResult:
        """Make one edit; see `System.apply`."""

        def plan(task_list: TaskList, records: TeamRecords, now: float) -> Planned:
            return plan_edit(task_list, edit, new_id=records.new_id, now=now)

        return self._apply([edit], plan, patience).results[0]

    def apply_all(
        self, edits: Sequence[Edit], patience: Patience, *, all_or_none: bool
    ) -> BatchResult:
        """Make edits in one commit; see `System.apply_all`."""
        if len({edit.list for edit in edits}) > 1:
            raise ValueError("the edits of one batch belong to one list")
        plan_all = partial(plan_edits, edits=edits, all_or_none=all_or_none)

        def plan(task_list: TaskList, records: TeamRecords, now: float) -> Planned:
            return plan_all(task_list, new_id=records.new_id, now=now)

        return self._apply(edits, plan, patience)

    def _apply(self, edits: Sequence[Edit], plan: Plan, patience: Patience) -> BatchResult:
        creates = [edit for edit in edits if isinstance(edit, CreateTask)]
        starts = any(edit.starts_list for edit in creates)
        if creates and not starts:
            starts = is_without_tasks(self.place.root, self.place.parts[-1])
        planned, stored = self.change(plan, patience, _locked_ids(edits), starts=starts)
        return planned.result_with(stored)

    def change(
        self,
        plan: Plan,
        patience: Patience,
        asked: Collection[TaskId] = (),
        *,
        starts: bool = False,
    ) -> tuple[Planned, dict[TaskId, Task]]:
        """Plan under the lock and write what is planned; the plan, and the tasks as stored.

        Args:
            plan: tasks → what to write; may be asked more than once.
            patience: how long to wait for the lock.
            asked: tasks of which it matters whether who holds them is alive.
            starts: make the list if it is not there.

        Raises:
            ColonytopError: what the plan raises, or why it was not made; nothing was written.
        """
        with storage_failures(self._info.path):
            alive = self.reader.alive(self.place.holders(asked), is_fresh=True)
            looks = 1
            while True:
                with self.place.locked(patience, alive, starts=starts) as records:
                    planned = self._plan(plan, records, is_last=looks == _LOOKS)
                    if planned is not None:
                        stored = records.write(planned.written, planned.before)
                        break
                alive |= self.reader.alive(records.in_doubt, is_fresh=True)
                looks += 1
            return planned, self.judged(stored)

    def refuse(self) -> None:
        """Raise `EditRefused` if nothing may be edited here."""
        if self._refusal is not None:
            raise EditRefused(self._refusal)

    def judged(self, tasks: dict[TaskId, Task]) -> dict[TaskId, Task]:
        """Tasks with what is known of those who hold their locks."""
        alive: Verdicts = self.reader.alive(t.lock.by for t in tasks.values() if t.lock)
        return {i: with_verdict(task, alive) for i, task in tasks.items()}

    def _plan(self, plan: Plan, records: TeamRecords, *, is_last: bool) -> Planned | None:
        """None: somebody holds a lock who has to be asked about first, outside ours."""
        try:
            planned = plan(TaskList(self._info, records), records, time.time())
        except ColonytopError:
            if is_last or not records.in_doubt:
                raise
            return None
        return planned if is_last or not (planned.failures and records.in_doubt) else None


def _locked_ids(edits: Iterable[Edit]) -> set[TaskId]:
    """Tasks that an edit may take away from whoever holds them."""
    return {
        edit.key.id
        for edit in edits
        if isinstance(edit, ClaimTask) or (isinstance(edit, UpdateTask) and _may_start(edit))
    }


def _may_start(edit: UpdateTask) -> bool:
    return (
        edit.status is not None
        or edit.native_status is not None
        or not isinstance(edit.locked_by, Keep)
    )

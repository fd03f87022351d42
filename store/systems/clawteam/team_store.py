"""`TeamStore`: the calls that ClawTeam's agents know, on the very files that ClawTeam keeps.

Every change is made under ClawTeam's own lock, so it may be used beside it. Beyond ClawTeam's own
store the wait for the lock ends, ids never overwrite a task, cycles are looked for under the lock
and without recursion, and a blocker that is completed already blocks nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from store.files.lock import Patience
from store.files.places import absolute, refusal_to_write
from store.model.edits import NULL, CreateTask, UpdateTask
from store.model.errors import InvalidField, ListGone
from store.model.planning import Planned, plan_edit
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskId, TaskKey, TaskStatus
from store.systems.clawteam.editing import TeamEditor
from store.systems.clawteam.locked import TeamPlace, TeamRecords
from store.systems.clawteam.places import default_root, list_id_of, team_of
from store.systems.clawteam.record import NATIVE_STATUSES, PRIORITIES
from store.systems.clawteam.repairing import release_stale
from store.systems.clawteam.team import TeamReader
from store.systems.clawteam.team_task import TeamStats, TeamTask, by_urgency, stats_of, team_task


class TeamStore:
    """The tasks of one team. Thread-safe, and safe beside other processes and ClawTeam itself.

    Every call may block, up to the lock wait.
    """

    def __init__(
        self, team: str, *, root: Path | str | None = None, lock_timeout_s: float = 10.0
    ) -> None:
        """Args:
            team: its name.
            root: ClawTeam's data directory; by default as ClawTeam finds it.
            lock_timeout_s: how long a change waits for the team's lock.

        Raises:
            InvalidListId: no team can be called so.
        """
        found = default_root()[0] if root is None else absolute(Path(root))
        key = ListKey("clawteam", str(found), list_id_of(team))
        self.team = team_of(key.id)
        self.root = found
        self._key = key
        self._place = TeamPlace(key, found)
        self._reader = TeamReader(found, team)
        self._editor = TeamEditor(self._place, self._reader, refusal_to_write(found))
        self._lock_timeout_s = lock_timeout_s

    def create(
        self,
        subject: str,
        description: str = "",
        owner: str = "",
        priority: str | None = None,
        blocks: Sequence[str] = (),
        blocked_by: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
    ) -> TeamTask:
        """Add a task; blocked if anything in `blocked_by` is still open.

        Args:
            subject: what is to be done.
            description: more of it.
            owner: whose it is; "" for nobody's.
            priority: low, medium, high or urgent; medium if not said.
            blocks: noted in the task; keeps nothing from starting (name it in the other's
                `blocked_by` for that).
            blocked_by: tasks to wait for.
            metadata: JSON values.

        Raises:
            TaskNotFound: a blocker that is not there.
            InvalidField: a value that cannot be stored, an unknown priority.
            LockTimeout: the team's lock stayed busy.
        """
        edit = CreateTask(
            self._key,
            subject,
            description,
            owner=owner or None,
            blocked_by=tuple(map(TaskId, blocked_by)),
            metadata=dict(metadata or {}),
            starts_list=True,
            priority=_priority(priority),
        )
        return self._made(edit, blocks)

    def get(self, task_id: str) -> TeamTask | None:
        """One task; None if it is not there or its file cannot be understood."""
        try:
            with self._place.unlocked({}) as records:
                task = records.get(TaskId(task_id))
        except ListGone:
            return None
        return team_task(task) if task is not None and task.is_readable else None

    def update(
        self,
        task_id: str,
        status: str | None = None,
        owner: str | None = None,
        subject: str | None = None,
        description: str | None = None,
        priority: str | None = None,
        add_blocks: Sequence[str] = (),
        add_blocked_by: Sequence[str] = (),
        metadata: Mapping[str, Any] | None = None,
        caller: str = "",
        force: bool = False,
    ) -> TeamTask:
        """Change a task. What is None stays as it is.

        in_progress locks it for the caller, who becomes its owner if it has none; completed and
        pending unlock it; completed also frees what waits for it alone and stamps how long it took.

        Args:
            task_id: which one.
            status: pending, in_progress, completed or blocked.
            owner, subject, description, priority, add_blocks: as in `create`.
            add_blocked_by: tasks to wait for from now on.
            metadata: merged into what is there; None is stored as null.
            caller: who asks.
            force: take it over although another holds it who may be alive.

        Raises:
            ClaimRefused: another holds it and may be alive (`reason` is "locked").
            TaskNotFound: it, or a new blocker, is not there.
            UnreadableTask: its file cannot be understood.
            CycleRefused, SelfEdge: a new blocker waits for it in turn.
            InvalidField, LockTimeout: as `create`.
        """
        changes: dict[str, Any] = {} if owner is None else {"owner": owner or None}
        if status == TaskStatus.IN_PROGRESS:
            changes["locked_by"] = caller or None
        edit = UpdateTask(
            TaskKey(self._key, TaskId(task_id)),
            subject=subject,
            description=description,
            status=_status(status),
            priority=_priority(priority),
            add_blocked_by=tuple(map(TaskId, add_blocked_by)),
            metadata_patch={k: NULL if v is None else v for k, v in (metadata or {}).items()},
            is_forced=force,
            **changes,
        )
        return self._made(edit, add_blocks)

    def list_tasks(
        self,
        status: str | None = None,
        owner: str | None = None,
        priority: str | None = None,
        sort_by_priority: bool = False,
    ) -> list[TeamTask]:
        """The tasks that fit every filter, by id, or the most urgent (then the oldest) first.
        Files that cannot be understood are left out.
        """
        try:
            with self._place.unlocked({}) as records:
                found = [team_task(task) for task in records.values() if task.is_readable]
        except ListGone:
            return []
        wanted = {"status": status, "owner": owner, "priority": priority}
        kept = [
            task
            for task in found
            if all(value in (None, getattr(task, name)) for name, value in wanted.items())
        ]
        return sorted(kept, key=by_urgency) if sort_by_priority else kept

    def release_stale_locks(self) -> list[str]:
        """Unlock every task whose holder is known to be dead; their ids. Doubt counts as life."""
        try:
            released = release_stale(self._place, self._reader, self._patience())
        except ListGone:
            return []
        return [str(task_id) for task_id in released]

    def get_stats(self) -> TeamStats:
        """How many tasks stand where, and how long the completed ones took."""
        return stats_of(self.list_tasks())

    def _made(self, edit: CreateTask | UpdateTask, notes: Sequence[str]) -> TeamTask:
        noted = tuple(map(TaskId, notes))

        def plan(task_list: TaskList, records: TeamRecords, now: float) -> Planned:
            planned = plan_edit(task_list, edit, new_id=records.new_id, now=now)
            return _noting(planned, noted) if noted else planned

        starts = isinstance(edit, CreateTask)
        asked = [edit.key.id] if isinstance(edit, UpdateTask) else []
        planned, stored = self._editor.change(plan, self._patience(), asked, starts=starts)
        step = planned.steps[0]
        task = stored.get(step.target) or step.unwritten
        assert task is not None, "a task that is created or changed is there"
        return team_task(task)

    def _patience(self) -> Patience:
        return Patience(self._lock_timeout_s)


def _noting(planned: Planned, noted: Sequence[TaskId]) -> Planned:
    """The same plan, with ids added to what the task says that it blocks."""
    step = planned.steps[0]
    task = planned.written.get(step.target) or step.before[step.target]
    assert task is not None
    blocks = tuple(dict.fromkeys((*task.blocks, *noted)))
    if blocks == task.blocks:
        return planned
    return replace(
        planned,
        written={**planned.written, step.target: replace(task, blocks=blocks)},
        before={**planned.before, step.target: step.before[step.target]},
    )


def _status(name: str | None) -> TaskStatus | None:
    if name is None or name in NATIVE_STATUSES:
        return None if name is None else TaskStatus(name)
    raise InvalidField("status", f"{name!r:.42} is not one of {', '.join(NATIVE_STATUSES)}")


def _priority(name: str | None) -> str | None:
    if name is None or name in PRIORITIES:
        return name
    raise InvalidField("priority", f"{name!r:.42} is not one of {', '.join(PRIORITIES)}")

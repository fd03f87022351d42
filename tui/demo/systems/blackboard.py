"""A run on a blackboard: agents that spawn briefs in a tree, work them off and tell of events.

One brief has failed, and its parent cannot be ended before somebody has it tried again.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from store import Blackboard
from store.model.snapshot import TaskList
from store.model.task import Task, TaskId, TaskStatus
from store.roots import RootSpec
from store.workspace import Workspace
from tui.demo.agent import Dropped
from tui.demo.systems.cast import PARTS
from tui.demo.systems.plots import BOARD, Job, job_of, number_of, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "blackboard"
RUN = BOARD.list_id
ERROR = "the analytics export of May is empty"
_ROLES = next(part.writers for part in PARTS if part.system == SYSTEM)
_LEAD = _ROLES[0]
_ROLE_OF = {"brief": _LEAD, "usage": "analyst", "rivals": "analyst"}
_CRITIC = "critic"
_FAILING = "usage"
_BETWEEN_S = 15.0  # story seconds between two reviews


@dataclass(frozen=True, slots=True)
class Spawned:
    """A brief as its agent gives it to the blackboard."""

    brief_id: str
    parent_brief_id: str | None
    tier: int
    role: str
    job: Job
    retry_count: int = 0

    def to_dict(self) -> Mapping[str, Any]:
        return {
            "brief_id": self.brief_id,
            "title": self.job.subject,
            "instructions": self.job.description or f"{self.job.active_form}: {self.job.subject}",
            "step": self.job.key,
        }


class RunAgent(Writer):
    """The agent of one role. The first one spawns the briefs, and ends those of others' making."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._board = Blackboard(RUN, setting.root)
        self._looked = Workspace([RootSpec(setting.root, "demo", frozenset((SYSTEM,)))])

    def turn(self) -> Iterator[float]:
        task_list = self._look()
        if self.name == _LEAD:
            yield from self._lead(task_list)
            return
        for task in sorted(task_list.tasks.values(), key=lambda task: task.created_at or 0.0):
            if task.owner == self.name and task.status is TaskStatus.PENDING:
                yield from self._work(task)
                return

    def _work(self, task: Task) -> Iterator[float]:
        job = job_of(BOARD, self.setting.seed, task.metadata.get("step"), _ROLES)
        self._board.update_brief_status(task.id, "active")
        self.count()
        for _ in range(job.ticks):
            yield job.seconds / job.ticks
            self._check_active(task.id)
        result = {"finding": f"{job.tokens} records looked at", "cost_usd": job.cost_usd}
        self._board.update_brief_result(task.id, result)
        self._board.log_event("completed", task.id, {"by": self.name})
        self.count(completed=True)
        self.count()

    def _lead(self, task_list: TaskList) -> Iterator[float]:
        """End the reviews of which every part is done; spawn the next if none is under way."""
        briefs = task_list.tasks.values()
        for task in briefs:
            parts = [part for part in briefs if part.parent == task.id]
            if task.status.is_active and parts and all(_is_done(part) for part in parts):
                self._board.update_brief_result(task.id, {"verdict": "ready to launch"})
                self._board.log_event("completed", task.id, {"by": self.name})
                self.count(completed=True)
        at_work = (TaskStatus.PENDING, TaskStatus.IN_PROGRESS)
        if not any(task.status in at_work and task.parent for task in briefs):
            yield _BETWEEN_S
            number = 1 + max(number_of(task.metadata.get("step")) for task in briefs)
            made = spawn(self._board, self.setting, number)
            for _ in range(made):
                self.count()

    def _check_active(self, brief_id: TaskId) -> None:
        task = self._look().tasks.get(brief_id)
        if task is None or not task.status.is_active:
            raise Dropped("the brief is no longer active")

    def _look(self) -> TaskList:
        (task_list,) = self._looked.scan().lists.values()
        return task_list


def open_writer(name: str, setting: Setting) -> Writer:
    return RunAgent(name, setting)


def set_stage(setting: Setting) -> None:
    """The run with its first review, of which one part has failed."""
    with Blackboard(RUN, setting.root) as board:
        board.create_run("Say which of our pages are ready for the launch")
        board.update_run_status("active")
        spawn(board, setting, 0)
        failed = brief_id(setting, f"0/{_FAILING}")
        board.update_brief_status(failed, "active")
        board.update_brief_status(failed, "failed")
        board.log_event("failed", failed, {"error": ERROR, "by": "analyst"})
        board.log_event("escalated", failed, {"reason": "needs somebody with access"})


def spawn(board: Blackboard, setting: Setting, number: int) -> int:
    """Put a round of the story on the board; how many briefs that are."""
    jobs = round_of(BOARD, setting.seed, number, _ROLES)
    stream = brief_id(setting, f"stream/{number}")
    board.create_workstream(
        workstream_id=stream, name=jobs[0].subject, tier=1, owner_agent_id=_LEAD
    )
    board.update_workstream_status(stream, "active")
    parent = brief_id(setting, jobs[0].key)
    for job in jobs:
        is_parent = job is jobs[0]
        role = _ROLE_OF.get(job.key.partition("/")[2], _CRITIC)
        spawned = Spawned(
            brief_id(setting, job.key),
            None if is_parent else parent,
            1 if is_parent else 2,
            role,
            job,
        )
        board.create_brief(spawned, stream)
        board.log_event("spawned", spawned.brief_id, {"by": _LEAD})
    board.update_brief_status(parent, "active")
    return len(jobs)


def brief_id(setting: Setting, key: str) -> str:
    """The id that follows from the seed."""
    bits = setting.chance(f"{SYSTEM}/{key}").getrandbits(128)
    return str(uuid.UUID(int=bits, version=4))


def _is_done(task: Task) -> bool:
    return task.status is TaskStatus.COMPLETED

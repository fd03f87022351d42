"""A list of Claude Code and the team that works on it. Somebody left one task behind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any

from tui.demo.agent import Dropped
from tui.demo.systems.cast import PARTS
from tui.demo.systems.claude_files import Fields, ListFiles
from tui.demo.systems.plots import CODE, Job, job_of, next_round, number_of, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "claude_code"
NAME = CODE.list_id
GONE = "drifter"
"""Who left the team with a task in progress."""
_MEMBERS = next(part.writers for part in PARTS if part.system == SYSTEM)
_LEAD = _MEMBERS[0]
_COLOURS = ("blue", "green", "yellow")
_FEW = 2  # open tasks, at which the lead plans the next round; before the list would be wiped
_KEPT = 2  # rounds whose completed tasks stay
_MINUTE_S = 60.0


class Teammate(Writer):
    """A member of the team, in a process of its own."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._files = ListFiles(setting.root / "tasks" / NAME)

    def turn(self) -> Iterator[float]:
        tasks = {task["id"]: task for task in self._files.tasks()}
        steps = [(_step(task), task["status"] != "completed") for task in tasks.values()]
        if self.name == _LEAD and (number := next_round(steps, _FEW)) is not None:
            self._plan(number, tasks)
            return
        for task in tasks.values():
            if self._is_mine(task, tasks):
                yield from self._work(task["id"])
                return

    def _is_mine(self, task: Fields, tasks: dict[str, Fields]) -> bool:
        if task["status"] == "in_progress":
            return task.get("owner") == self.name
        blockers = (tasks.get(task_id) for task_id in task["blockedBy"])
        is_blocked = any(found is not None and found["status"] != "completed" for found in blockers)
        is_ready = task["status"] == "pending" and not is_blocked
        return is_ready and task.get("owner") in (None, "", self.name)

    def _work(self, task_id: str) -> Iterator[float]:
        if not self._files.change(task_id, self._claimed):
            self.tally.claims_lost += 1
            return
        self.count()
        task = self._files.read(task_id) or {}
        job = job_of(CODE, self.setting.seed, _step(task), _MEMBERS)
        self._say(task_id, {"status": "in_progress", "activeForm": job.active_form}, 0)
        for tick in range(1, job.ticks + 1):
            yield job.seconds / job.ticks
            is_last = tick == job.ticks
            fields = {"status": "completed"} if is_last else {}
            self._say(task_id, fields, 100 * tick // job.ticks)
        self.tally.completed += 1

    def _claimed(self, task: Fields) -> Fields | None:
        """The task with this agent as its owner, if it may have it."""
        if task["status"] == "completed" or task.get("owner") not in (None, "", self.name):
            return None
        return {**task, "owner": self.name}

    def _say(self, task_id: str, fields: Fields, progress: int) -> None:
        """Write how the work is going, if it is this agent's still."""

        def told(task: Fields) -> Fields:
            is_begun = progress == 0 or task["status"] == "in_progress"
            if task.get("owner") != self.name or not is_begun:
                raise Dropped("the task is no longer this agent's")
            return {
                **task,
                **fields,
                "metadata": {**task.get("metadata", {}), "progress": progress},
            }

        self._files.change(task_id, told)
        self.count()

    def _plan(self, number: int, tasks: dict[str, Fields]) -> None:
        """Add a round of the story, then clear away what was done long ago."""
        ids: dict[str, str] = {}
        for job in round_of(CODE, self.setting.seed, number, _MEMBERS):
            ids[job.key] = self._files.create(job.subject, **_fields(job))
            self.count()
            for key in job.needs:
                self._files.block(ids[job.key], ids[key])
                self.count()
        still_open = [task for task in tasks.values() if task["status"] != "completed"]
        needed = {blocker for task in still_open for blocker in task["blockedBy"]}
        for task_id in tasks.keys() - {task["id"] for task in still_open} - needed:
            if number_of(_step(tasks[task_id])) <= number - _KEPT:
                self._files.delete(task_id)
                self.count()


def open_writer(name: str, setting: Setting) -> Writer:
    return Teammate(name, setting)


def set_stage(setting: Setting) -> None:
    """The list with its first round under way, and the team."""
    now = time.time()
    place = setting.root / "tasks" / NAME
    place.mkdir(parents=True)
    (place / ".lock").touch()
    files = ListFiles(place)
    # the second round does not wait on what was left behind
    first, second = (round_of(CODE, setting.seed, number, _MEMBERS) for number in (0, 1))
    jobs = (*first, *second)
    ids = {job.key: str(number) for number, job in enumerate(jobs, 1)}
    for number, job in enumerate(jobs):
        fields = _fields(job)
        if number == 0:
            fields |= {"status": "completed", "owner": _LEAD}
        elif number == 1:
            fields |= {"status": "in_progress", "owner": GONE}
            fields["metadata"]["progress"] = 40
        blocks = [ids[other.key] for other in jobs if job.key in other.needs]
        blocked_by = [ids[key] for key in job.needs]
        edges = {"blocks": blocks, "blockedBy": blocked_by}
        files.write({"id": ids[job.key], "subject": job.subject, **fields, **edges})
        before = now - (60 - number) * _MINUTE_S
        os.utime(place / f"{ids[job.key]}.json", (before, before))
    team = setting.root / "teams" / NAME
    team.mkdir(parents=True)
    (team / "config.json").write_text(json.dumps(_team(now), indent=2), encoding="utf-8")


def _team(now: float) -> dict[str, Any]:
    joined = int((now - 70 * _MINUTE_S) * 1000)
    members = [
        {
            "agentId": f"{name}@{NAME}",
            "name": name,
            "agentType": "team-lead" if name == _LEAD else "general-purpose",
            "color": colour,
            "joinedAt": joined,
            "isActive": True,
        }
        for name, colour in zip(_MEMBERS, _COLOURS, strict=True)
    ]
    return {
        "name": NAME,
        "description": "Rewrite the search without changing what people find",
        "createdAt": joined,
        "leadAgentId": f"{_LEAD}@{NAME}",
        "members": members,
    }


def _fields(job: Job) -> Fields:
    return {
        "description": job.description,
        "activeForm": job.active_form,
        "status": "pending",
        "metadata": {"plan": CODE.name, "step": job.key},
    }


def _step(task: Fields) -> object:
    return task.get("metadata", {}).get("step")

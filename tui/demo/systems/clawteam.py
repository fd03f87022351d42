"""A ClawTeam team: agents that start, tell of and complete tasks through `TeamStore`.

One of them, long dead, still holds the lock of a task that others wait for.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from store import TeamStore, TeamTask
from tui.demo.agent import Dropped
from tui.demo.systems.cast import PARTS
from tui.demo.systems.plots import TEAM, Job, job_of, next_round, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "clawteam"
NAME = TEAM.list_id
GONE = "gus"
"""Who died with a task in his hands."""
_MEMBERS = next(part.writers for part in PARTS if part.system == SYSTEM)
_LEAD = _MEMBERS[0]
_FEW = 2  # open tasks, at which the lead plans the next round
_PRIORITIES = {"contract": "high", "port": "urgent", "sdk": "low"}
_MINUTE_S = 60.0


class Teammate(Writer):
    """An agent of the team."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._store = TeamStore(NAME, root=setting.root)
        self._is_known = False

    def turn(self) -> Iterator[float]:
        if not self._is_known:
            register(self.setting.root, self.name, os.getpid(), time.time())
            self._is_known = True
        tasks = self._store.list_tasks(sort_by_priority=True)
        steps = [(task.metadata.get("step"), task.status != "completed") for task in tasks]
        if self.name == _LEAD and (number := next_round(steps, _FEW)) is not None:
            self._plan(number)
            return
        for task in tasks:
            if self._is_mine(task):
                yield from self._work(task)
                return

    def _is_mine(self, task: TeamTask) -> bool:
        """Begun by this agent, or free, and nothing is in its way."""
        if task.status == "in_progress":
            is_left = not task.locked_by and task.owner in ("", self.name, GONE)
            return task.locked_by == self.name or is_left
        is_ready = task.status == "pending" and not task.blocked_by
        return is_ready and task.owner in ("", self.name)

    def _work(self, task: TeamTask) -> Iterator[float]:
        job = job_of(TEAM, self.setting.seed, task.metadata.get("step"), _MEMBERS)
        owner = self.name if task.owner == GONE else None
        self._store.update(task.id, "in_progress", owner=owner, caller=self.name)
        self.count()
        for tick in range(1, job.ticks):
            yield job.seconds / job.ticks
            self._check_mine(task.id)
            self._store.update(task.id, metadata={"progress": 100 * tick // job.ticks})
            self.count()
        yield job.seconds / job.ticks
        self._check_mine(task.id)
        self._store.update(task.id, "completed", metadata={"progress": 100}, caller=self.name)
        self.count(completed=True)
        report_cost(self.setting.root, self.name, job, time.time())

    def _check_mine(self, task_id: str) -> None:
        task = self._store.get(task_id)
        if task is None or task.status != "in_progress" or task.locked_by != self.name:
            raise Dropped("the task is no longer this agent's")

    def _plan(self, number: int) -> None:
        """Add a round of the story."""
        ids: dict[str, str] = {}
        for job in round_of(TEAM, self.setting.seed, number, _MEMBERS):
            made = self._store.create(
                job.subject,
                job.description,
                priority=_priority(job),
                blocked_by=[ids[key] for key in job.needs],
                metadata={"plan": TEAM.name, "step": job.key},
            )
            ids[job.key] = made.id
            self.count()


def open_writer(name: str, setting: Setting) -> Writer:
    return Teammate(name, setting)


def set_stage(setting: Setting) -> None:
    """The team with its first round under way. Its files are older than the moment, so they are
    written plainly, as ClawTeam writes them.
    """
    now, chance = time.time(), setting.chance(SYSTEM)
    folder = setting.root / "tasks" / NAME
    folder.mkdir(parents=True)
    # the second round does not wait on what the dead agent holds
    first, second = (round_of(TEAM, setting.seed, number, _MEMBERS) for number in (0, 1))
    jobs = (*first, *second)
    ids = {job.key: f"{chance.getrandbits(32):08x}" for job in jobs}
    for job in jobs:
        record = _record(job, ids, jobs, now)
        (folder / f"task-{ids[job.key]}.json").write_text(_json(record), encoding="utf-8")
    (folder / ".tasks.lock").touch()
    team = setting.root / "teams" / NAME
    team.mkdir(parents=True)
    (team / "config.json").write_text(_json(_team(now)), encoding="utf-8")
    register(setting.root, GONE, _dead_process(), now - 45 * _MINUTE_S)
    report_cost(setting.root, GONE, jobs[1], now - 20 * _MINUTE_S)


def _record(job: Job, ids: dict[str, str], jobs: Sequence[Job], now: float) -> dict[str, Any]:
    """The first job is completed, the second is the dead agent's, the others follow from that."""
    done, left = jobs[0].key, jobs[1].key
    waits = [ids[key] for key in job.needs if key != done]
    status = "blocked" if waits else "pending"
    owner = started = ""
    metadata: dict[str, Any] = {"plan": TEAM.name, "step": job.key}
    if job.key == done:
        status, owner, started = "completed", _LEAD, _moment(now - 50 * _MINUTE_S)
        metadata |= {"progress": 100, "duration_seconds": 412.07}
    elif job.key == left:
        status, owner, started = "in_progress", GONE, _moment(now - 40 * _MINUTE_S)
        metadata |= {"progress": 60}
    return {
        "id": ids[job.key],
        "subject": job.subject,
        "description": job.description,
        "status": status,
        "priority": _priority(job),
        "owner": owner,
        "lockedBy": GONE if job.key == left else "",
        "lockedAt": started if job.key == left else "",
        "blocks": [],
        "blockedBy": waits,
        "startedAt": started,
        "createdAt": _moment(now - 60 * _MINUTE_S),
        "updatedAt": _moment(now - 35 * _MINUTE_S),
        "metadata": metadata,
    }


def _team(now: float) -> dict[str, Any]:
    joined = _moment(now - 60 * _MINUTE_S)
    members = [
        {
            "name": name,
            "user": "",
            "agentId": f"{place:012x}",
            "agentType": "leader" if name == _LEAD else "general-purpose",
            "joinedAt": joined,
        }
        for place, name in enumerate((*_MEMBERS, GONE), 1)
    ]
    return {
        "name": NAME,
        "description": f"Bring the {TEAM.name} to every region",
        "leadAgentId": members[0]["agentId"],
        "createdAt": joined,
        "members": members,
        "budgetCents": 2_000.0,
    }


def register(root: Path, name: str, pid: int, now: float) -> None:
    """Tell how an agent was started, as ClawTeam does when it starts one."""
    path = root / "teams" / NAME / "spawn_registry.json"
    with path.with_name(path.name + ".lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        known[name] = {
            "backend": "subprocess",
            "tmux_target": "",
            "block_id": "",
            "pid": pid,
            "command": ["agent", name],
            "spawned_at": now,
        }
        _replace(path, _json(known))


def report_cost(root: Path, agent: str, job: Job, now: float) -> None:
    """What an agent spent on a job."""
    name = f"{os.getpid()}-{time.monotonic_ns():x}"
    report = {
        "id": name,
        "agentName": agent,
        "provider": "anthropic",
        "model": "sonnet",
        "inputTokens": job.tokens * 4 // 5,
        "outputTokens": job.tokens // 5,
        "costCents": round(job.cost_usd * 100, 2),
        "reportedAt": _moment(now),
    }
    folder = root / "costs" / NAME
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / f"cost-{name}.json", _json(report))


def _priority(job: Job) -> str:
    return _PRIORITIES.get(job.key.partition("/")[2], "medium")


def _dead_process() -> int:
    """The number of a process that has ended."""
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return pid


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.stem}-{os.getpid()}.tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False)


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat()

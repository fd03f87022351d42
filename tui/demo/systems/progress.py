"""A colony's queue: workers that claim by priority, tell of their steps and tick off their checks.

One task was left by a worker that is gone, one has failed, and some ask for a person's approval
before they may be done.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from store import (
    ChecksOpen,
    ClaimedTask,
    ClaimLost,
    check_off,
    claim_next_task,
    ensure_progress_db,
    fail_task,
    finish_task,
    renew_claim,
    seed_tasks,
    start_task,
    update_step,
)
from tui.demo.agent import Dropped
from tui.demo.systems.cast import PARTS
from tui.demo.systems.plots import QUEUE, Job, job_of, number_of, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "progress"
COLONY = QUEUE.list_id
GONE, FAILED_BY = "reader-9", "matcher-4"
ERROR = "order 88-1042 has two totals: 1,204.00 and 1,240.00"
APPROVAL = "approval"
"""The check that a person ticks; if nobody does, the night shift does after a while."""
_WORKERS = next(part.writers for part in PARTS if part.system == SYSTEM)
_LEAD = _WORKERS[0]
_PATIENCE_S = 180.0  # story seconds until the night shift approves
_LOOK_S = 5.0
_BETWEEN_S = 15.0  # story seconds for which the queue stays empty
_APPROVED_ROUNDS = 3  # one round in so many asks for a person
_PRIORITIES = {"post": 1, "tax": 2, "match": 3, "scan": 5}
_STEPS = {
    "scan": ("Sort the pages", "Read the totals", "Read the line items"),
    "match": ("Find the orders", "Compare line by line"),
    "tax": ("Ask the register",),
    "post": ("Book the entries", "Reconcile the balance"),
}


class QueueWorker(Writer):
    """A worker of the queue; the first of them fills it again when it is empty."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._database = database_path(setting.root)
        self._round = 1  # the next; the first was there before
        self._waiting: dict[str, float] = {}  # done but for an approval, and since when

    def turn(self) -> Iterator[float]:
        for task_id in list(self._waiting):
            self._look_after(task_id)
        claimed = claim_next_task(self._database, self.name)
        if claimed is not None:
            self.count()
            yield from self._kept(self._work(claimed))
        elif self.name == _LEAD:
            yield _BETWEEN_S
            jobs = round_of(QUEUE, self.setting.seed, self._round, _WORKERS)
            seed_tasks(self._database, task_rows(jobs, self.setting.seed, self._round))
            self._round += 1
            self.count()
        else:
            yield _LOOK_S

    def _kept(self, work: Iterator[float]) -> Iterator[float]:
        """Make way where the claim was taken back."""
        try:
            yield from work
        except ClaimLost as error:
            raise Dropped(str(error)) from error

    def _work(self, claimed: ClaimedTask) -> Iterator[float]:
        key = _step_of(claimed)
        job = job_of(QUEUE, self.setting.seed, key, _WORKERS)
        titles = _STEPS.get(key.partition("/")[2], ())
        start_task(self._database, claimed.id, self.name)
        self.count()
        for seq in range(1, len(titles) + 1):
            self._step(claimed.id, seq, "in_progress")
            yield job.seconds / len(titles)
            self._step(claimed.id, seq, "done", f"{self.chance.randrange(20, 90)} records")
        if not titles:
            yield job.seconds
        for check in _checks(key):
            if check["key"] != APPROVAL:
                check_off(self._database, claimed.id, check["key"], worker_id=self.name)
                self.count()
        self._finish(claimed.id)

    def _step(self, task_id: str, seq: int, status: str, evidence: str | None = None) -> None:
        update_step(self._database, task_id, seq, status, worker_id=self.name, evidence=evidence)
        self.count()

    def _finish(self, task_id: str) -> None:
        try:
            finish_task(self._database, task_id, self.name)
        except ChecksOpen:
            self._waiting.setdefault(task_id, time.monotonic())
            return
        self._waiting.pop(task_id, None)
        self.count(completed=True)

    def _look_after(self, task_id: str) -> None:
        """Keep a claim that waits for an approval, and finish the task when it has it."""
        waited_s = (time.monotonic() - self._waiting[task_id]) * self.setting.speed
        try:
            if waited_s > _PATIENCE_S:
                note = "approved by the night shift"
                check_off(self._database, task_id, APPROVAL, worker_id=self.name, note=note)
                self.count()
            renew_claim(self._database, task_id, self.name)
            self._finish(task_id)
        except ClaimLost as error:
            del self._waiting[task_id]
            raise Dropped(str(error)) from error


def open_writer(name: str, setting: Setting) -> Writer:
    return QueueWorker(name, setting)


def database_path(root: Path) -> Path:
    return root / "colonies" / COLONY / "data" / "progress.db"


def set_stage(setting: Setting) -> None:
    """The queue with its first two rounds: one task failed, one is left, the others are to do."""
    colony = setting.root / "colonies" / COLONY
    colony.mkdir(parents=True)
    database = ensure_progress_db(colony)
    jobs = round_of(QUEUE, setting.seed, 0, _WORKERS)
    rows = task_rows(jobs, setting.seed, 0)
    by_step = {job.key.partition("/")[2]: row for job, row in zip(jobs, rows, strict=True)}
    failed, left = by_step["match"], by_step["scan"]
    seed_tasks(database, [failed])
    claim_next_task(database, FAILED_BY)
    start_task(database, failed["id"], FAILED_BY)
    update_step(database, failed["id"], 1, "done", worker_id=FAILED_BY, evidence="61 orders")
    fail_task(database, failed["id"], FAILED_BY, ERROR)
    seed_tasks(database, [left])
    claim_next_task(database, GONE)
    start_task(database, left["id"], GONE)
    update_step(database, left["id"], 1, "done", worker_id=GONE, evidence="17 pages")
    update_step(database, left["id"], 2, "in_progress", worker_id=GONE)
    seed_tasks(database, [row for row in rows if row not in (failed, left)])


def task_rows(jobs: Sequence[Job], seed: int, number: int) -> list[dict[str, Any]]:
    """A round as the queue is given it; the first of it is the parent of the others."""
    chance = random.Random(f"{seed}/{SYSTEM}/{number}")
    ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in jobs]
    rows = []
    for place, (task_id, job) in enumerate(zip(ids, jobs, strict=True)):
        step = job.key.partition("/")[2]
        row = {
            "id": task_id,
            "seq": number * 10 + place,
            "priority": _PRIORITIES[step],
            "goal": job.subject,
            "payload": {"step": job.key, "plan": QUEUE.name},
            "steps": [{"title": title} for title in _STEPS[step]],
            "sop_items": _checks(job.key),
        }
        rows.append(row)
    return rows


def _checks(key: str) -> list[dict[str, Any]]:
    """What is asked of a task before it may be done."""
    step = key.partition("/")[2]
    if step == "post":
        own = {"key": "balanced", "description": "The batch balances to the cent"}
        approval = {"key": APPROVAL, "description": "A person has approved the batch"}
        return [own] if number_of(key) % _APPROVED_ROUNDS else [own, approval]
    return [{"key": "sampled", "description": "Ten records were compared with the originals"}]


def _step_of(claimed: ClaimedTask) -> str:
    """The step of the story; "" for a task that somebody else put into the queue."""
    try:
        payload = json.loads(claimed.payload or "")
    except ValueError:
        return ""
    step = payload.get("step") if isinstance(payload, dict) else None
    return step if isinstance(step, str) else ""

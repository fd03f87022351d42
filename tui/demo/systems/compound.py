"""A compound run whose subtasks are carried out by simulated commands.

One of them fails at its first try, and what waits on it is not begun before somebody gives it back.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

from store import CompoundRuns
from store.model.errors import ListGone
from store.model.task import TaskStatus
from store.running.plan import Plan, PlannedSubtask
from store.running.run_record import RunRecord, RunState
from store.running.runner import Step, StepKind
from store.running.settings import RunSettings
from store.running.subtasks import is_free
from store.running.tiers import Tier
from tui.demo.systems.plots import RUN, round_of
from tui.demo.systems.writer import Setting, Writer

SYSTEM = "compound"
_TIERS = {"list": Tier.HAIKU, "notes": Tier.HAIKU, "major": Tier.OPUS}
_PAUSE_S = 90.0  # story seconds between two runs
_LOOK_S = 1.0
_TIMEOUT_S = 120.0
_ENDS = (StepKind.COMPLETED, StepKind.FAILED, StepKind.CANCELLED, StepKind.UNKNOWN)


class RunnerWriter(Writer):
    """The runner of one run after the other, each taken up again when more of it can be begun."""

    system = SYSTEM

    def __init__(self, name: str, setting: Setting) -> None:
        super().__init__(name, setting)
        self._stop = threading.Event()
        self._runs = open_runs(setting, os.getpid())
        self._number = 0

    async def run(self) -> None:
        try:
            await super().run()
        except asyncio.CancelledError:
            self._stop.set()  # so that the commands are ended too
            raise

    def turn(self) -> Iterator[float]:
        record = self._runs.submit(plan_of(self.setting, self._number))
        self._number += 1
        self.count()
        try:
            while not self._stop.is_set():
                now = self._runs.carry_out(record.id, stop=self._stop, tell=self._tell)
                if now.state is RunState.COMPLETED:
                    break
                while not self._can_go_on(record):
                    yield _LOOK_S
        except ListGone:
            self.tally.conflicts += 1
        yield _PAUSE_S

    def _can_go_on(self, record: RunRecord) -> bool:
        """Whether the operator has made something ready, or ended all that was left."""
        task_list = self._runs.load_list(record)
        tasks = task_list.tasks.values()
        if all(task.status is TaskStatus.COMPLETED for task in tasks):
            return True
        return any(task_list.is_ready(task) and is_free(task) for task in tasks)

    def _tell(self, step: Step) -> None:
        if step.kind is StepKind.STARTED or step.kind in _ENDS:
            self.count(completed=step.kind is StepKind.COMPLETED)


def open_writer(name: str, setting: Setting) -> Writer:
    return RunnerWriter(name, setting)


def set_stage(setting: Setting) -> None:
    """The root; the runner makes the list of its first run itself."""
    setting.root.mkdir()


def open_runs(setting: Setting, runner: int) -> CompoundRuns:
    """Runs whose commands end with the process of that number."""
    speed = str(setting.speed)
    simulated = (sys.executable, "-m", "tui.demo.systems.simulated")
    command = (*simulated, speed, str(runner), str(setting.root))
    settings = RunSettings(command, workers=2, timeout_s=_TIMEOUT_S * max(1.0, 1 / setting.speed))
    settings = replace(settings, directory=str(setting.root))
    return CompoundRuns(setting.root, state=setting.state, settings=settings)


def plan_of(setting: Setting, number: int) -> Plan:
    """The plan of a run, in three waves and a last word."""
    jobs = round_of(RUN, setting.seed, number, ("runner",))
    places = {job.key: place for place, job in enumerate(jobs)}
    subtasks = [
        PlannedSubtask(
            f"{job.subject}\n{job.description}".strip(),
            tuple(places[key] for key in job.needs),
            _TIERS.get(job.key.partition("/")[2], Tier.SONNET),
        )
        for job in jobs
    ]
    return Plan(jobs[-1].subject, tuple(subtasks), "Look first, then change, then tell.")

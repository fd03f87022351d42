"""Compound runs: submitted, carried out in the background, looked at, and resumed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from store.files.paths import hive_root_from_environment, task_list_parts
from store.files.places import absolute
from store.model.errors import ColonytopError, ListGone
from store.model.snapshot import TaskList
from store.model.task import ListKey, TaskListId, TaskListInfo, TaskStatus
from store.running.errors import RunNotFound
from store.running.executions import Executions
from store.running.ledger import SpendLedger, Total
from store.running.making import make_list
from store.running.plan import Plan
from store.running.planners import Planner, default_planner
from store.running.progress import progress, summary
from store.running.run_record import (
    RunFiles,
    RunRecord,
    RunState,
    ended,
    list_id_of,
    new_run_id,
    run_ids,
)
from store.running.runner import Runner, Step, Tell
from store.running.settings import RunSettings, default_command
from store.running.writing import SubtaskWriter
from store.systems.hive.loading import ListLoader
from store.systems.hive.native import NativeStore

AUTH_VARIABLE = "ANTHROPIC_AUTH_TOKEN"
"""Where a command finds the token that a caller gave."""


def tell_nobody(step: Step) -> None:
    """For who does not want to know."""


class CompoundRuns:
    """The runs whose lists are under one root. Thread-safe; other processes may share them."""

    def __init__(
        self,
        root: Path | str | None = None,
        *,
        state: Path | None = None,
        planner: Planner | None = None,
        settings: RunSettings | None = None,
    ) -> None:
        """Args:
        root: where the lists of new runs are made; by default `$HIVE_HOME`, else `~/.hive`.
        state: colonytop's state directory, by default the usual one.
        planner: by default what `$COLONYTOP_PLANNER` says, else Claude Code.
        settings: of new runs; by default the command is `$COLONYTOP_EXEC`, else Claude Code.
        """
        chosen = hive_root_from_environment() if root is None else Path(root)
        self.root = absolute(chosen)
        self._state = state
        self._planner = planner
        self._settings = settings or RunSettings(tuple(default_command(os.environ)))
        self._ledger = SpendLedger(state)
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._failures: dict[str, ColonytopError] = {}

    def submit_compound_task(self, prompt: str, auth_token: str | None = None) -> dict[str, Any]:
        """Plan a prompt, and have the plan carried out in the background.

        Args:
            prompt: what is to be done.
            auth_token: commands find it in `$ANTHROPIC_AUTH_TOKEN`; it is never written down.

        Returns:
            `id`, `status` ("planned") and `subtask_count`.

        Raises:
            InvalidPlan, PlannerFailed: no plan came out.
            ColonytopError: the list could not be made.
        """
        environment = {AUTH_VARIABLE: auth_token} if auth_token else {}
        planner = self._planner or default_planner(os.environ, environment)
        record = self.submit(planner.plan(prompt))
        self.start(record.id, environment)
        return {
            "id": record.id,
            "status": RunState.PLANNED.value,
            "subtask_count": len(record.plan.subtasks),
        }

    def get_task_progress(self, run_id: str) -> dict[str, Any] | None:
        """How a run goes on; None: there is no record of it. See `store.running.progress`."""
        try:
            record = self._files(run_id).load()
        except RunNotFound:
            return None
        return progress(record, self.load_list(record), self.total_of(run_id).usd)

    def list_recent_tasks(self, limit: int = 20) -> list[dict[str, Any]]:
        """The last runs, the newest first."""
        found: list[dict[str, Any]] = []
        for run_id in run_ids(self._state):
            if len(found) >= limit:
                break
            with suppress(RunNotFound):  # its maker was killed before it had a record
                record = self._files(run_id).load()
                cost = self.total_of(run_id).usd
                found.append(summary(record, self.load_list(record), cost))
        return found

    def submit(self, plan: Plan, settings: RunSettings | None = None) -> RunRecord:
        """Make the list of a plan, without carrying it out yet."""
        now = time.time()
        run_id = new_run_id(now)
        record = RunRecord(
            run_id, str(self.root), list_id_of(run_id), plan, settings or self._settings, now
        )
        self._files(run_id).save(record)
        return self._made(record)

    def start(self, run_id: str, environment: Mapping[str, str] | None = None) -> None:
        """Carry a run out in the background; see `wait`."""

        def work() -> None:
            try:
                self.carry_out(run_id, environment=environment)
            except ColonytopError as error:
                self._failures[run_id] = error

        thread = threading.Thread(target=work, name=f"run {run_id}", daemon=True)
        with self._lock:
            self._threads[run_id] = thread
        thread.start()

    def wait(self, run_id: str, timeout_s: float | None = None) -> bool:
        """Wait for a run that this object started; whether it ended in time.

        Raises:
            ColonytopError: it could not go on.
        """
        thread = self._threads.get(run_id)
        if thread is not None:
            thread.join(timeout_s)
            if thread.is_alive():
                return False
        if (failure := self._failures.pop(run_id, None)) is not None:
            raise failure
        return True

    def carry_out(
        self,
        run_id: str,
        *,
        stop: threading.Event | None = None,
        tell: Tell = tell_nobody,
        environment: Mapping[str, str] | None = None,
    ) -> RunRecord:
        """Carry a run out, or on, until nothing of it can be begun any more.

        Args:
            run_id: which one.
            stop: set to end it early, so that it can be resumed.
            tell: called for each step, in this thread.
            environment: what its commands find in their environment beside our own.

        Raises:
            RunNotFound: there is no record of it.
            RunBusy: another process carries it out.
            ListGone: its list was removed.
        """
        files = self._files(run_id)
        files.load()  # refuse before anything is made
        with files.running():
            record = files.load()
            if record.state is RunState.PLANNING:
                record = self._made(record)
            if environment:
                record = replace(record, settings=replace(record.settings, environment=environment))
            record = replace(record, state=RunState.EXECUTING, completed_at=None)
            files.save(record)
            task_list = self._run(record, files, stop or threading.Event(), tell)
            is_whole = all(t.status is TaskStatus.COMPLETED for t in task_list.tasks.values())
            state = RunState.COMPLETED if is_whole else RunState.PARTIAL
            record = ended(record, state, time.time())
            files.save(record)
        return record

    def record(self, run_id: str) -> RunRecord:
        """What is kept of a run; raises `RunNotFound`."""
        return self._files(run_id).load()

    def load_list(self, record: RunRecord) -> TaskList:
        """The run's list as it is now; empty if it was removed."""
        key = ListKey("hive", record.root, TaskListId(record.list_id))
        loader = ListLoader(key, Path(record.root), task_list_parts(record.list_id))
        try:
            return loader.load(None)
        except ListGone:
            return TaskList(TaskListInfo(key, record.root))

    def total_of(self, run_id: str) -> Total:
        """What the ledger says that a run came to."""
        return self._ledger.total_of(run_id)

    def place_of(self, run_id: str) -> Path:
        """The directory in which the outputs of its commands are."""
        return self._files(run_id).path

    def _run(
        self, record: RunRecord, files: RunFiles, stop: threading.Event, tell: Tell
    ) -> TaskList:
        store = NativeStore(Path(record.root))
        executions = Executions(record, files, self._ledger)
        writer = SubtaskWriter(store, record.list_id, record.settings)
        return Runner(record, executions, writer, tell).run(stop)

    def _made(self, record: RunRecord) -> RunRecord:
        make_list(NativeStore(Path(record.root)), record)
        planned = replace(record, state=RunState.PLANNED, planned_at=time.time())
        self._files(record.id).save(planned)
        return planned

    def _files(self, run_id: str) -> RunFiles:
        return RunFiles(run_id, self._state)


@cache
def _usual() -> CompoundRuns:
    return CompoundRuns()


def submit_compound_task(prompt: str, auth_token: str | None = None) -> dict[str, Any]:
    """`CompoundRuns.submit_compound_task` with the usual root, planner and command."""
    return _usual().submit_compound_task(prompt, auth_token)


def get_task_progress(run_id: str) -> dict[str, Any] | None:
    """`CompoundRuns.get_task_progress` of the runs on this machine."""
    return _usual().get_task_progress(run_id)


def list_recent_tasks(limit: int = 20) -> list[dict[str, Any]]:
    """`CompoundRuns.list_recent_tasks` of the runs on this machine."""
    return _usual().list_recent_tasks(limit)

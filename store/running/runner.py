"""The runner: carries the subtasks of one list out, in the order that its edges allow.

It looks at the list as everybody sees it, again and again, so what an operator changes there counts
from the next moment on. Of each subtask's execution it writes down what it is about to do before it
does it; killed anywhere, it goes on where it was, and no command is begun twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from store.files.paths import task_list_parts
from store.model.errors import ListGone
from store.model.graph import id_order
from store.model.snapshot import TaskList
from store.model.task import ListKey, Task, TaskId, TaskListId
from store.running.child import Child
from store.running.executions import Begin, Executions, attempt_of, new_token
from store.running.outcome import Ending, Outcome
from store.running.run_record import RunRecord
from store.running.subtasks import has_failed, holds, is_free, token_of
from store.running.writing import SubtaskWriter
from store.systems.hive.loading import ListLoader

TICK_S = 0.05
"""Between two looks at commands and list."""


class StepKind(StrEnum):
    """What a runner tells of."""

    STARTED = "started"
    ADOPTED = "adopted"
    """A command that an earlier runner began still runs, or has ended meanwhile."""
    COMPLETED = "completed"
    FAILED = "failed"
    AGAIN = "again"
    """It failed and is tried again."""
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a runner did or saw. Texts are untrusted."""

    kind: StepKind
    task: TaskId
    subject: str
    model: str
    attempt: int
    outcome: Outcome | None = None
    seconds: float = 0.0


@dataclass(slots=True)
class _Running:
    begin: Begin
    child: Child
    subject: str
    outcome: Outcome | None = None
    why_stopped: str | None = None


Tell = Callable[[Step], object]


class Runner:
    """Carries out one run. One thread uses it."""

    def __init__(
        self, record: RunRecord, executions: Executions, writer: SubtaskWriter, tell: Tell
    ) -> None:
        """`tell`: called for each step, in the runner's thread."""
        self._settings = record.settings
        self._executions = executions
        self._writer = writer
        self._tell = tell
        self._environment = {"COLONYTOP_RUN": record.id, "COLONYTOP_LIST": record.list_id}
        key = ListKey("hive", record.root, TaskListId(record.list_id))
        self._loader = ListLoader(key, Path(record.root), task_list_parts(record.list_id))
        self._list: TaskList | None = None
        self._running: dict[str, _Running] = {}

    def run(self, stop: threading.Event) -> TaskList:
        """Work until nothing is left that could be begun; the list as it is then.

        Args:
            stop: ends it early: what runs is stopped, and can be resumed.

        Raises:
            ListGone: somebody removed the list; what ran was stopped.
            ColonytopError: something could not be written; what ran was stopped.
        """
        try:
            self._executions.settle()
            self._take_up(self._look())
            while True:
                task_list = self._look()
                self._stop_what_moved(task_list)
                moved = self._collect()
                if stop.is_set():
                    return self._end_all("the run was stopped")
                if moved:
                    continue
                if self._writer.settle_dependants(task_list):
                    continue
                if not self._start_ready(task_list) and not self._running:
                    return task_list
                stop.wait(TICK_S)
        except BaseException:
            self._stop_all("the runner failed")
            raise

    def _look(self) -> TaskList:
        self._list = self._loader.load(self._list)
        while not self._loader.is_settled:
            time.sleep(TICK_S / 5)
            self._list = self._loader.load(self._list)
        return self._list

    def _take_up(self, task_list: TaskList) -> None:
        """Find out what became of the executions of an earlier runner."""
        for begin in self._executions.open():
            if self._executions.never_began(begin):
                self._executions.forget(begin.token)
                continue
            task = task_list.tasks.get(TaskId(begin.task))
            running = _Running(begin, self._executions.child(begin), task.subject if task else "")
            self._running[begin.token] = running
            self._tell_of(StepKind.ADOPTED, running)
        for task in task_list.tasks.values():
            token = token_of(task)
            if token is None or token in self._running:
                continue
            outcome = self._executions.outcome(token)
            if outcome is None:
                self._writer.give_back(task)
            else:
                self._writer.finish(task, outcome)

    def _stop_what_moved(self, task_list: TaskList) -> None:
        """Stop the commands of subtasks that an operator took out of our hands."""
        for running in self._running.values():
            if running.outcome is not None or running.why_stopped is not None:
                continue
            task = task_list.tasks.get(TaskId(running.begin.task))
            if task is None or not holds(task, running.begin.token):
                running.why_stopped = _why(task)
                running.child.stop(Ending.CANCELLED, running.why_stopped)

    def _collect(self) -> bool:
        """Settle the commands that ended; whether there were any."""
        ended = []
        for token, running in self._running.items():
            running.outcome = running.child.poll()
            if running.outcome is not None:
                ended.append(token)
        for token in ended:
            self._settle(self._running.pop(token))
        return bool(ended)

    def _settle(self, running: _Running) -> None:
        outcome = running.outcome
        if outcome is None:
            return
        self._executions.end(running.begin, outcome)
        task = self._task(running.begin)
        is_again = False
        if task is not None and holds(task, running.begin.token):
            is_again = self._writer.finish(task, outcome)
        self._tell_of(_kind(outcome, is_again=is_again), running)

    def _task(self, begin: Begin) -> Task | None:
        """The subtask of an execution as it is now, if it is still there."""
        try:
            return self._look().tasks.get(TaskId(begin.task))
        except ListGone:  # what ended is settled all the same; the next look says it again
            return None

    def _start_ready(self, task_list: TaskList) -> int:
        """Begin what may begin, up to the number of workers; how many that was."""
        started = 0
        busy = {running.begin.task for running in self._running.values()}
        for task in sorted(task_list.tasks.values(), key=lambda task: id_order(task.id)):
            if len(self._running) >= self._settings.workers:
                break
            if task_list.is_ready(task) and is_free(task) and task.id not in busy:
                started += self._start(task)
        return started

    def _start(self, task: Task) -> bool:
        token, attempt = new_token(), attempt_of(task)
        claimed = self._writer.claim(task, token)
        if claimed is None:
            return False
        begin = self._executions.begin(task, token, attempt)
        running = _Running(begin, self._executions.child(begin), task.subject)
        self._running[token] = running
        environment = {
            **self._environment,
            "COLONYTOP_TASK": task.id,
            "COLONYTOP_EXECUTION": token,
            "COLONYTOP_ATTEMPT": str(attempt),
            "COLONYTOP_MODEL": begin.asked.model,
            "COLONYTOP_TIER": str(int(begin.asked.tier)),
            **self._settings.environment,
        }
        arguments = self._settings.arguments(begin.asked.model, begin.asked.tier)
        running.child.start(arguments, environment, self._settings.directory)
        self._tell_of(StepKind.STARTED, running)
        return True

    def _end_all(self, why: str) -> TaskList:
        self._stop_all(why)
        return self._look()

    def _stop_all(self, why: str) -> None:
        """Stop every command and settle it, so that a later run knows how it ended."""
        for running in self._running.values():
            running.child.stop(Ending.CANCELLED, why)
        while self._running:
            if not self._collect():
                time.sleep(TICK_S)

    def _tell_of(self, kind: StepKind, running: _Running) -> None:
        begin = running.begin
        self._tell(
            Step(
                kind,
                TaskId(begin.task),
                running.subject,
                begin.asked.model,
                begin.attempt,
                running.outcome,
                max(0.0, time.time() - begin.at),
            )
        )


def _kind(outcome: Outcome, *, is_again: bool) -> StepKind:
    if outcome.is_success:
        return StepKind.COMPLETED
    if outcome.ending is Ending.CANCELLED:
        return StepKind.CANCELLED
    if is_again:
        return StepKind.AGAIN
    return StepKind.UNKNOWN if outcome.ending is Ending.UNKNOWN else StepKind.FAILED


def _why(task: Task | None) -> str:
    if task is None:
        return "the subtask was deleted"
    if not is_free(task):
        return f"{task.owner} took the subtask over"
    if has_failed(task):
        return "the subtask was given up"
    return f"the subtask was set to {task.native_status}"

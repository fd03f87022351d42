"""What is kept of a run beside its list: what it was asked, how it goes on, and its executions.

All of it lies in colonytop's own state directory, never in the list's. The log of executions is
written ahead: `begin` before a command is started, `end` with its outcome before anybody else is
told, `entered` when the ledger has it, `void` for one that never began.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from store.files.executions import ExecutionPlace
from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import Directory, open_directory
from store.files.logs import LineLog, SoleHolder
from store.files.places import state_directory
from store.files.waiting import Patience
from store.model.strict import BadDocument, Fields, parse_document
from store.running.errors import RunBusy, RunNotFound
from store.running.plan import Plan, PlannedSubtask
from store.running.settings import RunSettings, read_settings
from store.running.tiers import Tier

_RUNS = ("compound", "runs")
_RECORD, _LOCK, _EXECUTIONS = "run.json", ".runner.lock", "executions"
_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_MOST_BYTES = 256 << 20
_PATIENCE_S = 10.0
_LOG = LineLog("executions", segment_bytes=64 << 20, segments=1_000_000)


class RunState(StrEnum):
    """How far a run is."""

    PLANNING = "planning"
    """Its list is being made."""
    PLANNED = "planned"
    EXECUTING = "executing"
    COMPLETED = "completed"
    PARTIAL = "partial"
    """It ended, and not every subtask is completed."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One run. Times are epoch seconds."""

    id: str
    root: str
    """Where its list is."""
    list_id: str
    plan: Plan
    settings: RunSettings
    created_at: float
    state: RunState = RunState.PLANNING
    planned_at: float | None = None
    completed_at: float | None = None


def new_run_id(now: float) -> str:
    """Sorts by time."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(3)}"


def list_id_of(run_id: str) -> str:
    """The native list of a run's subtasks."""
    return f"session:compound:{run_id}"


class RunFiles:
    """The files of one run."""

    def __init__(self, run_id: str, state: Path | None = None) -> None:
        """`state`: colonytop's state directory, by default the usual one."""
        self.run_id = run_id
        self._state = state_directory() if state is None else state
        self.path = self._state.joinpath(*_RUNS, run_id)

    def save(self, record: RunRecord) -> None:
        """Keep the record, on disk when this returns."""
        content = json.dumps(_values(record)).encode("ascii")
        with storage_failures(self.path), self._open(create=True) as directory:
            directory.replace(_RECORD, content)
            directory.sync()

    def load(self) -> RunRecord:
        """The record.

        Raises:
            RunNotFound: there is none.
            BadDocument: it cannot be understood.
        """
        if not _RUN_ID.fullmatch(self.run_id):  # it could name another directory, or none at all
            raise RunNotFound(self.run_id)
        source = str(self.path / _RECORD)
        try:
            with self._open() as directory:
                content = directory.read_bytes(_RECORD, _MOST_BYTES)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunNotFound(self.run_id) from error
        except UnreadableFile as error:
            raise BadDocument(source, "", error.reason) from error
        return _read(parse_document(content.decode("utf-8", "replace"), source), source)

    def place(self, token: str) -> ExecutionPlace:
        """Where one execution's files are."""
        return ExecutionPlace(self.path / _EXECUTIONS, token)

    def log(self, **line: Any) -> None:
        """Write down a step of an execution, on disk when this returns."""
        content = json.dumps({**line, "at": time.time()}).encode("ascii") + b"\n"
        opening = self._open(create=True)
        with storage_failures(self.path), opening as directory:  # noqa: SIM117  (needs its result)
            with _LOG.locked(directory, Patience(_PATIENCE_S)):
                _LOG.append(directory, content, header=b"", sync=True)

    def steps(self) -> list[Mapping[str, Any]]:
        """All that was logged, oldest first. A line that a crash cut off is passed over: what it
        was to tell had not been done yet.
        """
        try:
            directory = self._open()
        except FileNotFoundError:
            return []
        found: list[Mapping[str, Any]] = []
        with storage_failures(self.path), directory:
            for line in _LOG.lines_back(directory):
                try:
                    step = json.loads(line)
                except ValueError:
                    continue
                if isinstance(step, dict):
                    found.append(step)
        return found[::-1]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Be the one process that carries the run out.

        Raises:
            RunBusy: another one does.
        """
        holder = SoleHolder()
        with self._open(create=True) as directory:
            if not holder.take(directory, _LOCK):
                raise RunBusy(self.run_id)
        try:
            yield
        finally:
            holder.release()

    def _open(self, *, create: bool = False) -> Directory:
        return open_directory(self._state, (*_RUNS, self.run_id), create=create)


def run_ids(state: Path | None = None) -> list[str]:
    """The runs on record, the newest first."""
    try:
        with open_directory(state_directory() if state is None else state, _RUNS) as directory:
            return sorted(directory.names(), reverse=True)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _values(record: RunRecord) -> dict[str, Any]:
    return {
        "colonytop_run": 1,
        "id": record.id,
        "root": record.root,
        "list": record.list_id,
        "prompt": record.plan.prompt,
        "reasoning": record.plan.reasoning,
        "subtasks": [
            {
                "description": one.description,
                "depends_on": list(one.depends_on),
                "tier": int(one.tier),
                "tier_hint": one.tier_hint,
            }
            for one in record.plan.subtasks
        ],
        "settings": record.settings.values(),
        "state": record.state.value,
        "created_at": record.created_at,
        "planned_at": record.planned_at,
        "completed_at": record.completed_at,
    }


def _read(document: dict[str, Any], source: str) -> RunRecord:
    fields = Fields(document, source)
    if fields.take("colonytop_run", int) != 1:
        raise fields.fail("colonytop_run", "is of a version that is not known here")
    subtasks = [
        _read_subtask(one, source, f"subtasks[{place}]")
        for place, one in enumerate(fields.take("subtasks", list))
    ]
    record = RunRecord(
        fields.take("id", str),
        fields.take("root", str),
        fields.take("list", str),
        Plan(
            fields.take("prompt", str),
            tuple(subtasks),
            fields.take("reasoning", str, type(None)),
        ),
        read_settings(fields.take_object("settings"), source),
        fields.take("created_at", float),
        RunState(fields.take("state", str)),
        fields.take("planned_at", float, type(None)),
        fields.take("completed_at", float, type(None)),
    )
    fields.end()
    return record


def _read_subtask(one: Any, source: str, path: str) -> PlannedSubtask:
    fields = Fields(one, source, path)
    found = PlannedSubtask(
        fields.take("description", str),
        tuple(fields.take("depends_on", list)),
        Tier(fields.take("tier", int)),
        fields.take("tier_hint", str, type(None)),
    )
    fields.end()
    return found


def ended(record: RunRecord, state: RunState, now: float) -> RunRecord:
    """The record of a run that nothing runs any more."""
    return replace(record, state=state, completed_at=now)

"""The ledger: one line for each execution, whatever came of it. Only ever added to.

Lines are JSON: `timestamp` (ISO-8601, UTC), `model`, `success`, `outcome`, `input_tokens`,
`output_tokens`, `cost_usd`, `is_estimated`, `estimated_cost_usd` (the same sum), `prompt_preview`,
`compound_task_id` (the run), `subtask_id`, `list`, `root`, `execution`, `attempt`, `duration_s`,
and `error` where there was one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from store.files.failures import storage_failures
from store.files.fs import Directory, open_directory
from store.files.logs import LineLog
from store.files.places import state_directory
from store.files.waiting import Patience
from store.model.errors import InvalidField

GROUPS = ("model", "day", "list")
PREVIEW_CHARACTERS = 100

_PLACE = ("compound",)
_PATIENCE_S = 10.0
_LOG = LineLog("ledger", segment_bytes=64 << 20, segments=1_000_000)


@dataclass(frozen=True, slots=True)
class Total:
    """What executions came to."""

    executions: int = 0
    succeeded: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    estimated_usd: float = 0.0
    """How much of `usd` nobody measured."""

    def plus(self, line: Mapping[str, Any]) -> Total:
        usd = _number(line.get("cost_usd", line.get("estimated_cost_usd")))
        is_estimated = line.get("is_estimated", "cost_usd" not in line) is not False
        return replace(
            self,
            executions=self.executions + 1,
            succeeded=self.succeeded + (line.get("success") is True),
            input_tokens=self.input_tokens + int(_number(line.get("input_tokens"))),
            output_tokens=self.output_tokens + int(_number(line.get("output_tokens"))),
            usd=self.usd + usd,
            estimated_usd=self.estimated_usd + (usd if is_estimated else 0.0),
        )


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole ledger, by one of `GROUPS`."""

    groups: Mapping[str, Total]
    """In the order of their names."""
    total: Total
    unreadable: int
    """Lines that are no record, such as a crash cuts off."""


class SpendLedger:
    """The ledger of all runs on this machine. Safe to share between threads and processes."""

    def __init__(self, state: Path | None = None) -> None:
        """`state`: colonytop's state directory, by default the usual one."""
        self._state = state_directory() if state is None else state

    def append(self, line: Mapping[str, Any]) -> None:
        """Add a line, on disk when this returns.

        Raises:
            LockTimeout, StorageFailure: nothing was added.
        """
        content = json.dumps(line).encode("ascii") + b"\n"
        with storage_failures(self._state), self._open(create=True) as directory:
            with _LOG.locked(directory, Patience(_PATIENCE_S)):
                _LOG.append(directory, content, header=b"", sync=True)
            directory.sync()

    def lines(self) -> Iterator[Mapping[str, Any] | None]:
        """Every line, the last one first; None for one that is no record."""
        try:
            directory = self._open()
        except FileNotFoundError:
            return
        with storage_failures(self._state), directory:
            for line in _LOG.lines_back(directory):
                yield _parsed(line)

    def has(self, execution: str) -> bool:
        """Whether an execution is entered."""
        return any(line is not None and line.get("execution") == execution for line in self.lines())

    def total_of(self, run_id: str) -> Total:
        """What the executions of one run came to, those of deleted subtasks too."""
        total = Total()
        mark = run_id.encode()
        try:
            directory = self._open()
        except FileNotFoundError:
            return total
        with storage_failures(self._state), directory:
            for line in _LOG.lines_back(directory):
                found = _parsed(line) if mark in line else None  # parsing all of it is not cheap
                if found is not None and found.get("compound_task_id") == run_id:
                    total = total.plus(found)
        return total

    def totals(self, by: str) -> Totals:
        """What all executions came to.

        Raises:
            InvalidField: `by` is none of `GROUPS`.
        """
        if by not in GROUPS:
            raise InvalidField("by", f"{by!r} is not one of {', '.join(GROUPS)}")
        groups: dict[str, Total] = {}
        total, unreadable = Total(), 0
        for line in self.lines():
            if line is None:
                unreadable += 1
                continue
            name = _group(line, by)
            groups[name] = groups.get(name, Total()).plus(line)
            total = total.plus(line)
        return Totals(dict(sorted(groups.items())), total, unreadable)

    def _open(self, *, create: bool = False) -> Directory:
        return open_directory(self._state, _PLACE, create=create)


def timestamp(at: float) -> str:
    """As the ledger tells times."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")


def _parsed(line: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(line)
        is_record = isinstance(found, dict) and "model" in found
        is_sound = is_record and all(isfinite(_number(value)) for value in found.values())
    except (ValueError, RecursionError, OverflowError):
        return None
    return found if is_sound else None  # one figure without end would spoil every total


def _group(line: Mapping[str, Any], by: str) -> str:
    if by == "day":
        return str(line.get("timestamp") or "")[:10]
    return str(line.get(by) or line.get("compound_task_id") or "")


def _number(value: Any) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number else 0.0

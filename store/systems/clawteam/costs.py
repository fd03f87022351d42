"""What a team's agents have reported as spent: one file per report, each read once."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from store.files.codec import Unparsable, parse_object
from store.files.fs import Directory
from store.files.reading import is_quiet
from store.model.execution import Spent
from store.model.json_kinds import kind_name

_REPORT = re.compile(r"cost-.+\.json")
_CENTS = 100.0


@dataclass(frozen=True, slots=True)
class Report:
    """One report, as far as it is counted here."""

    agent: str
    cents: float
    input_tokens: int
    output_tokens: int


def parse_report(content: bytes) -> Report:
    """A report from its file.

    Raises:
        Unparsable: with the field and what is wrong with it.
    """
    raw = parse_object(content)
    agent = raw.get("agentName", raw.get("agent_name"))
    if not isinstance(agent, str):
        raise Unparsable("agentName: there is none")
    return Report(
        agent,
        float(_number(raw, "costCents", "cost_cents")),
        int(_number(raw, "inputTokens", "input_tokens")),
        int(_number(raw, "outputTokens", "output_tokens")),
    )


def _number(raw: dict[str, Any], *names: str) -> float:
    found = next((raw[name] for name in names if name in raw), 0)
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        raise Unparsable(f"{names[0]}: {kind_name(found)} stands where a number is expected")
    return found


class Costs:
    """The sums of all reports, by agent. Not thread-safe; a look costs what is new."""

    def __init__(self) -> None:
        self._read: dict[str, Report | None] = {}
        self._identity: tuple[int, int] | None = None
        self._mtime_ns: int | None = None
        self.by_agent: dict[str, Spent] = {}
        self.total: Spent | None = None

    @property
    def unreadable(self) -> int:
        """Reports that cannot be counted."""
        return sum(report is None for report in self._read.values())

    def look(self, directory: Directory | None) -> None:
        """Read what was not read yet. No directory: there are no reports at all."""
        identity = directory.identity() if directory else None
        if identity != self._identity:
            self._read, self._identity, self._mtime_ns = {}, identity, None
            self._add_up()
        if directory is None or directory.mtime_ns() == self._mtime_ns:
            return
        mtime_ns = directory.mtime_ns()
        self._mtime_ns = mtime_ns if is_quiet(mtime_ns) else None
        now = {name: self._read.get(name) for name in directory.names() if _REPORT.fullmatch(name)}
        fresh = sorted(name for name, report in now.items() if report is None)
        for name, content in directory.read_all(fresh).items():
            with suppress(Unparsable):  # counted as unreadable
                now[name] = parse_report(content)
        if now != self._read:
            self._read = now
            self._add_up()

    def _add_up(self) -> None:
        sums: dict[str, list[float]] = {}
        for report in self._read.values():
            if report is not None:
                added = sums.setdefault(report.agent, [0.0, 0, 0])
                added[0] += report.cents
                added[1] += report.input_tokens
                added[2] += report.output_tokens
        self.by_agent = {agent: _spent(*found) for agent, found in sums.items()}
        self.total = _spent(*map(sum, zip(*sums.values(), strict=True))) if sums else None


def _spent(cents: float, input_tokens: float, output_tokens: float) -> Spent:
    return Spent(cents / _CENTS, int(input_tokens), int(output_tokens))

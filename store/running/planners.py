"""Planners: what splits a prompt into subtasks. A file, an outline, or any command."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from store.files.failures import UnreadableFile, storage_failures
from store.files.fs import open_directory
from store.files.places import absolute
from store.running.documents import find_document, parse_document
from store.running.errors import InvalidPlan, PlannerFailed
from store.running.outcome import Asked, judge
from store.running.outline import looks_like_outline, parse_outline
from store.running.plan import Plan, PlannedSubtask, checked
from store.running.settings import DEFAULT_COMMAND, split_command
from store.running.tiers import Tier

PLANNER_VARIABLE = "COLONYTOP_PLANNER"
TIMEOUT_S = 120.0
_MOST_BYTES = 4 << 20
_INSTRUCTIONS = """\
Split the task at the end into subtasks that others can carry out, each in one go and knowing \
nothing but its own description and what is in the working directory. As few as make sense, at \
most 12. Answer with nothing but one JSON object:
{"reasoning": "why so, in a sentence",
 "subtasks": [{"description": "all that is needed to do it",
               "depends_on": [places, from 0, of the subtasks that must be done before],
               "tier": 1 for plain work, 2 for most, 3 for what is hard}]}

The task:
"""


class Planner(Protocol):
    """Splits a prompt into subtasks."""

    def plan(self, prompt: str) -> Plan:
        """The plan for a prompt.

        Raises:
            InvalidPlan: what came out is none.
            PlannerFailed: nothing came out.
        """
        ...


class OutlinePlanner:
    """Takes the prompt for the plan itself: an outline, a JSON document, or a single subtask."""

    def plan(self, prompt: str) -> Plan:
        return replace(parse_plan(prompt, "prompt"), prompt=prompt)


class CommandPlanner:
    """Has a command make the plan: the prompt on standard input, JSON on standard output."""

    def __init__(
        self,
        command: Sequence[str] = DEFAULT_COMMAND,
        *,
        timeout_s: float = TIMEOUT_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Args:
        command: a program and its arguments; `{model}` stands for the model of the middle tier.
        timeout_s: how long it may take.
        environment: what it finds in its environment beside our own.
        """
        model = Tier.SONNET.model
        self._command = [part.replace("{model}", model) for part in command]
        self._timeout_s = timeout_s
        self._environment = dict(environment or {})

    def plan(self, prompt: str) -> Plan:
        asked = _INSTRUCTIONS + prompt
        name = self._command[0]
        try:
            done = subprocess.run(
                self._command,
                input=asked,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self._timeout_s,
                env={**os.environ, **self._environment},
                check=False,
            )
        except OSError as error:
            raise PlannerFailed(f"{name}: cannot be started: {error.strerror or error}") from error
        except subprocess.TimeoutExpired as error:
            raise PlannerFailed(f"{name}: no plan within {self._timeout_s:g} s") from error
        outcome = judge(
            Asked(asked, Tier.SONNET.model, Tier.SONNET), done.returncode, done.stdout, done.stderr
        )
        if not outcome.is_success:
            raise PlannerFailed(f"{name}: {outcome.error}")
        return parse_document(find_document(_whole_answer(done.stdout)), name, prompt=prompt)


def default_planner(
    environ: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Planner:
    """`$COLONYTOP_PLANNER`: a command, or `outline`; without it Claude Code."""
    chosen = environ.get(PLANNER_VARIABLE)
    if chosen == "outline":
        return OutlinePlanner()
    command = split_command(chosen) if chosen else DEFAULT_COMMAND
    return CommandPlanner(command, environment=environment)


def parse_plan(text: str, source: str) -> Plan:
    """The plan in a text: a JSON document, an outline, or one subtask that is all of it.

    Raises:
        InvalidPlan: why it is none.
    """
    bare = text.strip()
    if not bare:
        raise InvalidPlan(source, "is empty")
    if bare[0] in "{[":
        return parse_document(bare, source)
    if looks_like_outline(text) or bare[0] in "-*#":
        return parse_outline(text, source)
    return checked(Plan(bare, (PlannedSubtask(bare),)), source)


def read_plan(path: Path) -> Plan:
    """The plan in a file.

    Raises:
        InvalidPlan: why it is none.
        StorageFailure: it cannot be read.
    """
    place = absolute(path)
    with storage_failures(place), open_directory(place.parent.resolve()) as directory:
        try:
            content = directory.read_bytes(place.name, _MOST_BYTES)
        except UnreadableFile as error:
            raise InvalidPlan(str(path), error.reason) from error
    try:
        return parse_plan(content.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise InvalidPlan(str(path), f"not UTF-8 at byte {error.start}") from error


def _whole_answer(output: str) -> str:
    """What a model answered: of Claude Code's JSON its result, else all of it."""
    try:
        found = json.loads(output)
    except ValueError:
        return output
    answer = found.get("result") if isinstance(found, dict) and "subtasks" not in found else None
    return answer if isinstance(answer, str) else output

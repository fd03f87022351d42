"""How a run is carried out: by which command, how many at once, and what failure leads to."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from store.model.errors import InvalidField
from store.model.strict import Fields
from store.running.tiers import Tier

DEFAULT_COMMAND = ("claude", "-p", "--model", "{model}", "--output-format", "json")
COMMAND_VARIABLE = "COLONYTOP_EXEC"
WORKERS = 4
TIMEOUT_S = 120.0
MOST_WORKERS = 256


class OnFailure(StrEnum):
    """What becomes of subtasks that wait on one that failed. None of them is ever run."""

    SKIP = "skip"
    """They stay as they are, and go on when the failed one is tried again and succeeds."""
    FAIL = "fail"
    """They fail too."""


class OnUnknown(StrEnum):
    """What becomes of a subtask whose command was begun and nobody knows how it ended."""

    FAIL = "fail"
    """It failed; the operator may look at what it did and try again."""
    RETRY = "retry"
    """It is run again, though it may have done its work already."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Kept with the run, so that it is resumed as it was begun."""

    command: tuple[str, ...] = DEFAULT_COMMAND
    """A program and its arguments; `{model}` and `{tier}` stand for those of the subtask. It is
    given the description on standard input.
    """
    workers: int = WORKERS
    """How many commands run at once."""
    timeout_s: float = TIMEOUT_S
    """How long one may take."""
    attempts: int = 1
    """How often a subtask is tried before it has failed."""
    on_failure: OnFailure = OnFailure.SKIP
    on_unknown: OnUnknown = OnUnknown.FAIL
    directory: str | None = None
    """Where commands run; None: where the runner was started."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What commands find in their environment beside the runner's own. Never written down."""

    def __post_init__(self) -> None:
        if not self.command or not self.command[0]:
            raise InvalidField("command", "is empty")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise InvalidField("workers", f"must be 1 to {MOST_WORKERS}")
        if not self.timeout_s > 0:
            raise InvalidField("timeout", "must be more than nothing")
        if self.attempts < 1:
            raise InvalidField("attempts", "must be 1 or more")

    def arguments(self, model: str, tier: Tier) -> list[str]:
        """The command for one subtask."""
        filled = (part.replace("{model}", model) for part in self.command)
        return [part.replace("{tier}", str(int(tier))) for part in filled]

    def values(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "command": list(self.command),
            "workers": self.workers,
            "timeout_s": self.timeout_s,
            "attempts": self.attempts,
            "on_failure": self.on_failure.value,
            "on_unknown": self.on_unknown.value,
            "directory": self.directory,
        }


def split_command(text: str) -> tuple[str, ...]:
    """A command line as a person writes it; no shell is asked.

    Raises:
        InvalidField: a quote is left open, or there is nothing.
    """
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise InvalidField("command", str(error)) from error
    if not parts:
        raise InvalidField("command", "is empty")
    return tuple(parts)


def read_settings(record: Any, source: str) -> RunSettings:
    """The settings that `RunSettings.values` made a record of.

    Raises:
        BadDocument: naming the field and what is wrong with it.
    """
    fields = Fields(record, source, "settings")
    found = RunSettings(
        tuple(fields.take_texts("command")),
        fields.take("workers", int),
        fields.take("timeout_s", float, int),
        fields.take("attempts", int),
        OnFailure(fields.take("on_failure", str)),
        OnUnknown(fields.take("on_unknown", str)),
        fields.take("directory", str, type(None), default=None),
    )
    fields.end()
    return found


def default_command(environ: Mapping[str, str]) -> Sequence[str]:
    """`$COLONYTOP_EXEC`, else Claude Code without a screen."""
    chosen = environ.get(COMMAND_VARIABLE)
    return split_command(chosen) if chosen else DEFAULT_COMMAND

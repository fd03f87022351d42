"""What came of one execution, told from its exit code and its output. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from store.model.execution import Spent
from store.running.tiers import Tier, cost_of, estimated, tokens_of

RESULT_CHARACTERS = 2_000
ERROR_CHARACTERS = 500
_TOKENS_IN = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


class Ending(StrEnum):
    """How an execution ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    """Stopped by the operator, or with the runner."""
    UNKNOWN = "unknown"
    """It was begun, and nobody knows how it ended."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. Texts are untrusted."""

    ending: Ending
    result: str = ""
    error: str | None = None
    spent: Spent = field(default_factory=Spent)

    @property
    def is_success(self) -> bool:
        return self.ending is Ending.COMPLETED


@dataclass(frozen=True, slots=True)
class Asked:
    """What an execution was asked."""

    prompt: str
    model: str
    tier: Tier


def judge(asked: Asked, code: int, output: str, errors: str) -> Outcome:
    """The outcome of a command that ended by itself.

    Args:
        asked: what it was given.
        code: its exit code.
        output: what it said; the JSON that Claude Code prints is understood.
        errors: what it said on standard error.
    """
    answer = _answer(output)
    if answer is None:
        text, spent = output.strip(), estimated(asked.tier, asked.prompt, output)
        is_error = False
    else:
        text = str(answer.get("result") or "").strip()
        spent = _measured(asked, answer, text)
        is_error = bool(answer.get("is_error"))
    if code == 0 and not is_error:
        return Outcome(Ending.COMPLETED, cut(text, RESULT_CHARACTERS), None, spent)
    said = _last_line(errors) or _last_line(text)
    why = f"exit code {code}" if code else "the command says that it failed"
    error = cut(f"{why}: {said}" if said else why, ERROR_CHARACTERS)
    return Outcome(Ending.FAILED, cut(text, RESULT_CHARACTERS), error, spent)


def stopped(asked: Asked, ending: Ending, error: str, output: str) -> Outcome:
    """The outcome of a command that did not end by itself; what it said until then is paid for."""
    text = cut(output.strip(), RESULT_CHARACTERS)
    return Outcome(ending, text, error, estimated(asked.tier, asked.prompt, output))


def cut(text: str, most: int) -> str:
    """At most so many characters; what was cut off is marked."""
    if len(text) <= most:
        return text
    mark = f"… [cut: {len(text):,} characters]"
    return text[: most - len(mark)] + mark


def _answer(output: str) -> Mapping[str, Any] | None:
    """The JSON object that tells of result, tokens and cost; None where the output is plain."""
    text = output.strip()
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not {"result", "usage", "total_cost_usd"} & found.keys():
        return None
    return found


def _measured(asked: Asked, answer: Mapping[str, Any], text: str) -> Spent:
    """What the answer says of tokens and cost; what it does not say is estimated."""
    usage = answer.get("usage")
    told = usage if isinstance(usage, Mapping) else answer
    counted = [count for name in _TOKENS_IN if (count := _count(told.get(name))) is not None]
    tokens_in = sum(counted) if counted else None
    tokens_out = _count(told.get("output_tokens"))
    usd = _amount(answer.get("total_cost_usd", answer.get("cost_usd")))
    is_estimated = usd is None or tokens_in is None or tokens_out is None
    tokens_in = tokens_of(asked.prompt) if tokens_in is None else tokens_in
    tokens_out = tokens_of(text) if tokens_out is None else tokens_out
    usd = cost_of(asked.tier, tokens_in, tokens_out) if usd is None else usd
    return Spent(usd, tokens_in, tokens_out, is_estimated)


def _count(value: Any) -> int | None:
    return value if type(value) is int and 0 <= value < 1 << 53 else None


def _amount(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e9 else None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""

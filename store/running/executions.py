"""The executions of a run: written ahead, entered in the ledger once each, found after a crash."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.files.executions import boot_id
from store.model.execution import Spent
from store.model.task import Task
from store.running.child import Child
from store.running.ledger import PREVIEW_CHARACTERS, SpendLedger, timestamp
from store.running.outcome import Asked, Ending, Outcome
from store.running.run_record import RunFiles, RunRecord
from store.running.subtasks import kept, model_of, tier_of_task
from store.running.tiers import Tier


@dataclass(frozen=True, slots=True)
class Begin:
    """An execution as it was begun."""

    token: str
    task: str
    attempt: int
    asked: Asked
    at: float
    """Epoch seconds."""
    boot: str
    """See `store.files.executions.boot_id`."""


class Executions:
    """The log of one run's executions, and the ledger that has a line for each."""

    def __init__(self, record: RunRecord, files: RunFiles, ledger: SpendLedger) -> None:
        self._record = record
        self._files = files
        self._ledger = ledger
        self._begun: dict[str, Begin] = {}
        self._ended: dict[str, Outcome] = {}
        self._unsettled: dict[str, float] = {}
        """Executions that ended and may not be in the ledger: token → when they ended."""
        for step in files.steps():
            self._remember(step)

    def begin(self, task: Task, token: str, attempt: int) -> Begin:
        """Write down that an execution is about to be started."""
        prompt = task.description or task.subject
        asked = Asked(prompt, model_of(task), tier_of_task(task))
        begin = Begin(token, task.id, attempt, asked, time.time(), boot_id())
        self._files.log(
            step="begin",
            execution=token,
            task=task.id,
            attempt=attempt,
            model=asked.model,
            tier=int(asked.tier),
            prompt=asked.prompt,
            boot=begin.boot,
        )
        self._begun[token] = begin
        return begin

    def child(self, begin: Begin) -> Child:
        """The command of an execution: to be started, or one that another runner left behind."""
        settings, place = self._record.settings, self._files.place(begin.token)
        return Child(place, begin.asked, began_at=begin.at, timeout_s=settings.timeout_s)

    def end(self, begin: Begin, outcome: Outcome) -> None:
        """Write down what came of an execution, and enter it in the ledger."""
        spent = outcome.spent
        self._files.log(
            step="end",
            execution=begin.token,
            ending=outcome.ending.value,
            result=outcome.result,
            error=outcome.error,
            usd=spent.usd,
            input_tokens=spent.input_tokens,
            output_tokens=spent.output_tokens,
            is_estimated=spent.is_estimated,
        )
        self._ended[begin.token] = outcome
        self._enter(begin, outcome, time.time())

    def forget(self, token: str) -> None:
        """Write down that an execution never began, and can not any more."""
        self._files.log(step="void", execution=token)
        self._begun.pop(token, None)

    def never_began(self, begin: Begin) -> bool:
        """Make sure that an execution that has not begun never does; False: it has, or since the
        machine was started anew nobody knows.
        """
        return begin.boot == boot_id() and self._files.place(begin.token).forbid()

    def outcome(self, token: str) -> Outcome | None:
        """What came of an execution, if that was written down."""
        return self._ended.get(token)

    def open(self) -> list[Begin]:
        """Executions of which no end was written down."""
        return [begin for token, begin in self._begun.items() if token not in self._ended]

    def settle(self) -> None:
        """Enter in the ledger what ended just before a crash. Each execution is entered once."""
        for token, at in list(self._unsettled.items()):
            begin = self._begun.get(token)
            if begin is None or self._ledger.has(token):
                self._files.log(step="entered", execution=token)
                del self._unsettled[token]
            else:
                self._enter(begin, self._ended[token], at)

    def _enter(self, begin: Begin, outcome: Outcome, at: float) -> None:
        self._unsettled[begin.token] = at
        self._ledger.append(self._line(begin, outcome, at))
        self._files.log(step="entered", execution=begin.token)
        self._unsettled.pop(begin.token, None)

    def _line(self, begin: Begin, outcome: Outcome, at: float) -> dict[str, Any]:
        spent = outcome.spent
        line = {
            "timestamp": timestamp(at),
            "model": begin.asked.model,
            "success": outcome.is_success,
            "outcome": outcome.ending.value,
            "input_tokens": spent.input_tokens,
            "output_tokens": spent.output_tokens,
            "cost_usd": spent.usd,
            "is_estimated": spent.is_estimated,
            "estimated_cost_usd": spent.usd,
            "prompt_preview": begin.asked.prompt[:PREVIEW_CHARACTERS],
            "compound_task_id": self._record.id,
            "subtask_id": begin.task,
            "list": self._record.list_id,
            "root": self._record.root,
            "execution": begin.token,
            "attempt": begin.attempt,
            "duration_s": round(max(0.0, at - begin.at), 3),
        }
        return line | ({"error": outcome.error} if outcome.error else {})

    def _remember(self, step: Mapping[str, Any]) -> None:
        token = str(step.get("execution"))
        at = float(step.get("at") or 0.0)
        match step.get("step"):
            case "begin":
                tier, prompt, model = Tier(step["tier"]), str(step["prompt"]), str(step["model"])
                asked = Asked(prompt, model, tier)
                begin = Begin(token, str(step["task"]), step["attempt"], asked, at, step["boot"])
                self._begun[token] = begin
            case "end":
                self._ended[token] = _outcome(step)
                self._unsettled[token] = at
            case "entered":
                self._unsettled.pop(token, None)
            case "void":
                self._begun.pop(token, None)


def new_token() -> str:
    """Names one execution, and no other ever."""
    return secrets.token_hex(8)


def attempt_of(task: Task) -> int:
    """Which attempt the next execution of a task is, from 1."""
    number = kept(task).get("attempts")
    return (number if type(number) is int else 0) + 1


def _outcome(step: Mapping[str, Any]) -> Outcome:
    spent = Spent(
        step.get("usd"),
        step.get("input_tokens"),
        step.get("output_tokens"),
        step.get("is_estimated") is not False,
    )
    return Outcome(Ending(step["ending"]), step.get("result") or "", step.get("error"), spent)

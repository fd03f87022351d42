"""Steps and checks of a task: ticked off or opened again, and what is still required. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from store.model.edit_parts import Tick
from store.model.errors import ColonytopError, InvalidField
from store.model.execution import Attempts, Execution, TaskCheck, TaskStep, TickKind
from store.model.task import Task

_DONE, _OPEN = "done", "pending"


class ChecksOpen(ColonytopError):
    """What is required before the task is done does not hold yet."""

    kind = "checks_open"
    can_be_forced = True

    def __init__(self, task_id: str, checks: Sequence[TaskCheck]) -> None:
        named = "; ".join(check.text or check.key for check in checks)
        what = "a required check is" if len(checks) == 1 else f"{len(checks)} required checks are"
        super().__init__(f"#{task_id}: {what} still open: {named}")
        self.task_id = task_id
        self.checks = tuple(check.key for check in checks)

    def details(self) -> dict[str, object]:
        return {"task": self.task_id, "checks": list(self.checks)}


def check_ticks(task: Task, ticks: Iterable[Tick], most_attempts: int | None) -> None:
    """Refuse what the task has no place for.

    Raises:
        InvalidField: there is no such step or check, or attempts are not counted.
    """
    execution = task.execution or Execution()
    for tick in ticks:
        known = _keys(execution, tick.kind)
        if tick.key not in known:
            said = f"known: {', '.join(known)}" if known else "it has none"
            raise InvalidField("ticks", f"#{task.id} has no {tick.kind} {tick.key!r}; {said}")
    if most_attempts is not None and most_attempts < 0:
        raise InvalidField("most_attempts", "must be 0 or more")
    if most_attempts is not None and execution.attempts is None:
        raise InvalidField("most_attempts", f"the attempts of #{task.id} are not counted")


def check_open(task: Task, ticks: Iterable[Tick]) -> None:
    """Refuse to call a task done whose required checks would be open then.

    Raises:
        ChecksOpen: naming them.
    """
    execution = ticked(task.execution, tuple(ticks), None, None)
    if execution is not None and execution.open_checks:
        raise ChecksOpen(task.id, execution.open_checks)


def ticked(
    execution: Execution | None,
    ticks: Sequence[Tick],
    most_attempts: int | None,
    now: float | None,
) -> Execution | None:
    """Steps and checks as the ticks leave them, and the new limit of attempts."""
    if execution is None:
        return None
    steps, checks, attempts = execution.steps, execution.checks, execution.attempts
    for tick in ticks:
        if tick.kind is TickKind.STEP:
            steps = tuple(_step(s, tick, now) if s.id == tick.key else s for s in steps)
        else:
            checks = tuple(_check(c, tick, now) if c.key == tick.key else c for c in checks)
    if most_attempts is not None:
        attempts = replace(attempts or Attempts(0), most=most_attempts)
    return replace(execution, steps=steps, checks=checks, attempts=attempts)


def is_done(task: Task, kind: TickKind, key: str) -> bool | None:
    """Whether a step or a check is ticked off; None: there is none of that name."""
    execution = task.execution or Execution()
    if kind is TickKind.STEP:
        return next((step.is_done for step in execution.steps if step.id == key), None)
    return next((not check.is_open for check in execution.checks if check.key == key), None)


def ticks_back(before: Task, after: Task) -> tuple[Tick, ...]:
    """The ticks that leave steps and checks as they were before."""
    was, now = before.execution or Execution(), after.execution or Execution()
    steps = {step.id: step for step in now.steps}
    checks = {check.key: check for check in now.checks}
    found = [
        Tick(TickKind.STEP, s.id, s.is_done, s.worker, s.evidence, s.native_status)
        for s in was.steps
        if s.id in steps and (s.is_done, s.native_status) != _state_of(steps[s.id])
    ]
    found += [
        Tick(TickKind.CHECK, c.key, not c.is_open, c.done_by, c.note)
        for c in was.checks
        if c.key in checks and c.is_open != checks[c.key].is_open
    ]
    return tuple(found)


def _state_of(step: TaskStep) -> tuple[bool, str]:
    return step.is_done, step.native_status


def _keys(execution: Execution, kind: TickKind) -> list[str]:
    if kind is TickKind.STEP:
        return [step.id for step in execution.steps]
    return [check.key for check in execution.checks]


def _step(step: TaskStep, tick: Tick, now: float | None) -> TaskStep:
    if step.is_done == tick.is_done and tick.native_status in (None, step.native_status):
        return step
    return replace(
        step,
        is_done=tick.is_done,
        native_status=tick.native_status or (_DONE if tick.is_done else _OPEN),
        completed_at=now if tick.is_done else None,
        worker=step.worker if tick.by is None else tick.by,
        evidence=step.evidence if tick.note is None else tick.note,
    )


def _check(check: TaskCheck, tick: Tick, now: float | None) -> TaskCheck:
    if check.is_open is not tick.is_done:
        return check
    by = tick.by if tick.is_done else None
    at = now if tick.is_done else None
    if tick.is_done and at is None and by is None:
        at = 0.0  # foresight has no clock, and a check without time and name is an open one
    note = check.note if tick.note is None else tick.note
    return replace(check, done_at=at, done_by=by, note=note)

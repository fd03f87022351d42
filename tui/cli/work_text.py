"""How a task is carried out, as lines of `show`. Every text goes through the safe-text door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tui.safe_text import one_line

if TYPE_CHECKING:
    from store.model.execution import Execution, Spent, TaskCheck, TaskLock
    from store.model.task import Task

_CELLS = 2000
Moment = Callable[[float | None], str]


def work_lines(task: Task, moment: Moment) -> Iterator[str]:
    """Priority, lock, parent, attempts, cost, steps, checks and result, as far as there are any.

    Args:
        task: the task.
        moment: a time in words.
    """
    if task.priority is not None:
        yield f"priority     {one_line(task.priority)}"
    if task.lock is not None:
        yield f"lock         {_lock(task.lock, moment)}"
    if task.parent is not None:
        yield f"parent       #{one_line(task.parent)}"
    if task.execution is not None:
        yield from _execution_lines(task.execution)


def _lock(lock: TaskLock, moment: Moment) -> str:
    since = f" since {moment(lock.at)}" if lock.at is not None else ""
    known = {True: "alive", False: "dead", None: "nothing tells whether it is alive"}
    return f"{one_line(lock.by)}{since}, {known[lock.is_live]}"


def _execution_lines(execution: Execution) -> Iterator[str]:
    for label, value in (("tier", execution.tier), ("group", execution.group)):
        if value:
            yield f"{label:<12} {one_line(value)}"
    if (attempts := execution.attempts) is not None:
        most = f" of {attempts.most}" if attempts.most is not None else ""
        yield f"attempts     {attempts.number}{most}"
        if attempts.last_error:
            yield f"last error   {one_line(attempts.last_error, _CELLS)}"
    if execution.spent is not None:
        yield f"spent        {_spent(execution.spent)}"
    for number, step in enumerate(execution.steps, 1):
        word = one_line(step.native_status)
        yield f"step {number:<7} [{'x' if step.is_done else ' '}] {one_line(step.title)} ({word})"
    for check in execution.checks:
        yield f"check        {_check(check)}"
    if execution.result:
        yield f"result       {one_line(execution.result, _CELLS)}"


def _check(check: TaskCheck) -> str:
    ticked = " " if check.is_open else "x"
    kind = "" if check.is_required else ", not required"
    by = f", by {one_line(check.done_by)}" if check.done_by else ""
    return f"[{ticked}] {one_line(check.key)}: {one_line(check.text)}{kind}{by}"


def _spent(spent: Spent) -> str:
    parts = [] if spent.usd is None else [f"${spent.usd:.4f}"]
    for name, count in (("in", spent.input_tokens), ("out", spent.output_tokens)):
        if count is not None:
            parts.append(f"{count:,} tokens {name}")
    return ", ".join(parts) + (" (estimated)" if spent.is_estimated else "")

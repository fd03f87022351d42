"""One row of `briefs` as a task."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from store.files.codec import Unparsable
from store.model.execution import Attempts, Execution
from store.model.task import ListKey, Problem, ProblemKind, Task, TaskId, TaskKey, TaskStatus
from store.systems.blackboard.capabilities import RULES
from store.systems.blackboard.payload import RESULT, Assignment, parse_text, read_assignment
from store.systems.blackboard.words import BRIEF_STATES


class BriefRow(NamedTuple):
    """What a task is read from: the row, its workstream's name, and its last failure. Columns that
    another writer filled with something else than text are still values here.
    """

    brief_id: Any
    parent_brief_id: Any
    workstream_id: Any
    tier: Any
    role: Any
    status: Any
    payload: Any
    result: Any
    retry_count: Any
    created_at: Any
    updated_at: Any
    workstream: Any
    error: Any


def read_brief(key: ListKey, row: BriefRow) -> Task:
    """The task that a row stands for. A row that cannot be understood is one with its reason."""
    task_id = TaskId(text_of(row.brief_id))
    problems: list[Problem] = []
    assignment = _assignment(task_id, row, problems)
    result, shown_result = _result(task_id, row, problems)
    state = text_of(row.status)
    if state not in BRIEF_STATES:
        text = f"{state[:40]!r} is not one of {', '.join(BRIEF_STATES)}"
        problems.append(Problem(ProblemKind.UNKNOWN_STATUS, text, task_id))
    status = RULES.status_of(state) if state in BRIEF_STATES else TaskStatus.UNKNOWN
    role = text_of(row.role)
    updated = epoch_of(row.updated_at)
    metadata = dict(assignment.metadata)
    if result is not None:
        metadata[RESULT] = result
    return Task(
        TaskKey(key, task_id),
        assignment.subject or f"{role or 'untitled'} brief",
        status,
        state,
        assignment.description,
        owner=role or None,
        metadata=metadata,
        created_at=epoch_of(row.created_at),
        updated_at=updated,
        parent=None if row.parent_brief_id is None else TaskId(text_of(row.parent_brief_id)),
        execution=Execution(
            attempts=_attempts(row),
            result=shown_result,
            tier=text_of(row.tier) or None,
            group=text_of(row.workstream or row.workstream_id) or None,
            completed_at=updated if state == "done" else None,
        ),
        problems=tuple(problems),
    )


def text_of(value: Any) -> str:
    """A column's value as text; nothing for NULL."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def epoch_of(value: Any) -> float | None:
    """Epoch seconds of a stored time; one without a zone is UTC. None if it is no time."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _assignment(task_id: TaskId, row: BriefRow, problems: list[Problem]) -> Assignment:
    try:
        if not isinstance(row.payload, str):
            raise Unparsable("no text, or over 1 MiB of it")
        return read_assignment(parse_text(row.payload), row._asdict())
    except Unparsable as error:
        problems.append(Problem(ProblemKind.BAD_META, f"its payload is {error}", task_id))
        return read_assignment({}, {})


def _result(task_id: TaskId, row: BriefRow, problems: list[Problem]) -> tuple[Any, str | None]:
    """The result as a value and as it is shown."""
    if row.result is None:
        return None, None
    shown = text_of(row.result)
    try:
        return parse_text(shown), shown
    except Unparsable:  # somebody stored plain text: that is a result too
        return shown, shown


def _attempts(row: BriefRow) -> Attempts:
    number = row.retry_count if isinstance(row.retry_count, int) else 0
    return Attempts(number, None, _failure(row.error))


def _failure(detail: Any) -> str | None:
    """What the last failure said: the `error` or the like of its event, else all of it."""
    if detail is None:
        return None
    text = text_of(detail)
    try:
        told = parse_text(text)
    except Unparsable:
        return text
    for name in ("error", "reason", "message"):
        if isinstance(told.get(name), str):
            return str(told[name])
    return text

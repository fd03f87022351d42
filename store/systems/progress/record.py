"""Rows of a queue ↔ tasks: the words of both sides, goals as subject and body, payloads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from store.files.codec import Unparsable, format_object, parse_object
from store.model.execution import Attempts, Execution, TaskCheck, TaskLock, TaskStep
from store.model.task import (
    Capabilities,
    ListKey,
    ListRules,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskStatus,
    Verb,
)
from store.systems.progress.instants import instant_of
from store.systems.progress.rows import TASK_COLUMNS, TEXT_LIMIT, Layout, Row

PAYLOAD = "payload"
"""The one key of the metadata where the payload is no JSON object."""

RULES = ListRules(
    mirrors_edges=False,
    has_edges=False,
    locks_tasks=True,
    claim_starts=True,
    words=((TaskStatus.COMPLETED, "done"),),
)
STATUSES = (
    TaskStatus.PENDING,
    TaskStatus.CLAIMED,
    TaskStatus.IN_PROGRESS,
    TaskStatus.COMPLETED,
    TaskStatus.FAILED,
)
_NO_EDGES = "tasks of a queue do not wait on each other; they only have parents"
EDITABLE = Capabilities(
    {
        Verb.BLOCK: _NO_EDGES,
        Verb.UNBLOCK: _NO_EDGES,
        Verb.DELETE: "a queue keeps its tasks; set one to failed, and no worker takes it",
        Verb.RESTORE: "a queue keeps its tasks, so none has to come back",
    },
    STATUSES,
    rules=RULES,
    absent=("active_form",),
)

_KNOWN = {
    "pending": TaskStatus.PENDING,
    "claimed": TaskStatus.CLAIMED,
    "in_progress": TaskStatus.IN_PROGRESS,
    "done": TaskStatus.COMPLETED,
    "failed": TaskStatus.FAILED,
}
_FOREIGN_LIMIT = 2_000


def capabilities_of(layout: Layout) -> Capabilities:
    """What may be done with a queue of this layout."""
    refusal = layout.refusal
    return EDITABLE if refusal is None else Capabilities.read_only(refusal, RULES)


def task_of(
    key: ListKey, row: Row, steps: tuple[Row, ...], checks: tuple[Row, ...], layout: Layout
) -> Task:
    """The task that the rows tell of. Texts that are too long are cut, and a problem says so."""
    (
        task_id, seq, priority, goal, payload, status, worker, token, claimed_at, started_at,
        completed_at, created_at, updated_at, retries, most_retries, last_error, parent, source,
    ) = row[:18]  # fmt: skip
    native = text_of(status) or ""
    common = _KNOWN.get(native, TaskStatus.UNKNOWN)
    owner = text_of(worker) or None
    subject, body = split_goal(text_of(goal) or "")
    claimed = instant_of(claimed_at)
    is_held = owner is not None and common.is_active
    return Task(
        TaskKey(key, TaskId(task_id)),
        subject,
        common,
        native,
        body,
        owner=owner,
        metadata=metadata_of(payload),
        created_at=instant_of(created_at),
        updated_at=instant_of(updated_at),
        priority=text_of(priority),
        lock=TaskLock(owner or "", claimed, text_of(token)) if is_held else None,
        parent=TaskId(found) if (found := text_of(parent)) else None,
        execution=Execution(
            tuple(map(_step, steps)),
            tuple(map(_check, checks)),
            Attempts(_count(retries), _limit(most_retries), text_of(last_error) or None),
            claimed_at=claimed,
            started_at=instant_of(started_at),
            completed_at=instant_of(completed_at),
        ),
        extra=_extra(seq, source, layout, row),
        problems=_problems(task_id, native, common, row),
    )


def split_goal(goal: str) -> tuple[str, str]:
    """The first line of a goal that is not empty, and what follows it."""
    _, subject, _, body = _parts(goal)
    return subject, body


def joined_goal(goal: str, subject: str, body: str) -> str:
    """A goal with another subject or body; what lies before and between them stays."""
    lead, _, gap, old_body = _parts(goal)
    if not body:
        return lead + subject + ("" if old_body else gap)
    return lead + subject + (gap if "\n" in gap else "\n\n") + body


def _parts(goal: str) -> tuple[str, str, str, str]:
    stripped = goal.lstrip()
    head, newline, rest = stripped.partition("\n")
    subject = head.rstrip()
    body = rest.lstrip("\r\n")
    gap = head[len(subject) :] + newline + rest[: len(rest) - len(body)]
    return goal[: len(goal) - len(stripped)], subject, gap, body


def metadata_of(payload: Any) -> Mapping[str, Any]:
    """The payload as metadata: an object's own keys, or all of it under one name."""
    text = text_of(payload)
    if text is None or not text:
        return {}
    if text[:1] in "{ \t\r\n":
        try:
            return parse_object(text.encode("utf-8", "replace"))
        except Unparsable:
            pass
    return {PAYLOAD: text}


def payload_of(before: str | None, metadata: Mapping[str, Any]) -> str | None:
    """The text of a payload that is to hold this metadata, on one line if it was on one line."""
    if not metadata:
        return None
    text = format_object(metadata).decode("utf-8")
    if before is not None and "\n" in before.strip():
        return text
    lines = [line.strip() for line in text.split("\n")]
    joined = lines[0]
    for last, line in pairwise(lines):
        is_bare = last.endswith(("{", "[")) or line.startswith(("}", "]"))
        joined += line if is_bare else " " + line
    return joined


def text_of(stored: Any) -> str | None:
    """What a column holds as text, whatever its type."""
    if stored is None or isinstance(stored, str):
        return stored
    if isinstance(stored, bytes):
        return stored.decode("utf-8", "replace")
    return str(stored)


def _is_cut(stored: Any) -> bool:
    return isinstance(stored, (str, bytes)) and len(stored) > TEXT_LIMIT


def is_whole(stored: Any) -> bool:
    """Whether a text was read as it is stored, so that it may be written again."""
    if stored is None:
        return True
    return isinstance(stored, str) and not _is_cut(stored) and "\ufffd" not in stored


def _problems(task_id: str, native: str, common: TaskStatus, row: Row) -> tuple[Problem, ...]:
    found = []
    long = [n for n, v in zip(TASK_COLUMNS, row, strict=False) if _is_cut(v)]
    if long:
        text = f"{', '.join(long)}: longer than {TEXT_LIMIT:,} characters, shown in part"
        found.append(Problem(ProblemKind.CUT_TEXT, text, TaskId(task_id)))
    if common is TaskStatus.UNKNOWN:
        text = f"the status {native[:40]!r} is none that workers of a queue know"
        found.append(Problem(ProblemKind.UNKNOWN_STATUS, text, TaskId(task_id)))
    return tuple(found)


def _step(row: Row) -> TaskStep:
    _, step_id, _, title, detail, status, evidence, worker, started_at, completed_at = row
    native = text_of(status) or ""
    return TaskStep(
        text_of(step_id) or "",
        text_of(title) or "",
        native,
        native == "done",
        text_of(detail),
        text_of(evidence),
        text_of(worker),
        instant_of(started_at),
        instant_of(completed_at),
    )


def _check(row: Row) -> TaskCheck:
    _, key, text, required, done_at, done_by, note = row
    at = instant_of(done_at)
    if at is None and done_at is not None:
        at = 0.0  # it is done, at a time that cannot be understood
    return TaskCheck(
        text_of(key) or "",
        text_of(text) or "",
        required != 0,
        at,
        text_of(done_by),
        text_of(note),
    )


def _count(stored: Any) -> int:
    if isinstance(stored, (int, float)) and abs(stored) < 2**63:
        return int(stored)
    return 0


def _limit(stored: Any) -> int | None:
    return int(stored) if isinstance(stored, (int, float)) and abs(stored) < 2**63 else None


def _extra(seq: Any, source: Any, layout: Layout, row: Row) -> dict[str, Any]:
    found = {"seq": seq, "source": text_of(source)}
    found.update(zip(layout.foreign, row[18:], strict=True))
    kept: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, bytes):
            kept[name] = f"{len(value)} bytes"
        elif isinstance(value, str):
            kept[name] = value[:_FOREIGN_LIMIT]
        elif value is not None:
            kept[name] = value
    return kept

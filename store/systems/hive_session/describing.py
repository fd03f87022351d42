"""What a document's list is beside its tasks: what may be edited, what is wrong. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from store.model.task import (
    Capabilities,
    ListKey,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskListInfo,
    TaskStatus,
    Verb,
)
from store.systems.hive_session.document import Document
from store.systems.hive_session.layouts import Layout
from store.systems.hive_session.reading import nameless_problems

IDLE_S = 30 * 60
"""Seconds without a change after which the owner calls a task abandoned that is in progress."""

NO_LOCK = (
    "the tool that owns this list takes no lock on disk, so it is only shown; "
    "--edit-unlocked allows edits, each checked by exchange and looked at again"
)
UNLOCKED = (
    "edits are on although no lock is known (--edit-unlocked): each is checked by exchange and "
    "looked at again, and the last good documents are kept in {}"
)

REFUSED = {
    Verb.PRIORITY: "tasks of this layout have no priority",
    Verb.TICK: "tasks of this layout have no steps or checks to tick off",
    Verb.RETRIES: "tasks of this layout have no limit of attempts",
}
_SHOWN = 5

Tasks = Mapping[TaskId, Task]


@dataclass(frozen=True, slots=True)
class Access:
    """What stands outside a document and says whether it may be edited."""

    refusal: str | None = None
    """Why nothing under the root, or in this directory, may be."""
    is_unlocked: bool = False
    """The operator allowed edits where there is no lock."""
    backups: str = ""
    """Where the last good documents are kept then."""
    leftovers: tuple[str, ...] = ()
    """Temporaries of edits that were interrupted."""


@dataclass(frozen=True, slots=True)
class Described:
    """A list beside its tasks."""

    info: TaskListInfo
    problems: tuple[Problem, ...] = ()


def describe(
    key: ListKey,
    path: str,
    layout: Layout,
    document: Document | None,
    tasks: Tasks,
    access: Access,
    fault: str | None,
    now: float,
) -> Described:
    """What is to be said of a list.

    Args:
        key: the list.
        path: its document.
        layout: whose it is.
        document: as it was last understood, None if it never was.
        tasks: its tasks.
        access: whether it may be edited.
        fault: why the document that is there now cannot be understood.
        now: epoch seconds.
    """
    meta = document.meta if document is not None else {}
    goal, created_at, role = (meta.get(name) for name in ("goal", "created_at", "role"))
    is_number = isinstance(created_at, (int, float)) and not isinstance(created_at, bool)
    info = TaskListInfo(
        key,
        path,
        role=role if isinstance(role, str) else layout.role,
        goal=goal if isinstance(goal, str) else None,
        created_at=float(created_at or 0.0) if is_number else None,
        capabilities=_capabilities(layout, document, access, fault),
        notes=tuple(_notes(layout, tasks, access, now)),
    )
    return Described(info, tuple(_problems(path, document, tasks, access, fault)))


def idle_tasks(tasks: Iterable[Task], now: float) -> list[Task]:
    """Those that the owner calls abandoned when it next looks at the list."""
    return [task for task in tasks if (due := _due(task)) is not None and due < now]


def next_idle_at(tasks: Iterable[Task], now: float) -> float:
    """When the next task becomes idle if nobody touches it, epoch seconds; infinity if none."""
    dues = (due for task in tasks if (due := _due(task)) is not None and due >= now)
    return min(dues, default=float("inf"))


def _due(task: Task) -> float | None:
    is_counted = task.status is TaskStatus.IN_PROGRESS and task.is_readable
    return task.updated_at + IDLE_S if is_counted and task.updated_at is not None else None


def _capabilities(
    layout: Layout, document: Document | None, access: Access, fault: str | None
) -> Capabilities:
    refusal = access.refusal
    if fault is not None:
        refusal = f"the document cannot be understood, so it is never written over: {fault}"
    elif document is not None and document.flaws:
        refusal = f"mend the document first: {document.flaws[0]}"
    elif refusal is None and not layout.is_locked and not access.is_unlocked:
        refusal = NO_LOCK
    statuses = tuple(layout.statuses.values())
    return Capabilities(dict.fromkeys(Verb, refusal) if refusal else REFUSED, statuses)


def _notes(layout: Layout, tasks: Tasks, access: Access, now: float) -> list[str]:
    notes = []
    idle = idle_tasks(tasks.values(), now) if layout.sweeps else []
    if idle:
        named = _named([task.id for task in idle])
        are = "is" if len(idle) == 1 else "are"
        notes.append(
            f"{named} {are} in progress without a change for over {IDLE_S // 60} minutes: "
            "the owner abandons such tasks when it next looks"
        )
    if access.is_unlocked and not layout.is_locked:
        notes.append(UNLOCKED.format(access.backups))
    return notes


def _named(ids: Sequence[TaskId]) -> str:
    names = [f"#{task_id}" for task_id in ids[:_SHOWN]]
    if len(ids) > _SHOWN:
        names.append(f"{len(ids) - _SHOWN} more")
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}"


def _problems(
    path: str, document: Document | None, tasks: Tasks, access: Access, fault: str | None
) -> list[Problem]:
    found = []
    if fault is not None:
        text = f"the document cannot be understood: {fault}"
        repair = "mend it or put a good one in its place; its owner starts an empty list over it"
        found.append(Problem(ProblemKind.UNREADABLE, text, path=path, repair=repair))
    elif document is not None:
        nameless = nameless_problems(path, document.records)
        flaws = [Problem(ProblemKind.BAD_META, flaw, path=path) for flaw in document.flaws]
        odd = [task for task in tasks.values() if task.problems]
        found += [*flaws, *nameless]
        if flaws or nameless or odd:
            found.append(_danger(path, odd))
    for name in access.leftovers:
        text = f"{name} was left behind by an edit that was interrupted"
        repair = "colonytop doctor --repair removes it, if nothing in it is missed"
        found.append(Problem(ProblemKind.IGNORED_FILE, text, path=path, repair=repair))
    return found


def _danger(path: str, odd: Sequence[Task]) -> Problem:
    named = f" ({_named([task.id for task in odd])})" if odd else ""
    text = (
        f"its owner cannot read this document as it is{named}: the next task that it makes "
        "replaces the whole list by a new one"
    )
    return Problem(ProblemKind.BAD_META, text, path=path, repair="mend what is named, soon")

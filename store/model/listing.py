"""What is offered or counted of one list: owner loads, tasks that match, its problems. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from store.model.graph import id_order
from store.model.snapshot import TaskList
from store.model.task import Problem, Task, TaskId


@dataclass(frozen=True, slots=True)
class OwnerLoad:
    """How much one owner has in a list. Counts are tasks."""

    owner: str
    active: int = 0
    ready: int = 0
    blocked: int = 0
    done: int = 0
    last_write: float | None = None
    """Epoch seconds of the newest write to a task of theirs."""


def owner_loads(task_list: TaskList) -> tuple[OwnerLoad, ...]:
    """Every owner named in the list, by name."""
    counts: dict[str, dict[str, int]] = {}
    written: dict[str, float] = {}
    for task in task_list.tasks.values():
        if not task.owner:
            continue
        own = counts.setdefault(task.owner, {})
        state = _load_state(task_list, task)
        own[state] = own.get(state, 0) + 1
        if task.updated_at is not None:
            written[task.owner] = max(task.updated_at, written.get(task.owner, 0.0))
    return tuple(
        OwnerLoad(
            owner,
            own.get("active", 0),
            own.get("ready", 0),
            own.get("blocked", 0),
            own.get("done", 0),
            written.get(owner),
        )
        for owner, own in sorted(counts.items(), key=lambda pair: pair[0].casefold())
    )


def combined_loads(lists: Iterable[Iterable[OwnerLoad]]) -> tuple[OwnerLoad, ...]:
    """The loads in several lists as one: an owner's counts are added up."""
    total: dict[str, OwnerLoad] = {}
    for load in (load for loads in lists for load in loads):
        known = total.get(load.owner, OwnerLoad(load.owner))
        writes = [w for w in (known.last_write, load.last_write) if w is not None]
        total[load.owner] = OwnerLoad(
            load.owner,
            known.active + load.active,
            known.ready + load.ready,
            known.blocked + load.blocked,
            known.done + load.done,
            max(writes, default=None),
        )
    return tuple(sorted(total.values(), key=lambda load: load.owner.casefold()))


def _load_state(task_list: TaskList, task: Task) -> str:
    if task.status.frees_dependents:
        return "done"
    if task.status.is_active:
        return "active"
    if task_list.is_ready(task):
        return "ready"
    return "blocked" if task_list.is_blocked(task) else "other"


def matching_tasks(tasks: Iterable[Task], word: str, limit: int) -> list[Task]:
    """Tasks for a word: that very id first, then ids that begin with it, then subjects with it."""
    wanted = word.strip().lstrip("#").casefold()
    found: dict[int, list[Task]] = {0: [], 1: [], 2: []}
    for task in tasks:
        place = _rank(task.id.casefold(), task.subject, wanted)
        if place is not None and len(found[place]) < limit:
            found[place].append(task)
    ordered = [task for place in found.values() for task in place]
    return ordered[:limit]


def _rank(task_id: str, subject: str, wanted: str) -> int | None:
    if task_id == wanted:
        return 0
    if task_id.startswith(wanted):
        return 1
    # A subject may be a megabyte long; what nobody can see on a row is not searched.
    return 2 if wanted in subject[:512].casefold() else None


def parse_ids(text: str) -> tuple[TaskId, ...]:
    """Ids from `12, #7 9`: commas or blanks between them, `#` optional, each once."""
    words = text.replace(",", " ").split()
    return tuple(dict.fromkeys(TaskId(w.removeprefix("#")) for w in words if w != "#"))


def open_tasks(task_list: TaskList) -> list[Task]:
    """The tasks that are not ended, by id."""
    return sorted(
        (t for t in task_list.tasks.values() if not t.is_closed), key=lambda t: id_order(t.id)
    )


def all_problems(task_list: TaskList) -> list[Problem]:
    """Problems of the list, its edges and its records, each once and with its task."""
    found = [*task_list.problems]
    for task in task_list.tasks.values():
        if task.problems:
            found.extend(replace(p, task=p.task or task.id) for p in task.problems)
    return list(dict.fromkeys(found))

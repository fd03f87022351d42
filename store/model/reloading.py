"""A list as it was loaded before, and what a new look found → the list as it is now. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from store.model.analysis import id_order
from store.model.snapshot import TaskList
from store.model.task import Problem, Task, TaskId, TaskListInfo

if TYPE_CHECKING:
    from store.model.execution import ListEvent

Tasks = Mapping[TaskId, Task]


def reloaded(
    previous: TaskList | None,
    info: TaskListInfo,
    changed: Tasks,
    gone: Collection[TaskId] = (),
    *,
    problems: tuple[Problem, ...] = (),
    ignored: int = 0,
    is_stale: bool = False,
    highest_id: int | None = None,
    events: tuple[ListEvent, ...] = (),
) -> TaskList:
    """The list now; `previous` itself when nothing moved, unchanged tasks as the same objects.

    Args:
        previous: as it was loaded before, if it was.
        info: as it is now.
        changed: tasks that may differ from before; those that do not are passed over.
        gone: ids that are no longer there.
        problems: all of the list, as now.
        ignored: as in `TaskList`, and so the rest.
    """
    base = previous if previous is not None else TaskList(info)
    return described(
        previous,
        with_moved(base, changed, gone),
        info,
        problems=problems,
        ignored=ignored,
        is_stale=is_stale,
        highest_id=highest_id,
        events=events,
    )


def described(
    previous: TaskList | None,
    following: TaskList,
    info: TaskListInfo,
    *,
    problems: tuple[Problem, ...] = (),
    ignored: int = 0,
    is_stale: bool = False,
    highest_id: int | None = None,
    events: tuple[ListEvent, ...] = (),
) -> TaskList:
    """The same where the tasks are known already: `following` is what `with_moved` made."""
    last = previous if previous is not None else following
    now = replace(
        following,
        info=last.info if info == last.info else info,
        problems=last.problems if problems == last.problems else problems,
        ignored=ignored,
        is_stale=is_stale,
        highest_id=highest_id,
        events=last.events if events == last.events else events,
    )
    return previous if previous is not None and _is_same(previous, now) else now


def _is_same(one: TaskList, other: TaskList) -> bool:
    return (
        one.tasks is other.tasks
        and one.info is other.info
        and one.problems is other.problems
        and one.events is other.events
        and (one.ignored, one.is_stale, one.highest_id)
        == (other.ignored, other.is_stale, other.highest_id)
    )


def with_moved(last: TaskList, changed: Tasks, gone: Collection[TaskId] = ()) -> TaskList:
    """The list with these tasks in place of those of the same id; `last` itself if none differs."""
    fresh = {i: task for i, task in changed.items() if last.tasks.get(i) != task}
    left = {i for i in gone if i in last.tasks and i not in changed}
    if not fresh and not left:
        return last
    return last.with_tasks(merged(last.tasks, fresh, left), frozenset((*fresh, *left)))


def moved_between(known: Tasks, found: Tasks) -> tuple[dict[TaskId, Task], set[TaskId]]:
    """What a reading of a whole list changes in what was known: tasks, and ids that are gone."""
    changed = {i: task for i, task in found.items() if known.get(i) != task}
    return changed, known.keys() - found.keys()


def merged(known: Tasks, changed: Tasks, gone: Iterable[TaskId] = ()) -> dict[TaskId, Task]:
    """The tasks in id order, sorted only where a new id is not behind all others."""
    tasks = dict(known)
    for task_id in gone:
        tasks.pop(task_id, None)
    added = []
    for task in changed.values():
        if task.id in tasks:
            tasks[task.id] = task
        else:
            added.append(task)
    added.sort(key=lambda task: id_order(task.id))
    last = last_id(tasks)
    is_behind = not added or last is None or id_order(last) < id_order(added[0].id)
    tasks.update((task.id, task) for task in added)
    return tasks if is_behind else dict(sorted(tasks.items(), key=lambda pair: id_order(pair[0])))


def last_id(tasks: Tasks) -> TaskId | None:
    """The greatest id: tasks are in id order, and every mapping of them is a dict."""
    return next(reversed(cast(dict[TaskId, Task], tasks)), None)

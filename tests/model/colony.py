"""Small lists for tests of the model and of what is drawn from it, and strategies for any list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from store.model.execution import Execution, TaskLock
from store.model.snapshot import Snapshot, TaskList
from store.model.task import (
    ListKey,
    Problem,
    ProblemKind,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
)

NOW = 1_700_000_000.0
DEMO = ListKey("hive", "/root", TaskListId("colony:demo"))
OTHER = ListKey("hive", "/root", TaskListId("session:other"))
UNREADABLE = (Problem(ProblemKind.UNREADABLE, "not JSON"),)
MISNAMED = (Problem(ProblemKind.ID_MISMATCH, "named #1 but says id 2"),)


def task(
    task_id: str | int,
    *blocked_by: str | int,
    subject: str = "",
    status: TaskStatus = TaskStatus.PENDING,
    at: ListKey = DEMO,
    **fields: Any,
) -> Task:
    """A task that waits on the ids given, last written two minutes before NOW."""
    facts: dict[str, Any] = {"updated_at": NOW - 120, "native_status": status.value, **fields}
    return Task(
        key=TaskKey(at, TaskId(str(task_id))),
        subject=subject or f"Task {task_id}",
        status=status,
        blocked_by=tuple(TaskId(str(blocker)) for blocker in blocked_by),
        **facts,
    )


def task_list(tasks: Iterable[Task], key: ListKey = DEMO) -> TaskList:
    by_id = {one.id: one for one in tasks}
    return TaskList(TaskListInfo(key, f"/root/{key.id}")).with_tasks(by_id, frozenset(by_id))


def snapshot(*lists: TaskList, number: int = 1) -> Snapshot:
    return Snapshot(lists={one.key: one for one in lists}, number=number, scanned_at=NOW)


def edited(before: TaskList, changes: Mapping[TaskId, Task | None]) -> TaskList:
    """The next state of a list as a scan makes it: None removes; order by id is kept."""
    tasks = dict(before.tasks)
    for task_id, changed in changes.items():
        if changed is None:
            tasks.pop(task_id, None)
        else:
            tasks[task_id] = changed
    ordered = {i: tasks[i] for i in sorted(tasks, key=lambda i: (len(i), i))}
    return before.with_tasks(ordered, frozenset(changes))


def changed(before: TaskList, task_id: str | int, **fields: Any) -> TaskList:
    """The list after fields of one task changed."""
    was = before.tasks[TaskId(str(task_id))]
    return edited(before, {was.id: replace(was, **fields)})


IDS = [str(number) for number in range(1, 9)]
STATUSES = [
    TaskStatus.PENDING,
    TaskStatus.PENDING,
    TaskStatus.IN_PROGRESS,
    TaskStatus.COMPLETED,
    TaskStatus.ARCHIVED,
    TaskStatus.BLOCKED,
    TaskStatus.DEFERRED,
    TaskStatus.FAILED,
]


@st.composite
def any_task(draw: st.DrawFn, task_id: str, at: ListKey = DEMO) -> Task:
    """Any task with that id: every status, phantom, self and circular edges, unreadable ones."""
    blockers = draw(st.lists(st.sampled_from([*IDS, "99"]), max_size=3))
    status = draw(st.sampled_from(STATUSES))
    return Task(
        key=TaskKey(at, TaskId(task_id)),
        subject=draw(st.sampled_from(["Crawl the site", "crawl again", "Write it", "ÄRGER #3"])),
        status=status,
        native_status=status.value,
        owner=draw(st.sampled_from([None, "ann", "Bo", ""])),
        blocked_by=tuple(TaskId(blocker) for blocker in blockers),
        updated_at=draw(st.sampled_from([None, NOW - 4000, NOW - 1795, NOW - 10, NOW + 50])),
        priority=draw(st.sampled_from([None, None, "2", "10", "high"])),
        execution=draw(st.sampled_from([None, Execution(group="web"), Execution()])),
        lock=draw(st.sampled_from([None, None, TaskLock("ann", is_live=False), TaskLock("bo")])),
        metadata={"_internal": True} if draw(st.integers(0, 9)) == 0 else {},
        problems=UNREADABLE if draw(st.integers(0, 9)) == 0 else (),
    )


@st.composite
def any_tasks(draw: st.DrawFn, at: ListKey = DEMO) -> dict[TaskId, Task]:
    ids = draw(st.sets(st.sampled_from(IDS)))
    return {TaskId(i): draw(any_task(i, at)) for i in sorted(ids, key=int)}


@st.composite
def any_change(draw: st.DrawFn, at: ListKey = DEMO) -> dict[TaskId, Task | None]:
    """What a scan may find: some tasks written anew, some gone."""
    ids = draw(st.sets(st.sampled_from(IDS), max_size=3))
    return {TaskId(i): draw(st.none() | any_task(i, at)) for i in ids}

"""Queries by what only some systems keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.execution import Execution, TaskLock
from store.model.query import Moment, QueryError, matches, parse
from store.model.snapshot import TaskList
from store.model.task import (
    Capabilities,
    ListKey,
    Task,
    TaskId,
    TaskKey,
    TaskListId,
    TaskListInfo,
    TaskStatus,
)
from tests.model.colony import task

WORDS = Capabilities(priorities=("low", "medium", "high", "urgent"))


def plan(system: str, *tasks: Task, allowed: Capabilities = WORDS, **facts: object) -> TaskList:
    key = ListKey(system, "/root", TaskListId("team:one"))
    found = {t.id: replace(t, key=TaskKey(key, t.id)) for t in tasks}
    info = TaskListInfo(key, "", capabilities=allowed)
    return TaskList(replace(info, **facts)).with_tasks(found, frozenset(found))  # type: ignore[arg-type]


TEAM = plan(
    "clawteam",
    task("a", priority="low"),
    task("b", priority="high", parent=TaskId("a")),
    task("c", priority="urgent", lock=TaskLock("ann"), execution=Execution(tier="2", group="web")),
    task("d", status=TaskStatus.ARCHIVED, execution=Execution(tier="10")),
)
QUEUE = plan("progress", task("a", priority="2"), task("b", priority="10"), allowed=Capabilities())


def found(query: str, whole: TaskList = TEAM) -> str:
    asked = parse(query)
    return "".join(i for i, t in whole.tasks.items() if matches(asked, whole, t, Moment()))


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("priority:high", "b"),
        ("priority:HIGH,urgent", "bc"),
        ("priority:hi*", "b"),
        ("priority:hi", ""),
        ("priority:-", "d"),
        ("priority>=high", "bc"),
        ("priority<medium", "a"),
        ("-priority>=high", "ad"),
        ("priority>nothing", ""),
        ("parent:a", "b"),
        ("parent:#a", "b"),
        ("parent:-", "acd"),
        ("tier:2", "c"),
        ("tier:1", "d"),
        ('tier:"1"', ""),
        ("tier:-", "ab"),
        ("group:w", "c"),
        ("group:-", "abd"),
        ("is:locked", "c"),
        ("is:archived", "d"),
        ("system:claw", "abcd"),
        ("system:progress", ""),
        ("-system:claw", ""),
    ],
)
def test_query_of_what_some_systems_keep(query: str, ids: str) -> None:
    assert found(query) == ids


def test_query_of_whole_numbers_compares_them_as_numbers() -> None:
    assert found("priority>2", QUEUE) == "b"
    assert found("priority:10", QUEUE) == "b"
    assert found("priority>=high", QUEUE) == ""


def test_query_is_archived_holds_for_all_of_a_list_that_was_put_away() -> None:
    away = plan("any", task("a"), task("b"), archived_at=1.0)
    assert found("is:archived", away) == "ab"


@pytest.mark.parametrize(
    "query", ["parent>3", "tier<2", "group>a", "system>=b", "priority>low,high", "priority:"]
)
def test_query_that_compares_what_has_no_order_is_refused_with_its_place(query: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(query)
    assert 0 <= refused.value.position <= len(query)

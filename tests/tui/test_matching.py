"""The search line's grammar: words, ids, fields, negation, quotes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId, TaskStatus
from tui.matching import compile_query, owner_query, searched_text

_LIST = ListKey("hive", "/hive", TaskListId("colony:demo"))


def one(owner: str | None = "ann", status: TaskStatus = TaskStatus.PENDING) -> Task:
    key = TaskKey(_LIST, TaskId("12"))
    return Task(key, "Build the Index: phase-2", status, native_status=status.value, owner=owner)


def matches(query: str, task: Task | None = None) -> bool:
    asked = task or one()
    test = compile_query(query)
    return test is None or test(searched_text(asked), asked)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "build INDEX",
        "#12",
        "owner:ann",
        "owner:an*",
        "owner:bo,ann",
        "OWNER:ann",
        "status:pend",
        "status:done,pending",
        "list:demo",
        "list:de*",
        "list:colony:demo",
        '"the index"',
        "index:",
        "phase-2",
        "-",
        "-zebra",
        "-owner:bo",
        "-#13",
        "-status:completed build",
        "owner:",
        "index owner:ann -owner:-",
    ],
)
def test_query_that_fits_keeps_the_task(query: str) -> None:
    assert matches(query)


@pytest.mark.parametrize(
    "query",
    [
        "zebra",
        "#1",
        "owner:an",
        "owner:Ann",
        "owner:-",
        "owner:bo",
        "status:in_progress",
        "list:other",
        '"index the"',
        "-build",
        "-owner:ann",
        "-owner:an*",
        "-#12",
        "build -status:pending",
    ],
)
def test_query_that_does_not_fit_drops_the_task(query: str) -> None:
    assert not matches(query)


def test_query_for_nobody_keeps_only_tasks_without_an_owner() -> None:
    assert matches("owner:-", one(None))
    assert not matches("owner:-", one("-"))
    assert matches('owner:"-"', one("-"))
    assert not matches("-owner:-", one(None))


def test_query_with_a_space_in_quotes_is_one_name() -> None:
    assert matches('owner:"Ann Lee"', one("Ann Lee"))
    assert not matches('owner:"Ann Lee"', one("Ann"))
    assert matches('owner:"Ann Lee', one("Ann Lee")), "the closing quote is still to come"


@given(st.text(min_size=1, max_size=20), st.text(max_size=20))
def test_owner_query_of_any_name_keeps_that_owner_and_no_other(name: str, other: str) -> None:
    query = owner_query(name)
    assert matches(query, one(name))
    assert matches(query, one(other)) is (other == name)
    assert not matches(query, one(None))


@given(st.text(max_size=60))
def test_query_of_any_text_can_be_compiled_and_asked(text: str) -> None:
    assert matches(text) in (True, False)

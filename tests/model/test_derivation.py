"""Why a task is not ready, with what the tool that owns the list makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from store.model.derivation import Deriving
from store.model.readiness import ReasonKind
from store.model.task import ListKey, TaskId, TaskListId, TaskStatus, Verb
from tests.model.colony import NOW, task, task_list


@pytest.mark.parametrize(
    ("system", "belief"),
    [
        ("hive", "may take the task all the same"),
        ("hive_session", "may take the task all the same"),
        ("clawteam", "keeps it blocked"),
        ("claude_code", "may start the task all the same"),
        ("progress", None),
    ],
)
def test_derive_says_what_each_system_makes_of_a_blocker_that_is_missing(
    system: str, belief: str | None
) -> None:
    key = ListKey(system, "/root", TaskListId("x:y"))
    waiting = task(1, 9, at=key)
    plan = task_list([waiting], key)
    (cause,) = Deriving().derive(plan, waiting, {}, NOW).causes
    assert cause.reason.kind is ReasonKind.MISSING
    assert (cause.verb, cause.key) == (Verb.UNBLOCK, "u")
    assert cause.belief is None if belief is None else belief in (cause.belief or "")


def test_derive_answers_a_stored_blocked_that_nothing_holds_with_its_status() -> None:
    key = ListKey("clawteam", "/root", TaskListId("team:a"))
    marked = task(2, 1, at=key, status=TaskStatus.BLOCKED)
    plan = task_list([task(1, at=key, status=TaskStatus.COMPLETED), marked], key)
    derivation = Deriving().derive(plan, marked, {}, NOW)
    (cause,) = derivation.causes
    assert (cause.reason.kind, cause.verb, cause.key) == (ReasonKind.MARKED, Verb.STATUS, "s")
    assert "pass it by" in (cause.belief or "")
    assert derivation.way is None
    freed = plan.with_tasks(
        {**plan.tasks, TaskId("2"): replace(marked, status=TaskStatus.PENDING)},
        frozenset({TaskId("2")}),
    )
    assert Deriving().derive(freed, freed.tasks[TaskId("2")], {}, NOW).ready

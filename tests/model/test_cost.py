"""What a stuck task costs: only what the records prove."""

from __future__ import annotations

import pytest

from store.model.cost import MOST_WALKED, Cost, cost_of, cost_text, held_agents
from store.model.counting import roll_up
from store.model.task import Task, TaskId, TaskStatus
from tests.model.colony import NOW, task, task_list

ACTIVE, DONE = TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED
STALE_S = 1800.0


def cost(tasks: list[Task], task_id: str = "1") -> Cost:
    whole = task_list(tasks)
    return cost_of(whole, TaskId(task_id), roll_up(whole).owners, NOW, STALE_S)


def test_cost_silent_owner_and_those_who_wait_each_lose_their_time() -> None:
    found = cost(
        [
            task(1, status=ACTIVE, owner="cy", updated_at=NOW - 2400),
            task(2, 1, owner="ann"),
            task(3, 2, owner="bo"),
            task(8, status=DONE, owner="ann", updated_at=NOW - 600),
            task(9, status=DONE, owner="bo", updated_at=NOW - 3000),
        ]
    )
    assert found.holds == 2
    assert found.agents == ("ann", "bo", "cy")
    # ann wrote #2 two minutes ago, bo #3; cy has been silent for forty.
    assert found.minutes == pytest.approx(2 + 2 + 40)


@pytest.mark.parametrize(
    "other",
    [task(7, status=ACTIVE, owner="ann"), task(7, owner="ann")],
    ids=["works", "could work"],
)
def test_cost_agent_with_other_work_loses_nothing(other: Task) -> None:
    found = cost([task(1), task(2, 1, owner="ann", updated_at=NOW - 900), other])
    assert (found.holds, found.agents, found.minutes) == (1, (), 0.0)


def test_cost_counts_from_when_the_trouble_began() -> None:
    waiting = task(2, 1, owner="ann", updated_at=NOW - 9000)
    assert cost([task(1, updated_at=NOW - 300), waiting]).minutes == pytest.approx(5)
    assert cost([waiting], "1").minutes == pytest.approx(150)


def test_cost_what_nobody_owns_loses_nobodys_time() -> None:
    found = cost([task(1), task(2, 1), task(3, 1, owner="ann", updated_at=None)])
    assert (found.holds, found.minutes) == (2, 0.0)


def test_cost_too_many_to_look_at_is_a_lower_bound() -> None:
    many = [task(n, 1, owner="ann", updated_at=NOW - 120) for n in range(2, MOST_WALKED + 9)]
    assert not held_agents(task_list([task(1), *many]), TaskId("1")).is_whole
    found = cost([task(1, updated_at=NOW - 300), *many])
    assert found.is_least
    assert cost_text(found) == f"holds {len(many)}, 2 agent-min lost+"


def test_cost_text_says_only_what_there_is() -> None:
    assert cost_text(Cost(0)) == "holds nothing"
    assert cost_text(Cost(3, ("a",), 0.4)) == "holds 3"
    assert cost_text(Cost(1, ("a",), 1_250_000.0)) == "holds 1, 1250k agent-min lost"

"""What the first screen shows: some of everything, and nothing that could not have happened."""

from __future__ import annotations

import pytest

from tui.demo.history import PastList, PastTask, past_lists
from tui.demo.stage import past_of_size
from tui.demo.story import ABSENT, Story

SEEDS = range(25)


def _past(seed: int, agents: int = 6, tasks: int = 40) -> list[PastList]:
    story = Story(seed, agents)
    return past_lists(story.plans_for(tasks))


def _all(lists: list[PastList]) -> list[tuple[PastTask, dict[int, PastTask]]]:
    return [(task, {t.id: t for t in past.tasks}) for past in lists for task in past.tasks]


@pytest.mark.parametrize("agents", [2, 4, 6, 12])
@pytest.mark.parametrize("seed", SEEDS)
def test_past_shows_some_of_everything(seed: int, agents: int) -> None:
    found = _all(_past(seed, agents))
    completed = [task for task, _ in found if task.status == "completed"]
    stale = [task for task, _ in found if task.owner in ABSENT]
    phantom = [task for task, known in found if set(task.blocked_by) - set(known)]
    blocked = [t for t, _ in found if t.status == "pending" and t.blocked_by]
    assert len(completed) >= 10
    assert len(blocked) >= 5
    assert len(phantom) == 1
    assert stale
    assert all(task.updated_ago_s > 1800 for task in stale)


@pytest.mark.parametrize("seed", SEEDS)
def test_past_is_possible(seed: int) -> None:
    lists = _past(seed)
    for task, known in _all(lists):
        assert task.created_ago_s >= task.updated_ago_s >= 0.0
        for blocker in task.blocked_by:
            if blocker in known:
                assert task.id in known[blocker].blocks
                done = known[blocker].status == "completed"
                assert task.status == "pending" or done
                if task.owner and done:
                    assert known[blocker].updated_ago_s >= task.updated_ago_s
    for past in lists:
        assert past.high_mark >= max(task.id for task in past.tasks)
        assert [task.id for task in past.tasks] == list(range(1, len(past.tasks) + 1))


@pytest.mark.parametrize("seed", SEEDS)
def test_past_agent_works_on_one_task_at_a_time(seed: int) -> None:
    owners = [t.owner for t, _ in _all(_past(seed)) if t.status == "in_progress"]
    assert len(owners) == len(set(owners))


@pytest.mark.parametrize(("agents", "tasks"), [(1, 1), (1, 40), (2, 5), (64, 40), (6, 1000)])
def test_past_of_any_size_is_possible(agents: int, tasks: int) -> None:
    lists = _past(7, agents, tasks)
    assert sum(len(past.tasks) for past in lists) >= min(tasks, 5) // 2
    for task, _ in _all(lists):
        assert task.created_ago_s >= task.updated_ago_s >= 0.0


def test_past_record_has_the_native_fields_in_order() -> None:
    task = _past(7)[0].tasks[0]
    record = task.record(1_000_000.0, "a plan")
    assert list(record) == [
        *("id", "subject", "description", "active_form", "owner", "status", "blocks"),
        *("blocked_by", "metadata", "created_at", "updated_at"),
    ]
    assert record["created_at"] <= record["updated_at"] <= 1_000_000.0
    assert record["metadata"]["step"] == task.part.key


@pytest.mark.parametrize("tasks", [25, 40, 100, 400])
@pytest.mark.parametrize("seed", range(5))
def test_past_is_as_large_as_was_asked_for_within_a_fifth(seed: int, tasks: int) -> None:
    plans, lists = past_of_size(Story(seed, 6), tasks)
    assert 0.8 * tasks <= sum(len(past.tasks) for past in lists) <= 1.2 * tasks
    assert [plan.number for plan in plans] == list(range(len(plans)))

"""What a list's tasks have cost together, as their metadata tells."""

from __future__ import annotations

from store.model.execution import Spent
from store.model.recorded_execution import KEY, execution_of
from store.model.tally import SpendTally
from store.model.task import ListKey, Task, TaskId, TaskKey, TaskListId

LIST = ListKey("hive", "/r", TaskListId("session:compound:x"))


def spent_task(number: int, usd: float, model: str, *, is_estimated: bool = False) -> Task:
    metadata = {
        KEY: {
            "model": model,
            "cost_usd": usd,
            "input_tokens": 10,
            "output_tokens": 5,
            "is_estimated": is_estimated,
        }
    }
    key = TaskKey(LIST, TaskId(str(number)))
    return Task(key, "Dig", metadata=metadata, execution=execution_of(metadata))


def test_tally_of_tasks_is_their_sum_by_who_did_the_work() -> None:
    tally = SpendTally()
    tally.update([spent_task(1, 0.5, "opus"), spent_task(2, 0.25, "haiku")])
    tally.update([spent_task(3, 0.25, "opus", is_estimated=True)])
    assert tally.total == Spent(1.0, 30, 15, is_estimated=True)
    assert [(m.name, m.spent) for m in tally.members] == [
        ("haiku", Spent(0.25, 10, 5)),
        ("opus", Spent(0.75, 20, 10, is_estimated=True)),
    ]


def test_tally_follows_tasks_that_change_and_go() -> None:
    tally = SpendTally()
    tally.update([spent_task(1, 0.5, "opus"), spent_task(2, 0.25, "opus")])
    tally.update([spent_task(1, 0.75, "opus")], [TaskId("2")])
    assert [tally.total] == [Spent(0.75, 10, 5)]
    tally.update([Task(TaskKey(LIST, TaskId("1")), "Dig")])
    assert [tally.total] == [None]
    assert tally.members == ()


def test_metadata_that_no_run_wrote_is_no_execution() -> None:
    for metadata in ({}, {KEY: "words"}, {KEY: None}, {"other": {"cost_usd": 1}}):
        assert execution_of(metadata) is None
    odd = execution_of({KEY: {"cost_usd": "dear", "attempts": True, "result": 7, "tier": []}})
    assert odd is not None
    assert (odd.spent, odd.result, odd.tier) == (None, None, None)

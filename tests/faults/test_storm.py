"""Kills at any moment lose nothing that was acknowledged, and readers never see half a change."""

from __future__ import annotations

import pytest

from store.systems.records.models import TaskRecord
from tests.faults import storm
from tests.faults.figure import Effort
from tests.faults.storm_log import Noted, judged


@pytest.mark.processes
def test_storm_leaves_everything_acknowledged_and_readers_consistent() -> None:
    figure = storm.run(Effort.FAST)
    assert figure.violations == []
    assert figure.count >= storm.WEATHER[Effort.FAST].kills
    assert figure.detail["unanswered"] > 0
    assert figure.detail["looks"] > 0


SHARED = [TaskRecord(id=number, subject=f"shared {number}") for number in range(1, 5)]


def acknowledged(name: str, *arguments: object, answer: tuple[object, ...] = ()) -> Noted:
    return Noted(name, list(arguments), list(answer), True)


@pytest.mark.parametrize(
    ("calls", "left", "said"),
    [
        ([acknowledged("create", "one", 1, answer=(5,))], [], "#5 'one' is lost"),
        (
            [acknowledged("batch", ["a", "b"], answer=([5, 6],))] * 2,
            [TaskRecord(id=5, subject="a"), TaskRecord(id=6, subject="b")],
            "id 5 was given 2 times",
        ),
        ([acknowledged("delete", 5)], [TaskRecord(id=5, subject="a")], "there after its delete"),
        ([acknowledged("link", 5, 1)], [TaskRecord(id=5, subject="a")], "#5 waits for #1: False"),
        ([acknowledged("status", 5, 7)], [TaskRecord(id=5, subject="a")], "#5 says {}"),
        ([acknowledged("claim", 1, "writer 0")], [], "#1 belongs to None, claimed by"),
    ],
    ids=["create", "id", "delete", "link", "status", "claim"],
)
def test_judged_acknowledged_change_that_is_not_there_is_named(
    calls: list[Noted], left: list[TaskRecord], said: str
) -> None:
    assert any(said in wrong for wrong in judged(calls, [*SHARED, *left], probe=99))


def test_judged_unanswered_change_may_be_there_or_not() -> None:
    calls = [
        acknowledged("batch", ["a"], answer=([5],)),
        Noted("link", [5, 1]),
        Noted("status", [5, 7]),
        Noted("claim", [1, "writer 0"]),
    ]
    before = TaskRecord(id=5, subject="a")
    after = TaskRecord(id=5, subject="a", blocked_by=[1], metadata={"count": 7})
    claimed = [TaskRecord(id=1, subject="shared 1", owner="writer 0"), *SHARED[1:]]
    assert judged(calls, [*SHARED, before], probe=6) == []
    assert judged(calls, [*claimed, after], probe=6) == []


def test_half_edges_and_half_batches_are_seen() -> None:
    none: frozenset[int] = frozenset()
    sight = {1: ("batch x 0 2", frozenset({2}), none), 2: ("single y", none, none)}
    assert storm.half_edges(sight) == ["#1 blocks #2 on one side only"]
    assert storm.half_batches(sight) == ["1 of the 2 tasks of batch x"]

"""Alerts: told once on entering, never for what was there, within their limits, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store.model.alert import NO_ALERTS, Alerts, Channel, Rule
from store.model.alerts import AlertWatch
from store.model.attention import NeedKind
from store.model.query import Moment, matches, parse
from store.model.snapshot import Snapshot, TaskList
from store.model.task import Task, TaskId, TaskStatus
from tests.model.colony import (
    DEMO,
    NOW,
    OTHER,
    any_change,
    any_tasks,
    changed,
    edited,
    snapshot,
    task,
    task_list,
)

BELL = (Channel.BELL,)
SILENT = Rule(BELL, kind=NeedKind.SILENT_OWNER)
CYCLE = Rule(BELL, kind=NeedKind.CYCLE)
ACTIVE = TaskStatus.IN_PROGRESS
MANY = 1000


def by(query: str, *, cool_down_s: float = 0.0, per_minute: int = MANY) -> Rule:
    return Rule(BELL, parse(query), cool_down_s=cool_down_s, per_minute=per_minute)


def watch(*rules: Rule, per_minute: int = MANY) -> AlertWatch:
    return AlertWatch(rules, per_minute)


def ids(found: Alerts) -> list[str]:
    return [alert.task.id if alert.task else "" for alert in found.due]


def working(*, minutes: float = 2.0) -> TaskList:
    return task_list([task(1, status=ACTIVE, owner="ann", updated_at=NOW - minutes * 60), task(2)])


def test_alerts_first_whole_snapshot_tells_nothing() -> None:
    watching = watch(SILENT, by("is:stale"))
    old = working(minutes=90)
    assert watching.of(replace(snapshot(old), is_complete=False), NOW) == NO_ALERTS
    assert watching.of(snapshot(old), NOW) == NO_ALERTS
    assert watching.of(snapshot(old), NOW + 60) == NO_ALERTS
    assert watching.held_back_total == 0


def test_alerts_list_loaded_late_is_part_of_the_first_load() -> None:
    watching = watch(SILENT)
    assert not watching.of(replace(snapshot(task_list([])), is_complete=False), NOW).due
    assert not watching.of(snapshot(working(minutes=90)), NOW).due


def test_alerts_owner_who_goes_silent_is_told_once_by_the_clock_alone() -> None:
    watching, shown = watch(SILENT, by("is:stale")), snapshot(working())
    watching.of(shown, NOW)
    assert not watching.of(shown, NOW + 1679).due
    found = watching.of(shown, NOW + 1681)
    assert ids(found) == ["1", "1"]  # by either rule
    assert {alert.need for alert in found.due} == {NeedKind.SILENT_OWNER}
    assert {alert.text for alert in found.due} == {"in progress, silent"}
    assert not watching.of(shown, NOW + 1700).due


def test_alerts_cycle_that_appears_is_told_with_all_its_tasks() -> None:
    watching, before = watch(CYCLE), task_list([task(1), task(2, 1)])
    watching.of(snapshot(before), NOW)
    after = changed(before, 1, blocked_by=(TaskId("2"),))
    found = watching.of(snapshot(after), NOW)
    assert sorted(ids(found)) == ["1", "2"]
    assert all(alert.need is NeedKind.CYCLE and alert.text for alert in found.due)


def test_alerts_list_where_nothing_starts_is_told_without_a_task() -> None:
    watching = watch(Rule(BELL, kind=NeedKind.NOTHING_STARTS))
    before = task_list([task(1), task(2, 1)])
    watching.of(snapshot(before), NOW)
    found = watching.of(snapshot(changed(before, 1, blocked_by=(TaskId("2"),))), NOW)
    assert ids(found) == [""]
    assert found.due[0].list == DEMO
    assert "nothing can start" in found.due[0].text


def test_alerts_query_and_kind_have_both_to_hold() -> None:
    watching = watch(replace(SILENT, query=parse("owner:bo")))
    before = task_list([task(n, status=ACTIVE, owner=o) for n, o in ((1, "ann"), (2, "bo"))])
    watching.of(snapshot(before), NOW)
    assert ids(watching.of(snapshot(before), NOW + 3600)) == ["2"]


def test_alerts_internal_tasks_are_never_told() -> None:
    watching = watch(by("word"))
    watching.of(snapshot(task_list([])), NOW)
    hidden = task(1, subject="word", metadata={"_internal": True})
    found = watching.of(snapshot(task_list([hidden, task(2, subject="word")])), NOW)
    assert ids(found) == ["2"]


def test_alerts_entering_again_is_held_back_until_it_has_cooled_down() -> None:
    watching = watch(by("owner:ann", cool_down_s=100.0))
    free = task_list([task(1)])
    held = changed(free, 1, owner="ann")
    watching.of(snapshot(free), NOW)
    assert ids(watching.of(snapshot(held), NOW)) == ["1"]
    watching.of(snapshot(free), NOW + 10)
    assert watching.of(snapshot(held), NOW + 20) == NO_ALERTS
    watching.of(snapshot(free), NOW + 30)
    found = watching.of(snapshot(held), NOW + 101)
    assert (ids(found), found.held_back, watching.held_back_total) == (["1"], 1, 1)


def test_alerts_more_than_a_rule_may_tell_are_counted_and_told_as_a_number() -> None:
    watching = watch(by("is:ready", per_minute=2))
    watching.of(snapshot(task_list([])), NOW)
    five = task_list([task(n) for n in range(1, 6)])
    found = watching.of(snapshot(five), NOW)
    assert (ids(found), found.held_back) == (["1", "2"], 3)
    six = edited(five, {TaskId("6"): task(6)})
    assert watching.of(snapshot(six), NOW + 59) == NO_ALERTS
    seven = edited(six, {TaskId("7"): task(7)})
    found = watching.of(snapshot(seven), NOW + 61)
    assert (ids(found), found.held_back) == (["7"], 1)
    assert watching.held_back_total == 4


def test_alerts_overall_limit_holds_for_all_rules_together() -> None:
    watching = watch(by("is:ready"), by("task"), per_minute=3)
    watching.of(snapshot(task_list([])), NOW)
    found = watching.of(snapshot(task_list([task(1), task(2)])), NOW)
    assert (len(found.due), found.held_back) == (3, 1)


def test_alerts_clock_that_goes_back_does_not_silence_the_rules() -> None:
    watching = watch(by("is:ready", per_minute=1, cool_down_s=100.0))
    watching.of(snapshot(task_list([])), NOW)
    one = task_list([task(1)])
    assert ids(watching.of(snapshot(one), NOW)) == ["1"]
    two = edited(one, {TaskId("2"): task(2)})
    assert ids(watching.of(snapshot(two), NOW - 86_400)) == ["2"]


def test_alerts_list_that_was_away_for_a_moment_is_no_news() -> None:
    watching = watch(by("is:ready"))
    here, other = task_list([task(1)]), task_list([task(1, at=OTHER)], OTHER)
    watching.of(snapshot(here, other), NOW)
    assert not watching.of(snapshot(other), NOW).due
    assert not watching.of(snapshot(here, other), NOW).due


@given(
    any_tasks(),
    st.lists(st.tuples(any_change(), st.sampled_from([0.0, 3.0, 7.0, 1790.0, -50.0])), max_size=4),
    st.sampled_from(
        ["is:ready", "is:stale", "is:active", "changed>1m", "is:critical | crawl", "-is:root",
         "is:cycle", "owner:ann is:needs", "age<30m", "is:phantom", "holds>=1", "waits>1"]
    ),
)  # fmt: skip
def test_alerts_from_state_to_state_are_those_of_two_looks(
    tasks: dict[TaskId, Task],
    steps: Sequence[tuple[dict[TaskId, Task | None], float]],
    query: str,
) -> None:
    def look(shown: Snapshot, now: float) -> set[str]:
        asked, moment = parse(query), Moment(now)
        every = [pair for pair in shown.all_tasks() if not pair[1].is_internal]
        return {one.id for each, one in every if matches(asked, each, one, moment)}

    watching, now, current = watch(by(query)), NOW, task_list(tasks.values())
    watching.of(snapshot(current), now)
    before = look(snapshot(current), now)
    for change, seconds in steps:
        now, current = now + seconds, edited(current, change)
        after = look(snapshot(current), now)
        assert set(ids(watching.of(snapshot(current), now))) == after - before
        before = after

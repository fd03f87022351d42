"""Which events are new since an earlier snapshot."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store.model.execution import ListEvent
from store.model.list_events import recorded_since
from store.model.snapshot import EMPTY_SNAPSHOT, Snapshot, TaskList
from store.model.task import ListKey, TaskListId, TaskListInfo

RUN = ListKey("any", "/runs", TaskListId("run:one"))
OTHER = ListKey("any", "/runs", TaskListId("run:two"))


def snapshot(**events: tuple[ListEvent, ...]) -> Snapshot:
    keys = {"one": RUN, "two": OTHER}
    lists = {keys[n]: TaskList(TaskListInfo(keys[n], ""), events=e) for n, e in events.items()}
    return Snapshot(lists)


def event(number: int) -> ListEvent:
    return ListEvent(float(number), "spawned", f"number {number}", task=str(number))


def test_events_of_the_first_snapshot_are_all_new_up_to_the_limit() -> None:
    new = snapshot(one=tuple(map(event, range(5))))
    found = recorded_since(EMPTY_SNAPSHOT, new, 3)
    assert [one.event for one in found] == [event(2), event(3), event(4)]
    assert [one.task and one.task.id for one in found] == ["2", "3", "4"]


def test_events_of_several_lists_stand_in_the_order_of_their_times() -> None:
    new = snapshot(one=(event(1), event(4)), two=(event(2), event(3)))
    found = recorded_since(EMPTY_SNAPSHOT, new, 10)
    assert [one.event.at for one in found] == [1, 2, 3, 4]
    assert [one.list for one in found] == [RUN, OTHER, OTHER, RUN]


def test_list_that_did_not_move_has_no_new_events() -> None:
    old = snapshot(one=(event(1),))
    same = replace(old, number=2)
    moved = Snapshot({RUN: replace(old.lists[RUN], problems=())})
    assert recorded_since(old, same, 10) == []
    assert recorded_since(old, moved, 10) == []


def test_event_without_a_task_names_none() -> None:
    new = snapshot(one=(ListEvent(1.0, "started"),))
    assert [one.task for one in recorded_since(EMPTY_SNAPSHOT, new, 10)] == [None]


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 12))
def test_events_after_the_last_known_one_are_told_once_each(
    known: int, more: int, kept: int
) -> None:
    """The list keeps only its last events, so that some may be gone before anybody looked."""
    all_events = [event(n) for n in range(known + more)]
    old = snapshot(one=tuple(all_events[:known][-kept:]))
    new = snapshot(one=tuple(all_events[-kept:]))
    found = [one.event for one in recorded_since(old, new, 100)]
    assert found == all_events[known:][-kept:]

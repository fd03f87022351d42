"""Marks as values: what toggling, ranges, all-shown and vanishing do to the set of keys."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from store.model.snapshot import Snapshot
from store.model.task import TaskId, TaskKey
from tests.tui.colony import DEMO, NOW, demo_list, demo_snapshot
from tui.marking import Marks, keys_shown, open_tasks_like
from tui.projection import project
from tui.rows import Projection
from tui.view_state import Frame, Lens, ViewState

SNAPSHOT = demo_snapshot()


def key(task_id: int) -> TaskKey:
    return TaskKey(DEMO, TaskId(str(task_id)))


def rows(view: ViewState | None = None, snapshot: Snapshot = SNAPSHOT) -> Projection:
    return project(Frame(snapshot=snapshot, view=view or ViewState(), now=NOW))


def test_toggled_twice_is_as_before() -> None:
    marks = Marks().toggled(key(7))
    assert marks.keys == {key(7)}
    assert marks.toggled(key(7)) == Marks()


def test_keys_shown_are_the_rows_in_order_without_headings() -> None:
    shown = keys_shown(rows(ViewState(list_key=DEMO)))
    assert set(shown) == {task.key for task in demo_list().tasks.values()}
    places = [rows(ViewState(list_key=DEMO)).row_of(k) for k in shown]
    assert places == sorted(p for p in places if p is not None)


def test_range_takes_in_what_lies_between_and_keeps_what_was_marked() -> None:
    order = keys_shown(rows())
    marks = Marks().toggled(order[9]).begin_range(order[2])
    drawn = marks.drawn_to(order[5], rows())
    assert drawn.keys == {*order[2:6], order[9]}
    assert drawn.drawn_to(order[1], rows()).keys == {*order[1:3], order[9]}
    assert drawn.end_range() == Marks(drawn.keys)


def test_range_whose_anchor_the_view_hides_takes_in_both_ends_alone() -> None:
    order = keys_shown(rows(ViewState(lens=Lens.BLOCKED)))
    marks = Marks().begin_range(key(7)).drawn_to(order[3], rows(ViewState(lens=Lens.BLOCKED)))
    assert marks.keys == {key(7), order[3]}


def test_all_shown_marks_what_is_not_marked_and_then_unmarks_only_these() -> None:
    some = [key(7), key(9)]
    marks = Marks().toggled(key(7)).toggled(key(12)).toggled_all(some)
    assert marks.keys == {key(7), key(9), key(12)}
    assert marks.toggled_all(some).keys == {key(12)}


def test_open_tasks_like_are_those_of_the_same_owner_that_are_not_ended() -> None:
    found = demo_list()
    bo = open_tasks_like(found, found.tasks[TaskId("13")])
    assert {k.id for k in bo} == {"9", "13", "15"}
    nobody = open_tasks_like(found, found.tasks[TaskId("17")])
    assert {k.id for k in nobody} == {"17", "18"}


def test_marks_of_tasks_that_vanish_go_and_the_others_stay() -> None:
    marks = Marks(frozenset({key(7), key(9), TaskKey(DEMO, TaskId("999"))}))
    kept = marks.kept_in(SNAPSHOT)
    assert kept.keys == {key(7), key(9)}
    assert kept.kept_in(SNAPSHOT) is kept
    assert kept.kept_in(replace(SNAPSHOT, lists={})).keys == frozenset()


@given(st.integers(0, 24), st.integers(0, 24), st.lists(st.integers(0, 24)))
def test_range_of_any_two_rows_is_contiguous_and_has_both_ends(
    first: int, last: int, marked: list[int]
) -> None:
    order = keys_shown(rows())
    before = frozenset(order[i] for i in marked)
    drawn = Marks(before).begin_range(order[first]).drawn_to(order[last], rows())
    low, high = sorted((first, last))
    assert drawn.keys == before | set(order[low : high + 1])

"""Several tasks made at once, with the edges between them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.errors import CycleRefused, InvalidField, SelfEdge
from store.systems.hive.creating import checked_waits
from store.systems.hive.native import NativeStore

LIST = "colony:alpha"
SPECS = [{"subject": subject} for subject in "abc"]


def test_batch_with_edges_has_both_sides_of_each_and_is_one_change(hive_root: Path) -> None:
    store = NativeStore(hive_root)
    store.create_task(LIST, "before")
    made = store.create_tasks_batch(LIST, SPECS, waits=[(1, 2), (), (1, 1)])
    assert [(r.id, r.blocked_by, r.blocks) for r in made] == [
        (2, [3, 4], []),
        (3, [], [2, 4]),
        (4, [3], [2]),
    ]
    assert store.list_tasks(LIST)[1:] == made
    assert all(record.created_at == record.updated_at for record in made)
    store.delete_task(LIST, 3)  # what was made is known to who looks for referrers
    assert [(r.id, r.blocked_by) for r in store.list_tasks(LIST)] == [(1, []), (2, [4]), (4, [])]


@pytest.mark.parametrize(
    ("waits", "error", "text"),
    [
        ([(1,), (2,), (0,)], CycleRefused, "1"),
        ([(), (1,), ()], SelfEdge, "2"),
        ([(), (3,), ()], InvalidField, "waits"),
        ([(), (-1,), ()], InvalidField, "waits"),
        ([()], InvalidField, "1 for 3 tasks"),
    ],
)
def test_batch_with_edges_that_lead_nowhere_is_refused_and_makes_nothing(
    hive_root: Path, waits: list[tuple[int, ...]], error: type[Exception], text: str
) -> None:
    store = NativeStore(hive_root)
    store.create_task(LIST, "before")
    with pytest.raises(error, match=text):
        store.create_tasks_batch(LIST, SPECS, waits=waits)
    assert [record.subject for record in store.list_tasks(LIST)] == ["before"]


@given(st.integers(1, 8).flatmap(lambda n: st.lists(
    st.lists(st.integers(0, n - 1), max_size=3), min_size=n, max_size=n)))  # fmt: skip
def test_edges_of_a_batch_are_kept_or_refused_with_a_cycle_that_is_there(
    waits: list[list[int]],
) -> None:
    try:
        found = checked_waits(waits, len(waits))
    except SelfEdge:
        assert any(place in places for place, places in enumerate(waits))
    except CycleRefused as error:
        ring = [int(name) - 1 for name in error.cycle]
        assert len(ring) > 2
        assert ring[0] == ring[-1]
        assert all(after in waits[one] for one, after in pairwise(ring))
    else:
        assert [set(places) for places in found] == [set(places) for places in waits]

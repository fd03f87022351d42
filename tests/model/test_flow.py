"""Minimum cuts, against every cut that there is."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from store.model.flow import UNBOUNDED, source_side

Arc = tuple[int, int, int]
SOURCE, SINK = 0, 5

arcs = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9) | st.just(UNBOUNDED)),
    max_size=14,
)


def cost(network: list[Arc], side: set[int]) -> int:
    return sum(c for a, b, c in network if a in side and b not in side)


@given(arcs)
def test_source_side_any_small_network_no_cut_is_cheaper(network: list[Arc]) -> None:
    inner = [1, 2, 3, 4]
    cuts = [{SOURCE, *some} for size in range(5) for some in combinations(inner, size)]
    least = min(cost(network, side) for side in cuts)
    if least < UNBOUNDED:
        found = source_side(network, SOURCE, SINK)
        assert SOURCE in found
        assert SINK not in found
        assert cost(network, found) == least


def test_source_side_wide_network_of_two_steps_takes_the_cheaper_of_each() -> None:
    network = [(0, n, n % 7) for n in range(1, 300)] + [(n, -1, 3) for n in range(1, 300)]
    found = source_side(network, 0, -1)
    assert found == {0, *(n for n in range(1, 300) if n % 7 > 3)}

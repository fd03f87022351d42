"""The ladder of a list: urgency, and one step up or down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.priorities import has_priorities, shifted, urgency
from store.model.task import Capabilities, Verb

WORDS = Capabilities(priorities=("low", "medium", "high", "urgent"))
NUMBERS = Capabilities()
NONE = Capabilities({Verb.PRIORITY: "tasks here have none"})


def test_has_priorities_by_ladder_or_by_what_is_allowed() -> None:
    read_only = Capabilities(dict.fromkeys(Verb, "read only"), priorities=WORDS.priorities)
    assert [has_priorities(c) for c in (WORDS, NUMBERS, NONE, read_only)] == [
        True,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("allowed", "priority", "steps"),
    [
        (WORDS, "urgent", 2),
        (WORDS, "HIGH", 1),
        (WORDS, "medium", 0),
        (WORDS, "low", -1),
        (WORDS, "7", None),
        (WORDS, None, None),
        (NUMBERS, "7", 7),
        (NUMBERS, "-3", -3),
        (NUMBERS, "high", None),
        (NUMBERS, "1" * 400, None),
        (NUMBERS, None, None),
    ],
)
def test_urgency_counts_from_what_is_usual(
    allowed: Capabilities, priority: str | None, steps: float | None
) -> None:
    assert urgency(allowed, priority) == steps


@pytest.mark.parametrize(
    ("allowed", "priority", "steps", "wanted"),
    [
        (WORDS, "medium", 1, "high"),
        (WORDS, "High", 1, "urgent"),
        (WORDS, "urgent", 1, None),
        (WORDS, "low", -1, None),
        (WORDS, None, 1, "high"),
        (WORDS, "whatever", 1, None),
        (NUMBERS, None, 1, "1"),
        (NUMBERS, "0", -1, "-1"),
        (NUMBERS, "9", 2, "11"),
        (NUMBERS, "urgent", 1, None),
    ],
)
def test_shifted_stays_on_the_lists_own_ladder(
    allowed: Capabilities, priority: str | None, steps: int, wanted: str | None
) -> None:
    assert shifted(allowed, priority, steps) == wanted


@given(st.sampled_from(WORDS.priorities), st.integers(-5, 5))
def test_shifted_moves_the_urgency_by_as_many_steps(priority: str, steps: int) -> None:
    before, after = urgency(WORDS, priority), shifted(WORDS, priority, steps)
    assert before is not None
    if after is not None:
        assert urgency(WORDS, after) == before + steps
    else:
        assert not -1 <= before + steps <= 2

"""Plans: outlines, JSON documents, and what is refused."""

from __future__ import annotations

import json
from graphlib import TopologicalSorter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.running.documents import find_document, parse_document
from store.running.errors import InvalidPlan
from store.running.outline import looks_like_outline, parse_outline
from store.running.plan import Plan, PlannedSubtask, checked
from store.running.planners import parse_plan
from store.running.tiers import Tier, is_model, tier_of

OUTLINE = """
# Forge the sword
For the king.

## Ore
- Dig the ore
- Wash it (after 1; tier 1)
  Twice, with cold water.
## Steel
1. Smelt it (opus)
   - [ ] Build the oven (after none)
## End
* Polish (carefully)
* Sharpen (after 3 and 4)
"""


def in_order(plan: Plan) -> list[int]:
    """The places so that each comes after those that it waits on; fails where there is a circle."""
    waits = {place: one.depends_on for place, one in enumerate(plan.subtasks)}
    return list(TopologicalSorter(waits).static_order())


def test_outline_is_read_with_phases_parents_orders_and_tiers() -> None:
    plan = parse_outline(OUTLINE)
    assert (plan.prompt, plan.reasoning) == ("Forge the sword", "For the king.")
    assert [(s.description, s.depends_on, int(s.tier)) for s in plan.subtasks] == [
        ("Dig the ore", (), 2),
        ("Wash it\nTwice, with cold water.", (0,), 1),
        ("Smelt it", (0, 1, 3), 3),
        ("Build the oven", (), 2),
        ("Polish (carefully)", (2, 3), 2),
        ("Sharpen", (2, 3), 2),
    ]


def test_outline_without_title_is_named_by_what_it_says_first() -> None:
    assert parse_outline("Make tea\n- Boil water\n- Pour").prompt == "Make tea"
    assert parse_outline("- Boil water\n- Pour").prompt == "Boil water"


def test_outline_that_names_subtasks_that_are_not_there_drops_those_edges() -> None:
    plan = parse_outline("- a (after 1, 2, 9)\n- b")
    assert [s.depends_on for s in plan.subtasks] == [(1,), ()]


@pytest.mark.parametrize("text", ["", "words only", "# Title\n\nwords"])
def test_outline_without_subtasks_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlan, match="no subtasks"):
        parse_outline(text)


def test_outline_in_a_circle_is_refused_with_the_circle() -> None:
    with pytest.raises(InvalidPlan, match="1 → 3 → 2 → 1"):
        parse_outline("- a (after 3)\n- b (after 1)\n- c (after 2)")


@given(st.text(max_size=300))
def test_any_text_is_a_plan_or_refused_as_one(text: str) -> None:
    try:
        plan = parse_plan(text, "any")
    except InvalidPlan:
        return
    assert plan.subtasks
    assert plan.prompt
    assert set(in_order(plan)) == set(range(len(plan.subtasks)))


@given(st.integers(1, 30).flatmap(lambda n: st.lists(
    st.lists(st.integers(-2, n + 2), max_size=4), min_size=n, max_size=n)))  # fmt: skip
def test_plan_that_is_checked_has_an_order_or_a_circle(edges: list[list[int]]) -> None:
    subtasks = tuple(PlannedSubtask(f"s{i}", tuple(before)) for i, before in enumerate(edges))
    refused = ""
    try:
        plan = checked(Plan("p", subtasks), "any")
    except InvalidPlan as error:
        refused = str(error)
    if refused:
        assert "circle" in refused
        return
    assert set(in_order(plan)) == set(range(len(edges)))


def test_plain_prompt_is_one_subtask_with_all_of_its_text() -> None:
    (subtask,) = parse_plan("Write a poem\nabout tin.\n", "prompt").subtasks
    assert subtask.description == "Write a poem\nabout tin."
    assert not looks_like_outline("one - two")


def test_document_is_read_with_places_from_zero_and_tiers_by_number_or_name() -> None:
    subtasks = [
        {"description": "Dig", "tier": "haiku"},
        {"description": "Smelt", "depends_on": [0, 1, 7], "tier_hint": 3},
        "Polish",
    ]
    plan = parse_document(json.dumps({"prompt": "Forge", "reasoning": "r", "subtasks": subtasks}))
    assert (plan.prompt, plan.reasoning) == ("Forge", "r")
    assert [(s.description, s.depends_on, s.tier) for s in plan.subtasks] == [
        ("Dig", (), Tier.HAIKU),
        ("Smelt", (0,), Tier.OPUS),
        ("Polish", (), Tier.SONNET),
    ]
    assert parse_document('["a", "b"]').prompt == "a"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "not JSON"),
        ("7", "neither an object nor a list"),
        ("{}", "`subtasks` is not a list"),
        ("[]", "0 subtasks"),
        ("[7]", r"`subtasks\[0\]` is neither"),
        ('[{"description": 7}]', "is not a text"),
        ('[" "]', "says nothing"),
        ('[{"description": "a", "depends_on": ["b"]}]', "places from 0"),
        ('[{"description": "a", "tier": 9}]', "none of 1, 2, 3"),
        ("[" * 5000, "not JSON"),
        ('[{"description":"a","depends_on":[1]},{"description":"b","depends_on":[0]}]', "circle"),
    ],
)
def test_document_that_is_no_plan_is_refused_with_the_field_named(document: str, said: str) -> None:
    with pytest.raises(InvalidPlan, match=said):
        parse_document(document)


@pytest.mark.parametrize(
    "answer",
    ['{"subtasks": ["a"]}', 'Here:\n```json\n{"subtasks": ["a"]}\n```\nGood luck!',
     'I think:\n{"subtasks": ["a"]}\nDone.'],
)  # fmt: skip
def test_document_is_found_in_what_a_model_answers(answer: str) -> None:
    assert [s.description for s in parse_document(find_document(answer)).subtasks] == ["a"]


def test_subject_is_the_first_line_and_not_too_long() -> None:
    assert PlannedSubtask("  Dig\nmore").subject == "Dig"
    assert len(PlannedSubtask("x" * 500).subject) == 80


def test_tiers_are_known_by_number_and_name_and_models_from_people() -> None:
    assert [tier_of(word) for word in (1, "2", "Opus", 4, True, None, "x")] == [
        Tier.HAIKU, Tier.SONNET, Tier.OPUS, None, None, None, None
    ]  # fmt: skip
    assert is_model("opus")
    assert is_model("claude-something-new")
    assert not is_model("sam")
    assert not is_model("claude-x; rm")

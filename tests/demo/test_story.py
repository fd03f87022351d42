"""The story follows from its seed alone."""

from __future__ import annotations

import pytest

from tui.demo.plans import LISTS, THEMES
from tui.demo.story import NAMES, PLANNER, Story


def test_story_same_seed_tells_the_same() -> None:
    first, second = Story(7, 6), Story(7, 6)
    # asked in another order: a plan may not depend on the plans that were asked for before
    late = [second.plan(number) for number in reversed(range(30))]
    assert [first.plan(number) for number in range(30)] == late[::-1]


def test_story_other_seed_tells_another() -> None:
    assert Story(7, 6).plan(0) != Story(8, 6).plan(0)


def test_story_needs_name_earlier_parts_of_the_same_plan() -> None:
    story = Story(3, 5)
    for number in range(40):
        seen: set[str] = set()
        for part in story.plan(number).parts:
            assert set(part.needs) <= seen
            assert part.follows is None or part.follows in seen
            seen.add(part.key)
            assert story.part(part.key) is part


def test_story_subjects_never_repeat() -> None:
    subjects = [part.subject for number in range(60) for part in Story(7, 6).plan(number).parts]
    assert len(subjects) == len(set(subjects))


def test_story_subjects_fit_a_narrow_table() -> None:
    for theme in THEMES:
        for topic in theme.topics:
            for step in theme.steps:
                assert len(step.subject.format(topic=topic)) <= 48


def test_story_has_trouble_in_it() -> None:
    parts = [part for number in range(20) for part in Story(7, 6).plan(number).parts]
    silent = [part for part in parts if part.successor]
    assert silent
    assert all(part.successor != part.worker for part in silent)
    assert all(part.silent_after is not None and part.silent_after < part.ticks for part in silent)
    assert any(part.rival for part in parts)
    assert any(part.follows for part in parts)
    assert any(Story(7, 6).plan(number).bad_edge for number in range(20))
    assert {part.list_id for part in parts} == set(LISTS)


@pytest.mark.parametrize("agents", [1, 2, 6, 64])
def test_story_names_as_many_agents_as_asked(agents: int) -> None:
    story = Story(7, agents)
    assert len(set(story.names)) == agents
    assert story.names[0] == PLANNER
    assert {part.worker for part in story.plan(0).parts} <= set(story.workers)


def test_story_alone_planner_does_the_work_and_nobody_takes_over() -> None:
    story = Story(7, 1)
    assert story.workers == (PLANNER,)
    assert all(part.successor is None and part.rival is None for part in story.plan(0).parts)


def test_story_second_round_of_names_is_numbered() -> None:
    assert f"{NAMES[0]}2" in Story(7, len(NAMES) + 2).workers


@pytest.mark.parametrize("key", [None, 7, "", "x/crawl", "0/nothing", "-1/crawl", "9" * 40 + "/a"])
def test_part_of_a_foreign_key_is_none(key: object) -> None:
    assert Story(7, 6).part(key) is None


def test_plans_for_reach_the_number_of_tasks() -> None:
    plans = Story(7, 6).plans_for(100)
    counts = [len(plan.parts) for plan in plans]
    assert sum(counts) >= 100
    assert sum(counts[:-1]) < 100

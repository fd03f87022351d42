"""What the writers of other systems work on follows from the seed alone."""

from __future__ import annotations

import pytest

from tui.demo.plans import Theme
from tui.demo.systems.plots import (
    BOARD,
    CODE,
    OWN,
    QUEUE,
    REPORT,
    RUN,
    TEAM,
    job_of,
    next_round,
    number_of,
    round_of,
)

THEMES = pytest.mark.parametrize("theme", [TEAM, CODE, REPORT, QUEUE, BOARD, RUN])
WORKERS = ("ann", "bo")


@THEMES
def test_round_same_seed_tells_the_same_and_another_another(theme: Theme) -> None:
    first = [round_of(theme, 7, number, WORKERS) for number in range(12)]
    late = [round_of(theme, 7, number, WORKERS) for number in reversed(range(12))]
    assert first == late[::-1]
    assert first != [round_of(theme, 8, number, WORKERS) for number in range(12)]


@THEMES
def test_round_names_every_job_once_and_needs_earlier_ones(theme: Theme) -> None:
    subjects: set[str] = set()
    for number in range(12):
        seen: set[str] = set()
        for job in round_of(theme, 3, number, WORKERS):
            assert set(job.needs) <= seen
            assert job.subject not in subjects
            assert job.worker in WORKERS
            assert number_of(job.key) == number
            assert job_of(theme, 3, job.key, WORKERS) == job
            seen.add(job.key)
            subjects.add(job.subject)


@pytest.mark.parametrize("key", [None, 3, "", "read", "-1/read", "x/read", "0/nonsense", "9" * 99])
def test_job_of_a_task_that_is_not_of_the_story_is_plain_work(key: object) -> None:
    assert job_of(CODE, 7, key, WORKERS) is OWN


def test_next_round_waits_for_the_last_one_only() -> None:
    assert next_round([], 2) == 0
    stuck = [("0/a", True), ("0/b", True), ("0/c", True)]
    assert next_round(stuck, 2) is None
    assert next_round([*stuck, ("1/a", True), ("1/b", False)], 2) == 2
    assert next_round([*stuck, *(("1/a", True) for _ in range(3))], 2) is None
    assert next_round([*stuck, ("1/a", False), (None, True)], 0) == 2

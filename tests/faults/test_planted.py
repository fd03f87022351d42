"""The quick harnesses notice what is planted for them; `python -m tests.faults` tries all."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.bugs import BUGS, Bug
from tests.faults.harnesses import HARNESSES
from tests.faults.planted import plant, quick_bugs

_HERE = Path(__file__).parents[2]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", quick_bugs(), ids=lambda bug: bug.name)
def test_planted_bug_is_noticed(bug: Bug) -> None:
    assert plant([bug]).violations == []


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_place_of_a_planted_bug_is_there_once(bug: Bug) -> None:
    assert (_HERE / bug.file).read_text(encoding="utf-8").count(bug.old) == 1


def test_planted_bugs_are_many_and_named_apart() -> None:
    assert len(BUGS) >= 25
    assert len({bug.name for bug in BUGS}) == len(BUGS)
    assert {bug.harness for bug in BUGS} <= HARNESSES.keys()

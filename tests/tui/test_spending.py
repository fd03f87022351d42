"""Costs in a few cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.execution import Member, Spent
from store.model.snapshot import Snapshot
from store.model.tally import added
from tests.tui.systems import TEAM, several, team
from tui.spending import spent_text, usd_text
from tui.widgets.crew import Crew


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (0.0, "$0.00"),
        (0.424, "$0.42"),
        (9.999, "$10.00"),
        (12.54, "$12.5"),
        (99.96, "$100"),
        (1234.0, "$1.2k"),
        (45_678.0, "$46k"),
        (float("nan"), ""),
        (float("inf"), ""),
        (None, ""),
    ],
)
def test_usd_text_is_short(usd: float | None, shown: str) -> None:
    assert usd_text(Spent(usd)) == shown
    assert usd_text(Spent(usd, is_estimated=True)) == (f"~{shown}" if shown else "")


@given(st.floats(0, 1e8))
def test_usd_text_of_what_work_costs_fits_its_column(usd: float) -> None:
    assert 2 <= len(usd_text(Spent(usd, is_estimated=True))) <= 7


@pytest.mark.parametrize(
    ("spent", "text"),
    [
        (None, ""),
        (Spent(), ""),
        (Spent(0.5), "$0.50"),
        (Spent(None, 999, 1000), "999 tokens in, 1.0k out"),
        (Spent(None, None, 12_345), "12k tokens out"),
        (Spent(1, 1_500_000, 20, True), "$1.00, 1.5M tokens in, 20 out (estimated)"),
    ],
)
def test_spent_text_says_what_is_known(spent: Spent | None, text: str) -> None:
    assert spent_text(spent) == text


def test_added_sums_what_both_know_and_an_estimate_stays_one() -> None:
    assert added(None, None) is None
    assert added(Spent(1), None) == Spent(1)
    both = added(Spent(1, 10, None), Spent(2, None, None, True))
    assert both == Spent(3, 10, None, True)


def test_crew_of_several_lists_is_one_by_name() -> None:
    other = TEAM._replace(id=type(TEAM.id)("team:beta"))
    lead = Member("lead", is_live=False, spent=Spent(2))
    cy = Member("cy", colour="RED")
    beta = team(key=other, members=(lead, cy))
    snapshot = several(team(), beta)
    everybody = Crew().of(snapshot, None)
    assert everybody["lead"].is_live  # for one of the teams it lives
    assert everybody["lead"].spent == Spent(3.25, 40_000)
    assert everybody["lead"].colour == "$owner-3"
    assert everybody["cy"].is_live is False
    assert everybody["cy"].colour == "$owner-5"
    assert set(Crew().of(snapshot, other)) == {"lead", "cy"}
    assert Crew().of(Snapshot(), None) == {}

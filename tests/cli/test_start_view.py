"""`--filter` and `--view`: what the screen shows first."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from tui.cli.opening import start_view
from tui.cli.program import program
from tui.saved_views import SavedViews, SavedViewsError
from tui.settings import default_path
from tui.view_state import Lens, ViewState


def test_start_view_without_a_name_is_the_usual_one_with_the_query() -> None:
    saved, view = start_view(None, "owner:ann")
    assert view == ViewState(query="owner:ann")
    assert saved.views == {}


def test_start_view_by_name_is_the_saved_one_and_a_query_wins() -> None:
    mine = ViewState(lens=Lens.BLOCKED, query="crawl")
    SavedViews(default_path().with_name("views.json")).save("mine", mine)
    saved, view = start_view("mine", None)
    assert view == mine
    assert saved.views == {"mine": mine}
    assert start_view("mine", "age>1h")[1] == ViewState(lens=Lens.BLOCKED, query="age>1h")


def test_start_view_of_a_name_that_is_not_there_is_refused_with_those_that_are() -> None:
    SavedViews(default_path().with_name("views.json")).save("mine", ViewState())
    with pytest.raises(SavedViewsError, match="no view 'yours'; there are mine"):
        start_view("yours", None)


def test_start_view_with_a_damaged_file_starts_all_the_same() -> None:
    path = default_path().with_name("views.json")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    saved, view = start_view(None, None)
    assert view == ViewState()
    assert "not JSON" in str(saved.problem)


@pytest.mark.parametrize("words", [["--filter", "is:lost"], ["--filter", "is:lost", "."]])
def test_start_filter_that_is_wrong_is_told_before_anything_starts(words: list[str]) -> None:
    done = CliRunner().invoke(program, words)
    assert done.exit_code == 2
    assert "is: takes one of" in done.stderr
    assert "at character 4: lost" in done.stderr

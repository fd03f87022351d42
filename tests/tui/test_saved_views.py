"""Saved views: what is kept comes back, and a file that is not understood is never written."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.model.query import QueryError, parse
from store.model.task import ListKey, TaskListId
from tests.model.colony import DEMO
from tui.saved_views import LONGEST_NAME, SavedViews, SavedViewsError, name_problem
from tui.standard_views import STANDARD_VIEWS
from tui.view_state import Grouping, Lens, SortKey, ViewState

MINE = ViewState(Lens.BLOCKED, "owner:ann age>10m", SortKey.AGE, True, Grouping.OWNER, DEMO)


def understood(text: str) -> bool:
    try:
        parse(text)
    except QueryError:
        return False
    return True


views = st.builds(
    ViewState,
    lens=st.sampled_from(Lens),
    query=st.text(max_size=20).filter(understood),
    sort=st.sampled_from(SortKey),
    descending=st.booleans(),
    grouping=st.sampled_from(Grouping),
    list_key=st.none() | st.builds(ListKey, st.text(), st.text(), st.text().map(TaskListId)),
)
names = st.text(min_size=1, max_size=LONGEST_NAME).filter(lambda name: not name_problem(name))


@given(kept=st.dictionaries(names, views, max_size=4))
def test_saved_views_of_any_kind_come_back(
    tmp_path_factory: pytest.TempPathFactory, kept: dict[str, ViewState]
) -> None:
    path = tmp_path_factory.mktemp("config") / "views.json"
    for name, view in kept.items():
        SavedViews(path).save(name, view)
    assert SavedViews(path).load() == kept


def test_saved_views_file_is_private_and_its_directory_is_made(tmp_path: Path) -> None:
    path = tmp_path / "colonytop" / "views.json"
    SavedViews(path).save("mine", MINE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [entry.name for entry in path.parent.iterdir()] == ["views.json"]


def test_saved_views_of_two_programs_are_both_kept(tmp_path: Path) -> None:
    one, other = SavedViews(tmp_path / "views.json"), SavedViews(tmp_path / "views.json")
    one.load()
    other.save("theirs", ViewState())
    one.save("mine", MINE)
    assert dict(other.load()) == {"theirs": ViewState(), "mine": MINE}
    one.forget("theirs")
    assert list(other.load()) == ["mine"]


def test_saved_views_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert SavedViews(tmp_path / "no" / "views.json").load() == {}
    with pytest.raises(SavedViewsError, match="no view 'mine'; none is saved yet"):
        SavedViews(tmp_path / "views.json").find("mine")


@pytest.mark.parametrize("name", STANDARD_VIEWS)
def test_standard_view_is_found_by_name_unless_a_saved_one_has_it(
    tmp_path: Path, name: str
) -> None:
    saved = SavedViews(tmp_path / "views.json")
    parse(STANDARD_VIEWS[name].view.query)
    assert saved.find(name) == STANDARD_VIEWS[name].view
    saved.save(name, MINE)
    assert saved.find(name) == MINE


def test_saved_views_in_memory_are_kept_for_the_session() -> None:
    views = SavedViews()
    views.save("mine", MINE)
    assert views.find("mine") == MINE


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "\x1b[2J", "x" * 41])
def test_saved_views_name_that_cannot_be_shown_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SavedViewsError):
        SavedViews(tmp_path / "views.json").save(name, MINE)
    assert list(tmp_path.iterdir()) == []


def document(**fields: Any) -> str:
    return json.dumps({"version": 1, "views": {"mine": fields}})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "expected"),
        ('{"version": 2, "views": {}}', "expected"),
        ('{"version": 1, "views": {"a": 1}}', "view 'a': it is no object"),
        ('{"version": 1, "views": {"\\u001b": {}}}', "printable"),
        (document(size=3), "there is no field 'size'"),
        (document(query="is:lost"), "is: takes one of"),
        (document(query=None), "query is a text"),
        (document(lens="mine"), "lens is one of all"),
        (document(sort=7), "sort is one of wave"),
        (document(grouping=[]), "grouping is one of wave"),
        (document(descending=1), "descending true or false"),
        (document(list={"id": "x"}), "system, root and id"),
        (document(list={"system": "a", "root": "b", "id": 1}), "system, root and id"),
    ],
)
def test_saved_views_file_that_is_not_understood_is_told_and_left_as_it_is(
    tmp_path: Path, content: str, told: str
) -> None:
    path = tmp_path / "views.json"
    path.write_text(content)
    views = SavedViews(path)
    with pytest.raises(SavedViewsError, match=r"views\.json: ") as caught:
        views.save("new", MINE)
    assert told in str(caught.value)
    assert path.read_text() == content
    views.try_load()
    assert views.views == {}
    assert views.problem == str(caught.value)


def test_saved_views_file_that_is_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "views.json").mkdir()
    with pytest.raises(SavedViewsError, match="cannot be read"):
        SavedViews(tmp_path / "views.json").load()


def test_saved_views_record_that_says_little_has_defaults(tmp_path: Path) -> None:
    path = tmp_path / "views.json"
    path.write_text(document())
    assert SavedViews(path).find("mine") == ViewState()

"""Any text as a list id stays under the root, meets no other id, and comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from store.files.paths import (
    list_id_at,
    list_id_of_parts,
    locate,
    task_list_parts,
    task_list_path,
)
from store.model.errors import InvalidListId

list_ids = st.one_of(
    st.text(),
    st.builds("colony:{}".format, st.text()),
    st.builds("unscoped:{}".format, st.text()),
    st.builds("session:{}:{}".format, st.text(), st.text()),
)


@pytest.mark.parametrize(
    ("list_id", "expected"),
    [
        ("colony:demo", "colonies/demo/tasks"),
        ("colony:my.app-2", "colonies/my.app-2/tasks"),
        ("session:ann:s1", "agents/ann/sessions/s1/tasks"),
        ("session:ann:s1:b", "agents/ann/sessions/s1:b/tasks"),
        ("unscoped:bo", "unscoped/bo/tasks"),
        ("plain-list_1", "_misc/plain-list_1"),
        ("größe", "_misc/größe"),
        ("colony:..", "colonies/%2E./tasks"),
        ("colony:/etc", "colonies/%2Fetc/tasks"),
        ("a/b", "_misc/a%2Fb"),
        ("a:b", "_misc/a%3Ab"),
        ("~", "_misc/%7E"),
    ],
)
def test_path_of_a_list_id_is_the_native_one_or_its_escape(
    tmp_path: Path, list_id: str, expected: str
) -> None:
    assert task_list_path(list_id, hive_root=tmp_path) == tmp_path / expected


@pytest.mark.parametrize(
    "list_id", ["", "colony:", "session:ann", "session:ann:", "session::x", "unscoped:", "x" * 300]
)
def test_path_of_an_impossible_list_id_is_refused(tmp_path: Path, list_id: str) -> None:
    with pytest.raises(InvalidListId):
        task_list_path(list_id, hive_root=tmp_path)


@given(list_ids)
@example("colony:a/../../b")
@example("session:/home/x/.ssh:x")
@example("\ud800")
@example("colony:\x00")
def test_any_text_as_a_list_id_stays_inside_and_comes_back(list_id: str) -> None:
    try:
        parts = task_list_parts(list_id)
    except InvalidListId:
        return
    assert all(part not in ("", ".", "..") and "/" not in part for part in parts)
    assert not any("\0" in part for part in parts)
    assert list_id_of_parts(parts) == list_id


@given(list_ids, list_ids)
@example("a/b", "a_b")
@example("a:b", "a/b")
@example("colony:%2Fx", "colony:/x")
def test_two_list_ids_never_share_a_directory(one: str, other: str) -> None:
    try:
        same = task_list_parts(one) == task_list_parts(other)
    except InvalidListId:
        return
    assert same == (one == other)


def make_foreign_list(root: Path, name: str, list_id: str) -> None:
    directory = root / "_misc" / name
    directory.mkdir(parents=True)
    (directory / "meta.json").write_text(json.dumps({"task_list_id": list_id, "role": "session"}))


def test_directory_that_another_tool_made_for_an_id_is_used(tmp_path: Path) -> None:
    make_foreign_list(tmp_path, "my_list", "my.list")
    assert locate(tmp_path, "my.list") == ("_misc", "my_list")
    assert list_id_at(tmp_path, ("_misc", "my_list")) == "my.list"


def test_directory_of_another_id_is_refused(tmp_path: Path) -> None:
    make_foreign_list(tmp_path, "my_list", "my.list")
    with pytest.raises(InvalidListId, match="belongs to"):
        locate(tmp_path, "my_list")
    assert locate(tmp_path, "my list") == ("_misc", "my%20list")


def test_directory_that_no_id_leads_to_has_none() -> None:
    assert list_id_of_parts(("colonies", "%zz", "tasks")) is None
    assert list_id_of_parts(("colonies", ".hidden", "tasks")) is None
    assert list_id_of_parts(("colonies", "a%2fb", "tasks")) is None
    assert list_id_of_parts(("somewhere", "else")) is None

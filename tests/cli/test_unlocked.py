"""`--edit-unlocked`: lists whose owner takes no lock are edited only when the operator says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store.files.places import state_directory
from tests.cli.conftest import Colony
from tests.systems.hive_session import sessions

LIST = "session:forge/workers:s1"


@pytest.fixture
def document(colony: Colony) -> Path:
    tasks = [sessions.record(1, "Smelt", status="completed"), sessions.record(2, "Forge")]
    return sessions.write(colony.root, sessions.WORKER, sessions.document(tasks, goal="Iron"))


def task(document: Path, number: int) -> dict[str, Any]:
    return sessions.stored(document)[number]


def test_edit_without_the_option_is_refused_with_the_way_out(
    colony: Colony, document: Path
) -> None:
    before = document.read_bytes()
    answer = colony.call("assign", LIST, "2", "ann")
    assert answer.code == 1
    assert "takes no lock on disk" in answer.err
    assert "--edit-unlocked" in answer.err
    assert document.read_bytes() == before


def test_edit_with_the_option_is_made_and_a_copy_kept(colony: Colony, document: Path) -> None:
    before = document.read_bytes()
    answer = colony.call("assign", LIST, "2", "ann", "--edit-unlocked")
    assert (answer.code, answer.err) == (0, "")
    assert task(document, 2)["owner"] == "ann"
    copies = list((state_directory() / "backups").rglob("*.tasks.json"))
    assert [copy.read_bytes() for copy in copies] == [before]


def test_archive_and_its_undo_give_the_record_back(colony: Colony, document: Path) -> None:
    before = task(document, 1)
    colony.call("update", LIST, "1", "--status", "archived", "--edit-unlocked")
    assert task(document, 1)["metadata"]["archived_goal"] == "Iron"
    refused = colony.call("undo")
    assert refused.code == 1
    assert colony.call("undo", "--edit-unlocked").code == 0
    assert {**task(document, 1), "updated_at": 0} == {**before, "updated_at": 0}


def test_draft_is_applied_with_the_option(colony: Colony, document: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.json"
    edit = {"edit": "update", "list": LIST, "task": "2", "set": {"owner": "ann"}}
    place = {"system": "hive_session", "root": str(colony.root)}
    draft.write_text(json.dumps({"colonytop_draft": 1, "edits": [edit | place]}))
    assert colony.call("apply", str(draft)).code == 1
    answer = colony.call("apply", str(draft), "--edit-unlocked")
    assert (answer.code, answer.err) == (0, "")
    assert task(document, 2)["owner"] == "ann"


def test_lists_say_which_are_read_only_and_why(colony: Colony, document: Path) -> None:
    (found,) = colony.call("lists", "--json").json["lists"]
    assert "takes no lock" in found["read_only"]

"""`colonytop apply FILE`: drafts as files, all or none for each list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Colony
from tests.contract import native

ALPHA = "colony:alpha"


@pytest.fixture
def write_draft(tmp_path: Path) -> Any:
    def write(*edits: dict[str, Any], **fields: Any) -> str:
        document = {"colonytop_draft": 1, "edits": list(edits), **fields}
        path = tmp_path / "hand-over.json"
        path.write_text(json.dumps(document))
        return str(path)

    return write


def update(task: str, list_id: str = ALPHA, **fields: Any) -> dict[str, Any]:
    return {"edit": "update", "list": list_id, "task": task, **fields}


def test_apply_makes_every_edit_of_the_draft(alpha: Colony, write_draft: Any) -> None:
    draft = write_draft(
        update("5", set={"owner": "cy"}, expected={"owner": "bo"}),
        update("3", remove_blocked_by=["2"]),
        {"edit": "create", "list": ALPHA, "subject": "Publish", "blocked_by": ["4"]},
        label="hand over",
    )
    answer = alpha.call("apply", draft, "--json")
    assert answer.code == 0
    assert answer.json == {
        "label": "hand over",
        "lists": [
            {
                "list": ALPHA,
                "root": str(alpha.root),
                "made": [
                    {"verb": "assign", "task": 5, "changed": ["owner"]},
                    {"verb": "unblock", "task": 3, "changed": ["blocked_by"]},
                    {"verb": "create", "task": 6, "changed": ["created"]},
                ],
                "refused": [],
            }
        ],
    }
    assert alpha.stored(ALPHA, 5)["owner"] == "cy"
    assert alpha.stored(ALPHA, 2)["blocks"] == []
    assert alpha.stored(ALPHA, 4)["blocks"] == [6]


def test_apply_of_a_list_with_one_stale_edit_makes_none_there_and_all_elsewhere(
    alpha: Colony, write_draft: Any
) -> None:
    alpha.write("colony:beta", native.record(1, "Other"))
    draft = write_draft(
        update("2", set={"owner": "cy"}),
        update("5", set={"owner": "cy"}, expected={"owner": "ann"}),
        update("1", "colony:beta", set={"owner": "cy"}),
    )
    answer = alpha.call("apply", draft, "--json")
    assert answer.code == 1
    first, second = answer.json["lists"]
    assert (first["made"], [r["task"] for r in first["refused"]]) == ([], [2, 5])
    assert first["refused"][1]["error"]["kind"] == "stale_edit"
    assert [made["task"] for made in second["made"]] == [1]
    assert alpha.stored(ALPHA, 2)["owner"] is None
    assert alpha.stored("colony:beta", 1)["owner"] == "cy"


def test_apply_dry_run_tells_effects_and_refusals_and_writes_nothing(
    alpha: Colony, write_draft: Any
) -> None:
    draft = write_draft(
        update("2", set={"status": "completed"}),
        {"edit": "claim", "list": ALPHA, "task": "3", "owner": "cy"},
        update("5", set={"owner": "cy"}, expected={"owner": "ann"}),
    )
    before = native.tree(alpha.root)
    answer = alpha.call("apply", draft, "--dry-run", "--json")
    assert native.tree(alpha.root) == before
    assert answer.code == 1
    (found,) = answer.json["lists"]
    effects = found["effects"]
    assert [target["task"] for target in effects["targets"]] == [2, 3]
    assert effects["gains"] == {"cy": [3]}
    assert [r["error"]["kind"] for r in effects["refused"]] == ["stale_edit"]


def test_apply_says_in_text_what_was_made(alpha: Colony, write_draft: Any) -> None:
    answer = alpha.call("apply", write_draft(update("5", set={"owner": None}), label="free bo"))
    assert answer.out.splitlines() == ["#5 owner → nobody", "free bo: 1 of 1 edits made"]


def test_apply_starts_a_list_only_where_the_draft_says_so(alpha: Colony, write_draft: Any) -> None:
    create = {"edit": "create", "list": "colony:beta", "subject": "First"}
    refused = alpha.call("apply", write_draft(create), "--json")
    assert (refused.code, refused.json["error"]["kind"]) == (1, "list_not_found")
    assert alpha.call("apply", write_draft({**create, "starts_list": True})).code == 0
    assert alpha.stored("colony:beta", 1)["subject"] == "First"


def test_apply_of_what_is_no_draft_names_file_field_and_way_out(
    alpha: Colony, write_draft: Any, tmp_path: Path
) -> None:
    answer = alpha.call("apply", write_draft(update("5", sets={"owner": "cy"})))
    assert answer.code == 1
    assert "hand-over.json: edits[0].sets: is not known here; did you mean set?" in answer.err
    gone = alpha.call("apply", str(tmp_path / "nothing.json"), "--json")
    assert (gone.code, gone.json["error"]["kind"]) == (1, "storage_failure")


def write_team(root: Path, team: str = "forge") -> Path:
    path = root / "tasks" / team / "task-0a1b2c3d.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"id": "0a1b2c3d", "subject": "Dig", "status": "pending"}))
    return path


@pytest.mark.parametrize("named", [{}, {"system": "clawteam"}])
def test_apply_finds_the_lists_of_every_system_by_their_ids(
    alpha: Colony, write_draft: Any, named: dict[str, str]
) -> None:
    path = write_team(alpha.root)
    draft = write_draft(
        update("0a1b2c3d", "team:forge", set={"owner": "bo"}, **named),
        update("2", set={"owner": "cy"}),
    )
    answer = alpha.call("apply", draft, "--json")
    assert answer.code == 0, answer.err
    assert json.loads(path.read_text())["owner"] == "bo"
    assert alpha.stored(ALPHA, 2)["owner"] == "cy"


def test_apply_to_a_list_that_two_roots_have_asks_which(
    alpha: Colony, write_draft: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    before = [write_team(root).read_text() for root in (alpha.root, other)]
    draft = write_draft(update("0a1b2c3d", "team:forge", set={"owner": "bo"}))
    answer = alpha.call("apply", draft, "--json", "--root", str(other))
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "ambiguous_list"
    after = [(r / "tasks/forge/task-0a1b2c3d.json").read_text() for r in (alpha.root, other)]
    assert after == before
    chosen = update(
        "0a1b2c3d", "team:forge", system="clawteam", root=str(other), set={"owner": "bo"}
    )
    assert alpha.call("apply", write_draft(chosen), "--root", str(other)).code == 0
    after = [(r / "tasks/forge/task-0a1b2c3d.json").read_text() for r in (alpha.root, other)]
    assert [text == was for text, was in zip(after, before, strict=True)] == [True, False]

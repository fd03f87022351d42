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

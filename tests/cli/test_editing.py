"""The commands that write, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Colony, record

ALPHA = "colony:alpha"


def test_add_json_is_the_new_record(alpha: Colony) -> None:
    options = (
        "--description",
        "d",
        "--owner",
        "cy",
        "--by",
        "5",
        "-m",
        "cost=1.5",
        "-m",
        "tag=x y",
    )
    document = alpha.call("add", "alpha", "Publish", *options, "--json").json
    assert list(document) == ["list", "task"]
    task = document["task"]
    assert (task["id"], task["subject"], task["owner"]) == (6, "Publish", "cy")
    assert task["metadata"] == {"cost": 1.5, "tag": "x y"}
    assert (task["blocked_by"], task["ready"]) == ([5], False)
    assert alpha.stored(ALPHA, 6)["subject"] == "Publish"
    assert alpha.stored(ALPHA, 5)["blocks"] == [6]


def test_add_to_a_list_that_is_not_there_is_refused(alpha: Colony) -> None:
    answer = alpha.call("add", "colony:nowhere", "x")
    assert answer.code == 1
    assert "--new-list starts it" in answer.err
    assert not (alpha.root / "colonies" / "nowhere").exists()


@pytest.mark.parametrize(
    ("name", "directory", "role"),
    [
        ("colony:forge", "colonies/forge/tasks", "template"),
        ("session:ann:7", "agents/ann/sessions/7/tasks", "session"),
    ],
)
def test_add_with_new_list_starts_the_list(
    colony: Colony, name: str, directory: str, role: str
) -> None:
    task = colony.call("add", name, "First", "--new-list", "--json").json["task"]
    assert (task["id"], task["ready"]) == (1, True)
    meta = json.loads((colony.root / directory / "meta.json").read_text())
    assert (meta["task_list_id"], meta["role"]) == (name, role)
    again = colony.call("add", name, "Second", "--new-list")
    assert again.out == "#2 Second: created\n"
    assert [t["id"] for t in colony.call("ls", name, "--json").json["tasks"]] == [1, 2]
    assert colony.call("doctor", "--strict").code == 0


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("forge", 2, "'forge' is no full list id"),
        ("colony:", 1, "a part of it is empty"),
        ("session:ann", 1, "a part of it is empty"),
    ],
)
def test_add_with_new_list_and_no_full_id_makes_nothing(
    colony: Colony, name: str, code: int, said: str
) -> None:
    answer = colony.call("add", name, "First", "--new-list")
    assert (answer.code, list(colony.root.iterdir())) == (code, [])
    assert said in answer.err


def test_add_with_new_list_under_two_roots_asks_for_one(alpha: Colony, tmp_path: Path) -> None:
    answer = alpha.call("add", "colony:forge", "x", "--new-list", "--root", str(tmp_path / "b"))
    assert answer.code == 2
    assert "name it with --root" in answer.err
    alone = Colony(alpha.root / "colonies" / "alpha" / "tasks")
    assert "colony:alpha' itself" in alone.call("add", "colony:forge", "x", "--new-list").err


def test_update_changes_the_named_fields_alone(alpha: Colony) -> None:
    before = alpha.stored(ALPHA, 5)
    options = ("--subject", "Fetch all logos", "--status", "pending", "--owner", "-")
    task = alpha.call("update", "alpha", "5", *options, "-m", "cost=null", "--json").json["task"]
    after = alpha.stored(ALPHA, 5)
    assert after.pop("updated_at") > before.pop("updated_at")
    changed: dict[str, Any] = {
        "subject": "Fetch all logos",
        "status": "pending",
        "owner": None,
        "metadata": {},
    }
    assert after == {**before, **changed}
    assert task["ready"] is True


def test_update_with_a_stale_expectation_is_refused_with_both_values(alpha: Colony) -> None:
    options = ("--owner", "cy", "--expect", "owner=ann", "--json")
    answer = alpha.call("update", "alpha", "5", *options)
    assert answer.code == 1
    error = answer.json["error"]
    assert error["kind"] == "stale_edit"
    conflict = error["conflicts"][0]
    assert (conflict["field"], conflict["original"], conflict["theirs"]) == ("owner", "ann", "bo")
    assert alpha.stored(ALPHA, 5)["owner"] == "bo"


def test_update_keeps_unknown_fields(colony: Colony) -> None:
    colony.write(ALPHA, record(1, estimate={"days": 2}))
    assert colony.call("update", "alpha", "1", "--subject", "New").code == 0
    assert colony.stored(ALPHA, 1)["estimate"] == {"days": 2}


def test_assign_and_take_away(alpha: Colony) -> None:
    assert alpha.call("assign", "alpha", "2", "dee", "--json").json["task"]["owner"] == "dee"
    assert alpha.stored(ALPHA, 2)["owner"] == "dee"
    assert alpha.call("assign", "alpha", "2", "-").code == 0
    assert alpha.stored(ALPHA, 2)["owner"] is None


def test_block_json_has_both_records(alpha: Colony) -> None:
    document = alpha.call("block", "alpha", "2", "--by", "5", "--json").json
    assert list(document) == ["list", "task", "blockers"]
    assert document["task"]["blocked_by"] == [1, 5]
    assert document["task"]["ready"] is False
    assert [(b["id"], b["blocks"]) for b in document["blockers"]] == [(5, [2])]
    assert alpha.stored(ALPHA, 5)["blocks"] == [2]


def test_block_that_closes_a_cycle_is_refused_and_the_cycle_named(alpha: Colony) -> None:
    answer = alpha.call("block", "alpha", "2", "--by", "4", "--json")
    assert answer.code == 1
    error = answer.json["error"]
    assert error["kind"] == "cycle"
    assert {"2", "3", "4"} <= set(error["cycle"])
    assert alpha.stored(ALPHA, 2)["blocked_by"] == [1]


def test_block_by_itself_is_refused(alpha: Colony) -> None:
    assert (
        alpha.call("block", "alpha", "2", "--by", "2", "--json").json["error"]["kind"]
        == "self_edge"
    )


def test_unblock_from_one_removes_both_sides(alpha: Colony) -> None:
    document = alpha.call("unblock", "alpha", "3", "--from", "2", "--json").json
    assert (document["task"]["blocked_by"], document["task"]["ready"]) == ([], True)
    assert [(b["id"], b["blocks"]) for b in document["blockers"]] == [(2, [])]
    assert alpha.stored(ALPHA, 2)["blocks"] == []


def test_unblock_without_options_takes_the_only_open_blocker(alpha: Colony) -> None:
    assert "it is ready" in alpha.call("unblock", "alpha", "3").out
    assert alpha.stored(ALPHA, 3)["blocked_by"] == []


def test_unblock_without_options_is_refused_when_several_hold_it(colony: Colony) -> None:
    colony.write(ALPHA, record(1, blocks=[3]), record(2, blocks=[3]), record(3, blocked_by=[1, 2]))
    answer = colony.call("unblock", "alpha", "3")
    assert answer.code == 1
    assert "#1, #2" in answer.err
    assert colony.call("unblock", "alpha", "3", "--all").code == 0
    assert colony.stored(ALPHA, 3)["blocked_by"] == []
    assert colony.stored(ALPHA, 1)["blocks"] == []


def test_unblock_removes_an_edge_to_a_missing_task(colony: Colony) -> None:
    colony.write(ALPHA, record(1, blocked_by=[9]))
    document = colony.call("unblock", "alpha", "1", "--from", "9", "--json").json
    assert document["blockers"] == []
    assert document["task"]["ready"] is True


def test_unblock_of_what_is_no_edge_is_refused(alpha: Colony) -> None:
    assert alpha.call("unblock", "alpha", "3", "--from", "5").code == 1
    assert alpha.call("unblock", "alpha", "5").code == 1
    assert alpha.call("unblock", "alpha", "5", "--all").code == 1


def test_claim_by_id_sets_the_owner_alone(alpha: Colony) -> None:
    task = alpha.call("claim", "alpha", "2", "--owner", "cy", "--json").json["task"]
    assert (task["owner"], task["status"]) == ("cy", "pending")
    assert alpha.stored(ALPHA, 2)["owner"] == "cy"


@pytest.mark.parametrize(
    ("task_id", "said"),
    [("1", "completed"), ("5", "bo"), ("3", "#2")],
)
def test_claim_of_what_is_not_free_is_refused(alpha: Colony, task_id: str, said: str) -> None:
    answer = alpha.call("claim", "alpha", task_id, "--owner", "cy", "--json")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "claim_refused"
    assert said in answer.json["error"]["message"]


def test_claim_next_takes_what_holds_most(colony: Colony) -> None:
    colony.write(ALPHA, record(1), record(2, blocks=[3]), record(3, blocked_by=[2]))
    task = colony.call("claim", "alpha", "--next", "--owner", "cy", "--json").json["task"]
    assert (task["id"], task["owner"]) == (2, "cy")


def test_claim_next_until_nothing_is_left(colony: Colony) -> None:
    colony.write(ALPHA, record(1), record(2))
    taken = [colony.call("claim", "alpha", "--next", "--owner", "cy", "--json") for _ in range(2)]
    assert [answer.json["task"]["id"] for answer in taken] == [1, 2]
    last = colony.call("claim", "alpha", "--next", "--owner", "cy", "--json")
    assert last.code == 1
    assert last.json["error"]["reason"] == "nothing_ready"


def test_release_clears_owner_and_status(alpha: Colony) -> None:
    task = alpha.call("release", "alpha", "5", "--json").json["task"]
    assert (task["owner"], task["status"], task["ready"]) == (None, "pending", True)


def test_release_for_another_owner_is_refused(alpha: Colony) -> None:
    assert alpha.call("release", "alpha", "5", "--owner", "ann").code == 1
    assert alpha.stored(ALPHA, 5)["owner"] == "bo"


def test_done_completes_and_frees_what_waits(alpha: Colony) -> None:
    assert alpha.call("done", "alpha", "2", "--json").json["task"]["status"] == "completed"
    assert alpha.call("why", "alpha", "3", "--json").json["ready"] is True


def test_rm_dry_run_says_what_would_go_and_writes_nothing(alpha: Colony) -> None:
    before = alpha.stored(ALPHA, 2)
    document = alpha.call("rm", "alpha", "3", "--dry-run", "--json").json
    assert list(document) == ["list", "deleted", "stripped", "dry_run", "effects"]
    assert (document["deleted"], document["stripped"], document["dry_run"]) == (3, [2, 4], True)
    assert document["effects"]["becomes_ready"] == [4]
    assert alpha.stored(ALPHA, 2) == before
    assert alpha.path(ALPHA, 3).exists()


def test_rm_deletes_and_strips_edges(alpha: Colony) -> None:
    document = alpha.call("rm", "alpha", "3", "--json").json
    assert document == {"list": ALPHA, "deleted": 3, "stripped": [2, 4]}
    assert alpha.stored(ALPHA, 2)["blocks"] == []
    assert alpha.stored(ALPHA, 4)["blocked_by"] == []
    assert not alpha.path(ALPHA, 3).exists()
    assert alpha.call("rm", "alpha", "3").code == 1


@pytest.mark.parametrize(
    "words",
    [
        ("update", "alpha", "5", "--subject", "x"),
        ("done", "alpha", "5"),
        ("assign", "alpha", "5", "cy"),
        ("rm", "alpha", "5"),
    ],
)
def test_edit_of_an_unreadable_task_is_refused_and_the_file_kept(
    alpha: Colony, words: tuple[str, ...]
) -> None:
    alpha.path(ALPHA, 5).write_text('{"id": 5, "subject": "half')
    answer = alpha.call(*words, "--json")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "unreadable_task"
    assert alpha.path(ALPHA, 5).read_text() == '{"id": 5, "subject": "half'


@pytest.mark.parametrize(
    "words",
    [
        ("update", "alpha", "5"),
        ("update", "alpha", "5", "--status", "finished"),
        ("update", "alpha", "5", "-m", "cost"),
        ("assign", "alpha", "5", ""),
        ("claim", "alpha", "--owner", "cy"),
        ("claim", "alpha", "2", "--next", "--owner", "cy"),
        ("claim", "alpha", "2"),
        ("unblock", "alpha", "3", "--from", "2", "--all"),
        ("block", "alpha", "3"),
        ("ls", "--sort", "size"),
        ("ls", "--filter", "is:"),
        ("ls", "alpha", "--nonsense"),
        ("ls", "alpha", "--limit", "0"),
        ("demo", "--json"),
        ("demo", "--headless", "1", "--systems", "hives"),
        ("watch", "--plain", "--json"),
        ("lists", "--theme"),
    ],
)
def test_wrong_usage_exits_with_2(alpha: Colony, words: tuple[str, ...]) -> None:
    before = {i: alpha.stored(ALPHA, i) for i in range(1, 6)}
    answer = alpha.call(*words)
    assert answer.code == 2
    assert "Error:" in answer.err
    assert {i: alpha.stored(ALPHA, i) for i in range(1, 6)} == before
    as_json = alpha.call(*words, "--json")
    assert as_json.code == 2
    assert as_json.json["error"]["kind"] == "usage"

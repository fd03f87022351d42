"""`why`: the derivation in words and as JSON, the same as in the detail pane."""

from __future__ import annotations

import time

from tests.cli.conftest import Colony, record


def test_why_json_of_a_ready_task_has_no_reasons_and_no_way(alpha: Colony) -> None:
    document = alpha.call("why", "alpha", "2", "--json").json
    assert (document["ready"], document["reasons"], document["cheapest"]) == (True, [], None)
    assert document["cost"]["holds"] == 2
    assert document["critical"] is True


def test_why_json_names_the_open_blocker_the_root_and_the_way(alpha: Colony) -> None:
    document = alpha.call("why", "alpha", "4", "--json").json
    assert document["ready"] is False
    (reason,) = document["reasons"]
    assert (reason["kind"], reason["task"], reason["answer"]) == ("open", 3, None)
    assert [(root["task"], root["holds"]) for root in document["roots"]] == [(2, 2)]
    steps = [(s["kind"], s["task"], s["answer"]) for s in document["cheapest"]["steps"]]
    assert steps == [("assign", 2, "assign"), ("assign", 3, "assign")]
    assert document["cheapest"]["price"] == 30


def test_why_text_has_the_lines_of_the_document(alpha: Colony) -> None:
    lines = [line.strip() for line in alpha.call("why", "alpha", "4").out.splitlines()]
    assert lines[0] == "#4 Write the report: not ready"
    assert "#3 Extract tables: pending, owned by nobody" in lines
    assert "At the root of it" in lines
    document = alpha.call("why", "alpha", "4", "--json").json
    assert lines[1:] == document["text"]


def test_why_phantoms_are_named_apart_with_what_the_owning_tool_makes_of_them(
    colony: Colony,
) -> None:
    directory = colony.write(
        "colony:alpha", record(1, blocked_by=[1]), record(4, blocked_by=[3, 77]), record(5)
    )
    (directory / ".highwatermark").write_text("9")
    (own,) = colony.call("why", "alpha", "1", "--json").json["reasons"]
    assert (own["kind"], own["answer"]) == ("self", "unblock")
    document = colony.call("why", "alpha", "4", "--json").json
    assert [(r["kind"], r["task"]) for r in document["reasons"]] == [
        ("deleted", 3),
        ("missing", 77),
    ]
    assert all("Hive's own claim does not count it" in r["believed"] for r in document["reasons"])
    assert document["cheapest"]["price"] == 0
    text = colony.call("why", "alpha", "4").out
    assert "deleted: #3 was deleted" in text
    assert "1 clean #3 from #4: deleted, never clears · free" in text


def test_why_silent_owner_is_told_with_its_age_and_can_be_released(colony: Colony) -> None:
    long_ago = time.time() - 3000
    colony.write(
        "colony:alpha",
        record(1, owner="cy", status="in_progress", updated_at=long_ago, blocks=[2]),
        record(2, owner="ann", blocked_by=[1]),
    )
    (reason,) = colony.call("why", "alpha", "2", "--json").json["reasons"]
    assert (reason["state"], reason["answer"]) == ("stale", "release")
    out = colony.call("why", "alpha", "2").out
    assert "owned by cy, silent 50m" in out
    assert "release #1: cy has it in progress and is silent 50m · price 10" in out


def test_failed_task_is_told_alike_by_why_status_ls_and_lint(colony: Colony) -> None:
    kept = {"compound": {"state": "failed", "attempts": 2, "error": "no oven"}}
    colony.write(
        "colony:alpha",
        record(1, subject="Smelt it", status="in_progress", metadata=kept, blocks=[2]),
        record(2, owner="ann", blocked_by=[1], blocks=[3]),
        record(3, owner="ann", blocked_by=[2]),
    )
    words = "#1 Smelt it: failed, attempt 2: no oven"
    document = colony.call("why", "alpha", "2", "--json").json
    (reason,) = document["reasons"]
    assert (reason["kind"], reason["text"], reason["answer"]) == ("failed", words, "status")
    assert [step["kind"] for step in document["cheapest"]["steps"]] == ["retry"]
    (root,) = colony.call("why", "alpha", "3", "--json").json["roots"]
    assert (root["task"], root["state"], root["answer"]) == (1, "failed", "status")
    counts = colony.call("status", "--json").json
    assert (counts["failed"], counts["waiting"], counts["blocked"]) == (1, 1, 2)
    narrowed = colony.call("status", "--filter", "is:failed", "--json").json
    assert (narrowed["failed"], narrowed["waiting"], narrowed["needs"]) == (1, 1, 1)
    assert narrowed["top"].endswith("#1 failed, attempt 2: no oven")
    shown = colony.call("ls", "alpha", "--json").json["tasks"]
    assert [one.get("failed") for one in shown] == [True, None, None]
    assert colony.call("ls", "alpha").out.splitlines()[1].split()[:2] == ["#1", "failed"]
    (found,) = colony.call("lists", "--json").json["lists"]
    assert (found["counts"]["failed"], found["counts"]["in_progress"]) == (1, 0)
    findings = colony.call("lint", "alpha", "--json").json["findings"]
    assert [(f["task"], f["others"]) for f in findings if f["kind"] == "failed_blocker"] == [
        (2, [1])
    ]
    colony.call("update", "alpha", "1", "--status", "pending")
    assert colony.call("status", "--format", "{failed} {ready}").out == "0 1\n"


def test_why_closed_task_says_so_and_nothing_else(alpha: Colony) -> None:
    answer = alpha.call("why", "alpha", "1")
    assert answer.out.splitlines() == ["#1 Collect targets: not ready", "  it is completed"]

"""`lint`: exit code, text and JSON."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Colony, record


def test_lint_sound_plan_exits_with_0(colony: Colony) -> None:
    colony.write("colony:alpha", record(1), record(2, owner="ann", blocked_by=[1]))
    answer = colony.call("lint", "alpha")
    assert (answer.code, answer.out) == (0, "nothing smells in 1 list\n")
    assert colony.call("lint", "--json").json == {"findings": [], "ok": True}


def test_lint_smell_exits_with_1_and_names_the_way_out(alpha: Colony) -> None:
    answer = alpha.call("lint")
    assert answer.code == 1
    assert "colony:alpha  blocked_unowned: #3 has no owner and 1 open blocker" in answer.out
    assert "give it an owner" in answer.out


def test_lint_json_has_every_finding_of_every_list(alpha: Colony) -> None:
    alpha.write("colony:beta", record(1, "Twice"), record(2, "twice"))
    answer = alpha.call("lint", "--json")
    assert answer.code == 1
    found = [(f["list"], f["kind"], f["task"], f["others"]) for f in answer.json["findings"]]
    assert found == [
        ("colony:alpha", "blocked_unowned", 3, [2]),
        ("colony:alpha", "blocked_unowned", 4, [3]),
        ("colony:beta", "duplicate_subject", 1, [2]),
    ]
    assert answer.json["ok"] is False


@pytest.mark.parametrize(("query", "tasks"), [("#3", [3]), ("owner:ann", [])])
def test_lint_filter_leaves_the_others_out(alpha: Colony, query: str, tasks: list[int]) -> None:
    answer = alpha.call("lint", "alpha", "--filter", query, "--json")
    assert [finding["task"] for finding in answer.json["findings"]] == tasks
    assert answer.code == (1 if tasks else 0)

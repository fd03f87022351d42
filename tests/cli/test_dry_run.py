"""`--dry-run` on the commands that write: what would follow, and nothing on the disk."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import Colony, record
from tests.contract import native

ALPHA = "colony:alpha"

WRITING = [
    (("add", "alpha", "New", "--by", "4"), {"targets": ["new"], "becomes_blocked": ["new"]}),
    (("update", "alpha", "2", "--subject", "Walk"), {"targets": [2]}),
    (("assign", "alpha", "5", "cy"), {"targets": [5], "loses": {"bo": [5]}, "gains": {"cy": [5]}}),
    (("release", "alpha", "5"), {"targets": [5], "becomes_ready": [5], "loses": {"bo": [5]}}),
    (("done", "alpha", "2"), {"targets": [2], "becomes_ready": [3]}),
    (("block", "alpha", "2", "--by", "5"), {"targets": [2], "becomes_blocked": [2]}),
    (("unblock", "alpha", "4"), {"targets": [4], "becomes_ready": [4]}),
    (("claim", "alpha", "2", "--owner", "cy"), {"targets": [2], "gains": {"cy": [2]}}),
    (("claim", "alpha", "--next", "--owner", "cy"), {"targets": [2], "gains": {"cy": [2]}}),
    (("rm", "alpha", "3"), {"targets": [3], "becomes_ready": [4], "stripped": [2, 4]}),
]


@pytest.mark.parametrize(
    ("words", "expected"), WRITING, ids=lambda v: v[0] if isinstance(v, tuple) else ""
)
def test_dry_run_json_tells_the_effects_and_writes_nothing(
    alpha: Colony, words: tuple[str, ...], expected: dict[str, Any]
) -> None:
    before = native.tree(alpha.root)
    document = alpha.call(*words, "--dry-run", "--json").json
    assert native.tree(alpha.root) == before
    assert (document["list"], document["dry_run"]) == (ALPHA, True)
    effects = document["effects"]
    found = {name: effects[name] for name in expected}
    found["targets"] = [target["task"] for target in effects["targets"]]
    assert found == expected
    assert effects["refused"] == []


def test_dry_run_text_names_fields_readiness_and_the_critical_path(alpha: Colony) -> None:
    lines = alpha.call("done", "alpha", "2", "--dry-run").out.splitlines()
    assert lines == [
        "#2 Crawl targets: status pending → completed",
        "becomes ready: #3 Extract tables",
        "critical path: 3 → 2 tasks: #3 → #4",
        f"dry run: nothing was written in {ALPHA}",
    ]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("block", "alpha", "2", "--by", "4"), "cycle"),
        (("block", "alpha", "2", "--by", "2"), "self_edge"),
        (("block", "alpha", "2", "--by", "99"), "task_not_found"),
        (("claim", "alpha", "4", "--owner", "cy"), "claim_refused"),
        (("release", "alpha", "5", "--owner", "cy"), "stale_edit"),
        (("update", "alpha", "2", "--priority", "high"), "edit_refused"),
        (("update", "alpha", "2", "--status", "blocked"), "invalid_field"),
        (("update", "alpha", "5", "--owner", "x", "--expect", "owner=ann"), "stale_edit"),
    ],
)
def test_dry_run_refuses_what_the_command_would_refuse(
    alpha: Colony, words: tuple[str, ...], kind: str
) -> None:
    foreseen = alpha.call(*words, "--dry-run", "--json")
    real = alpha.call(*words, "--json")
    assert (foreseen.code, real.code) == (1, 1)
    assert foreseen.json["error"]["kind"] == real.json["error"]["kind"] == kind


def test_dry_run_text_lets_no_control_code_of_a_task_through(colony: Colony) -> None:
    colony.write(ALPHA, record(1, "\x1b[31mred", owner="\x1b]0;title\x07"))
    answer = colony.call("assign", "alpha", "1", "cy", "--dry-run")
    assert answer.code == 0
    assert not {"\x1b", "\x07"} & set(answer.out)

"""`status`: one line for a prompt, its fields, and what it says of a wrong one."""

from __future__ import annotations

import time

import pytest

from tests.cli.conftest import Colony, record
from tui.cli.status import FIELDS


def test_status_default_is_one_line_of_counts(alpha: Colony) -> None:
    answer = alpha.call("status")
    assert answer.code == 0
    assert answer.out == "1 need you, 1 active, 1 ready, 2 blocked, 1 done\n"


def test_status_format_fills_in_the_fields(alpha: Colony) -> None:
    alpha.write("colony:beta", record(1))
    out = alpha.call("status", "--format", "{{{needs}}} {active}/{blocked} of {total} in {lists}")
    assert out.out == "{1} 1/2 of 6 in 2\n"
    assert alpha.call("status", "beta", "--format", "{ready}{needs}").out == "10\n"


def test_status_json_has_every_documented_field(alpha: Colony) -> None:
    document = alpha.call("status", "--json").json
    assert list(document) == list(FIELDS)
    assert document["top"] == "alpha: #2 ready, unowned"
    assert document["top_task"] == "colony:alpha/2"


def test_status_nothing_there_is_nothing_to_do(colony: Colony) -> None:
    assert colony.call("status", "--format", "{needs}|{top}").out == "0|\n"


def test_status_need_of_a_whole_list_leads_to_the_list(colony: Colony) -> None:
    long_ago = time.time() - 9000
    colony.write(
        "colony:alpha",
        record(1, owner="cy", status="in_progress", updated_at=long_ago),
        record(2, blocked_by=[1]),
    )
    document = colony.call("status", "--json").json
    assert document["top_task"] == "colony:alpha"
    assert "nothing can start" in document["top"]
    assert (document["needs"], document["stale"], document["active"]) == (2, 1, 0)


@pytest.mark.parametrize("text", ["{nonsense}", "{needs", "{needs!r}", "{needs:>5}", "{}"])
def test_status_wrong_format_is_wrong_usage(alpha: Colony, text: str) -> None:
    answer = alpha.call("status", "--format", text)
    assert answer.code == 2
    assert "field" in answer.err or "brace" in answer.err

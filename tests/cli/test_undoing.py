"""`undo`, `redo`, `history` and `record` as a person or an agent calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Colony

HERE = Path(__file__).parents[2]
ALPHA = "colony:alpha"
PATIENCE_S = 30.0


def test_undo_takes_the_last_edit_of_the_command_line_back(alpha: Colony) -> None:
    before = alpha.stored(ALPHA, 3)
    assert alpha.call("assign", ALPHA, "3", "ann").code == 0
    answer = alpha.call("undo")
    assert (answer.code, answer.out) == (0, "undone: #3 owner → ann\n")
    after = alpha.stored(ALPHA, 3)
    assert {**after, "updated_at": 0} == {**before, "updated_at": 0}
    assert alpha.call("redo").out == "made again: #3 owner → ann\n"
    assert alpha.stored(ALPHA, 3)["owner"] == "ann"


def test_undo_of_a_deletion_brings_the_task_back_with_its_edges(alpha: Colony) -> None:
    before = [alpha.stored(ALPHA, number) for number in (2, 3, 4)]
    assert alpha.call("rm", ALPHA, "3").code == 0
    answer = alpha.call("undo", "--json")
    assert answer.code == 0
    assert answer.json["made"] == [{"list": ALPHA, "id": 3, "did": "restored: Extract tables"}]
    after = [alpha.stored(ALPHA, number) for number in (2, 3, 4)]
    assert [{**r, "updated_at": 0} for r in after] == [{**r, "updated_at": 0} for r in before]


def test_undo_with_nothing_to_undo_is_refused_with_the_reason(alpha: Colony) -> None:
    answer = alpha.call("undo")
    assert (answer.code, answer.err) == (1, "nothing to undo\n")
    answer = alpha.call("redo", "--json")
    assert answer.code == 1
    assert answer.json["reasons"] == ["nothing to redo"]


def test_undo_against_a_foreign_change_prints_what_is_there_now(alpha: Colony) -> None:
    alpha.call("assign", ALPHA, "3", "ann")
    path = alpha.path(ALPHA, 3)
    path.write_text(json.dumps({**alpha.stored(ALPHA, 3), "owner": "mallory"}))
    answer = alpha.call("undo", "--json")
    assert answer.code == 1
    (refused,) = answer.json["refused"]
    assert refused["error"]["kind"] == "stale_edit"
    assert refused["error"]["conflicts"][0]["theirs"] == "mallory"
    assert alpha.stored(ALPHA, 3)["owner"] == "mallory"


def test_undo_takes_only_steps_of_the_name_unless_a_step_is_named(
    alpha: Colony, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLONYTOP_OPERATOR", "noor")
    alpha.call("assign", ALPHA, "3", "ann")
    monkeypatch.delenv("COLONYTOP_OPERATOR")
    assert alpha.call("undo").code == 1
    (entry,) = alpha.call("history", ALPHA, "3", "--json").json["entries"]
    assert (entry["who"], entry["origin"]) == ("noor", "command")
    assert alpha.call("undo", "--step", entry["step"]).code == 0
    assert alpha.stored(ALPHA, 3)["owner"] is None
    assert alpha.call("undo", "--step", entry["step"]).code == 1


def test_claim_is_in_the_journal_under_the_owners_name(alpha: Colony) -> None:
    alpha.call("claim", ALPHA, "2", "--owner", "bo")
    (entry,) = alpha.call("history", ALPHA, "2", "--json").json["entries"]
    assert (entry["who"], entry["what"]) == ("bo", "claim")
    assert alpha.call("undo").code == 1
    assert alpha.call("undo", "--operator", "bo").code == 0
    assert alpha.stored(ALPHA, 2)["owner"] is None


def test_history_tells_the_newest_first_and_how_much_is_left(alpha: Colony) -> None:
    for owner in ("a", "b", "c"):
        alpha.call("assign", ALPHA, "3", owner)
    answer = alpha.call("history", ALPHA, "3", "--limit", "2")
    first, second = answer.out.splitlines()
    assert "owner b → c" in first
    assert "owner a → b" in second
    assert "older ones" in answer.err
    whole = alpha.call("history", ALPHA, "--json").json
    assert [entry["id"] for entry in whole["entries"]] == [3, 3, 3]
    assert whole["more"] is False
    assert whole["id"] is None


def test_history_of_a_task_without_one_says_so(alpha: Colony) -> None:
    answer = alpha.call("history", ALPHA, "4")
    assert (answer.code, answer.out) == (0, "")
    assert "nothing is written down" in answer.err


def test_history_of_a_list_that_is_gone_needs_its_full_id(alpha: Colony) -> None:
    alpha.call("assign", ALPHA, "3", "ann")
    (alpha.root / "colonies").rename(alpha.root.parent / "elsewhere")
    answer = alpha.call("history", ALPHA, "3")
    assert answer.code == 0
    assert "owner - → ann" in answer.out
    assert alpha.call("history", "alpha", "3").code == 1


def test_history_prints_hostile_text_without_its_controls(alpha: Colony) -> None:
    alpha.call("update", ALPHA, "3", "--subject", "\x1b]0;pwned\x07\u202e[/red]")
    alpha.call("update", ALPHA, "3", "--subject", "Plain")
    answer = alpha.call("history", ALPHA, "3")
    assert "[/red]" in answer.out
    assert not any(sign in answer.out for sign in ("\x1b", "\x07", "\u202e"))


@pytest.mark.processes
def test_record_writes_down_what_changes_until_it_is_ended(alpha: Colony) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli", "record", str(alpha.root), "--json"],
        cwd=HERE,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as recorder:
        assert recorder.stderr is not None
        assert recorder.stderr.readline().startswith("recording the changes under")
        record = {**alpha.stored(ALPHA, 5), "status": "completed", "updated_at": time.time()}
        temporary = alpha.path(ALPHA, 5).with_suffix(".new")
        temporary.write_text(json.dumps(record))
        temporary.replace(alpha.path(ALPHA, 5))
        deadline = time.monotonic() + PATIENCE_S
        while not (entries := alpha.call("history", ALPHA, "5", "--json").json["entries"]):
            assert time.monotonic() < deadline, "the change was not written down"
            time.sleep(0.05)
        recorder.send_signal(signal.SIGTERM)
        out, _ = recorder.communicate(timeout=PATIENCE_S)
    assert recorder.returncode == 0
    assert json.loads(out) == {"recorded": 1}
    assert (entries[0]["who"], entries[0]["origin"]) == ("bo", "agent")
    assert entries[0]["changes"] == [{"field": "status", "old": "in_progress", "new": "completed"}]

"""What refusals and wrong calls print, and what commands read of the settings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.conftest import Colony, record
from tui.cli.program import program

ALPHA = "colony:alpha"
HOSTILE = "x\x1b[2J\x9b\x07\u202e"


@pytest.fixture
def quiet_for_an_hour(colony: Colony) -> Colony:
    """Task 1 is ann's and in progress, last written an hour ago; 2 waits on it, 3 is free."""
    written = time.time() - 3600
    colony.write(
        ALPHA,
        record(1, owner="ann", status="in_progress", blocks=[2], updated_at=written),
        record(2, owner="bo", blocked_by=[1]),
        record(3),
    )
    return colony


def settings(directory: Path, text: str) -> str:
    path = directory / "settings.toml"
    path.write_text(text)
    return str(path)


def test_status_stale_is_what_the_settings_say(quiet_for_an_hour: Colony, tmp_path: Path) -> None:
    wanted = ("status", "--format", "{needs} {active} {stale}")
    assert quiet_for_an_hour.call(*wanted).out == "1 0 1\n"
    patient = settings(tmp_path, 'stale_after = "2h"')
    assert quiet_for_an_hour.call(*wanted, "--config", patient).out == "0 1 0\n"


def test_ls_why_and_lint_judge_by_the_settings(quiet_for_an_hour: Colony, tmp_path: Path) -> None:
    call, patient = quiet_for_an_hour.call, settings(tmp_path, 'stale_after = "2h"')
    stale = ("ls", ALPHA, "--filter", "is:stale", "--json")
    assert [task["id"] for task in call(*stale).json["tasks"]] == [1]
    assert call(*stale, "--config", patient).json["tasks"] == []
    why = ("why", ALPHA, "2", "--json")
    assert call(*why).json["reasons"][0]["state"] == "stale"
    assert call(*why, "--config", patient).json["reasons"][0]["state"] == "active"
    twins = {"owner": "ann", "status": "in_progress", "updated_at": time.time() - 3600}
    quiet_for_an_hour.write(ALPHA, record(4, "Twin", **twins), record(5, "Twin", **twins))
    lint = ("lint", ALPHA, "--filter", "is:stale", "--json")
    assert {found["kind"] for found in call(*lint).json["findings"]} == {"duplicate_subject"}
    assert call(*lint, "--config", patient).json["findings"] == []


@pytest.mark.parametrize("command", [("status",), ("ls",), ("lint",), ("why", ALPHA, "1")])
def test_settings_that_cannot_be_used_are_named(
    quiet_for_an_hour: Colony, tmp_path: Path, command: Sequence[str]
) -> None:
    wrong = settings(tmp_path, "stale = 3")
    answer = quiet_for_an_hour.call(*command, "--config", wrong, "--json")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "settings"
    assert wrong in answer.err


def test_status_filter_counts_what_it_lets_through(quiet_for_an_hour: Colony) -> None:
    wanted = "{needs} {active} {ready} {blocked} {stale} {open} {total} {top_task}"
    ask = ("status", "--format", wanted, "--filter")
    assert quiet_for_an_hour.call(*ask, "owner:ann").out == f"1 0 0 0 1 1 1 {ALPHA}/1\n"
    assert quiet_for_an_hour.call(*ask, "owner:bo").out == "0 0 0 1 0 1 1 \n"
    assert quiet_for_an_hour.call(*ask, "owner:nobody").out == "0 0 0 0 0 0 0 \n"


def test_status_filter_that_lets_all_through_counts_as_without(alpha: Colony) -> None:
    whole = alpha.call("status", "--json").json
    assert alpha.call("status", "--filter", "-owner:zed", "--json").json == whole


def test_status_filter_not_understood_is_wrong_usage(alpha: Colony) -> None:
    answer = alpha.call("status", "--filter", "onwer:ann", "--json")
    assert (answer.code, answer.json["error"]["kind"]) == (2, "usage")
    assert "at character 1" in answer.err


@pytest.mark.parametrize("command", [("status",), ("ls",), ("lint",), ("lists",)])
def test_a_root_that_is_no_directory_is_told_apart_from_an_empty_one(
    tmp_path: Path, command: Sequence[str]
) -> None:
    no_root = tmp_path / "file"
    no_root.write_text("")
    result = CliRunner().invoke(program, [*command, "--root", str(no_root)])
    assert f"{no_root}: not a directory" in result.stderr


def test_a_list_that_is_not_there_is_refused_with_those_that_are(alpha: Colony) -> None:
    answer = alpha.call("ls", "zzz")
    assert answer.code == 1
    assert answer.err.endswith(f"under {alpha.root}; there is {ALPHA}\n")


def test_a_list_where_there_is_none_is_refused_saying_so(colony: Colony) -> None:
    assert colony.call("show", "zzz", "1").err.endswith("there is no list at all\n")


@pytest.mark.parametrize("direction", ["undo", "redo"])
def test_undo_and_redo_refused_say_why_where_every_refusal_does(
    alpha: Colony, direction: str
) -> None:
    answer = alpha.call(direction, "--json")
    error = {"kind": f"not_{direction}ne", "message": f"nothing to {direction}"}
    assert (answer.code, answer.json["error"]) == (1, error)
    assert answer.err == f"colonytop: nothing to {direction}\n"


def test_undo_of_an_unknown_step_says_where_steps_are_named(alpha: Colony) -> None:
    assert "colonytop history LIST" in alpha.call("undo", "--step", "nope").err


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_apply_refused_says_why_on_stderr_also_with_json(
    alpha: Colony, tmp_path: Path, more: Sequence[str]
) -> None:
    edit = {"edit": "update", "list": ALPHA, "task": "3", "set": {"owner": "ann"}}
    draft = tmp_path / "draft.json"
    draft.write_text(
        json.dumps({"colonytop_draft": 1, "edits": [{**edit, "expected": {"owner": "zed"}}]})
    )
    answer = alpha.call("apply", str(draft), "--json", *more)
    assert answer.code == 1
    assert "owner was 'zed', is now none" in answer.err
    assert answer.json["lists"][0]["list"] == ALPHA


@pytest.mark.parametrize("command", ["record", "history", "undo"])
def test_a_journal_that_cannot_be_kept_is_refused(
    alpha: Colony, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(in_the_way))
    answer = alpha.call(command, *([ALPHA] if command == "history" else []))
    assert answer.code == 1
    assert str(in_the_way) in answer.err


def test_an_edit_without_a_journal_is_made_with_a_warning(
    alpha: Colony, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = tmp_path / "state"
    in_the_way.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(in_the_way))
    answer = alpha.call("assign", ALPHA, "3", "zed", "--json")
    assert (answer.code, answer.json["task"]["owner"]) == (0, "zed")
    assert "cannot be undone" in answer.err
    assert f"it is kept in {in_the_way}/colonytop" in answer.err
    assert alpha.stored(ALPHA, 3)["owner"] == "zed"


@pytest.mark.pty
@pytest.mark.parametrize(
    "words",
    [
        (HOSTILE,),
        ("ls", "--sort", HOSTILE),
        ("ls", "--filter", f"age>{HOSTILE}"),
        ("ls", HOSTILE),
        ("show", "x", HOSTILE),
        ("status", "--format", f"{{{HOSTILE}}}"),
        ("update", "x", "1", "--status", HOSTILE),
        ("add", "x", "S", "--metadata", HOSTILE),
        (f"--{HOSTILE}",),
        ("apply", HOSTILE),
        ("undo", "--step", HOSTILE),
    ],
)
def test_a_wrong_call_sends_no_control_code_to_a_terminal(
    colony: Colony, words: Sequence[str]
) -> None:
    ours, theirs = os.openpty()
    called = subprocess.run(
        [sys.executable, "-m", "tui.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, "HIVE_HOME": str(colony.root)},
        cwd=Path(__file__).parents[2],
        check=False,
    )
    os.close(theirs)
    said = _all_of(ours).decode()
    assert called.returncode in (1, 2)
    assert said
    assert not [character for character in said if character in "\x1b\x07\x9b\u202e"]


def _all_of(terminal: int) -> bytes:
    """What was written to a pseudo-terminal whose other side is closed."""
    said = b""
    try:
        while chunk := os.read(terminal, 65_536):
            said += chunk
    except OSError:  # how Linux says that nobody is there any more
        pass
    finally:
        os.close(terminal)
    return said

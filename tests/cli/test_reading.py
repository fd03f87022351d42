"""`lists`, `ls`, `show`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Colony, record

NATIVE_FIELDS = [
    *("id", "subject", "description", "active_form", "owner", "status", "blocks", "blocked_by"),
    *("metadata", "created_at", "updated_at"),
]


def test_lists_json_counts_each_list(alpha: Colony) -> None:
    alpha.write("session:ann:one", record(1))
    answer = alpha.call("lists", "--json")
    assert answer.code == 0
    found = {each["list"]: each for each in answer.json["lists"]}
    assert set(found) == {"colony:alpha", "session:ann:one"}
    first = found["colony:alpha"]
    assert list(first) == ["list", "root", "system", "read_only", "counts", "problems"]
    assert first["root"] == str(alpha.root)
    assert first["problems"] == []
    assert first["counts"] == {
        "total": 5,
        "pending": 3,
        "in_progress": 1,
        "completed": 1,
        "ready": 1,
        "blocked": 2,
        "unreadable": 0,
    }


def test_lists_names_problems_with_their_repair(colony: Colony) -> None:
    colony.write("colony:alpha", record(1, blocked_by=[9]))
    problems = colony.call("lists", "--json").json["lists"][0]["problems"]
    assert [(p["kind"], p["task"]) for p in problems] == [("dangling_edge", 1)]
    assert problems[0]["repair"]


def test_lists_without_any_says_where_it_looked(colony: Colony) -> None:
    answer = colony.call("lists")
    assert answer.code == 0
    assert str(colony.root) in answer.out
    assert colony.call("lists", "--json").json == {"lists": []}


def test_lists_of_a_root_that_is_not_there_creates_nothing(tmp_path: Path) -> None:
    missing = Colony(tmp_path / "nowhere")
    assert missing.call("lists", "--json").json == {"lists": []}
    assert not missing.root.exists()


def test_lists_table_has_a_row_for_each(alpha: Colony) -> None:
    lines = alpha.call("lists").out.splitlines()
    assert lines[0].split()[:6] == ["LIST", "READY", "ACTIVE", "BLOCKED", "DONE", "TOTAL"]
    assert lines[1].split()[:6] == ["colony:alpha", "1", "1", "2", "1", "5"]


def test_ls_json_records_have_the_native_fields_and_ready(alpha: Colony) -> None:
    document = alpha.call("ls", "colony:alpha", "--json").json
    assert document["list"] == "colony:alpha"
    assert [task["id"] for task in document["tasks"]] == [1, 2, 3, 4, 5]
    assert all(list(task) == [*NATIVE_FIELDS, "ready"] for task in document["tasks"])
    assert [task["ready"] for task in document["tasks"]] == [False, True, False, False, False]
    stored = alpha.stored("colony:alpha", 5)
    assert {name: document["tasks"][4][name] for name in NATIVE_FIELDS} == stored


def test_ls_keeps_unknown_fields(colony: Colony) -> None:
    colony.write("colony:alpha", record(1, estimate={"days": 2}))
    assert colony.call("ls", "alpha", "--json").json["tasks"][0]["estimate"] == {"days": 2}


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (("--ready",), [2]),
        (("--status", "pending"), [2, 3, 4]),
        (("--owner", "bo"), [5]),
        (("--owner", "-"), [2, 3, 4]),
        (("--filter", "TABLES"), [3]),
        (("--filter", "#4"), [4]),
        (("--limit", "2"), [1, 2]),
        (("--ready", "--owner", "bo"), []),
    ],
)
def test_ls_options_narrow_the_list(
    alpha: Colony, options: tuple[str, ...], ids: list[int]
) -> None:
    tasks = alpha.call("ls", "colony:alpha", "--json", *options).json["tasks"]
    assert [task["id"] for task in tasks] == ids


def test_ls_hides_what_agents_keep_for_themselves(colony: Colony) -> None:
    colony.write("colony:alpha", record(1, metadata={"_internal": True}), record(2))
    assert [t["id"] for t in colony.call("ls", "alpha", "--json").json["tasks"]] == [2]
    both = colony.call("ls", "alpha", "--internal", "--json").json["tasks"]
    assert [t["id"] for t in both] == [1, 2]


def test_ls_table_says_state_owner_and_what_it_waits_on(alpha: Colony) -> None:
    lines = alpha.call("ls", "alpha").out.splitlines()
    assert lines[0].split() == ["ID", "STATE", "OWNER", "AGE", "WAITS", "ON", "SUBJECT"]
    assert lines[3].split() == ["#3", "blocked", "-", "30s", "#2", "Extract", "tables"]
    assert "active" in lines[5]


def test_ls_shows_an_unreadable_task_with_its_reason(colony: Colony) -> None:
    colony.write("colony:alpha", record(1), record(2, blocked_by=[1]))
    colony.path("colony:alpha", 1).write_text("{")
    first, second = colony.call("ls", "alpha", "--json").json["tasks"]
    assert (first["id"], first["ready"]) == (1, False)
    assert first["problems"][0]["kind"] == "unreadable"
    assert second["ready"] is False


def test_task_whose_file_names_another_id_is_ready_nowhere(colony: Colony) -> None:
    colony.write("colony:alpha", record(11, "Says 99"), record(12, blocked_by=[11]))
    colony.path("colony:alpha", 11).write_text(json.dumps(record(99, "Says 99")))
    before = colony.path("colony:alpha", 11).read_bytes()
    listed = colony.call("ls", "alpha", "--json").json["tasks"]
    assert [(task["id"], task["subject"], task["ready"]) for task in listed] == [
        (11, "Says 99", False),
        (12, "Task 12", False),
    ]
    assert "unreadable" in colony.call("ls", "alpha").out.splitlines()[1]
    (mismatch,) = colony.call("why", "alpha", "11", "--json").json["reasons"]
    assert mismatch["text"] == "the file is named #11 but says id 99 inside"
    (held,) = colony.call("why", "alpha", "12", "--json").json["reasons"]
    assert mismatch["text"] in held["text"]
    counts = colony.call("lists", "--json").json["lists"][0]["counts"]
    assert (counts["ready"], counts["unreadable"]) == (0, 1)
    for words in (("11",), ("--next",)):
        assert colony.call("claim", "alpha", *words, "--owner", "ann").code == 1
    assert colony.path("colony:alpha", 11).read_bytes() == before


def test_list_by_ambiguous_short_name_is_refused_with_the_candidates(tmp_path: Path) -> None:
    for kind in ("colonies", "unscoped"):
        (tmp_path / kind / "alpha" / "tasks" / "tasks").mkdir(parents=True)
        (tmp_path / kind / "alpha" / "tasks" / ".lock").touch()
    answer = Colony(tmp_path).call("ls", "alpha")
    assert answer.code == 1
    for part in ("colony:alpha", "unscoped:alpha", "; give the full id"):
        assert part in answer.err


def test_list_by_short_name_that_nothing_has_is_refused(alpha: Colony) -> None:
    alpha.write("colony:beta", record(1))
    assert alpha.call("ls", "beta", "--json").json["list"] == "colony:beta"
    answer = alpha.call("ls", "gamma", "--json")
    assert answer.code == 1
    assert answer.json["error"]["kind"] == "list_not_found"
    assert "gamma" in answer.json["error"]["message"]
    assert "gamma" in answer.err


def test_list_of_two_roots_is_refused_and_both_are_named(alpha: Colony, tmp_path: Path) -> None:
    other = Colony(tmp_path / "other")
    other.write("colony:alpha", record(1))
    answer = alpha.call("ls", "colony:alpha", "--json", "--root", str(other.root))
    assert answer.code == 1
    assert answer.err.endswith("; name one root with --root\n")
    assert str(other.root) in answer.json["error"]["message"]
    assert str(alpha.root) in answer.json["error"]["message"]


@pytest.mark.parametrize("spelling", ["3", "#3", "0003"])
def test_show_json_is_the_record(alpha: Colony, spelling: str) -> None:
    document = alpha.call("show", "alpha", spelling, "--json").json
    assert list(document) == ["list", "task"]
    assert document["list"] == "colony:alpha"
    assert document["task"] == {**alpha.stored("colony:alpha", 3), "ready": False}


def test_show_text_has_every_field(colony: Colony) -> None:
    fields = {"description": "First line\nsecond line", "metadata": {"cost": 1}, "colour": "red"}
    colony.write("colony:alpha", record(1, "Do it", owner="ann", **fields))
    out = colony.call("show", "alpha", "1").out
    for said in ("#1 Do it", "ann", "second line", "cost = 1", "colour = red", "ready        yes"):
        assert said in out


def test_show_of_a_missing_task_is_refused(alpha: Colony) -> None:
    answer = alpha.call("show", "alpha", "77", "--json")
    assert answer.code == 1
    error = answer.json["error"]
    assert (error["kind"], error["task"]) == ("task_not_found", "77")
    assert answer.err.startswith("colonytop: no task #77")


def test_text_answers_hold_no_control_characters(colony: Colony) -> None:
    hostile = "\x1b]52;c;AAAA\x07 \x9b31m\u202e [/red] " + "x" * 3000
    fields = {"description": hostile + "\nsecond", "metadata": {"\x1b[2J": hostile}}
    colony.write("colony:alpha", record(1, hostile, owner=hostile, **fields))
    for words in (("lists",), ("ls", "alpha"), ("show", "alpha", "1"), ("why", "alpha", "1")):
        for as_json in ((), ("--json",)):
            answer = colony.call(*words, *as_json)
            assert answer.code == 0
            assert not set(answer.out) & {"\x1b", "\x07", "\x9b", "\u202e"}


def test_options_before_the_command_hold_as_well(alpha: Colony) -> None:
    assert alpha.call("--json", "ls", "alpha").json["list"] == "colony:alpha"
